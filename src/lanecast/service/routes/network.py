"""The network: what is known of its places and lanes, ways through it, and what would be if."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypeVar

import polars as pl
from fastapi import APIRouter, Header, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from lanecast.graph import told
from lanecast.graph.hubs import depends
from lanecast.graph.places import node_of, stand
from lanecast.graph.route import routes as found
from lanecast.graph.search import Change
from lanecast.graph.whatif import adding, closing, effect, slowing, together

from ..access import ASKS, needs, parts, tenant_of
from ..keys import Caller
from ..messages import Asof, Instant, Strict, reply, rows
from ..networks import Network
from ..problems import Refused, documented

routes = APIRouter(prefix="/v1/network", tags=["network"])
Reader = Annotated[Caller, needs("network:read")]
Name = Annotated[str, Field(min_length=1, max_length=256)]
NodeId = Annotated[
    str, Path(min_length=1, max_length=256, description="Node, such as facility:hub_us_ny_01.")
]
ERRORS = documented(400, 401, 403, 404, 413, 422, 429, 503, 504)
MOST = 1000  # rows of one part of an answer
T = TypeVar("T")


class Lane(BaseModel):
    """A lane with what scans showed of it; rates are shares, ``ratio`` is usual time to plan."""

    lane_id: str | None
    head_id: str
    tail_id: str
    carrier_id: str | None
    parcels_per_day: float | None
    utilisation: float | None
    ratio: float | None
    miss_rate: float | None


class Facts(BaseModel):
    """What is known of a node: attributes, edges, statistics of its lanes."""

    asof: datetime
    node: dict[str, Any]
    edges: list[dict[str, Any]]
    lanes: list[Lane]
    times: list[dict[str, Any]] = Field(description="Of a lane: quantiles of its hours.")


class Leg(BaseModel):
    """One lane of a way."""

    lane_id: str | None
    head_id: str
    tail_id: str
    carrier_id: str | None
    mode: str | None


class Way(BaseModel):
    """A way: its legs, when it is usually where, and when it may arrive."""

    legs: list[Leg]
    usual_at: list[datetime | None]
    arrival: dict[str, datetime | None] = Field(description="Quantiles: q05 is that of 5 %.")
    in_time: float | None = Field(description="Chance to arrive by the deadline.")


class Ways(BaseModel):
    """Ways between two places, the fastest first; ``reliable`` is the position of the surest."""

    asof: datetime
    start: str
    goal: str
    at: datetime
    ways: list[Way]
    reliable: int | None


class Slowed(Strict):
    """A lane that takes ``factor`` times as long."""

    lane_id: Name
    factor: float = Field(ge=1, le=1000)


class Added(Strict):
    """A lane that leaves at any time and takes ``hours``."""

    start: Name
    goal: Name
    hours: float = Field(gt=0, lt=10_000)


class WhatIf(Strict):
    """Changes that happen at once."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"close": ["facility:hub_us_ny_01"]}]}
    )

    close: list[Name] = Field([], max_length=20, description="Facilities that close.")
    slow: list[Slowed] = Field([], max_length=20)
    add: list[Added] = Field([], max_length=20)
    asof: Instant | None = None


class Effect(BaseModel):
    """What a change does: parcels of all, affected, without a way, and parcel-hours longer."""

    parcels: float
    affected: float
    cut_off: float
    extra_h: float
    rows: list[dict[str, Any]] = Field(description="Those touched most, before and after.")


class Effects(BaseModel):
    """What a change does to the parcels of a usual day, and to those under way."""

    asof: datetime
    daily: Effect
    under_way: Effect


class Bottleneck(BaseModel):
    """A facility or lane, and what its loss would cost in parcel-hours a day."""

    kind: str
    node_id: str | None
    parcels: float
    cut_off: float
    extra_h: float
    criticality_h: float


class Bottlenecks(BaseModel):
    """The worst to lose, the worst first."""

    asof: datetime
    items: list[Bottleneck]


class Dependence(BaseModel):
    """What has no way without a facility."""

    asof: datetime
    node_id: str
    places: list[str]
    parcels: float
    parcels_all: float
    flows: list[dict[str, Any]]


class Changes(BaseModel):
    """Lanes whose riding times changed from one day to the next."""

    asof: datetime
    judged: int
    changed: list[dict[str, Any]]


class Geometry(BaseModel):
    """Facilities and lanes to draw."""

    asof: datetime
    facilities: list[dict[str, Any]]
    lanes: list[dict[str, Any]]


