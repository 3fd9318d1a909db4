"""Plans: forecasts, orders and rosters as they were stored, and overrides of what is planned.

A new plan is a job: ``POST /v1/jobs`` with ``{"kind": "plan", "site": ...}``; its result has the
ledger of money.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal

import polars as pl
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.responses import Response

from lanecast.tables.planning import (
    DEMAND_FORECASTS,
    FREQUENCIES,
    PROCESSES,
    REPLENISHMENT_PLANS,
    ROSTER_PLANS,
)

from .. import planning
from ..access import audited, needs, parts, tenant_of
from ..keys import Caller, said
from ..messages import Asof, Instant, Strict, message, reply, rows
from ..planning import Kind
from ..problems import Refused, documented
from ..tenants import Tenant

routes = APIRouter(prefix="/v1/planning", tags=["planning"])
Reader = Annotated[Caller, needs("planning:read")]
Writer = Annotated[Caller, needs("planning:write")]
Id = Annotated[str, Field(min_length=1, max_length=128)]
Site = Annotated[str | None, Query(min_length=1, max_length=128, description="Facility.")]
Product = Annotated[str | None, Query(min_length=1, max_length=128)]
Newest = Annotated[bool, Query(description="Of several plans, the newest only.")]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Day = Annotated[date | None, Query(description="First day.")]
Until = Annotated[date | None, Query(description="Day after the last.")]
ERRORS = documented(401, 403, 422, 429, 504)
EARLIEST, LATEST = date(1970, 1, 1), date(2200, 1, 1)


class Override(BaseModel):
    """What a person changed of a planned value."""

    value: dict[str, Any] | None = Field(description="Null goes back to the plan.")
    who: str
    why: str
    at: datetime


Beside = (Override | None, None)
Forecast = message(DEMAND_FORECASTS, "Forecast", override=Beside)
Ordered = message(REPLENISHMENT_PLANS, "Ordered", override=Beside)
Shift = message(ROSTER_PLANS, "Shift", override=Beside)


class Forecasts(BaseModel):
    """A page of forecasts."""

    items: list[Forecast]  # type: ignore[valid-type]
    total: int


class Orders(BaseModel):
    """A page of what to order."""

    items: list[Ordered]  # type: ignore[valid-type]
    total: int


class Roster(BaseModel):
    """A page of shifts."""

    items: list[Shift]  # type: ignore[valid-type]
    total: int


class StoredPlan(BaseModel):
    """An order list or a roster that was stored."""

    kind: Literal["order", "shift"]
    plan_id: str
    facility_id: str
    asof: datetime
    rows: int
    amount: float = Field(description="Sum of `unit`: pieces to order, or hours to pay.")
    unit: str
    cost: float | None
    first: date
    last: date


class Plans(BaseModel):
    """Plans, the newest first."""

    items: list[StoredPlan]


class OfForecast(Strict):
    """Another mean of a forecast; null goes back to it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "forecast",
                    "unique_id": "prd_000001/whs_us_ny_01",
                    "ds": "2025-04-17T00:00:00Z",
                    "mean": 12.5,
                    "why": "a fair is in town",
                }
            ]
        }
    )

    kind: Literal["forecast"]
    unique_id: Id
    ds: Instant
    mean: float | None = Field(ge=0, le=1e12)
    why: str = Field(min_length=1, max_length=500)


class OfOrder(Strict):
    """Other pieces to order; null goes back to the plan."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "order",
                    "plan_id": "pln_9f0a20814bd2f9f1",
                    "product_id": "prd_000002",
                    "facility_id": "whs_us_ca_01",
                    "source_id": "sup_0003",
                    "order_date": "2025-04-16",
                    "units": 80,
                    "why": "a fair is in town",
                }
            ]
        }
    )

    kind: Literal["order"]
    plan_id: Id
    product_id: Id
    facility_id: Id
    source_id: Id
    order_date: date = Field(ge=EARLIEST, lt=LATEST)
    units: int | None = Field(ge=0, le=10**9)
    why: str = Field(min_length=1, max_length=500)


class OfShift(Strict):
    """A shift that is cancelled, or another worker or process for it; none: back to the plan."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "shift",
                    "plan_id": "ros_f39610166bff95f2",
                    "worker_id": "wrk_00020",
                    "started_at": "2025-04-17T13:00:00Z",
                    "cancelled": True,
                    "why": "ill",
                }
            ]
        }
    )

    kind: Literal["shift"]
    plan_id: Id
    worker_id: Id
    started_at: Instant
    cancelled: bool = False
    to_worker_id: Id | None = None
    to_process: Literal[PROCESSES] | None = None  # type: ignore[valid-type]
    why: str = Field(min_length=1, max_length=500)

    @model_validator(mode="after")
    def _either(self) -> "OfShift":
        if self.cancelled and (self.to_worker_id or self.to_process):
            raise ValueError("cancelled: a shift that is cancelled has no worker or process")
        return self


Wanted = Annotated[OfForecast | OfOrder | OfShift, Field(discriminator="kind")]


class Kept(BaseModel):
    """An override, and of which row it is."""

    kind: Literal["forecast", "order", "shift"]
    of: dict[str, str]
    value: dict[str, Any] | None
    who: str
    why: str
    at: datetime


class Overrides(BaseModel):
    """Overrides, newest first, and where to go on."""

    items: list[Kept]
    next_before: datetime | None


@routes.get("/plans", response_model=Plans, responses=ERRORS)
def plans(request: Request, caller: Reader, asof: Asof = None) -> Response:
    """List the order lists and rosters that are stored, the newest first."""
    return reply({"items": planning.plans(_known(tenant_of(request, caller), asof))})


