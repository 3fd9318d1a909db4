"""Search: a parcel by its id, a facility by id, name or place, an address."""

from typing import Any
from urllib.parse import quote

import polars as pl
from fastapi import APIRouter, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from lanecast.service.access import parts
from lanecast.service.keys import Caller
from lanecast.service.messages import Strict, reply
from lanecast.service.parts import Parts
from lanecast.service.problems import Refused
from lanecast.service.questions import shown
from lanecast.service.tenants import Tenant
from lanecast.tables.lake import collect
from lanecast.tables.network import FACILITIES

from .door import from_here

routes = APIRouter(include_in_schema=False)
MOST = 6  # of each kind


class Wanted(Strict):
    """What somebody looks for; in the body, so that no log of a proxy holds it."""

    text: str = Field(max_length=200)


@routes.post("/find")
async def find(request: Request, wanted: Wanted) -> Response:
    """Return what a text may mean, the likeliest first: kind, name, more, and where it is."""
    if not from_here(request):
        return Response("Not asked by a page of this server.", 403)
    caller = request.state.session.caller
    made = parts(request)
    tenant = made.tenants[caller.tenant]
    return reply(await run_in_threadpool(found_for, made, tenant, caller, wanted.text))


def found_for(parts: Parts, tenant: Tenant, caller: Caller, text: str) -> list[dict[str, Any]]:
    """Return what ``text`` may mean to this caller."""
    text = text.strip()
    if not text:
        return []
    found: list[dict[str, Any]] = []
    if "parcels:read" in caller.scopes:
        found += _parcels(parts, tenant, text) + _facilities(tenant, text)
    if "address:read" in caller.scopes and any(c.isdigit() for c in text) and " " in text:
        path = f"/addresses#q={quote(text, safe='')}"
        found.append({"kind": "Address", "name": text, "more": "check it", "path": path})
    return found


def _parcels(parts: Parts, tenant: Tenant, text: str) -> list[dict[str, Any]]:
    try:
        asked = shown(parts, tenant).asked
    except Refused:
        return []
    ids = pl.col("parcel_id")
    hits = asked.lazy().select(
        "parcel_id", "status", at=ids.str.to_lowercase().str.find(text.lower(), literal=True)
    )
    best = hits.filter(pl.col("at").is_not_null()).sort("at", "parcel_id").head(MOST).collect()
    return [
        {
            "kind": "Parcel",
            "name": parcel,
            "more": status.replace("_", " "),
            "path": f"/parcels/{quote(parcel, safe='')}",
        }
        for parcel, status, _ in best.iter_rows()
    ]


def _facilities(tenant: Tenant, text: str) -> list[dict[str, Any]]:
    lake = tenant.lake()
    if not lake.has(FACILITIES):
        return []
    known = collect(lake.read(FACILITIES).select("facility_id", "name", "region", "kind"))
    said = pl.concat_str("facility_id", "name", "region", separator=" ", ignore_nulls=True)
    at = said.str.to_lowercase().str.find(text.lower(), literal=True)
    best = known.with_columns(at=at).filter(pl.col("at").is_not_null())
    return [
        {
            "kind": "Facility",
            "name": row["name"] or row["facility_id"],
            "more": f"{row['kind'].replace('_', ' ')}, {row['region']}",
            "path": f"/parcels?facility_id={quote(row['facility_id'], safe='')}",
        }
        for row in best.sort("at", "facility_id").head(MOST).to_dicts()
    ]
