"""Where one parcel has been and where it may go: its map."""

from itertools import pairwise

import polars as pl

from .ahead import LEAST, Ahead, local
from .geography import Chart, graticule, hull, ratio
from .labels import apart
from .marks import keys
from .markup import Html, joined, tag
from .numbers import percent
from .picture import Size, picture
from .waymarks import R, Spot, arc, head, leader, mark, names

Network = tuple[pl.DataFrame, pl.DataFrame]
NARROWEST = 1.5  # degrees that a map shows at least
WIDEST = 7.0  # of a lane that is certain [px]
HEADS = {
    "no": "No.", "name": "Stop", "state": "State", "share": "Chance", "low": "90 % later than",
    "middle": "Likely", "high": "90 % before", "came": "Came", "clock": "Clock",
}  # fmt: skip


def draw_path(ahead: Ahead, network: Network | None) -> Html | None:
    """Return the map with its table; None where fewer than two stops have coordinates."""
    every = pl.concat([_of(ahead.passed, True), _of(ahead.likely, False)])
    spots = every.drop_nulls(["lat", "lon"]).unique("stop", keep="last", maintain_order=True)
    if spots.height < 2:
        return None
    box = _box(spots)
    tall = ratio(*box, least=0.42)
    faint = _network(network)

    def draw(size: Size) -> Html:
        chart = Chart(size.width, size.height, *box, pad=34)
        frame = (R + 3, R + 3, size.width - R - 3, size.height - R - 16)
        true = [chart.place(lon, lat) for lon, lat in spots.select("lon", "lat").rows()]
        marks = apart(true, (3.8 if size.wide else 3.0) * R, frame)
        columns = spots.select("stop", "no", "past", "chance", "name", "when").iter_rows()
        placed = {
            stop: Spot(no, a, b, past, chance, (name, when))
            for (stop, no, past, chance, name, when), a, b in zip(columns, true, marks, strict=True)
        }
        below = tag(  # a picture of its own cuts off what lies beyond the edge
            "svg", _background(chart, faint, spots), graticule(chart), class_="inset",
            aria_hidden="true", viewBox=f"0 0 {size.width:g} {size.height:g}",
        )  # fmt: skip
        return joined(
            below,
            *(leader(spot) for spot in placed.values()),
            *_lanes(ahead, placed),
            *(mark(spot) for spot in placed.values()),
            *(names(list(placed.values()), size) if size.wide else ()),
        )

    certain = every.filter(pl.col("past")).height
    said = "; ".join(
        f"{no} {name}, {percent(chance, 0)}, likely {when}"
        for no, name, chance, when in every.filter(~pl.col("past"))
        .select("no", "name", "chance", "when")
        .iter_rows()
    )
    meaning = f"Map of a parcel that has passed {certain} stops. To come: {said}."
    return picture(
        "path", f"Parcel {ahead.parcel_id}: its way", meaning, draw, _twin(ahead), HEADS,
        _legend(), (342, round(342 * max(tall, 0.65))), (720, round(720 * min(tall, 0.72))),
    )  # fmt: skip


def _of(rows: pl.DataFrame, past: bool) -> pl.DataFrame:
    """Return the stops that the map needs, one shape for those passed and those to come."""
    at = "at_h" if past else "q500"
    when = pl.struct(at, "offset_min").map_elements(
        lambda row: local(row[at], row["offset_min"]), return_dtype=pl.String
    )
    chance = pl.lit(1.0) if past else pl.col("chance")
    return rows.select(
        "stop", "no", "name", "lat", "lon", past=pl.lit(past), chance=chance, when=when
    )


def _box(spots: pl.DataFrame) -> tuple[float, float, float, float]:
    """Return west, east, south and north of the stops, not too narrow."""
    edges = []
    for name in ("lon", "lat"):
        low, high = float(str(spots[name].min())), float(str(spots[name].max()))
        room = max(NARROWEST - (high - low), 0.0) / 2 + 0.06 * (high - low)
        edges += [low - room, high + room]
    return edges[0], edges[1], edges[2], edges[3]


