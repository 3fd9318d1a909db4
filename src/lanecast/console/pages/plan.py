"""Plan: what a site expects and orders, who works, what that costs, what people changed."""

from datetime import UTC, timedelta, tzinfo
from typing import Any

import polars as pl
from nicegui import ui

from lanecast.service import planning, staffing
from lanecast.service.planning import PLANNED, Kind
from lanecast.service.problems import Refused
from lanecast.tables.lake import Lake, collect
from lanecast.tables.planning import PROCESSES, SALES, WORKLOAD

from .. import company
from ..frame import Screen
from ..page import Page
from ..people import words
from . import plan_forecast as ahead
from . import plan_parts as show
from . import plan_tables as rows
from .plan_found import Found

SCREEN = Screen("/plan", "Plan", "planning:read", "plan", "l")
PAST = 28  # periods before the forecast that are drawn
AHEAD = 72  # periods of a forecast that are drawn at most
SHOWN = 20  # overrides


def build(page: Page) -> None:
    """Draw the screen."""
    found = page.once(lambda: _found(page))
    page.part(found, lambda told: show.sites(page, told), what="The sites", height=34)
    page.part(found, lambda told: show.figures(page, told), what="The figures", height=96)
    with ui.element("div").classes("beside even"):
        page.part(found, lambda told: ahead.forecast(page, told), what="The forecast", height=340)
        page.part(found, lambda told: show.causes(page, told), what="The ledger", height=340)
    page.part(found, lambda told: ahead.heat(page, told), what="The staffing", height=400)
    page.part(found, lambda told: rows.tables(page, told), what="Orders and roster", height=400)
    page.part(found, lambda told: show.history(page, told), what="The overrides", height=160)
    page.part(found, lambda told: rows.drawer(page, told), what="The drawer", height=1)

    async def override(values: dict[str, str]) -> None:
        caller = await page.allowed("planning:write")
        told = _found(page)
        row = None if told is None else told.row(values.get("row", ""))
        if row is None:
            raise Refused(404, "not_found", "row: nothing such is planned.", "row")
        why = values.get("why", "").strip()[:500]
        if not why:
            raise Refused(422, "not_valid", "Say why; it is kept beside the plan.", "why")
        kind: Kind = row["kind"]
        value = _value(kind, values)
        key = {name: row[name] for name in PLANNED[kind].row}
        state, tenant = page.parts.state, page.tenant.name
        planning.override(state, tenant, kind, key, value, caller.name, why)
        page.audited("plan overridden", planning.key_of(kind, key), value=value, why=why)
        await page.refresh()
        page.say("The override is kept.")

    page.on("override", override)


def _value(kind: Kind, values: dict[str, str]) -> dict[str, Any] | None:
    """Return what a person wants instead of the plan; None goes back to it."""
    act = values.get("act")
    if act == "back":
        return None
    if kind == "order":
        units = values.get("units", "")
        if not (units.isascii() and units.isdigit() and int(units) <= 10**9):
            detail = f"units: expected a whole number of pieces, 0 or more. Got {units!r}."
            raise Refused(422, "not_valid", detail, "units")
        return {"units": int(units)}
    if act == "cancel":
        return {"cancelled": True}
    if (process := values.get("process", "")) not in PROCESSES:
        detail = f"process: expected one of {', '.join(PROCESSES)}. Got {process!r}."
        raise Refused(422, "not_valid", detail, "process")
    return {"process": process}


