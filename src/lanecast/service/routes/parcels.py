"""Parcels: when they arrive, what may go wrong, where they go next, and what to do."""

from datetime import datetime
from typing import Annotated, Any, Literal

import polars as pl
from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from lanecast.tables.events import INTERVENTIONS, RISKS
from lanecast.tables.parcel import MOMENTS, SCANS

from ..access import ASKS, Unmask, audited, needs, parts, tenant_of, unmasked
from ..answers import RISKY, arrivals, page, past_promise, surely_late, wanted
from ..decisions import Decision, decide, unknown
from ..keys import Caller
from ..masking import hidden
from ..messages import Asof, Instant, Kept, Strict, message, reply, rows, wrong_with
from ..parts import Parts
from ..problems import Problem, Refused, documented, worded
from ..questions import listed, one_answer, seen, timeline, ways_of
from ..tenants import Tenant

routes = APIRouter(prefix="/v1/parcels", tags=["parcels"])
Reader = Annotated[Caller, needs("parcels:read")]
ParcelId = Annotated[str, Path(min_length=1, max_length=128, description="Parcel.")]
ERRORS = documented(400, 401, 403, 404, 413, 422, 429, 503, 504)
MOST = 1000  # parcels of one request
SORTS = ("parcel_id", "saving", "promised_at", "eta_at", "asked_at", *RISKY)


class Arrival(BaseModel):
    """When a parcel arrives, as a distribution, and what that rests on."""

    parcel_id: str
    status: Literal["open", "delivered", "closed"]
    ended_at: datetime | None = Field(description="When it was delivered, or ended otherwise.")
    asof: datetime = Field(description="Everything recorded by then has been used.")
    asked_at: datetime = Field(description="The last thing that happened to it became known then.")
    eta_at: datetime | None = Field(description="Median of the arrival.")
    promised_at: datetime | None
    chance_late: float | None = Field(
        description="Chance to arrive after the promise, seen from asof; 1 once it has passed."
    )
    hours: dict[str, float] | None = Field(
        description="Quantiles of the hours from asof to delivery: q010 is that of 1 %."
    )
    moment: Literal[MOMENTS]  # type: ignore[valid-type]
    model: str
    version: str
    slice: str | None
    coverage_80: float | None = Field(description="Measured share inside q100..q900 of the slice.")
    quality: list[str]
    fallback: str | None = Field(description="What answered, if the live model could not.")
    drivers: list[dict[str, Any]] | None = Field(None, description="What moved the forecast.")


class Asked(Strict):
    """Parcels to ask about."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"parcel_ids": ["pcl_0000001", "pcl_0000002"]}]}
    )

    parcel_ids: list[Annotated[str, Field(min_length=1, max_length=128), Kept]] = Field(
        min_length=1, max_length=MOST
    )
    asof: Instant | None = None


class Arrivals(BaseModel):
    """Answers in the order of the question, and what could not be answered."""

    items: list[Arrival]
    refused: list[Problem]


Risk = message(RISKS, "Risk", without=("parcel_id", "moment", "model"))
Action = message(INTERVENTIONS, "Action", without=("parcel_id",))
Scan = message(SCANS, "Scan", without=("parcel_id",))


class Risks(BaseModel):
    """What may go wrong with a parcel, and what to do about it."""

    parcel_id: str
    asof: datetime
    items: list[Risk]  # type: ignore[valid-type]
    action: Action | None  # type: ignore[valid-type]


class Row(BaseModel):
    """A parcel as lists show it."""

    parcel_id: str
    status: str
    last_status: str
    facility_id: str | None
    carrier_id: str | None
    promised_at: datetime | None
    eta_at: datetime | None
    action: str | None
    saving: float | None


class Page(BaseModel):
    """A page of parcels."""

    items: list[dict[str, Any]]
    total: int
    asof: datetime


class Life(BaseModel):
    """A parcel: the facts, and what has happened to it."""

    parcel_id: str
    asof: datetime
    facts: dict[str, Any]
    scans: list[Scan]  # type: ignore[valid-type]


class Decided(Strict):
    """What a person decided about a proposed action."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"action": "call_ahead", "decision": "accept", "why": "the buyer asked"}]
        }
    )

    action: str = Field(max_length=64)
    decision: Decision
    why: str = Field("", max_length=500)


@routes.get("", response_model=Page, responses=documented(401, 403, 422, 429, 503))
def listing(
    request: Request,
    caller: Reader,
    status: Literal["open", "delivered", "closed", "all"] = "open",
    sort: Literal[SORTS] = "saving",  # type: ignore[valid-type]
    order: Literal["ascending", "descending"] = "descending",
    search: Annotated[str, Query(max_length=128, description="Part of a parcel's id.")] = "",
    facility_id: Annotated[str | None, Query(max_length=128)] = None,
    carrier_id: Annotated[str | None, Query(max_length=128)] = None,
    action: Annotated[str | None, Query(max_length=64)] = None,
    late_from: Annotated[float | None, Query(ge=0, le=1, description="Chance to be late.")] = None,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    asof: Asof = None,
    unmask: Unmask = False,
) -> Response:
    """List parcels, those first about which most can be saved."""
    view, table = listed(parts(request), tenant_of(request, caller), asof)
    where = wanted(status, search, facility_id, carrier_id, action, late_from)
    total, found = page(table, sort, order == "descending", offset, limit, where)
    items = rows(found)
    if not unmasked(request, caller, unmask, "parcels"):
        items = hidden(items)
    return reply({"items": items, "total": total, "asof": view.asof})


