"""Why a parcel is at risk and when it is expected: what moved both, in the words of people."""

import math
from typing import Any

import polars as pl
from markupsafe import Markup

from lanecast.parcel.words import worded
from lanecast.service.answers import RISKY

from ..drawing.pieces import card, muted, pairs
from ..drawing.risk import bar
from ..page import Page
from ..people import DAYS, count, duration
from .parcel_head import PASSED, changed, past_promise

EVENTS = {
    "late": "Late",
    "failed_first": "First attempt fails",
    "returned": "Comes back",
    "lost": "Gets lost",
    "not_received": "Disputed",
}
SHOWN = 7  # that moved something
SLIGHT = 0.01  # factor on the odds, less 1, that is not told
UNITS = {"h", "d", "km", "m", "g", "cm3", "min"}  # that a column is said to be in, after a comma
COUNTS = {"attempts", "scans", "stops", "pieces", "merchants", "open_orders", "overdue_orders"}
MOVED = Markup('<span class="{}">{}{}</span>')


def risks(page: Page, story: Any, past: tuple[pl.DataFrame, list[dict[str, Any]]]) -> Markup:
    """Return the risks as they are now, what each was before, and what moves lateness."""
    history, moved = past
    if not history.height:
        told = Markup('<p class="muted">No model and no base rate of risks can answer.</p>')
        return card("Risks", told)
    rows = []
    for event in RISKY:
        mine = history.filter(pl.col("event") == event)
        if event == "late" and past_promise(story.arrival):
            rows.append((Markup("{} {}").format(EVENTS[event], muted(PASSED)), bar(1.0)))
        elif mine.height and mine["chance"][-1] is not None:
            why = muted(changed(story, mine) or "")
            rows.append((Markup("{} {}").format(EVENTS[event], why), bar(mine["chance"][-1])))
    asked = page.viewer.instant(history["asof"][-1])
    inner = Markup('<p class="muted small">asked {}</p>').format(asked) + pairs(rows)
    factors = [each for each in moved[:SHOWN] if abs(each["factor"] - 1) >= SLIGHT]
    if factors:
        inner += Markup("<h3>What moves the chance to be late (its odds)</h3>")
        inner += pairs((_named(each), _odds(each["factor"])) for each in factors)
    return card("Risks", inner)


def drivers(page: Page, story: Any, moved: list[dict[str, Any]]) -> Markup:
    """Return what moved the forecast, in words and hours."""
    if story.arrival["status"] != "open":
        return Markup("")
    if not moved:
        told = Markup('<p class="muted">What answered here cannot say what moved it.</p>')
        return card("What moved the forecast", told)
    usual, *others = moved
    rows: list[tuple[Any, Any]] = [("Usual time", duration(24 * usual["days"]))]
    rows += [(_named(each), _hours(24 * each["days"], True)) for each in others[:SHOWN]]
    if rest := others[SHOWN:]:
        hours = 24 * sum(each["days"] for each in rest)
        rows.append((f"{count(len(rest))} others together", _hours(hours, False)))
    return card("What moved the forecast", pairs(rows))


def value(feature: str, given: Any) -> str:
    """Return a value of a column as people read it; nothing where it would tell them nothing."""
    _, _, unit = worded(feature).rpartition(", ")
    try:
        figure = float(given)
    except (TypeError, ValueError):
        return "not known" if given in (None, "missing") else str(given)
    if not math.isfinite(figure):
        return "not known"
    if unit == "h":
        return duration(figure)
    if unit in UNITS:
        return f"{figure:,.0f} {unit.replace('cm3', 'cm³')}"
    if feature.endswith("weekday"):
        return DAYS[int(figure) % 7]
    if feature == "hour":
        return f"{int(figure):02d}:00"
    return f"{figure:g}" if feature in COUNTS else ""


def _named(each: dict[str, Any]) -> Markup:
    name, _, unit = worded(each["feature"]).rpartition(", ")
    what = name if unit in UNITS or unit == "minor units" else worded(each["feature"])
    told = what[:1].upper() + what[1:]
    return Markup("{} {}").format(told, muted(value(each["feature"], each["value"])))


def _hours(hours: float, is_coloured: bool) -> Markup:
    kind = ("late" if hours > 0 else "ok") if is_coloured else ""
    return MOVED.format(kind, "+" if hours > 0 else "\N{MINUS SIGN}", duration(abs(hours)))


def _odds(factor: float) -> Markup:
    kind = "late" if factor > 1 else "ok"
    return MOVED.format(kind, "\N{MULTIPLICATION SIGN}", f"{factor:.2f}")
