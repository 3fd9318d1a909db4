"""Sign in at an identity provider: to it, back from it, and in as what its claims grant."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from lanecast.service import keys
from lanecast.service.access import parts
from lanecast.service.clock import wall
from lanecast.service.oidc import WAY_S, NotSignedInError, Oidc, Person

from . import sessions
from .door import AGAIN
from .signing import form, inside, let_in, may_try, root

routes = APIRouter(include_in_schema=False, prefix="/sign-in")
WAY = "lanecast_way"  # cookie of a browser whose person is at the provider
WHICH = Markup("This account may see several companies; choose one: {}")
ONE = Markup('<a href="{}/sign-in/provider?tenant={}&amp;next={}">{}</a>')


@routes.get("/provider")
def away(
    request: Request,
    wanted: Annotated[str, Query(alias="next", max_length=2000)] = "",
    tenant: Annotated[str | None, Query(max_length=32)] = None,
) -> Response:
    """Send the browser to the provider."""
    if (oidc := parts(request).oidc) is None:
        return form(request, wanted, "No provider is set up here; sign in with a key.", 404)
    if not may_try(request):
        return form(request, wanted, "Too many tries; wait a few seconds.", 429)
    here = f"{request.url.scheme}://{request.url.netloc}{root(request)}/sign-in/back"
    try:
        there, cookie = oidc.begin(here, wanted, tenant)
    except NotSignedInError as error:
        return form(request, wanted, error.said, error.status)
    answer = RedirectResponse(there, 303, {"cache-control": "no-store"})
    answer.set_cookie(
        WAY,
        cookie,
        max_age=int(WAY_S),
        path=f"{root(request)}/sign-in",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",  # it must come along when the provider sends the browser back
    )
    return answer


@routes.get("/back")
async def back(request: Request) -> Response:
    """Open a session for whom the provider vouches for, as far as the claims grant anything."""
    if (oidc := parts(request).oidc) is None:
        return form(request, "", "No provider is set up here; sign in with a key.", 404)
    if not may_try(request):
        return form(request, "", "Too many tries; wait a few seconds.", 429)
    answer = await run_in_threadpool(_come, request, oidc)
    answer.delete_cookie(WAY, path=f"{root(request)}/sign-in")
    return answer


def _come(request: Request, oidc: Oidc) -> Response:
    try:
        person = oidc.finish(dict(request.query_params), request.cookies.get(WAY, ""))
    except NotSignedInError as error:
        return form(request, "", error.said, error.status)
    tenants = sorted(person.grants)
    if person.tenant is not None and person.tenant in person.grants:
        tenants = [person.tenant]
    if not tenants or not person.grants[tenants[0]]:
        told = f"Nothing is granted to your account at {oidc.provider.name}; ask for a group."
        return form(request, person.wanted, told, 403)
    if len(tenants) > 1:
        return form(request, person.wanted, _choice(request, person, tenants), 409)
    made, name = parts(request), f"{oidc.provider.name}#{person.subject}"
    days = sessions.LONGEST / timedelta(days=1)
    scopes = person.grants[tenants[0]]
    caller = keys.vouched(made.state, tenants[0], name, scopes, wall(), days)
    there = AGAIN.format(inside(request, person.wanted))  # a redirect would go without our cookie
    answer = HTMLResponse(there, 200, {"cache-control": "no-store"})
    let_in(request, caller, answer, by=oidc.provider.name)
    return answer


def _choice(request: Request, person: Person, tenants: list[str]) -> Markup:
    then = quote(person.wanted, safe="")
    links = [ONE.format(root(request), tenant, then, tenant) for tenant in tenants]
    return WHICH.format(Markup(", ").join(links))
