"""Sign in with a key, pasted once, and sign out: plain forms that work without a script.

Who vouches for people instead, if anybody does, is in ``vouching``.
"""

import hmac
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from nicegui import Client
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from lanecast.service import audit, keys
from lanecast.service.access import parts
from lanecast.service.clock import wall

from . import sessions
from .assets import linked
from .door import COOKIE, from_here

routes = APIRouter(include_in_schema=False)
COST = 20.0  # requests that one try to sign in counts for
FORM = Markup("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in · Lanecast</title>
<meta name="viewport" content="width=device-width, initial-scale=1">{assets}</head>
<body class="alone"><main><form method="post" action="{action}" class="card sign-in">
<h1>Lanecast</h1>
{error}{elsewhere}<p class="muted">Sign in with a key of your company.</p>
<label for="key">Key</label>
<input id="key" name="key" type="password" autocomplete="current-password" required
  placeholder="lc_…" spellcheck="false" autofocus {described}>
<input type="hidden" name="next" value="{next}">
<button class="button main">Sign in</button>
<p class="muted small">The first start of <code>lanecast serve</code> prints the key of the
administrator, who issues others.</p>
</form></main></body></html>""")
ELSEWHERE = Markup('<a class="button main" href="{place}?next={next}">Sign in at {name}</a>')
ERROR = Markup('<p class="error" id="error" role="alert">{}</p>')


@routes.get("/sign-in")
async def asked(
    request: Request, wanted: Annotated[str, Query(alias="next", max_length=2000)] = ""
) -> Response:
    """Show the form."""
    return form(request, wanted)


@routes.post("/sign-in")
async def signed(request: Request) -> Response:
    """Open a session for who holds the key."""
    made, now = parts(request), wall()
    given = await request.form(max_files=0, max_fields=8)
    wanted, key = str(given.get("next", "")), str(given.get("key", "")).strip()
    if not from_here(request):
        return form(request, wanted, "This form was sent from another site.", 403)
    if not may_try(request):
        return form(request, wanted, "Too many tries; wait a few seconds.", 429)
    caller = await run_in_threadpool(keys.caller, made.state, key, now)
    if caller is None or caller.tenant not in made.tenants:
        return form(request, wanted, "This key is unknown, expired or revoked.", 401)
    answer = RedirectResponse(inside(request, wanted), 303)
    await run_in_threadpool(let_in, request, caller, answer)
    return answer


@routes.post("/sign-out")
async def left(request: Request) -> Response:
    """End the session, and what it has open."""
    session: sessions.Session = request.state.session
    given = await request.form(max_files=0, max_fields=8)
    token = str(given.get("csrf", "")).encode(errors="replace")
    if not from_here(request) or not hmac.compare_digest(token, session.csrf.encode()):
        return Response("This form was not sent from a page of this session.", 403)
    await run_in_threadpool(sessions.end, parts(request).state, session.session_id, wall())
    _audited(request, session.caller, "signed out", {})
    for client in list(Client.instances.values()):
        if client.storage.get("session_id") == session.session_id:
            client.run_javascript("location.reload()")
    answer = RedirectResponse(f"{root(request)}/sign-in", 303)
    answer.delete_cookie(COOKIE, path=root(request) or "/")
    return answer


def may_try(request: Request) -> bool:
    """Return whether this address has not tried too often."""
    address = request.client.host if request.client else ""
    return parts(request).buckets.take(f"sign-in {address}", COST)[0]


def let_in(request: Request, caller: keys.Caller, answer: Response, **detail: str) -> None:
    """Open a session for ``caller``, and give its cookie to the browser with ``answer``."""
    cookie = sessions.open_for(parts(request).state, caller, wall())
    _audited(request, caller, "signed in", detail)
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=int(sessions.LONGEST.total_seconds()),
        path=root(request) or "/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


def form(request: Request, wanted: str, error: str = "", status: int = 200) -> Response:
    """Return the page on which somebody signs in."""
    oidc, place = parts(request).oidc, f"{root(request)}/sign-in/provider"
    then = quote(wanted, safe="")
    told = FORM.format(
        assets=linked(root(request)),
        action=f"{root(request)}/sign-in",
        elsewhere=ELSEWHERE.format(place=place, next=then, name=oidc.provider.name) if oidc else "",
        next=wanted,
        error=ERROR.format(error) if error else "",
        described=Markup('aria-invalid="true" aria-describedby="error"') if error else "",
    )
    return HTMLResponse(told, status, {"cache-control": "no-store"})


def inside(request: Request, wanted: str) -> str:
    """Return where to go after the sign-in: a page of the console, never another site."""
    here = root(request)
    if wanted.startswith(f"{here}/") and "\\" not in wanted and not wanted.startswith("//"):
        return quote(wanted, safe="/?=&%:+,.-_~")
    return f"{here}/"


def root(request: Request) -> str:
    """Return the path below which the console lies."""
    return str(request.scope.get("root_path", ""))


def _audited(request: Request, caller: keys.Caller, action: str, detail: dict[str, Any]) -> None:
    audit.record(
        parts(request).state,
        caller.tenant,
        wall(),
        f"{caller.name} ({caller.key_id})",
        action,
        caller.key_id,
        detail,
        request.state.request_id,
    )
