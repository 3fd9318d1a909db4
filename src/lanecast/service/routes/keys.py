"""Keys of the API: list, issue, rotate, revoke."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from .. import keys
from ..access import audited, needs, parts
from ..clock import wall
from ..keys import Caller
from ..messages import Legible, Strict
from ..problems import Refused, documented

routes = APIRouter(prefix="/v1/keys", tags=["keys"])
Admin = Annotated[Caller, needs("keys:write")]
KeyId = Annotated[str, Path(pattern="^[0-9a-f]{12}$", description="Id of a key.")]


class Wanted(Strict):
    """A key that is wanted."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "warehouse system", "scopes": ["parcels:read"], "days": 90}]
        }
    )

    name: Legible = Field(min_length=1, max_length=80, examples=["warehouse system"])
    scopes: list[str] = Field(min_length=1, examples=[["parcels:read"]])
    days: float | None = Field(None, gt=0, le=3650, description="Days that it lives.")


class Issued(BaseModel):
    """A new key; it is shown this once, and not again when the request is repeated."""

    key_id: str
    key: str | None


class ListedKey(BaseModel):
    """A key without what would let anybody in."""

    key_id: str
    name: str
    scopes: list[str]
    made_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    replaces: str | None


class Keys(BaseModel):
    """All keys of a company."""

    items: list[ListedKey]


@routes.get("", response_model=Keys, responses=documented(401, 403, 429))
async def listed(request: Request, caller: Admin) -> Keys:
    """List the keys of the caller's company."""
    return Keys.model_validate({"items": keys.listed(parts(request).state, caller.tenant)})


@routes.post(
    "",
    status_code=201,
    response_model=Issued,
    responses=documented(400, 401, 403, 409, 413, 422, 429),
)
async def issue(request: Request, caller: Admin, wanted: Wanted) -> Issued:
    """Issue a key with some of the caller's own scopes."""
    if beyond := sorted(set(wanted.scopes) - (caller.scopes & set(keys.SCOPES))):
        grantable = ", ".join(sorted(caller.scopes))
        detail = f"scopes: {', '.join(beyond)} cannot be granted; this key may grant {grantable}."
        raise Refused(422, "not_valid", detail, "scopes")
    state = parts(request).state
    key_id, key = keys.issue(state, caller.tenant, wanted.name, wanted.scopes, wall(), wanted.days)
    audited(
        request, caller, "key issued", key_id, name=wanted.name, scopes=sorted(set(wanted.scopes))
    )
    return _once(request, key_id, key)


@routes.post(
    "/{key_id}/rotate",
    status_code=201,
    response_model=Issued,
    responses=documented(401, 403, 404, 409, 422, 429),
)
async def rotate(request: Request, caller: Admin, key_id: KeyId) -> Issued:
    """Issue the successor of a key, which itself lives on for seven days."""
    try:
        new = keys.rotate(parts(request).state, key_id, caller, wall())
    except ValueError as error:
        raise Refused(403, "scope_missing", str(error), "key_id") from error
    if new is None:
        raise Refused(404, "not_found", f"key_id: {key_id} is no key that lives.", "key_id")
    audited(request, caller, "key rotated", key_id, successor=new[0])
    return _once(request, *new)


@routes.delete("/{key_id}", status_code=204, responses=documented(401, 403, 404, 422, 429))
async def revoke(request: Request, caller: Admin, key_id: KeyId) -> None:
    """Revoke a key at once."""
    if not keys.revoke(parts(request).state, key_id, caller.tenant, wall()):
        raise Refused(404, "not_found", f"key_id: {key_id} is no key that lives.", "key_id")
    audited(request, caller, "key revoked", key_id)


def _once(request: Request, key_id: str, key: str) -> Issued:
    """Return a new key, which is not kept for a request that comes again."""
    request.state.kept = Issued(key_id=key_id, key=None).model_dump_json().encode()
    return Issued(key_id=key_id, key=key)