@routes.post("/eta", dependencies=ASKS, response_model=Arrivals, responses=documented(409) | ERRORS)
def several(request: Request, caller: Reader, asked: Asked) -> Response:
    """Say when up to 1,000 parcels arrive; what is no known id is named, and the rest answered."""
    ids: list[str | ValidationError] = list(asked.parcel_ids)
    sound = [each for each in ids if isinstance(each, str)]
    view, now = seen(parts(request), tenant_of(request, caller), asked.asof, sound)
    known = [view.at[each] for each in sound if each in view.at]
    refused = [
        worded(request.state.request_id, _refused(each, f"parcel_ids[{i}]"))
        for i, each in enumerate(ids)
        if not isinstance(each, str) or each not in view.at
    ]
    items = arrivals(view.asked[known], view.eta[known], now) if known else []
    return reply({"items": items, "refused": refused})


@routes.get("/{parcel_id:path}/eta", response_model=Arrival, responses=ERRORS)
async def one(
    request: Request,
    caller: Reader,
    parcel_id: ParcelId,
    asof: Asof = None,
    drivers: Annotated[bool, Query(description="Say what moved the forecast.")] = False,
) -> Response:
    """Say when a parcel arrives."""
    made, tenant = parts(request), tenant_of(request, caller)
    if asof is None and not drivers:  # a look at the desk, shorter than a thread takes to begin
        return reply(_arrival(made, tenant, parcel_id, None, False))
    return reply(await run_in_threadpool(_arrival, made, tenant, parcel_id, asof, drivers))


@routes.get("/{parcel_id:path}/risks", response_model=Risks, responses=ERRORS)
def risks(request: Request, caller: Reader, parcel_id: ParcelId, asof: Asof = None) -> Response:
    """Say what may go wrong with a parcel, and which action would save most.

    A chance is that of the last question about the parcel (`asof` of the item); an open parcel past
    its promise is late, whatever was said before.
    """
    view, now = seen(parts(request), tenant_of(request, caller), asof, [parcel_id])
    asked = view.asked[_place(view.at, parcel_id)]
    mine = view.risks.filter(pl.col("parcel_id") == parcel_id)
    if past_promise(asked, now).item():
        mine = surely_late(mine, now)
    act = view.plan.table.filter(pl.col("parcel_id") == parcel_id)
    return reply(
        {
            "parcel_id": parcel_id,
            "asof": now,
            "items": rows(mine.drop("parcel_id", "moment", "model")),
            "action": rows(act.drop("parcel_id"))[0] if act.height else None,
        }
    )


@routes.get("/{parcel_id:path}/path", response_model=dict[str, Any], responses=ERRORS)
def path(request: Request, caller: Reader, parcel_id: ParcelId, asof: Asof = None) -> Response:
    """Say where a parcel may go from here: its likeliest ways, stop by stop, with times."""
    tenant = tenant_of(request, caller)
    view, now = seen(parts(request), tenant, asof, [parcel_id])
    _place(view.at, parcel_id)
    return reply(ways_of(parts(request), tenant, parcel_id, now, asof))


@routes.post(
    "/{parcel_id:path}/actions",
    status_code=201,
    response_model=Decided,
    responses=documented(409) | ERRORS,
)
def decided(
    request: Request,
    caller: Annotated[Caller, needs("decisions:write")],
    parcel_id: ParcelId,
    decision: Decided,
) -> Decided:
    """Accept or decline what is proposed for a parcel."""
    done = decide(
        *(parts(request), caller, parcel_id),
        *(decision.action, decision.decision, decision.why),
    )
    audited(request, caller, done, parcel_id, proposed=decision.action)
    return decision


@routes.get("/{parcel_id:path}", response_model=Life, responses=ERRORS)
def life(
    request: Request,
    caller: Reader,
    parcel_id: ParcelId,
    asof: Asof = None,
    unmask: Unmask = False,
) -> Response:
    """Tell what is known of a parcel, and what has happened to it."""
    view, now = seen(parts(request), tenant_of(request, caller), asof, [parcel_id])
    row = view.asked[_place(view.at, parcel_id)]
    scans = rows(timeline(tenant_of(request, caller), parcel_id, now))
    names = [name for name in row.columns if not name.endswith("_h")]
    facts = rows(row.select(names))
    if not unmasked(request, caller, unmask, parcel_id):
        facts, scans = hidden(facts), hidden(scans)
    return reply({"parcel_id": parcel_id, "asof": now, "facts": facts[0], "scans": scans})


def _arrival(
    made: Parts, tenant: Tenant, parcel_id: str, asof: datetime | None, drivers: bool
) -> dict[str, Any]:
    view, now = seen(made, tenant, asof, [parcel_id])
    place = slice((at := _place(view.at, parcel_id)), at + 1)
    (answer,) = arrivals(view.asked[place], view.eta[place], now)
    if drivers:
        answer["drivers"] = one_answer(made, tenant, view.asked[place], asof)
    return answer


def _refused(given: str | ValidationError, field: str) -> Refused:
    return unknown(field, given) if isinstance(given, str) else wrong_with(given, field)


def _place(at: dict[str, int], parcel_id: str) -> int:
    if parcel_id not in at:
        raise unknown("parcel_id", parcel_id)
    return at[parcel_id]
