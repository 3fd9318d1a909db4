"""The audit: who did what, newest first."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from .. import audit
from ..access import needs, parts
from ..keys import Caller
from ..problems import documented

routes = APIRouter(prefix="/v1/audit", tags=["audit"])


class Entry(BaseModel):
    """One row of the audit."""

    id: int
    at: datetime
    who: str
    action: str
    subject: str
    detail: dict[str, Any]
    request_id: str


class Entries(BaseModel):
    """Rows, and where to go on."""

    items: list[Entry]
    next_before: int | None
    broken_at: int | None


@routes.get("", response_model=Entries, responses=documented(401, 403, 422, 429))
async def entries(
    request: Request,
    caller: Annotated[Caller, needs("audit:read")],
    before: Annotated[
        int | None, Query(ge=1, le=2**62, description="Rows older than this id.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Entries:
    """Read the audit, and whether it has been tampered with (``broken_at``)."""
    state = parts(request).state
    items = audit.entries(state, caller.tenant, before, limit)
    following = items[-1]["id"] if len(items) == limit else None
    found = {"items": items, "next_before": following, "broken_at": audit.broken(state)}
    return Entries.model_validate(found)
