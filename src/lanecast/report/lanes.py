"""Where time is lost: the map of lanes, coloured by delay, as wide as they are busy."""

from dataclasses import dataclass

import polars as pl

from .geography import Chart, graticule, hull, ratio
from .labels import around, beside
from .marks import keys
from .markup import Html, joined, tag
from .numbers import count, plain
from .picture import Size, picture
from .waymarks import toward, written

SCALES = ((0.05, 0.25, 0.75), (0.25, 1.0, 4.0), (1.0, 6.0, 24.0), (6.0, 24.0, 72.0))  # h
MOST = 1500  # lanes that are drawn, the busiest
WORST = 8
NAMED = ("sort_hub", "gateway")  # kinds of places whose names are written
MOST_NAMED = 14
BUSY = 0.002  # share of all parcels below which a lane is no "worst lane"


@dataclass(frozen=True)
class Bands:
    """Delays [h] at which a lane is slightly late, late and very late."""

    edges: tuple[float, float, float]

    def names(self) -> list[str]:
        """Return what each band says, with its numbers."""
        low, middle, high = (_span(edge) for edge in self.edges)
        return [
            f"on time, to {low}",
            f"slightly late, to {middle}",
            f"late, to {high}",
            f"very late, above {high}",
        ]


def bands(lanes: pl.DataFrame) -> Bands:
    """Choose the scale on which about a tenth of the lanes is very late."""
    tenth = float(str(lanes["delay_h"].quantile(0.9) or 0.0))
    return Bands(next((each for each in SCALES if each[2] >= tenth), SCALES[-1]))


def drawable(facilities: pl.DataFrame, lanes: pl.DataFrame) -> pl.DataFrame:
    """Return the busiest lanes with the places and names of both ends, and ``band`` 0 to 3."""
    columns = facilities.columns
    named = pl.coalesce("name", "facility_id") if "name" in columns else pl.col("facility_id")
    hub = pl.col("kind").is_in(NAMED) if "kind" in columns else pl.lit(True)
    ends = facilities.select("facility_id", "lat", "lon", name=named, hub=hub)
    ends = ends.drop_nulls(["lat", "lon"]).unique("facility_id")
    rows = lanes.drop_nulls(["delay_h", "volume"])
    for side in ("from", "to"):
        both = {name: f"{side}_{name}" for name in ends.columns}
        rows = rows.join(ends.rename(both), on=f"{side}_facility_id")
    edges = bands(lanes).edges
    band = pl.sum_horizontal(*(pl.col("delay_h") > edge for edge in edges)).cast(pl.Int8)
    lane = pl.col("from_name") + " → " + pl.col("to_name")
    rows = rows.with_columns(band=band, lane=lane)
    return rows.sort("volume", "lane", descending=[True, False]).head(MOST)


def section(facilities: pl.DataFrame, lanes: pl.DataFrame) -> Html | None:
    """Return the map and the worst lanes; None where no lane has both ends on the map."""
    rows = drawable(facilities, lanes)
    if rows.is_empty():
        return None
    scale = bands(lanes)
    return tag("div", _map(rows, scale), _worst(rows, scale), class_="split")


def _map(rows: pl.DataFrame, scale: Bands) -> Html:
    lons = pl.concat([rows["from_lon"], rows["to_lon"]])
    lats = pl.concat([rows["from_lat"], rows["to_lat"]])
    box = tuple(float(str(v)) for v in (lons.min(), lons.max(), lats.min(), lats.max()))
    tall = ratio(*box)
    most = float(str(rows["volume"].max()))
    load = pl.concat([rows.select(id=f"{s}_facility_id", lon=f"{s}_lon", lat=f"{s}_lat", n="volume",
                                  name=f"{s}_name", hub=f"{s}_hub")
                      for s in ("from", "to")])  # fmt: skip
    places = (
        load.group_by("id")
        .agg(pl.col("lon", "lat", "name", "hub").first(), pl.col("n").sum())
        .sort("n", "id")
    )
    hubs = places["hub"].fill_null(False).arg_true().to_list()[::-1][:MOST_NAMED]  # busiest first
    busiest = float(str(places["n"].max()))

    def draw(size: Size) -> Html:
        chart = Chart(size.width, size.height, *box)
        k = 1.0 if size.wide else 0.7
        spots = [
            (*chart.place(lon, lat), n) for lon, lat, n in places.select("lon", "lat", "n").rows()
        ]
        ordered = rows.sort("band", "volume").iter_rows(named=True)
        lanes = [_lane(chart, row, k * width(row["volume"], most), k) for row in ordered]
        dots = [
            tag("circle", class_="place", cx=x, cy=y, r=k * (2 + 4 * (n / busiest) ** 0.5))
            for x, y, n in spots
        ]
        points = [spots[at][:2] for at in hubs]
        words = [(places["name"][at],) for at in hubs]
        taken = [around((x, y), k * (2 + 4 * (n / busiest) ** 0.5)) for x, y, n in spots]
        frame = (44.0, 4.0, size.width - 4, size.height - 18)  # beside the degrees
        boxes = beside(points, words, taken, frame)
        shape = hull([(x, y) for x, y, _ in spots])
        lines = [toward(*each) for each in zip(points, boxes, strict=True)]
        names = written(points, words, boxes)
        return joined(shape, graticule(chart), *lanes, *lines, *dots, *names)

    counts = [rows.filter(band=k).height for k in range(4)]
    said = "; ".join(f"{name}: {n}" for name, n in zip(scale.names(), counts, strict=True))
    meaning = f"Map of {count(rows.height, 'lane')} between {places.height} places. Lanes {said}."
    heads = {"lane": "Lane", "delay_h": "Delay, h", "volume": "Parcels"}
    twin = rows.sort("delay_h", "lane", descending=[True, False])
    return picture(
        "lanes", "Lanes by delay and volume", meaning, draw, twin, heads,
        _legend(scale, counts, most), (342, round(342 * max(tall, 0.9))),
        (720, round(720 * min(tall, 0.8))),
    )  # fmt: skip