@routes.get(
    "/geometry",
    response_model=Geometry,
    responses={304: {"description": "It is as known."}, **documented(401, 403, 422, 429, 503, 504)},
)
def geometry(
    request: Request,
    caller: Reader,
    if_none_match: Annotated[str | None, Header(max_length=4000)] = None,
    asof: Asof = None,
) -> Response:
    """Give facilities and lanes to draw, with volume, utilisation and delay; cache it."""
    body, etag = _network(request, caller, asof).geometry
    headers = {"ETag": etag, "Cache-Control": "private, max-age=60", "Vary": "Authorization"}
    if if_none_match is not None and etag in (each.strip() for each in if_none_match.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


@routes.get("/nodes/{node_id}", response_model=Facts, responses=ERRORS)
def facts(request: Request, caller: Reader, node_id: NodeId, asof: Asof = None) -> Response:
    """Tell what is known of a facility, merchant, cell, region, carrier or lane."""
    network = _network(request, caller, asof)
    return reply(network.facts(_node(network, node_id, "node_id")))


@routes.get("/nodes/{node_id}/dependence", response_model=Dependence, responses=ERRORS)
def dependence(request: Request, caller: Reader, node_id: NodeId, asof: Asof = None) -> Response:
    """List the places and the flows that have no way without a facility."""
    network = _network(request, caller, asof)
    row = _facility(network, node_id, "node_id")
    of = depends(network.index, row, network.flows)
    told_ = {"node_id": network.index.names[row], "places": of.places, "parcels": of.parcels}
    told_ |= {"parcels_all": of.parcels_all, "flows": rows(of.flows.head(MOST))}
    return reply({"asof": network.asof} | told_)


@routes.get("/ways", response_model=Ways, responses=ERRORS)
def ways(
    request: Request,
    caller: Reader,
    start: Annotated[str, Query(min_length=1, max_length=256, description="Where it stands.")],
    goal: Annotated[str, Query(min_length=1, max_length=256, description="Where it must go.")],
    at: Annotated[Instant, Query(description="When it stands there.")],
    k: Annotated[int, Query(ge=1, le=20, description="Ways.")] = 3,
    deadline: Annotated[Instant | None, Query(description="By when it should come.")] = None,
    asof: Asof = None,
) -> Response:
    """Find the fastest and the most reliable way between two places, and ways that differ."""
    network = _network(request, caller, asof)
    index = network.index
    ends = _place(network, start, "start"), _place(network, goal, "goal")
    first, last = told.departures(index)
    if not first <= at < last:
        detail = (
            f"at: departures are known from {first:%Y-%m-%d} to {last:%Y-%m-%d}; "
            f"got {at.isoformat()}."
        )
        raise Refused(422, "not_valid", detail, "at")
    if deadline is not None and deadline <= at:
        raise Refused(422, "not_valid", "deadline: expected a moment after at.", "deadline")
    until = None if deadline is None else deadline.timestamp()
    of = found(index, *ends, at.timestamp(), k, until)
    names = [index.names[row] for row in ends]
    return reply(
        {
            "asof": network.asof,
            "start": names[0],
            "goal": names[1],
            "at": at,
            "ways": [told.way(index, each, of) for each in of.ways],
            "reliable": of.reliable,
        }
    )


@routes.post(
    "/whatif", dependencies=ASKS, response_model=Effects, responses=documented(409) | ERRORS
)
def whatif(request: Request, caller: Reader, wanted: WhatIf) -> Response:
    """Say which parcels a change would touch, and when they would arrive instead."""
    network = _network(request, caller, wanted.asof)
    changes = _changes(network, wanted)
    if not changes:
        detail = "close, slow, add: expected at least one change in one of them."
        raise Refused(422, "not_valid", detail, "close")
    change = together(changes)
    return reply(
        {
            "asof": network.asof,
            "daily": told.effect(effect(network.index, network.flows, change, network.usual), MOST),
            "under_way": told.effect(effect(network.index, network.open, change), MOST),
        }
    )


@routes.get("/bottlenecks", response_model=Bottlenecks, responses=ERRORS)
def bottlenecks(
    request: Request,
    caller: Reader,
    top: Annotated[int, Query(ge=1, le=100)] = 10,
    asof: Asof = None,
) -> Response:
    """List facilities and lanes whose loss would cost most parcel-hours a day."""
    network = _network(request, caller, asof)
    return reply({"asof": network.asof, "items": rows(network.worst().head(top))})


@routes.get("/changes", response_model=Changes, responses=ERRORS)
def changed(request: Request, caller: Reader, asof: Asof = None) -> Response:
    """List lanes whose riding times changed from one day to the next, the surest first."""
    network = _network(request, caller, asof)
    judged = network.changed()
    told_ = rows(judged.filter(pl.col("is_changed"))) if judged.height else []
    return reply({"asof": network.asof, "judged": judged.height, "changed": told_})


def _network(request: Request, caller: Caller, asof: datetime | None) -> Network:
    tenant = tenant_of(request, caller)
    if asof is not None and asof > (now := tenant.now()):
        detail = f"asof: {asof.isoformat()} is later than {now.isoformat()}, the last moment."
        raise Refused(422, "not_valid", detail, "asof")
    return parts(request).networks[tenant.name].get(asof)


def _changes(network: Network, wanted: WhatIf) -> list[Change]:
    index, made = network.index, []
    for i, each in enumerate(wanted.close):
        made.append(closing(index, _facility(network, each, f"close[{i}]")))
    for i, slow in enumerate(wanted.slow):
        name = index.names[_node(network, slow.lane_id, f"slow[{i}].lane_id")]
        field = f"slow[{i}].lane_id"
        made.append(_valid(field, partial(slowing, index, name, slow.factor)))
    for i, add in enumerate(wanted.add):
        start = _place(network, add.start, f"add[{i}].start")
        goal = _place(network, add.goal, f"add[{i}].goal")
        made.append(_valid(f"add[{i}]", partial(adding, start, goal, add.hours)))
    return made


def _node(network: Network, name: str, field: str) -> int:
    try:
        return node_of(network.index, name, field)
    except ValueError as error:
        status = 404 if field == "node_id" else 422
        raise Refused(status, "not_found", str(error), field) from error


def _place(network: Network, name: str, field: str) -> int:
    return _valid(field, lambda: stand(network.index, name, field))


def _facility(network: Network, name: str, field: str) -> int:
    row = _node(network, name, field)
    if not network.index.names[row].startswith("facility:"):
        detail = f"{field}: expected a facility, got {network.index.names[row]}."
        raise Refused(422, "not_valid", detail, field)
    return row


def _valid(field: str, make: Callable[[], T]) -> T:
    """Return what ``make`` makes, or refuse with the words of the library."""
    try:
        return make()
    except ValueError as error:
        words = str(error).partition(": ")[2] or str(error)
        raise Refused(422, "not_valid", f"{field}: {words}", field) from error
