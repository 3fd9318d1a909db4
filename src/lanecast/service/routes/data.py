"""The data behind the answers: ingests, what was set aside and why, and codes without meaning."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal

import polars as pl
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from lanecast.tables import commits
from lanecast.tables.ingest import QUARANTINE
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import SCANS
from lanecast.tables.status import STATUSES

from ..access import Unmask, audited, needs, parts, tenant_of, unmasked
from ..clock import wall
from ..drain import SOURCE
from ..events import NAME
from ..keys import Caller
from ..masking import masked, shown
from ..messages import Strict
from ..problems import documented
from ..screen import UNKNOWN_CODE, codes, give_code

EXAMPLES = 3
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
    lake = tenant_of(request, caller).path
    numbers = [n for n in commits.history(lake) if before is None or n < before][-limit:][::-1]
    items = [vars(commits.load(lake, number)) for number in numbers]
    following = numbers[-1] if len(numbers) == limit and numbers[-1] > 1 else None
    return Ingests.model_validate({"items": items, "next_before": following})


@routes.get("/quarantine", response_model=Quarantine, responses=documented(401, 403, 422, 429))
def quarantine(request: Request, caller: Reader, unmask: Unmask = False) -> Quarantine:
    """List what was set aside, by reason."""
    open_ = unmasked(request, caller, unmask, "quarantine")
    rows = _set_aside(tenant_of(request, caller).lake())
    by = ["source", "table", "column", "code", "valid"]
    found = (
        rows.sort("recorded_at", "row_id", descending=True)
        .group_by(by, maintain_order=True)
        .agg(
            rows=pl.len(),
            open=pl.col("open").sum(),
            first_at=pl.col("recorded_at").min(),
            last_at=pl.col("recorded_at").max(),
            examples=pl.col("row").head(EXAMPLES),
            values=pl.col("value").head(EXAMPLES),
        )
        .sort("rows", descending=True)
    )
    items = [
        each
        | {
            "examples": [json.loads(row) if open_ else masked(row) for row in each["examples"]],
            "values": [v if open_ else shown(each["column"], v) for v in each["values"]],
        }
        for each in found.to_dicts()
    ]
    return Quarantine.model_validate({"items": items})


@routes.get("/codes", response_model=Codes, responses=documented(401, 403, 429))
def unknown_codes(request: Request, caller: Reader) -> Codes:
    """List carriers' codes that nobody has translated, and those that were mapped."""
    tenant = tenant_of(request, caller)
    lake = tenant.lake()
    aside = _set_aside(lake).filter("open", pl.col("code") == UNKNOWN_CODE[1])
    sent = aside.select(
        carrier=pl.col("row").str.json_path_match("$.carrier_id"),
        code=pl.col("row").str.json_path_match("$.raw_code").str.to_lowercase(),
    )
    waiting, stored = _counted(sent), _counted(_stored(lake))
    meanings = codes(parts(request).state, tenant.name)
    items = [
        Code(
            carrier_id=carrier or None,
            code=code,
            waiting=waiting.get((carrier, code), 0),
            stored=stored.get((carrier, code), 0),
            status=meanings.get((carrier, code)) or meanings.get(("", code)),
        )
        for carrier, code in sorted({*waiting, *stored, *meanings})
    ]
    return Codes(items=sorted(items, key=lambda each: -(each.waiting + each.stored)))


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


def _set_aside(lake: Lake) -> pl.DataFrame:
    """Return the quarantine, and whether each row has not come in since."""
    if not lake.has(QUARANTINE):
        return pl.DataFrame(
            schema={**dict.fromkeys(QUARANTINE.columns, pl.String), "open": pl.Boolean}
        )
    rows = collect(lake.read(QUARANTINE)).with_columns(
        name=pl.when(pl.col("source") == SOURCE).then(
            pl.col("row").str.json_path_match(f"$.{NAME}")
        )
    )
    if not lake.has(SCANS):
        return rows.with_columns(open=pl.lit(True))
    there = collect(lake.read(SCANS).select("event_id"))
    taken = rows.join(there, left_on="name", right_on="event_id", how="semi").select("row_id")
    return rows.with_columns(open=~pl.col("row_id").is_in(taken["row_id"].implode()))


def _stored(lake: Lake) -> pl.DataFrame:
    if not lake.has(SCANS):
        return pl.DataFrame(schema={"carrier": pl.String, "code": pl.String})
    scans = lake.read(SCANS).select("status", "carrier_id", "raw_code").to_native()
    found: pl.DataFrame = (
        scans.filter(pl.col("status") == "unknown", pl.col("raw_code").is_not_null())
        .select(carrier="carrier_id", code=pl.col("raw_code").str.to_lowercase())
        .collect()
    )
    return found


def _counted(rows: pl.DataFrame) -> dict[tuple[str, str], int]:
    each = rows.with_columns(pl.col("carrier").fill_null("")).group_by("carrier", "code").len()
    return {(carrier, code): count for carrier, code, count in each.rows()}