def width(volume: float, most: float) -> float:
    """Return how wide a lane is drawn [px]; its area grows with the volume."""
    return 0.7 + 4.3 * float((volume / most) ** 0.5)


def _lane(chart: Chart, row: dict[str, float], wide: float, k: float) -> Html:
    """Draw one lane as an arc; late ones carry an arrow head in the middle."""
    x1, y1 = chart.place(row["from_lon"], row["from_lat"])
    x2, y2 = chart.place(row["to_lon"], row["to_lat"])
    dx, dy = x2 - x1, y2 - y1
    cx, cy = (x1 + x2) / 2 + 0.18 * dy, (y1 + y2) / 2 - 0.18 * dx
    band = int(row["band"])
    say = f"{row['lane']}: {_late(row['delay_h'])}, {plain(row['volume'])} parcels"
    d = f"M{x1:.1f} {y1:.1f}Q{cx:.1f} {cy:.1f} {x2:.1f} {y2:.1f}"
    path = tag(
        "path", tag("title", say), class_=f"lane b{band}", d=d,
        style=f"stroke-width:{wide:.1f}",
    )  # fmt: skip
    length = (dx * dx + dy * dy) ** 0.5
    if band < 2 or length < 14:
        return path
    mx, my = (x1 + 2 * cx + x2) / 4, (y1 + 2 * cy + y2) / 4
    ux, uy, r = dx / length, dy / length, k * (wide * 0.7 + (4.5 if band == 3 else 3.2))
    corners = ((r * ux, r * uy), (-r * (ux + uy), -r * (uy - ux)), (-r * (ux - uy), -r * (uy + ux)))
    points = " ".join(f"{mx + a:.1f},{my + b:.1f}" for a, b in corners)
    return joined(path, tag("polygon", class_=f"head{band}", points=points))


def _legend(scale: Bands, counts: list[int], most: float) -> Html:
    entries = []
    for band, (name, n) in enumerate(zip(scale.names(), counts, strict=True)):
        head = tag("polygon", class_=f"head{band}", points="23,7 14,2 14,12") if band > 1 else None
        entries.append((joined(_sample(band, 1.6 + 0.8 * band), head), f"{name} ({n})"))
    for volume in (most, most / 10):
        said = f"this wide: {plain(volume, 0)} parcels"
        entries.append((_sample(1, width(volume, most)), said))
    return keys(*entries)


def _sample(band: int, wide: float) -> Html:
    return tag("path", class_=f"lane b{band}", d="M1 7H33", style=f"stroke-width:{wide:.1f}")


def _worst(rows: pl.DataFrame, scale: Bands) -> Html:
    least = BUSY * float(rows["volume"].sum())
    worst = rows.filter(pl.col("volume") >= least).sort("delay_h", "lane", descending=[True, False])
    most = max(float(str(worst["delay_h"].max() or 0.0)), 1e-9)
    items = []
    for row in worst.head(WORST).iter_rows(named=True):
        over = "over" if row["band"] == 3 else None
        bar = tag("rect", class_=over, x=0, y=0, width=100 * row["delay_h"] / most, height=4)
        beam = tag(
            "svg",
            bar,
            class_="beam",
            viewBox="0 0 100 4",
            preserveAspectRatio="none",
            aria_hidden="true",
        )
        often = f"{plain(row['volume'], 0)} parcels"
        items.append(
            tag(
                "li",
                tag("span", row["lane"], class_="what"),
                tag("span", _late(row["delay_h"]), class_="how"),
                tag("span", often, class_="more"),
                beam,
            )
        )
    note = f"Among lanes with at least {plain(max(least, 1.0), 0)} parcels."
    return tag(
        "div",
        tag("h3", "Worst lanes"),
        tag("ol", *items, class_="rank"),
        tag("p", note, class_="note"),
    )


def _late(hours: float) -> str:
    size = abs(hours)
    text = f"{plain(size, 1)} h" if size < 48 else f"{plain(size / 24, 1)} days"
    return f"{text} {'late' if hours >= 0 else 'early'}"


def _span(hours: float) -> str:
    if hours < 1:
        return f"{60 * hours:.0f} min"
    return f"{hours:g} h" if hours < 48 else f"{hours / 24:g} days"