@routes.get("/forecasts", response_model=Forecasts, responses=ERRORS)
def forecasts(
    request: Request,
    caller: Reader,
    unique_id: Annotated[str | None, Query(min_length=1, max_length=128)] = None,
    site: Site = None,
    product_id: Product = None,
    frequency: Literal[FREQUENCIES] | None = None,  # type: ignore[valid-type]
    since: Annotated[Instant | None, Query(description="First moment.")] = None,
    until: Annotated[Instant | None, Query(description="Moment after the last.")] = None,
    newest: Newest = True,
    asof: Asof = None,
    offset: Offset = 0,
    limit: Limit = 200,
) -> Response:
    """List stored forecasts of demand and of work, with quantiles and measured coverage."""
    where = [] if unique_id is None else [pl.col("unique_id") == unique_id]
    where += [planning.part_of("unique_id", each) for each in (site, product_id) if each]
    where += [] if frequency is None else [pl.col("frequency") == frequency]
    lake = _known(tenant_of(request, caller), asof)
    found = planning.planned(lake, "forecast", where, since, until, newest)
    return _page(request, caller, "forecast", found, asof, offset, limit)


@routes.get("/orders", response_model=Orders, responses=ERRORS)
def orders(
    request: Request,
    caller: Reader,
    site: Site = None,
    product_id: Product = None,
    plan_id: Annotated[str | None, Query(min_length=1, max_length=128)] = None,
    since: Day = None,
    until: Until = None,
    only_ordered: Annotated[bool, Query(description="Without what is not ordered.")] = False,
    newest: Newest = True,
    asof: Asof = None,
    offset: Offset = 0,
    limit: Limit = 200,
) -> Response:
    """List what to order or to move, with due dates, stock levels and expected cost."""
    where = _equal(facility_id=site, product_id=product_id, plan_id=plan_id)
    where += [pl.col("units") > 0] if only_ordered else []
    lake = _known(tenant_of(request, caller), asof)
    found = planning.planned(lake, "order", where, since, until, newest and plan_id is None)
    return _page(request, caller, "order", found, asof, offset, limit)


@routes.get("/roster", response_model=Roster, responses=ERRORS)
def roster(
    request: Request,
    caller: Reader,
    site: Site = None,
    process: Literal[PROCESSES] | None = None,  # type: ignore[valid-type]
    worker_id: Annotated[str | None, Query(min_length=1, max_length=128)] = None,
    plan_id: Annotated[str | None, Query(min_length=1, max_length=128)] = None,
    since: Annotated[Instant | None, Query(description="First moment.")] = None,
    until: Annotated[Instant | None, Query(description="Moment after the last.")] = None,
    newest: Newest = True,
    asof: Asof = None,
    offset: Offset = 0,
    limit: Limit = 200,
) -> Response:
    """List who works when, at what."""
    where = _equal(facility_id=site, process=process, worker_id=worker_id, plan_id=plan_id)
    lake = _known(tenant_of(request, caller), asof)
    found = planning.planned(lake, "shift", where, since, until, newest and plan_id is None)
    return _page(request, caller, "shift", found, asof, offset, limit)


@routes.get("/overrides", response_model=Overrides, responses=ERRORS)
def overrides(
    request: Request,
    caller: Reader,
    before: Annotated[Instant | None, Query(description="Made before that.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Overrides:
    """List overrides, newest first, with who and why."""
    state = parts(request).state
    told = None if before is None else said(before)
    items = planning.history(state, caller.tenant, told, limit)
    following = items[-1]["at"] if len(items) == limit else None
    return Overrides.model_validate({"items": items, "next_before": following})


@routes.post(
    "/overrides",
    status_code=201,
    response_model=Kept,
    responses=documented(400, 401, 403, 404, 409, 413, 422, 429),
)
def override(request: Request, caller: Writer, wanted: Wanted) -> Response:
    """Override a planned value; the plan stays, and the override is shown beside it."""
    kind: Kind = wanted.kind
    row = wanted.model_dump(include=set(planning.PLANNED[kind].row))
    where = [pl.col(name) == value for name, value in row.items()]
    if not planning.planned(tenant_of(request, caller).lake(), kind, where, newest=False).height:
        detail = f"{planning.PLANNED[kind].row[0]}: nothing such is planned; see /v1/planning."
        raise Refused(404, "not_found", detail, planning.PLANNED[kind].row[0])
    value = _value(wanted)
    state = parts(request).state
    kept = planning.override(state, caller.tenant, kind, row, value, caller.name, wanted.why)
    subject = planning.key_of(kind, row)
    audited(request, caller, "plan overridden", subject, value=value, why=wanted.why)
    return reply({"kind": kind, "of": row, **kept}, 201)


def _value(wanted: Any) -> dict[str, Any] | None:
    if isinstance(wanted, OfForecast):
        return None if wanted.mean is None else {"mean": wanted.mean}
    if isinstance(wanted, OfOrder):
        return None if wanted.units is None else {"units": wanted.units}
    told = {"worker_id": wanted.to_worker_id, "process": wanted.to_process}
    changes = {name: each for name, each in told.items() if each is not None}
    return {"cancelled": True} if wanted.cancelled else changes or None


def _equal(**values: str | None) -> list[pl.Expr]:
    return [pl.col(name) == value for name, value in values.items() if value is not None]


def _known(tenant: Tenant, asof: datetime | None) -> Any:
    lake = tenant.lake()
    return lake if asof is None else lake.asof(asof)


def _page(
    request: Request,
    caller: Caller,
    kind: Kind,
    found: pl.DataFrame,
    asof: datetime | None,
    offset: int,
    limit: int,
) -> Response:
    held = planning.overrides(parts(request).state, caller.tenant, asof)
    items = planning.beside(rows(found.slice(offset, limit)), kind, held)
    return reply({"items": items, "total": found.height})
