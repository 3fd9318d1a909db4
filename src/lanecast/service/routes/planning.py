"""Plans: forecasts, orders and rosters as they were stored, with overrides beside them.

A new plan is a job: ``POST /v1/jobs`` with ``{"kind": "plan", "site": ...}``; its result has the
ledger of money.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal

import polars as pl
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lanecast.tables.planning import (
    DEMAND_FORECASTS,
    FREQUENCIES,
    PROCESSES,
    REPLENISHMENT_PLANS,
    ROSTER_PLANS,
)

from .. import planning
from ..access import needs, parts, tenant_of
from ..keys import Caller
from ..messages import Asof, Instant, message, reply, rows
from ..planning import Kind
from ..problems import documented
from ..tenants import Tenant

routes = APIRouter(prefix="/v1/planning", tags=["planning"])
Reader = Annotated[Caller, needs("planning:read")]
Site = Annotated[str | None, Query(min_length=1, max_length=128, description="Facility.")]
Product = Annotated[str | None, Query(min_length=1, max_length=128)]
Newest = Annotated[bool, Query(description="Of several plans, the newest only.")]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Day = Annotated[date | None, Query(description="First day.")]
Until = Annotated[date | None, Query(description="Day after the last.")]
ERRORS = documented(401, 403, 422, 429, 504)


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
