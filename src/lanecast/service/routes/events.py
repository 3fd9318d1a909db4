"""Events: what was observed of parcels, accepted once it is on the disk."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import orjson
import polars as pl
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lanecast.sources import epcis
from lanecast.sources.report import RefusedError

from ..access import needs, tenant_of
from ..clock import wall
from ..events import EVENT, NAME, RAW, Fault, Read, read, short
from ..intake import BusyError, Receipt
from ..keys import Caller
from ..messages import Strict, message, reply
from ..problems import Refused, documented

MOST = 10_000
SMALL = 2**16  # bytes; so few are read sooner than a thread begins
PROMISE = (
    "What is accepted is on the disk; it is in the lake within seconds, once, "
    "however often it is sent."
)
routes = APIRouter(prefix="/v1/events", tags=["events"])
Sender = Annotated[Caller, needs("events:write")]
ERRORS = documented(400, 401, 403, 409, 413, 422, 429, 503)
EXAMPLE = {
    "source": "gls",
    "event_id": "evt-1",
    "parcel_id": "pcl_0000001",
    "status": "arrived",
    "event_at": "2026-03-01T08:30:00-03:00",
}

CAPTURED = {
    "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    "type": "EPCISDocument",
    "schemaVersion": "2.0",
    "creationDate": "2026-03-01T08:30:00Z",
    "epcisBody": {
        "eventList": [
            {
                "type": "ObjectEvent",
                "eventTime": "2026-03-01T08:30:00Z",
                "eventTimeZoneOffset": "+00:00",
                "epcList": ["urn:epc:id:sscc:0614141.1234567890"],
                "action": "OBSERVE",
                "bizStep": "arriving",
                "readPoint": {"id": "urn:epc:id:sgln:0614141.07346.1234"},
            }
        ]
    },
}

Event = message(EVENT, "Event", base=Strict)
Event.model_config["json_schema_extra"] = {"examples": [EXAMPLE]}


class Said(BaseModel):
    """What is said of one event: ``index`` counts from 0."""

    index: int
    field: str
    code: str = Field(examples=["naive_time"])
    hint: str
    value: str | None = None


class Received(BaseModel):
    """What became of the events of one request."""

    accepted: int = Field(description="Now on the disk.")
    known: int = Field(description="Sent and accepted before, alike.")
    refused: list[Said] = Field(description="Not accepted: put right, and send those again.")
    set_aside: list[Said] = Field(
        description="Accepted, and kept in quarantine until what they name is known."
    )
    promise: str = PROMISE


SPEC: dict[str, Any] = {"responses": ERRORS, "status_code": 202, "response_model": Received}
BATCH = {
    "type": "object",
    "required": ["events"],
    "additionalProperties": False,
    "properties": {
        "events": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST,
            "items": Event.model_json_schema(),
        }
    },
}


def _described(schema: Any, example: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


@routes.post("", **SPEC, openapi_extra=_described(Event.model_json_schema(), EXAMPLE))
async def one(request: Request, caller: Sender) -> Response:
    """Send one event."""
    return await _taken(request, caller, lambda sent: read([sent]), alone=True)


@routes.post("/batch", **SPEC, openapi_extra=_described(BATCH, {"events": [EXAMPLE]}))
async def batch(request: Request, caller: Sender) -> Response:
    """Send up to 10,000 events; one that is not valid is named, and does not hold up the others."""
    return await _taken(request, caller, _listed)


@routes.post(
    "/epcis",
    **SPEC,
    openapi_extra=_described(
        {"type": "object", "required": ["epcisBody"]},
        CAPTURED,
    ),
)
async def captured(request: Request, caller: Sender) -> Response:
    """Send a GS1 EPCIS 2.0 document; what is inside what is followed within the document."""
    return await _taken(request, caller, _captured)


async def _taken(
    request: Request, caller: Caller, made: Callable[[Any], Read], alone: bool = False
) -> Response:
    body = await request.body()
    events = tenant_of(request, caller).events
    if len(body) < SMALL:
        sent = made(_json(body))
    else:
        sent = await asyncio.to_thread(lambda: made(_json(body)))
    try:
        receipt = await asyncio.wrap_future(events.submit(sent))
    except BusyError as error:
        detail = "More events wait than can be taken soon."
        raise Refused(503, "busy", detail, headers={"Retry-After": "1"}) from error
    except OSError as error:
        detail = "The disk does not take events; nothing of this request was accepted."
        raise Refused(503, "disk", detail, headers={"Retry-After": "5"}) from error
    if receipt.refused and not receipt.accepted + receipt.known:
        raise _nothing(receipt.refused, alone)
    return reply(_told(receipt), 202)


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(400, "not_json", f"The body is no JSON: {error}.") from error


def _listed(sent: Any) -> Read:
    if not isinstance(sent, dict) or list(sent) != ["events"] or type(sent["events"]) is not list:
        detail = 'Expected {"events": [...]}, and no other field.'
        raise Refused(422, "not_valid", detail, "events")
    if not 1 <= len(sent["events"]) <= MOST:
        detail = f"events: {len(sent['events'])} events; expected 1 to {MOST}."
        raise Refused(422, "not_valid", detail, "events", "Send them in parts.")
    return read(sent["events"])


def _captured(document: Any) -> Read:
    """Return the scans of a document; those have names that are unique in the world."""
    try:
        found = epcis.capture(document, "document", wall(), MOST)
    except (RefusedError, RecursionError) as error:
        raise Refused(422, "not_valid", str(error), "epcisBody") from error
    rows = found.scans.with_columns(
        source=pl.lit("epcis"),
        utc_offset_min=pl.col("utc_offset_min").cast(pl.Float64),
    )
    rows = pl.concat([pl.DataFrame(schema={NAME: pl.String, **RAW}), rows], how="diagonal")
    spoiled = [Fault(i, o.column, o.code, f"expected {o.valid}") for i, o in found.spoiled]
    rows = rows.with_columns(short(rows["event_id"].to_list()))
    return Read(rows.select(*RAW, NAME), found.of, spoiled)


def _nothing(refused: list[Fault], alone: bool) -> Refused:
    first = refused[0]
    field = first.field if alone else f"events.{first.index}.{first.field}"
    got = f"; got {first.value!r}" if first.value is not None else ""
    more = f" {len(refused) - 1} others are not valid either." if len(refused) > 1 else ""
    return Refused(422, first.code, f"{field}: {first.hint}{got}.{more}", field, first.hint)


def _told(receipt: Receipt) -> dict[str, Any]:
    return {
        "accepted": receipt.accepted,
        "known": receipt.known,
        "refused": [vars(each) for each in receipt.refused],
        "set_aside": [vars(each) for each in receipt.aside],
        "promise": PROMISE,
    }
