"""What routes and pages ask about parcels, now or as of a moment in the past."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import narwhals as nw
import polars as pl

from lanecast.parcel import eta, events, trajectory
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import SCANS

from . import asking
from .addresses import Register
from .answers import listing, overdue
from .clock import last_recorded
from .counts import Counted
from .desk import MEMORY, View, last_asked
from .parts import Parts
from .problems import Refused
from .tenants import Tenant

DRAWS = 512  # of the way of one parcel
TOLD = 3  # ways of one parcel


def seen(
    parts: Parts, tenant: Tenant, asof: datetime | None, parcels: Collection[str]
) -> tuple[View, datetime]:
    """Return a view that holds these ``parcels`` if they are known, and the moment it is seen at.

    Without ``asof`` that is the desk, in memory; with it, what would have been answered then.

    Raises
    ------
    Refused
        When the desk is not ready, or ``asof`` is a moment that has not been.
    """
    if asof is None:
        view = shown(parts, tenant)
        return view, max(tenant.clock(view.last), view.asof)
    instant = _been(tenant, asof)
    return _then(parts, tenant, tenant.lake().of(parcels), instant), instant


def _been(tenant: Tenant, asof: datetime) -> datetime:
    instant = asof.astimezone(UTC)
    if instant > (now := tenant.now()):
        detail = f"asof: {instant.isoformat()} is later than {now.isoformat()}, the last moment."
        raise Refused(422, "not_valid", detail, "asof")
    return instant


def _then(parts: Parts, tenant: Tenant, lake: Lake, instant: datetime) -> View:
    """Return the parcels of ``lake`` as they were known, and answered about, at ``instant``."""
    known = lake.asof(instant)
    asked = last_asked(known, instant)
    said = asking.etas(parts.models, tenant, asked.drop("ended_h", "end"), instant)
    more = events.asked(known, instant - MEMORY, instant).collect("polars").to_native()
    newest = more.sort("asof_h").unique("parcel_id", keep="last", maintain_order=True)
    risks = asking.risks(parts.models, tenant, newest.sort("parcel_id"), instant)
    plan = events.decide(risks, events.Costs(), events.Limits())
    at = {parcel: i for i, parcel in enumerate(asked["parcel_id"])}
    return View(instant, known.until, asked, said, risks, plan, at)


def shown(parts: Parts, tenant: Tenant) -> View:
    """Return what is on the desk.

    Raises
    ------
    Refused
        When it is not there yet: 503, with the time to come again.
    """
    view = parts.desks[tenant.name].view
    if view is None:
        detail = "The parcels are being read; this takes seconds after a start."
        hint = "If it stays so: is the lake filled? lanecast ingest --help"
        raise Refused(503, "not_ready", detail, hint=hint, headers={"Retry-After": "2"})
    return view


def listed(parts: Parts, tenant: Tenant, asof: datetime | None = None) -> tuple[View, pl.DataFrame]:
    """Return the view, and its rows as lists show them: made once for each view, late as of now.

    Raises
    ------
    Refused
        When the desk, or the list of that moment, is not ready, or ``asof`` has not been.
    """
    if asof is not None:
        instant = _been(tenant, asof)

        def make() -> tuple[View, pl.DataFrame]:
            lake = tenant.lake()
            view = _then(parts, tenant, lake, instant)
            rows = overdue(listing(view), instant)
            return replace(view, last=last_recorded(lake.asof(instant))), rows

        past: tuple[View, pl.DataFrame] = parts.past[tenant.name].get(
            instant, make, f"list of {instant:%Y-%m-%d %H:%M}"
        )
        return past
    view = shown(parts, tenant)
    kept = parts.lists.get(tenant.name)
    if kept is None or kept[0] is not view:
        kept = parts.lists[tenant.name] = view, listing(view)
    return view, overdue(kept[1], max(tenant.clock(view.last), view.asof))


def one_answer(
    parts: Parts, tenant: Tenant, asked: pl.DataFrame, asof: datetime | None
) -> list[dict[str, Any]]:
    """Return what moved the forecast of one parcel, the strongest first."""
    from lanecast.parcel.eta.drivers import moved

    serving = parts.models.at(tenant, "eta", asof) if asof else parts.models.live(tenant, "eta")
    if serving is None or not hasattr(serving.fitted, "drivers"):
        return []
    x = eta.assemble(nw.from_native(asked.drop("ended_h", "end")), serving.context).to_native()
    return moved(serving.fitted, x).to_dicts()


def risk_history(
    parts: Parts, tenant: Tenant, parcel_id: str, now: datetime, asof: datetime | None
) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """Return each risk of a parcel at each question about it, and what moves its lateness now.

    Returns
    -------
    DataFrame
        Rows of ``risks`` in the order of ``asof``, by the model that is live (at ``asof``).
    list
        ``feature``, ``value`` and ``factor`` on the odds to be late, the strongest first; empty
        where no trees answer.
    """
    known = tenant.lake().of([parcel_id]).asof(now)
    rows = events.asked(known, now - MEMORY, now).collect("polars").to_native().sort("asof_h")
    said = asking.risks(parts.models, tenant, rows, asof).sort("asof")
    serving = (
        parts.models.at(tenant, "events", asof) if asof else parts.models.live(tenant, "events")
    )
    if serving is None or "late" not in getattr(serving.fitted, "trees", {}) or rows.is_empty():
        return said, []
    x = events.assemble(nw.from_native(rows.tail(1)), serving.context).to_native()
    moved = serving.fitted.drivers(x, "late").sort(pl.col("log_odds").abs(), descending=True)
    return said, [
        {"feature": name, "value": x[name][0] if name in x.columns else None, "factor": factor}
        for name, factor in moved.select("feature", pl.col("log_odds").exp()).iter_rows()
    ]


def timeline(tenant: Tenant, parcel_id: str, now: datetime) -> pl.DataFrame:
    """Return the scans of a parcel as they were known, the first first."""
    known = tenant.lake().of([parcel_id]).asof(now)
    if not known.has(SCANS):
        return pl.DataFrame()
    scans = collect(known.read(SCANS).select(*SCANS.columns)).drop("parcel_id")
    return scans.sort("event_at", "recorded_at")


def ways_of(
    parts: Parts, tenant: Tenant, parcel_id: str, now: datetime, asof: datetime | None
) -> dict[str, Any]:
    """Return the likeliest ways of a parcel that is under way."""
    told: dict[str, Any] = {"parcel_id": parcel_id, "asof": now, "ways": []}
    models = parts.models
    serving = models.at(tenant, "trajectory", asof) if asof else models.live(tenant, "trajectory")
    if serving is None:
        return told | {"answer": "no_model"}
    known = tenant.lake().of([parcel_id]).asof(now)
    rows = collect(trajectory.under_way(known, now)).filter(parcel_id=parcel_id)
    told |= {"version": serving.version, "fallback": serving.fallback}
    if rows.is_empty():
        return told | {"answer": "not_under_way"}
    clocks = collect(trajectory.clocks(tenant.lake().asof(now), now))
    drawn = trajectory.ways(
        serving.fitted, rows, serving.context, clocks, now.timestamp() / 3600, DRAWS
    )
    stops = trajectory.likely_stops(drawn, TOLD).sort("rank", "step")
    stops = stops.with_columns(
        (pl.col("^q[0-9]+$") * 3_600_000_000).round().cast(pl.Int64).cast(pl.Datetime("us", "UTC"))
    )
    ways = stops.drop("parcel_id").partition_by("rank", maintain_order=True)
    return told | {"answer": "ways", "ways": [way.to_dicts() for way in ways]}


def register(
    parts: Parts, tenant: Tenant, asof: datetime | None
) -> tuple[Register, Any, str | None]:
    """Return the register of addresses, the model of what couriers find, and its version.

    Raises
    ------
    Refused
        While the register is being read, or ``asof`` is a moment that has not been.
    """
    found = _register(parts, tenant, asof)
    models = parts.models
    serving = models.at(tenant, "address", asof) if asof else models.live(tenant, "address")
    if serving is None:
        return found, None, None
    return found, serving.fitted, serving.version


def suggesting(
    parts: Parts, tenant: Tenant, asof: datetime | None
) -> tuple[Register, Counted | None]:
    """Return the register of addresses, and the order of suggestions; None is the plain one.

    Raises
    ------
    Refused
        While either is being made, or ``asof`` is a moment that has not been.
    """
    found, models = _register(parts, tenant, asof), parts.models
    serving = models.at(tenant, "suggest", asof) if asof else models.live(tenant, "suggest")
    return found, parts.counts[tenant.name].get(found, serving, asof)


def _register(parts: Parts, tenant: Tenant, asof: datetime | None) -> Register:
    if asof is not None:
        _been(tenant, asof)
    return parts.addresses[tenant.name].get(asof)
