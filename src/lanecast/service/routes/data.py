"""The data behind the answers: ingests, what was set aside and why, and codes without meaning."""

from datetime import datetime
from typing import Annotated, Any, Literal

import narwhals as nw
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from lanecast.tables.lake import collect
from lanecast.tables.network import CARRIERS
from lanecast.tables.status import STATUSES

from .. import contents
from ..access import Unmask, audited, needs, parts, tenant_of, unmasked
from ..clock import wall
from ..keys import Caller
from ..messages import Strict
from ..problems import Refused, documented
from ..screen import give_code

routes = APIRouter(prefix="/v1/data", tags=["data"])
Reader = Annotated[Caller, needs("data:read")]


class Ingest(BaseModel):
    """One commit of the lake."""

    number: int
    at: datetime
    source: str
    rows: dict[str, int] = Field(description="New rows by table.")


class Ingests(BaseModel):
    """Commits, newest first, and where to go on."""

    items: list[Ingest]
    next_before: int | None


class Reason(BaseModel):
    """Rows that broke one rule."""

    source: str
    table: str
    column: str
    code: str
    valid: str
    rows: int
    open: int = Field(description="Of them, events that have not come in since; or all.")
    first_at: datetime
    last_at: datetime
    examples: list[dict[str, Any]] = Field(description="Rows; personal fields are masked.")
    values: list[str | None]


class Quarantine(BaseModel):
    """What was set aside, by reason, most rows first."""

    items: list[Reason]


class Code(BaseModel):
    """A carrier's code, and what it means where somebody has said so."""

    carrier_id: str | None
    code: str
    waiting: int = Field(description="Events set aside until it has a meaning.")
    stored: int = Field(description="Scans of files, stored with the status unknown.")
    status: str | None


class Codes(BaseModel):
    """Codes that nobody has translated, most events first; and those that were mapped."""

    items: list[Code]


class Meaning(Strict):
    """What a carrier's code means."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"code": "ZUSTELLUNG-77", "status": "delivered"}]}
    )

    code: str = Field(min_length=1, max_length=128, examples=["ZUSTELLUNG-77"])
    carrier_id: str | None = Field(
        None, min_length=1, max_length=128, description="Only of this carrier; of all if not given."
    )
    status: Literal[STATUSES]  # type: ignore[valid-type]
    why: str = Field("", max_length=400)


@routes.get("/ingests", response_model=Ingests, responses=documented(401, 403, 422, 429))
def ingests(
    request: Request,
    caller: Reader,
    before: Annotated[int | None, Query(ge=1, le=2**62, description="Older ones.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Ingests:
    """List what came into the lake, when and from where."""
    items = contents.ingests(tenant_of(request, caller).path, before, limit)
    last = items[-1]["number"] if len(items) == limit else 1
    return Ingests.model_validate({"items": items, "next_before": last if last > 1 else None})


@routes.get("/quarantine", response_model=Quarantine, responses=documented(401, 403, 422, 429))
def quarantine(request: Request, caller: Reader, unmask: Unmask = False) -> Quarantine:
    """List what was set aside, by reason."""
    open_ = unmasked(request, caller, unmask, "quarantine")
    items = contents.set_aside(tenant_of(request, caller).lake(), open_)
    return Quarantine.model_validate({"items": items})


@routes.get("/codes", response_model=Codes, responses=documented(401, 403, 429))
def unknown_codes(request: Request, caller: Reader) -> Codes:
    """List carriers' codes that nobody has translated, and those that were mapped."""
    items = contents.unknown_codes(tenant_of(request, caller), parts(request).state)
    return Codes.model_validate({"items": items})


@routes.post(
    "/codes",
    status_code=201,
    response_model=Meaning,
    responses=documented(400, 401, 403, 409, 413, 422, 429),
)
def give(
    request: Request, caller: Annotated[Caller, needs("data:write")], meaning: Meaning
) -> Meaning:
    """Say what a code means: from now on, and for the events that were set aside for it."""
    carrier = meaning.carrier_id or ""
    if carrier:
        _carries(request, caller, carrier)
    state = parts(request).state
    give_code(
        state,
        caller.tenant,
        carrier,
        meaning.code,
        meaning.status,
        caller.name,
        meaning.why,
        wall(),
    )
    subject = f"{carrier}/{meaning.code}"
    audited(request, caller, "code mapped", subject, status=meaning.status, why=meaning.why)
    return meaning


def _carries(request: Request, caller: Caller, carrier_id: str) -> None:
    """Refuse a carrier that there is not, where the lake tells which there are."""
    tenant = tenant_of(request, caller)
    if not (lake := tenant.lake()).has(CARRIERS):
        return
    known = lake.read(CARRIERS).filter(nw.col("carrier_id") == carrier_id).select("carrier_id")
    told = contents.unknown_codes(tenant, parts(request).state)  # scans may name others
    if collect(known).is_empty() and carrier_id not in {each["carrier_id"] for each in told}:
        detail = f"carrier_id: {carrier_id!r} is no carrier; expected one of the table carriers."
        raise Refused(422, "not_valid", detail, "carrier_id")
