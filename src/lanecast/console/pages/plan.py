"""Plan: what a site expects and orders, who works, what that costs, what people changed."""

from datetime import UTC, timedelta
from typing import Any

import polars as pl

from lanecast.service import planning, staffing
from lanecast.service.planning import PLANNED, Kind
from lanecast.service.problems import Refused
from lanecast.tables.lake import Lake, collect
from lanecast.tables.planning import PROCESSES, SALES, WORKLOAD

from .. import company
from ..frame import Screen
from ..page import Page
from . import plan_parts as show

SCREEN = Screen("/plan", "Plan", "planning:read", "plan", "l")
PAST = 28  # periods before the forecast that are drawn
AHEAD = 72  # periods of a forecast that are drawn at most
SHOWN = 20  # overrides


def build(page: Page) -> None:
    """Draw the screen."""
    found = page.once(lambda: _found(page))
    page.part(found, lambda told: show.sites(page, told), what="The sites", height=34)
    page.part(found, lambda told: show.ledger(page, told), what="The ledger", height=96)
    page.part(found, lambda told: show.forecast(page, told), what="The forecast", height=340)
    page.part(found, lambda told: show.heat(page, told), what="The staffing", height=400)
    page.part(found, lambda told: show.tables(page, told), what="Orders and roster", height=400)
    page.part(found, lambda told: show.history(page, told), what="The overrides", height=160)
    page.part(found, lambda told: show.drawer(page, told), what="The drawer", height=1)

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


def _found(page: Page) -> show.Found | None:
    """Return the newest plan of the chosen site; None where none is stored."""
    lake, state, tenant = _lake(page), page.parts.state, page.tenant.name
    plans = planning.plans(lake)
    sites = sorted({each["facility_id"] for each in plans})
    if not sites:
        return None
    site = page.query.one_of("site", sites, plans[0]["facility_id"])
    held = planning.overrides(state, tenant)

    def rows(kind: Kind) -> list[dict[str, Any]]:
        where = [pl.col("facility_id") == site]
        each = planning.planned(lake, kind, where).to_dicts()
        return planning.beside(each, kind, held)

    ahead = planning.planned(lake, "forecast", [planning.part_of("unique_id", site)])
    orders, shifts = rows("order"), rows("shift")
    place = company.places(page.tenant).get(site)
    zone = (place.zone if place else None) or UTC
    work = ahead.filter(pl.col("frequency") == "h") if ahead.height else ahead
    asof = max(each["asof"] for each in plans if each["facility_id"] == site)
    speed = staffing.pace(lake, site, asof) if work.height else {}
    gaps = staffing.gaps(work, shifts, speed, zone) if speed else None
    series = []
    if ahead.height:
        totals = ahead.group_by("unique_id", "frequency").agg(pl.col("mean").sum())
        series = totals.sort("frequency", "mean", descending=[False, True])["unique_id"].to_list()
    chosen = page.query.one_of("series", series, series[0] if series else "")
    drawn = ahead.filter(pl.col("unique_id") == chosen) if chosen else ahead
    return show.Found(
        sites, site, asof, zone, orders, shifts, gaps, series, chosen,
        drawn.sort("ds").head(AHEAD), _past(lake, drawn, chosen),
        planning.history(state, tenant, None, SHOWN), company.currency(page.tenant),
    )  # fmt: skip


def _lake(page: Page) -> Lake:
    return page.tenant.lake()


def _past(lake: Lake, drawn: pl.DataFrame, chosen: str) -> list[float]:
    """Return what came in the periods before a forecast, the oldest first."""
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
    step = timedelta(hours=1) if hourly else timedelta(days=1)
    start: Any = begin if hourly else begin.date()  # type: ignore[union-attr]
    known = dict(rows.select(at, "units").iter_rows())
    return [float(known.get(start - step * i, 0)) for i in range(PAST, 0, -1)] if known else []