def _network(network: Network | None) -> pl.DataFrame | None:
    """Return the two ends of each lane."""
    if network is None:
        return None
    places, lanes = network
    ends = places.select("facility_id", "lat", "lon").drop_nulls().unique("facility_id")
    for side in ("from", "to"):
        named = {name: f"{side}_{name}" for name in ends.columns}
        lanes = lanes.join(ends.rename(named), on=f"{side}_facility_id")
    return lanes.select("from_lon", "from_lat", "to_lon", "to_lat").unique().sort(pl.all())


def _background(chart: Chart, lanes: pl.DataFrame | None, spots: pl.DataFrame) -> Html:
    """Draw the hull of the network and its lanes, faint."""
    rows = [] if lanes is None else lanes.rows()
    ends = [(chart.place(a, b), chart.place(c, d)) for a, b, c, d in rows]
    corners = [each for both in ends for each in both]
    corners += [chart.place(lon, lat) for lon, lat in spots.select("lon", "lat").rows()]
    shape = hull(sorted(set(corners)))
    paths = [tag("path", class_="backlane", d=arc(*both)[0]) for both in ends]
    dots = [tag("circle", class_="backplace", cx=x, cy=y, r=1.6) for x, y in sorted(set(corners))]
    return joined(shape, *paths, *dots)


def _lanes(ahead: Ahead, placed: dict[str, Spot]) -> list[Html]:
    """Draw the way so far solid, and lanes ahead dashed, as wide as they are likely."""
    drawn = []
    for start, end, chance in ahead.moves.sort("chance", "from", "to").iter_rows():
        if chance < LEAST or start == end or not {start, end} <= placed.keys():
            continue
        wide = max(1.2, WIDEST * chance)
        d, middle, heading = arc(placed[start].mark, placed[end].mark, R)
        say = f"{placed[start].words[0]} to {placed[end].words[0]}: {percent(chance, 0)}"
        dash = f"{max(2 * wide, 5):.1f} {max(1.1 * wide, 4):.1f}"
        path = tag(
            "path", tag("title", say), class_="toward", d=d, stroke_dasharray=dash,
            style=f"stroke-width:{wide:.1f}",
        )  # fmt: skip
        drawn += [path, head(middle, heading, 4 + wide * 0.6, "towardhead")]
    past = ahead.been["stop"].to_list()
    for start, end in pairwise(past):
        if {start, end} <= placed.keys():
            d, middle, heading = arc(placed[start].mark, placed[end].mark, R)
            drawn += [tag("path", class_="gone", d=d), head(middle, heading, 6, "gonehead")]
    return drawn


def _twin(ahead: Ahead) -> pl.DataFrame:
    """Return the stops as a table, with local times."""
    rows = []
    for row in ahead.passed.iter_rows(named=True):
        came = local(row["at_h"], row["offset_min"])
        rows.append((row["no"], row["name"], "passed", 1.0, "", "", "", came, _clock(row)))
    for row in ahead.likely.iter_rows(named=True):
        times = (local(row[name], row["offset_min"]) for name in ("q100", "q500", "q900", "came_h"))
        rows.append((row["no"], row["name"], "to come", row["chance"], *times, _clock(row)))
    schema = {name: pl.String for name in HEADS} | {"no": pl.Int64, "share": pl.Float64}
    return pl.DataFrame(rows, schema, orient="row")


def _clock(row: dict[str, float | None]) -> str:
    minutes = int(row["offset_min"] or 0)
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _legend() -> Html:
    def stop(look: str) -> Html:
        return tag("circle", class_=look, cx=17, cy=7, r=6)

    def lane(wide: float) -> Html:
        dash = f"{max(2 * wide, 5):.1f} {max(1.1 * wide, 4):.1f}"
        return tag(
            "path", class_="toward", d="M1 7H33", stroke_dasharray=dash,
            style=f"stroke-width:{wide:.1f}",
        )  # fmt: skip

    return keys(
        (tag("path", class_="gone", d="M1 7H33"), "way so far"),
        (lane(WIDEST), "way ahead, certain"),
        (lane(0.1 * WIDEST + 0.5), "one way in ten"),
        (stop("stopgone"), "passed"),
        (stop("stopnext"), "to come"),
        (stop("stopperhaps"), "perhaps"),
        (tag("path", class_="backlane", d="M1 7H33"), "lanes of the network"),
    )
