"""Who is asking, and whether that key may: the one place where routes get their caller."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response, Security
from fastapi.dependencies.models import Dependant
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from . import audit, keys
from .clock import wall
from .keys import Caller
from .parts import Parts
from .problems import Refused
from .tenants import Tenant

Bearer = HTTPBearer(auto_error=False, description="`Authorization: Bearer lc_...`, a key.")
Given = Annotated[HTTPAuthorizationCredentials | None, Security(Bearer)]


def parts(request: Request) -> Parts:
    """Return what the service is made of."""
    made: Parts = request.app.state.parts
    return made


def needs(scope: str) -> Any:
    """Return a dependency that gives the caller, or refuses one without ``scope``."""
    if scope not in keys.SCOPES:
        raise ValueError(f"scope: {scope!r}; expected one of {', '.join(keys.SCOPES)}.")
    return Depends(_checked(scope))


def _checked(scope: str) -> Callable[..., Awaitable[Caller]]:
    async def check(request: Request, response: Response, given: Given) -> Caller:
        made = parts(request)
        caller = keys.caller(made.state, given.credentials, wall()) if given is not None else None
        if caller is None or caller.tenant not in made.tenants:
            detail = "The key is missing, unknown, expired or revoked."
            hint = "Send `Authorization: Bearer lc_...` with a key that lives."
            headers = {"WWW-Authenticate": "Bearer"}
            raise Refused(401, "unknown_key", detail, "Authorization", hint, headers)
        request.state.key_id = caller.key_id
        passes, headers = made.buckets.take(caller.key_id)
        if not passes:
            raise Refused(429, "too_many", "This key asks too often.", headers=headers)
        response.headers.update(headers)
        if scope not in caller.scopes:
            has = ", ".join(sorted(caller.scopes)) or "none"
            detail = f"The key {caller.name!r} needs the scope {scope}; it has {has}."
            raise Refused(403, "scope_missing", detail, "Authorization", headers=headers)
        _declared(request)
        return caller

    return check


def _declared(request: Request) -> None:
    """Refuse what a query asks that no route would read: an answer to it would mislead."""
    if not request.query_params:
        return
    known = _parameters(request.scope["route"].dependant)
    if unknown := sorted(set(request.query_params) - set(known)):
        told = ", ".join(each[:40] for each in unknown[:5])
        expected = ", ".join(known) or "none"
        detail = f"{told}: is no parameter of this query; expected some of: {expected}."
        raise Refused(422, "not_valid", detail, unknown[0][:40])


def _parameters(of: Dependant) -> tuple[str, ...]:
    own = (each.alias for each in of.query_params)
    return (*own, *(name for each in of.dependencies for name in _parameters(each)))


def tenant_of(request: Request, caller: Caller) -> Tenant:
    """Return the data that ``caller`` may see."""
    return parts(request).tenants[caller.tenant]


def audited(request: Request, caller: Caller, action: str, subject: str, **detail: Any) -> None:
    """Write down what ``caller`` did."""
    audit.record(
        parts(request).state,
        caller.tenant,
        wall(),
        f"{caller.name} ({caller.key_id})",
        action,
        subject,
        detail,
        request.state.request_id,
    )


Unmask = Annotated[
    bool, Query(description="Personal fields unmasked: needs personal:read, and is audited.")
]


def unmasked(request: Request, caller: Caller, unmask: bool, subject: str) -> bool:
    """Return whether personal fields are shown, which is audited each time.

    Raises
    ------
    Refused
        When the key may not see them.
    """
    if not unmask:
        return False
    if "personal:read" not in caller.scopes:
        detail = f"unmask: the key {caller.name!r} needs the scope personal:read."
        raise Refused(403, "scope_missing", detail, "unmask", "Ask without unmask.")
    audited(request, caller, "personal data read", subject)
    return True


async def _changes_nothing(request: Request) -> None:
    request.state.changes_nothing = True


# Of a POST that only asks: neither question nor answer is kept, even if it is not valid.
ASKS = [Depends(_changes_nothing)]
