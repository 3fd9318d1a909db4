"""The parts of the screen of the network: choices, figures, map, its twin in a table, drawer."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

import polars as pl
from markupsafe import Markup

from .. import states
from ..drawing.network import Lane, Spot, network, step
from ..page import Page
from ..people import DASH, count, duration, percent, words

ROWS = 50
TOUCHED = 20  # parcels, and flows, of an effect that are listed
LATE = 1.25  # usual time over plan from which a lane is called late
LANES = {
    "head": "From", "tail": "To", "ratio": "Over plan", "delay_h": "Delay", "lost_h": "Lost a day",
    "parcels_per_day": "Parcels a day", "miss_rate": "Missed", "utilisation": "Full",
}  # fmt: skip
PLACES = {
    "label": "Place", "role": "Kind", "ratio": "Over plan", "lost_h": "Lost a day",
    "parcels_per_day": "Parcels a day", "country": "Country",
}  # fmt: skip
WORDS = {"head", "tail", "label", "role", "country"}
STEPS = {
    "ok": "less than 10 % over plan", "slightly": "10 % or more", "late": "25 % or more",
    "very": "40 % or more", "unknown": "not known",
}  # fmt: skip
CHIP = Markup('<a class="chip" href="{query}" data-turn id="{id}"{current}>{name}</a>')
DAY = Markup(
    '<form class="day" data-turn>{kept}<label><span class="unseen">As it was on</span>'
    '<input type="date" name="day" id="day" value="{day}" min="{least}" '
    'max="{most}"></label></form>'
)
HIDDEN = Markup('<input type="hidden" name="{}" value="{}">')
FIGURE = Markup(
    '<div class="figure"><span class="name">{name}</span>'
    '<div class="value {kind}">{value}</div><div class="more">{more}</div></div>'
)
MAP = Markup(
    '<section class="card"><div class="heading tight"><h2>Lanes and places</h2>'
    '<span class="muted small">{told}</span></div>{map}<ul class="legend">{legend}</ul></section>'
)
KEY = Markup('<li><i class="{}" aria-hidden="true"></i>{}</li>')
TABLE = Markup("""
<section class="card table"><div class="heading"><h2>{title}</h2>
<span class="chips">{tabs}</span></div><table class="rows network"><thead><tr>{heads}</tr></thead>
<tbody>{rows}</tbody></table></section>
<div class="pager"><span class="muted" role="status">{told}</span>{turns}</div>""")
HEAD = Markup('<th scope="col"{sorted}{number}>{told}</th>')
SORT = Markup(
    '<a href="{query}" data-turn id="sort-{name}">{told} <i aria-hidden="true">{mark}</i></a>'
)
ROW = Markup('<tr data-row><th scope="row"><a href="{href}" data-turn>{name}</a></th>{cells}</tr>')
CELL = Markup("<td{}>{}</td>")
NUMBER = Markup(' class="number"')
TURN = Markup('<a class="button" href="{query}" data-turn id="{id}">{told}</a>')
DRAWER = Markup("""
<aside class="drawer" aria-label="{title}"><div class="heading tight"><h2>{title}</h2>
<a class="button" href="{close}" data-turn data-close id="close-drawer">Close</a></div>
<p class="muted small">{kind}</p>{inner}</aside>""")
PAIR = Markup("<dt>{}</dt><dd>{}</dd>")
PAIRS = Markup('<dl class="pairs">{}</dl>')
PART = Markup("<h3>{}</h3>{}")
SMALL = Markup(
    '<table class="rows small-rows"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
)
ASK = Markup(
    '<p><button class="button main" data-do="close" data-value="{node}">Close it: what if?</button>'
    '</p><p class="muted small">Reckons only; nothing is closed. The audit keeps who asked.</p>'
)


@dataclass(frozen=True)
class Found:
    """A network at a moment.

    ``facilities`` and ``lanes`` are those of ``GET /v1/network/geometry``; lanes have beside it
    ``lost_h``, parcel-hours a day over plan, and facilities ``ratio``, the mean of their lanes.
    """

    asof: datetime
    first: date
    facilities: pl.DataFrame
    lanes: pl.DataFrame


def choices(page: Page, found: Found | None) -> Markup:
    """Return the choice of a moment and of a country."""
    if found is None:
        why = "No facilities with lanes are known, or no scans of them yet."
        command = "lanecast ingest --data FOLDER --lake LAKE\nlanecast graph build --data LAKE"
        return states.empty("No network", why, command)
    query, now = page.query, page.tenant.now().astimezone(page.viewer.zone).date()
    here = found.asof.astimezone(page.viewer.zone).date()
    if query.text("day"):
        here = (found.asof - timedelta(seconds=1)).astimezone(page.viewer.zone).date()
    kept = [each for each in query.values.items() if each[0] not in ("day", "page")]
    chips = _chip("Now", "day-now", query.with_(day=None), not query.text("day"))
    chips += _chip("Day before", "day-before", query.with_(day=here - timedelta(days=1)))
    chips += DAY.format(
        kept=Markup("").join(HIDDEN.format(*each) for each in kept),
        day=here, least=found.first + timedelta(days=1), most=now,
    )  # fmt: skip
    countries = found.facilities["country"].drop_nulls().unique().sort().to_list()
    if len(countries) > 1:
        chosen = query.text("country")
        chips += Markup('<span class="gap"></span>')
        chips += _chip("All countries", "all", query.with_(country=None, page=None), not chosen)
        for each in countries:
            there = query.with_(country=each, page=None)
            chips += _chip(each, f"country-{each}", there, each == chosen)
    return Markup(
        '<div class="chips" role="group" aria-label="Moment and country">{}</div>'
    ).format(chips)


def figures(page: Page, found: Found | None) -> Markup:
    """Return the four figures of what is shown."""
    if found is None:
        return Markup("")
    lanes = _shown(page, found)[1]
    known = lanes.filter(pl.col("ratio").is_not_null())
    late = known.filter(pl.col("ratio") >= LATE).height
    volume = float(lanes["parcels_per_day"].sum() or 0)
    seen = float(known["parcels_per_day"].sum() or 0)
    lost = float(known["lost_h"].sum() or 0)
    missed = lanes.filter(pl.col("miss_rate").is_not_null())
    weight = float(missed["parcels_per_day"].sum() or 0)
    share = float((missed["miss_rate"] * missed["parcels_per_day"]).sum() or 0)
    return Markup('<div class="figures">{}{}{}{}</div>').format(
        FIGURE.format(
            name="Late lanes", value=f"{count(late)} of {count(known.height)}",
            more="usually 25 % over plan or more", kind="late" if late else "ok",
        ),
        FIGURE.format(
            name="Over plan", value=_hours(lost / seen if seen else None),
            more="a ride, as parcels meet it", kind="",
        ),
        FIGURE.format(
            name="Lost a day", value=f"{count(round(lost))} h", more="parcel-hours over plan",
            kind="",
        ),
        FIGURE.format(
            name="Missed departures", value=percent(share / weight if weight else None),
            more=f"of {count(round(volume))} rides a day", kind="",
        ),
    )  # fmt: skip


def map_(page: Page, found: Found | None) -> Markup:
    """Return the map of what is shown."""
    if found is None:
        return Markup("")
    places, lanes = _shown(page, found)
    chosen, most = page.query.text("node"), max(1e-9, *places["parcels_per_day"])
    spots = {
        row["node_id"]: Spot(
            row["label"] or row["node_id"], row["lat"], row["lon"],
            (row["parcels_per_day"] or 0) / most,
            step(row["ratio"]) + (" chosen" if row["node_id"] == chosen else ""),
            f"{row['label']}: {_over(row['ratio'])}, {row['parcels_per_day']:.1f} parcels a day",
            str(page.query.with_(node=row["node_id"])),
        )
        for row in places.drop_nulls(["lat", "lon"]).to_dicts()
    }  # fmt: skip
    if not spots:
        told = "No place has coordinates; the table below lists all."
        return states.partial(told)
    drawn = [
        Lane(
            spots[row["head_id"]], spots[row["tail_id"]], step(row["ratio"]),
            f"{spots[row['head_id']].name} to {spots[row['tail_id']].name}: {_over(row['ratio'])}",
            str(page.query.with_(node=row["lane_id"])),
            chosen in (row["lane_id"], row["head_id"], row["tail_id"]),
        )
        for row in lanes.to_dicts()
        if row["head_id"] in spots and row["tail_id"] in spots
    ]  # fmt: skip
    legend = Markup("").join(KEY.format(kind, said) for kind, said in STEPS.items())
    told = f"as of {page.viewer.instant(found.asof)}; the table below says the same"
    missing = places.height - len(spots)
    if missing:
        told += f"; {count(missing)} places without coordinates are not drawn"
    return MAP.format(map=network(list(spots.values()), drawn), legend=legend, told=told)


def table(page: Page, found: Found | None) -> Markup:
    """Return the twin of the map: lanes or places, the worst first."""
    if found is None:
        return Markup("")
    query, is_lanes = page.query, page.query.text("show") != "places"
    places, lanes = _shown(page, found)
    names = dict(found.facilities.select("node_id", "label").iter_rows())
    heads = LANES if is_lanes else PLACES
    rows = places
    if is_lanes:
        label = {"head": "head_id", "tail": "tail_id"}
        rows = lanes.with_columns(
            pl.col(each).replace(names).alias(name) for name, each in label.items()
        )
    sort = query.one_of("sort", heads, "lost_h")
    down = query.one_of("order", ("ascending", "descending"), "descending") == "descending"
    rows = rows.sort(sort, "lane_id" if is_lanes else "node_id", descending=[down, False],
                     nulls_last=True)  # fmt: skip
    number = min(query.count("page", 0, 1_000_000), max(rows.height - 1, 0) // ROWS)
    shown = rows.slice(number * ROWS, ROWS)
    turns = Markup("")
    if number:
        turns += TURN.format(query=query.with_(page=number - 1 or None), id="before", told="Before")
    if (number + 1) * ROWS < rows.height:
        turns += TURN.format(query=query.with_(page=number + 1), id="next", told="Next")
    away = {"page": None, "sort": None, "order": None}
    return TABLE.format(
        title="Lanes, the worst first" if is_lanes else "Places, the worst first",
        tabs=_chip("Lanes", "show-lanes", query.with_(show=None, **away), is_lanes)
        + _chip("Places", "show-places", query.with_(show="places", **away), not is_lanes),
        heads=Markup("").join(_head(page, name, heads[name], sort, down) for name in heads),
        rows=Markup("").join(_row(page, row, list(heads)) for row in shown.to_dicts()),
        told=f"{count(number * ROWS + 1)} to {count(number * ROWS + shown.height)} of "
        f"{count(rows.height)}",
        turns=turns,
    )


def drawer(
    page: Page, found: Found | None, node: dict[str, Any] | None, closed: dict[str, Any]
) -> Markup:
    """Return what is known of the chosen hub or lane, and what closing it would do."""
    if node is None or found is None:
        return Markup("")
    of = node["node"]
    is_lane = of["kind"] == "lane"
    names = dict(found.facilities.select("node_id", "label").iter_rows())
    title = of["label"] or of["node_id"]
    if is_lane and node["lanes"]:
        title = " to ".join(_called(names, node["lanes"][0][end]) for end in ("head_id", "tail_id"))
    inner = _lane(node, names) if is_lane else _place(node)
    if of["kind"] == "facility":
        inner += PART.format("If it closed", ASK.format(node=of["node_id"]))
        if closed.get("node") == of["node_id"]:
            done = closed.get("effect")
            inner += states.skeleton(220) if done is None else _effect(page, done, names)
        inner += _touching(page, node, names)
    return DRAWER.format(
        title=title,
        kind=f"{words(of['kind'])}, {words(of['role']).lower()} · {of['node_id']}",
        close=page.query.with_(node=None),
        inner=inner,
    )


def _place(node: dict[str, Any]) -> Markup:
    of, lanes = node["node"], node["lanes"]
    told = PAIR.format("Country, region", " ".join(x for x in (of["country"], of["region"]) if x))
    if of["capacity_per_h"]:
        told += PAIR.format("Parcels an hour at most", count(round(of["capacity_per_h"])))
    out = sum(row["parcels_per_day"] or 0 for row in lanes if row["head_id"] == of["node_id"])
    into = sum(row["parcels_per_day"] or 0 for row in lanes if row["tail_id"] == of["node_id"])
    told += PAIR.format("In and out a day", f"{into:.1f} and {out:.1f} parcels")
    return PAIRS.format(told)


def _touching(page: Page, node: dict[str, Any], names: dict[str, str]) -> Markup:
    """Return the lanes from and to a place."""
    of, lanes = node["node"], node["lanes"]
    if not lanes:
        return Markup("")
    heads = _heads("Lane", "Over plan", "Missed")
    rows = Markup("")
    for row in sorted(lanes, key=lambda row: -(row["ratio"] or 0))[:TOUCHED]:
        is_out = row["head_id"] == of["node_id"]
        name = _called(names, row["tail_id" if is_out else "head_id"])
        rows += ROW.format(
            href=page.query.with_(node=row["lane_id"]),
            name=f"{'to' if is_out else 'from'} {name}",
            cells=CELL.format(NUMBER, _ratio(row["ratio"]))
            + CELL.format(NUMBER, percent(row["miss_rate"])),
        )
    return PART.format("Its lanes, the worst first", SMALL.format(heads=heads, rows=rows))


def _lane(node: dict[str, Any], names: dict[str, str]) -> Markup:
    if not node["lanes"]:
        return Markup('<p class="muted">No parcel has been seen on it.</p>')
    row = node["lanes"][0]
    low, high = row.get("miss_low"), row.get("miss_high")
    missed = percent(row["miss_rate"])
    if low is not None and high is not None:
        missed += f" ({percent(low)} {DASH} {percent(high)})"
    told = PAIR.format("From", _called(names, row["head_id"]))
    told += PAIR.format("To", _called(names, row["tail_id"]))
    told += PAIR.format("Carrier", row["carrier_id"] or DASH)
    told += PAIR.format("Over plan", _ratio(row["ratio"]))
    told += PAIR.format("Missed departures", missed)
    told += PAIR.format("Parcels a day", f"{row['parcels_per_day']:.1f}")
    told += PAIR.format("Full", percent(row["utilisation"]))
    told += PAIR.format("Parcels seen", count(row["parcels"]))
    whole = [each for each in node["times"] if each["weekday"] is None]
    rows = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            words(each["measure"]),
            Markup("").join(CELL.format(NUMBER, _hours(each[q])) for q in QUANTILES),
        )
        for each in whole
    )
    heads = _heads("Time", "10 %", "Middle", "90 %")
    return PAIRS.format(told) + PART.format("How long", SMALL.format(heads=heads, rows=rows))


QUANTILES = ("q10_h", "q50_h", "q90_h")


def _effect(page: Page, done: dict[str, Any], names: dict[str, str]) -> Markup:
    """Return before and after: sums, the parcels under way, the flows of a usual day."""
    told = Markup("")
    for name, title in (("under_way", "Parcels under way"), ("daily", "Parcels of a usual day")):
        of = done[name]
        told += PART.format(
            title,
            PAIRS.format(
                PAIR.format("Touched", f"{of['affected']:.0f} of {of['parcels']:.0f}")
                + PAIR.format("Left without a way", f"{of['cut_off']:.0f}")
                + PAIR.format("Longer, all others together", f"{of['extra_h']:.0f} h")
            ),
        )
        rows = Markup("").join(_touched(page, row, names) for row in of["rows"][:TOUCHED])
        if rows:
            heads = _heads("Parcel" if name == "under_way" else "Flow", "Before", "After")
            told += SMALL.format(heads=heads, rows=rows)
            if len(of["rows"]) > TOUCHED:
                more = f"The first {TOUCHED} of {count(len(of['rows']))}."
                told += Markup('<p class="muted small">{}</p>').format(more)
    note = "Times: the middle of what is expected, and up to when 90 % come."
    return Markup('<div role="status" class="effect">{}<p class="muted small">{}</p></div>').format(
        told, note
    )


def _touched(page: Page, row: dict[str, Any], names: dict[str, str]) -> Markup:
    way = f"{_called(names, row['from'])} to {_called(names, row['to'])}"
    name: Any = way
    if parcel := row.get("parcel_id"):
        name = Markup('{}<span class="muted small below">{}</span>').format(parcel, way)
        if "parcels:read" in page.caller.scopes:
            there = page.href(f"/parcels/{quote(parcel, safe='')}")
            name = Markup('<a href="{}">{}</a><span class="muted small below">{}</span>').format(
                there, parcel, way
            )
    return Markup('<tr><th scope="row">{}</th>{}{}</tr>').format(
        name,
        CELL.format(NUMBER, _range(row["old_q50_h"], row["old_q90_h"])),
        CELL.format(NUMBER, _range(row["new_q50_h"], row["new_q90_h"])),
    )


def _range(middle: float | None, late: float | None) -> Markup | str:
    if middle is None:
        return Markup('<span class="very">no way</span>')
    return duration(middle) if late is None else f"{duration(middle)} {DASH} {duration(late)}"


def _shown(page: Page, found: Found) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the places of the chosen country, or all, and the lanes between them."""
    country = page.query.text("country")
    places = found.facilities
    if country in places["country"].to_list():
        places = places.filter(pl.col("country") == country)
    inside = places["node_id"].implode()
    both = pl.all_horizontal(pl.col("head_id", "tail_id").is_in(inside))
    return places, found.lanes.filter(both)