def _found(page: Page) -> Found | None:
    """Return the newest plan of the chosen site; None where none is stored."""
    lake, state, tenant = _lake(page), page.parts.state, page.tenant.name
    plans = planning.plans(lake)
    sites = sorted({each["facility_id"] for each in plans})
    if not sites:
        return None
    site = page.query.one_of("site", sites, plans[0]["facility_id"])
    held = planning.overrides(state, tenant)

    def planned(kind: Kind) -> list[dict[str, Any]]:
        where = [pl.col("facility_id") == site]
        each = planning.planned(lake, kind, where).to_dicts()
        return planning.beside(each, kind, held)

    asof = max(each["asof"] for each in plans if each["facility_id"] == site)
    of_site = [planning.part_of("unique_id", site)]
    expected = planning.planned(lake, "forecast", of_site, since=asof)
    if expected.height:  # nothing of plans before it, also where they reach beyond its days
        expected = expected.filter(pl.col("asof") == pl.col("asof").max().over("unique_id"))
    orders, shifts = planned("order"), planned("shift")
    place = company.places(page.tenant).get(site)
    zone = (place.zone if place else None) or UTC
    work = expected.filter(pl.col("frequency") == "h") if expected.height else expected
    speed = staffing.pace(lake, site, asof) if work.height else {}
    gaps = _of_days(staffing.gaps(work, shifts, speed, zone), work, zone) if speed else None
    series = _series(expected)
    chosen = page.query.one_of("series", series, next(iter(series), ""))
    drawn = expected.filter(pl.col("unique_id") == chosen) if chosen else expected
    result = page.parts.jobs[tenant].last_plan(site)
    is_shown = result is not None and result["first"] == f"{asof.date() + timedelta(days=1)}"
    return Found(
        *(sites, site, asof, zone, orders, shifts, gaps, series, chosen),
        drawn.sort("ds").head(AHEAD),
        _past(lake, drawn, chosen),
        planning.history(state, tenant, None, SHOWN),
        company.currency(page.tenant),
        result["ledger"] if result is not None and is_shown else None,
    )


def _of_days(gaps: pl.DataFrame, work: pl.DataFrame, zone: tzinfo) -> pl.DataFrame:
    """Return the gaps of the site's days for which work is foreseen: shifts may end after them."""
    days = work["ds"].dt.convert_time_zone(str(zone)).dt.date()
    return gaps.filter(pl.col("day").is_in(days.unique().implode()))


def _series(expected: pl.DataFrame) -> dict[str, str]:
    """Return what each forecast is called: those by day first, and the largest first."""
    if expected.is_empty():
        return {}
    totals = expected.group_by("unique_id", "frequency").agg(pl.col("mean").sum())
    ordered = totals.sort("frequency", "mean", descending=[False, True])
    found = {}
    for each, by in ordered.select("unique_id", "frequency").iter_rows():
        product, *_, process = each.split("/")
        found[each] = f"{words(process)}, by hour" if by == "h" else f"{product}, by day"
    return found


def _lake(page: Page) -> Lake:
    return page.tenant.lake()


def _past(lake: Lake, drawn: pl.DataFrame, chosen: str) -> list[float | None]:
    """Return what came in the periods before a forecast, the oldest first.

    None is a day that is not known, or on which nothing was there to be sold.
    """
    if drawn.is_empty() or "/" not in chosen:
        return []
    first, last = chosen.split("/")[0], chosen.split("/")[-1]
    begin = drawn["ds"].min()
    assert begin is not None
    hourly = drawn["frequency"][0] == "h"
    of, at = (WORKLOAD, "hour_at") if hourly else (SALES, "date")
    if drawn["frequency"][0] not in ("h", "d") or not lake.has(of):
        return []
    names = ("facility_id", "process") if hourly else ("product_id", "facility_id")
    rows = collect(lake.read(of)).filter(pl.col(names[0]) == first, pl.col(names[1]) == last)
    if rows.is_empty():
        return []
    if not hourly:
        rows = rows.filter((pl.col("in_stock_share").fill_null(1) > 0) | (pl.col("units") > 0))
    step = timedelta(hours=1) if hourly else timedelta(days=1)
    start: Any = begin if hourly else begin.date()  # type: ignore[union-attr]
    known = dict(rows.select(at, "units").iter_rows())
    until = max(known, default=start) if hourly else None  # an hour without work has no row
    periods = [start - step * i for i in range(PAST, 0, -1)]
    idle = [0.0 if until is not None and each <= until else None for each in periods]
    return [known.get(each, none) for each, none in zip(periods, idle, strict=True)]
