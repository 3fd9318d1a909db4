"""Overrides of what is planned: kept with who and why, and shown beside the plan, which stays."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

import narwhals as nw
import polars as pl
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.responses import Response

from lanecast.tables.lake import Lake, collect
from lanecast.tables.planning import PROCESSES, WORKERS

from .. import planning
from ..access import audited, needs, parts, tenant_of
from ..keys import Caller, said
from ..messages import Instant, Strict, Why, reply
from ..planning import Kind
from ..problems import Refused, documented

routes = APIRouter(prefix="/v1/planning/overrides", tags=["planning"])
Reader = Annotated[Caller, needs("planning:read")]
Writer = Annotated[Caller, needs("planning:write")]
Id = Annotated[str, Field(min_length=1, max_length=128)]
EARLIEST, LATEST = date(1970, 1, 1), date(2200, 1, 1)


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
    why: Why


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
    why: Why


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
    why: Why

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


@routes.get("", response_model=Overrides, responses=documented(401, 403, 422, 429, 504))
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
    "",
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
    if isinstance(wanted, OfShift) and wanted.to_worker_id is not None:
        _works(tenant_of(request, caller).lake(), wanted.to_worker_id)
    value = _value(wanted)
    state = parts(request).state
    kept = planning.override(state, caller.tenant, kind, row, value, caller.name, wanted.why)
    subject = planning.key_of(kind, row)
    audited(request, caller, "plan overridden", subject, value=value, why=wanted.why)
    return reply({"kind": kind, "of": row, **kept}, 201)


def _works(lake: Lake, worker_id: str) -> None:
    """Refuse somebody who works nowhere, where the lake tells who does."""
    if not lake.has(WORKERS):
        return
    one = collect(lake.read(WORKERS).filter(nw.col("worker_id") == worker_id).select("worker_id"))
    if one.is_empty():
        detail = f"to_worker_id: {worker_id!r} is no worker; expected one of the table workers."
        raise Refused(422, "not_valid", detail, "to_worker_id")


def _value(wanted: Any) -> dict[str, Any] | None:
    if isinstance(wanted, OfForecast):
        return None if wanted.mean is None else {"mean": wanted.mean}
    if isinstance(wanted, OfOrder):
        return None if wanted.units is None else {"units": wanted.units}
    told = {"worker_id": wanted.to_worker_id, "process": wanted.to_process}
    changes = {name: each for name, each in told.items() if each is not None}
    return {"cancelled": True} if wanted.cancelled else changes or None
