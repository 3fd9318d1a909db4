"""Addresses: verify one or many, and suggest while one is typed.

What is typed is in the body, never in the path, so that no log of a proxy holds it; it is stored
nowhere, and an answer is not kept for ``Idempotency-Key``: the question is asked again.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response

from lanecast.tables.address import NEXT_ACTIONS

from ..access import ASKS, needs, parts, tenant_of
from ..addresses import Register
from ..keys import Caller
from ..messages import Instant, Kept, Strict, reply, wrong_with
from ..problems import Problem, Refused, documented, worded
from ..questions import register, suggesting

routes = APIRouter(prefix="/v1/address", tags=["address"])
Reader = Annotated[Caller, needs("address:read")]
Country = Annotated[
    str, Field(pattern="^[A-Za-z]{2}$", description="ISO 3166-1 alpha-2.", examples=["US"])
]
SUCH = '{"text": "107 Harvard St, Alexandria VA 22314", "country": "US"}'
LONGEST = 1000  # characters
Text = Annotated[str, Field(max_length=LONGEST, examples=["107 Harvard St, Alexandria VA 22314"])]
MOST = 1000  # addresses of one request
ERRORS = documented(400, 401, 403, 409, 413, 422, 429, 503, 504)


class Address(Strict):
    """An address as it was typed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"text": "107 Harvard St, Alexandria VA 22314", "country": "US"}]
        }
    )

    text: Text
    country: Country | None = None
    asof: Instant | None = None


class Row(Strict):
    """An address of many; what is not valid is named, and the others are answered."""

    text: Annotated[str, Field(min_length=0)]  # a limit, so that surrogates are refused
    country: str | None = None


class Several(Strict):
    """Addresses as they were typed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"addresses": [{"text": "107 Harvard St, Alexandria VA 22314", "country": "US"}]}
            ]
        }
    )

    addresses: list[Annotated[Row, Kept]] = Field(min_length=1, max_length=MOST)
    asof: Instant | None = None


class Verdict(BaseModel):
    """How fine what was entered and what is confirmed are, and what to do next."""

    input_granularity: str
    validation_granularity: str
    geocode_granularity: str
    address_complete: bool
    has_unconfirmed_components: bool
    has_inferred_components: bool
    has_replaced_components: bool
    has_spell_corrected_components: bool
    possible_next_action: Literal[NEXT_ACTIONS]  # type: ignore[valid-type]


class Verified(BaseModel):
    """What is known of an address: its parts, what proves each, what is wrong."""

    text: str
    country: str | None
    components: dict[str, dict[str, Any]]
    verdict: Verdict
    p_deliverable: float | None = Field(
        description="Chance that a courier finds it; null without a live model."
    )
    proof: dict[str, Any]
    faults: list[str]
    geocode: dict[str, Any] | None
    address: dict[str, Any]
    candidates: list[str]
    decided_by: str
    dpv_like: dict[str, Any] | None
    avc_like: str
    coverage: dict[str, Any]
    version: str | None = Field(None, description="Of the model of p_deliverable.")


class VerifiedAll(BaseModel):
    """Answers in the order of the question without what could not be answered."""

    items: list[Verified]
    refused: list[Problem]


class Near(Strict):
    """A place, in degrees."""

    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)


class Typed(Strict):
    """What was typed so far, and what speaks for some addresses."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "107 harv", "country": "US", "limit": 5}]}
    )

    text: Text = Field(examples=["107 harv"])
    country: Country | None = None
    near: Near | None = None
    earlier: list[Text] = Field([], max_length=20, description="Addresses given before.")
    limit: int = Field(10, ge=1, le=50)
    asof: Instant | None = None


class Candidate(BaseModel):
    """An address that may be meant."""

    label: str
    components: dict[str, str]
    records: list[dict[str, str]]
    granularity: str
    score: float
    why: list[dict[str, Any]]
    lat: float | None
    lon: float | None
    house: dict[str, str] | None


class Candidates(BaseModel):
    """Addresses that may be meant, the likeliest first."""

    items: list[Candidate]
    ordered_by: Literal["plain", "learnt"] = Field(
        description="`learnt`: streets count more that orders go to."
    )
    version: str | None = Field(description="Of the model of that order; null for the plain one.")
    asof: datetime | None = Field(description="Orders recorded by then are counted.")
    faults: list[str] = Field(
        description="`country_not_covered`: the gazetteer has nothing there, and none is likelier."
    )


@routes.post("/verify", dependencies=ASKS, response_model=Verified, responses=ERRORS)
def verify(request: Request, caller: Reader, asked: Address) -> Response:
    """Verify an address: its parts, what confirms each, what is wrong, what to do next."""
    known, model, version = _ready(request, caller, asked.asof)
    country = asked.country and asked.country.upper()
    return reply(known.verified(asked.text, country, model) | {"version": version})


@routes.post("/verify/batch", dependencies=ASKS, response_model=VerifiedAll, responses=ERRORS)
def verify_batch(request: Request, caller: Reader, asked: Several) -> Response:
    """Verify up to 1,000 addresses; those that are not valid are named, and the rest answered."""
    known, model, version = _ready(request, caller, asked.asof)
    items, refused = [], []
    for i, row in enumerate(asked.addresses):
        if (wrong := _wrong(i, row)) is not None:
            refused.append(worded(request.state.request_id, wrong))
            continue
        said = known.verified(row.text, row.country and row.country.upper(), model)
        items.append(said | {"version": version})
    return reply({"items": items, "refused": refused})


@routes.post("/suggest", dependencies=ASKS, response_model=Candidates, responses=ERRORS)
def suggest(request: Request, caller: Reader, typed: Typed) -> Response:
    """Suggest addresses for what was typed so far: unfinished, misspelt, in any order."""
    known, order = suggesting(parts(request), tenant_of(request, caller), typed.asof)
    near = None if typed.near is None else (typed.near.lat, typed.near.lon)
    country = typed.country and typed.country.upper()
    learnt = order.learnt if order else None
    found = known.suggested(typed.text, typed.limit, country, near, typed.earlier, learnt)
    told = {
        "items": [{name: each[name] for name in Candidate.model_fields} for each in found],
        "ordered_by": "learnt" if order else "plain",
        "version": order.version if order else None,
        "asof": order.asof if order else None,
        "faults": ["country_not_covered"] if country not in (None, *known.known.numbers) else [],
    }
    return reply(told)


def _ready(
    request: Request, caller: Caller, asof: datetime | None
) -> tuple[Register, Any, str | None]:
    return register(parts(request), tenant_of(request, caller), asof)


def _wrong(i: int, row: Row | ValidationError) -> Refused | None:
    """Return why a row is not valid; its text is not told again."""
    if isinstance(row, ValidationError) and not row.errors()[0]["loc"]:
        field = f"addresses[{i}]"
        detail = f"{field}: expected an object with text and, if known, country, such as {SUCH}."
        return Refused(422, "not_valid", detail, field)
    if isinstance(row, ValidationError):
        return wrong_with(row, f"addresses[{i}]")
    if len(row.text) > LONGEST:
        field = f"addresses[{i}].text"
        detail = f"{field}: expected up to {LONGEST} characters; got {len(row.text)}."
        return Refused(422, "not_valid", detail, field)
    code = row.country
    if code is not None and not (len(code) == 2 and code.isascii() and code.isalpha()):
        field = f"addresses[{i}].country"
        detail = f"{field}: expected two letters of ISO 3166-1; got {code[:8]!r}."
        return Refused(422, "not_valid", detail, field)
    return None
