"""The drawer of the network: what is known of a hub or a lane, and what if a hub closed."""

from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from .. import states
from ..drawing import pieces
from ..drawing.pieces import heads, joined, number, pairs
from ..page import Page
from ..people import DASH, count, duration, percent, words
from .network_parts import Found
from .network_words import a_day, called, hours, ratio

TOUCHED = 20  # parcels, and flows, of an effect that are listed
PART = Markup("<h3>{}</h3>{}")
SMALL = Markup(
    '<table class="rows small-rows"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
)
ROW = Markup('<tr data-row><th scope="row"><a href="{href}" data-turn>{name}</a></th>{cells}</tr>')
LINE = Markup('<tr><th scope="row">{}</th>{}</tr>')
BELOW = Markup('{}<span class="muted small below">{}</span>')
QUANTILES = ("q10_h", "q50_h", "q90_h")
ASK = Markup(
    '<p><button class="button main" data-do="close" data-value="{node}">Close it: what if?</button>'
    '</p><p class="muted small">Reckons only; nothing is closed. The audit keeps who asked.</p>'
)


def drawer(
    page: Page, found: Found | None, node: dict[str, Any] | None, closed: dict[str, Any]
) -> Markup:
    """Return what is known of the chosen hub or lane, and what closing it would do."""
    if node is None or found is None:
        return Markup("")
    of = node["node"]
    is_lane = of["kind"] == "lane"
    names = found.names
    title = of["label"] or of["node_id"]
    if is_lane and node["lanes"]:
        title = " to ".join(called(names, node["lanes"][0][end]) for end in ("head_id", "tail_id"))
    inner = _lane(node, names) if is_lane else _place(node)
    if of["kind"] == "facility":
        inner += PART.format("If it closed", ASK.format(node=of["node_id"]))
        if closed.get("node") == of["node_id"]:
            done = closed.get("effect")
            inner += states.skeleton(220) if done is None else _effect(page, done, names)
        inner += _touching(page, node, names)
    kind = f"{words(of['kind'])}, {words(of['role']).lower()} · {of['node_id']}"
    told = Markup('<p class="muted small">{}</p>').format(kind)
    return pieces.drawer(title, page.query.with_(node=None), told + inner)


def _place(node: dict[str, Any]) -> Markup:
    of, lanes = node["node"], node["lanes"]
    told = [("Region", of["region"] or of["country"] or DASH)]
    if of["capacity_per_h"]:
        told.append(("Parcels an hour at most", count(round(of["capacity_per_h"]))))
    out = sum(row["parcels_per_day"] or 0 for row in lanes if row["head_id"] == of["node_id"])
    into = sum(row["parcels_per_day"] or 0 for row in lanes if row["tail_id"] == of["node_id"])
    told.append(("Parcels a day, in and out", f"{a_day(into)} and {a_day(out)}"))
    return pairs(told)


def _touching(page: Page, node: dict[str, Any], names: dict[str, str]) -> Markup:
    """Return the lanes from and to a place."""
    of, lanes = node["node"], node["lanes"]
    if not lanes:
        return Markup("")
    rows = Markup("")
    for row in sorted(lanes, key=lambda row: -(row["ratio"] or 0))[:TOUCHED]:
        is_out = row["head_id"] == of["node_id"]
        name = called(names, row["tail_id" if is_out else "head_id"])
        rows += ROW.format(
            href=page.query.with_(node=row["lane_id"]),
            name=f"{'to' if is_out else 'from'} {name}",
            cells=number(ratio(row["ratio"])) + number(percent(row["miss_rate"])),
        )
    return PART.format("Its lanes, the worst first", _small(("Lane", "Over plan", "Missed"), rows))


def _lane(node: dict[str, Any], names: dict[str, str]) -> Markup:
    if not node["lanes"]:
        return Markup('<p class="muted">No parcel has been seen on it.</p>')
    row = node["lanes"][0]
    low, high = row.get("miss_low"), row.get("miss_high")
    missed = percent(row["miss_rate"])
    if low is not None and high is not None:
        missed += f" ({percent(low)} {DASH} {percent(high)})"
    told = [
        ("From", called(names, row["head_id"])),
        ("To", called(names, row["tail_id"])),
        ("Carrier", row["carrier_id"] or DASH),
        ("Over plan", ratio(row["ratio"])),
        ("Missed departures", missed),
        ("Parcels a day", a_day(row["parcels_per_day"])),
        ("Fill of its departures", percent(row["utilisation"])),
        ("Parcels seen", count(row["parcels"])),
    ]
    rows = joined(
        LINE.format(words(each["measure"]), joined(number(hours(each[q])) for q in QUANTILES))
        for each in node["times"]
        if each["weekday"] is None
    )
    times = _small(("Time", "10 % within", "Half within", "90 % within"), rows)
    return pairs(told) + PART.format("How long", times)


def _effect(page: Page, done: dict[str, Any], names: dict[str, str]) -> Markup:
    """Return before and after: sums, the parcels under way, the flows of a usual day."""
    told = Markup("")
    for name, title in (("under_way", "Parcels under way"), ("daily", "Parcels of a usual day")):
        of = done[name]
        told += PART.format(
            title,
            pairs(
                (
                    ("Touched", f"{of['affected']:.0f} of {of['parcels']:.0f}"),
                    ("Left without a way", f"{of['cut_off']:.0f}"),
                    ("Delay of all others together", f"{of['extra_h']:,.0f} h"),
                )
            ),
        )
        rows = joined(_touched(page, row, names) for row in of["rows"][:TOUCHED])
        if rows:
            what = "Parcel" if name == "under_way" else "From and to"
            told += _small((what, "Before", "After"), rows)
            if len(of["rows"]) > TOUCHED:
                more = f"The first {TOUCHED} of {count(len(of['rows']))}."
                told += Markup('<p class="muted small">{}</p>').format(more)
    note = "Times: the middle of what is expected, and up to when 90 % come."
    return Markup('<div role="status" class="effect">{}<p class="muted small">{}</p></div>').format(
        told, note
    )


def _touched(page: Page, row: dict[str, Any], names: dict[str, str]) -> Markup:
    way = f"{called(names, row['from'])} to {called(names, row['to'])}"
    name: Any = way
    if parcel := row.get("parcel_id"):
        link: Any = parcel
        if "parcels:read" in page.caller.scopes:
            there = page.href(f"/parcels/{quote(parcel, safe='')}")
            link = Markup('<a href="{}">{}</a>').format(there, parcel)
        name = BELOW.format(link, way)
    old, new = (
        number(_range(row[f"{when}_q50_h"], row[f"{when}_q90_h"])) for when in ("old", "new")
    )
    return LINE.format(name, old + new)


def _small(names: tuple[str, ...], rows: Markup) -> Markup:
    return SMALL.format(heads=heads(names, names[1:]), rows=rows)


def _range(middle: float | None, late: float | None) -> Markup | str:
    if middle is None:
        return Markup('<span class="very">no way</span>')
    return duration(middle) if late is None else f"{duration(middle)} {DASH} {duration(late)}"