def _head(page: Page, name: str, told: str, sort: str, down: bool) -> Markup:
    order = "ascending" if name == sort and down else None
    link = SORT.format(
        query=page.query.with_(sort=name, order=order, page=None),
        name=name, told=told, mark=("↓" if down else "↑") if name == sort else "",
    )  # fmt: skip
    direction = "descending" if down else "ascending"
    said = Markup(' aria-sort="{}"').format(direction) if name == sort else ""
    return HEAD.format(told=link, sorted=said, number="" if name in WORDS else NUMBER)


def _row(page: Page, row: dict[str, Any], heads: list[str]) -> Markup:
    cells = Markup("").join(
        CELL.format("" if name in WORDS else NUMBER, _value(name, row[name])) for name in heads[1:]
    )
    node = row.get("lane_id") or row["node_id"]
    return ROW.format(href=page.query.with_(node=node), name=row[heads[0]] or node, cells=cells)


def _value(name: str, value: Any) -> Any:
    if value is None:
        return DASH
    if name == "ratio":
        return _ratio(value)
    if name in ("miss_rate", "utilisation"):
        return percent(value)
    if name == "delay_h":
        return _hours(value)
    if name == "lost_h":
        return f"{value:.1f} h"
    if name == "parcels_per_day":
        return f"{value:.1f}"
    return words(value) if name == "role" else value


def _ratio(ratio: float | None) -> Any:
    if ratio is None:
        return DASH
    return Markup('<span class="{}">{}</span>').format(step(ratio), f"{100 * (ratio - 1):+.0f} %")


def _over(ratio: float | None) -> str:
    return "not known" if ratio is None else f"{100 * (ratio - 1):+.0f} % over plan"


def _hours(hours: float | None) -> str:
    return DASH if hours is None else duration(hours)


def _called(names: dict[str, str], node_id: str) -> str:
    return names.get(node_id) or node_id.partition(":")[2] or node_id


def _heads(first: str, *others: str) -> Markup:
    cells = HEAD.format(told=first, sorted="", number="")
    return cells + Markup("").join(HEAD.format(told=x, sorted="", number=NUMBER) for x in others)


def _chip(name: str, id_: str, query: Any, is_here: bool = False) -> Markup:
    current = Markup(' aria-current="true"') if is_here else ""
    return CHIP.format(name=name, id=id_, query=query, current=current)
