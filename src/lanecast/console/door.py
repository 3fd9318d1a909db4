"""What stands before every page: who comes in, from where, and what a page may load.

Pages load from this server alone (Content-Security-Policy). Scripts need the nonce of their page;
``unsafe-eval`` stays, since NiceGUI compiles its templates in the browser.
"""

import re
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from markupsafe import Markup
from starlette.requests import HTTPConnection, cookie_parser
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lanecast.service.clock import wall

from . import sessions

COOKIE = "lanecast_session"
SOCKET = "/_nicegui_ws/"  # that pages keep open; it can be polled over HTTP too
OPEN = ("/_nicegui/", "/assets/", "/sign-in", "/favicon.ico")
SCRIPT = re.compile(rb"<script(?=[\s>])")
RULES = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
AGAIN = Markup(
    '<!doctype html><meta http-equiv="refresh" content="0;url={}"><title>Lanecast</title>'
)


@dataclass(frozen=True)
class Door:
    """An ASGI middleware around the pages, their sockets and what belongs to them."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request in, or not."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        coming = HTTPConnection(scope)
        place = scope["path"].removeprefix(scope.get("root_path", ""))
        session = sessions.held(coming.app.state.parts.state, cookie_of(coming), wall())
        scope.setdefault("state", {})["session"] = session
        if scope["type"] == "websocket":
            if session is None or not from_here(coming):
                await send({"type": "websocket.close", "code": 4403})
                return
            await self.app(scope, receive, send)
            return
        if place.startswith(SOCKET) and not from_here(coming):
            await Response("Not asked by a page of this server.", 403)(scope, receive, send)
            return
        if session is None and not place.startswith(OPEN):
            await _outside(coming, scope, place)(scope, receive, send)
            return
        if place.startswith("/_nicegui/"):
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, _with_rules(send))


def cookie_of(coming: HTTPConnection) -> str:
    """Return the cookie of a session, or nothing, whatever else lies on this host."""
    return cookie_parser("; ".join(coming.headers.getlist("cookie"))).get(COOKIE, "")


def from_here(coming: HTTPConnection) -> bool:
    """Return whether a page of this very server is asking."""
    origin = coming.headers.get("origin")
    if origin is None:
        return coming.headers.get("sec-fetch-site") == "same-origin"
    _, _, host = origin.partition("://")
    return host == coming.headers.get("host")


def _outside(coming: HTTPConnection, scope: Scope, place: str) -> Response:
    """Return what somebody sees who is not signed in."""
    wanted = scope["path"] + (f"?{coming.url.query}" if coming.url.query else "")
    if scope["method"] == "GET" and coming.headers.get("sec-fetch-site") == "cross-site":
        # a link from elsewhere comes without our strict cookie; asked again from here it has it
        return HTMLResponse(
            AGAIN.format(quote(wanted, safe="/?=&%")), 200, {"cache-control": "no-store"}
        )
    there = f"{scope.get('root_path', '')}/sign-in"
    if place == "/find" or scope["method"] != "GET":
        return Response(status_code=401)
    return RedirectResponse(f"{there}?next={quote(wanted, safe='')}", 303)


def _with_rules(send: Send) -> Send:
    """Return a ``send`` that adds the policy, and its nonce to the scripts of a page."""
    nonce = secrets.token_urlsafe(18)
    rules = (b"content-security-policy", RULES.format(nonce=nonce).encode())
    marked = f'<script nonce="{nonce}"'.encode()
    start: Message = {}
    body: list[bytes] = []

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = dict(message["headers"])
            message["headers"] = [*message["headers"], rules]
            if not headers.get(b"content-type", b"").startswith(b"text/html"):
                await send(message)
                return
            start.update(message)
        elif message["type"] == "http.response.body" and start:
            body.append(message.get("body", b""))
            if message.get("more_body", False):
                return
            whole = SCRIPT.sub(marked, b"".join(body))
            kept: list[Any] = [each for each in start["headers"] if each[0] != b"content-length"]
            length = (b"content-length", str(len(whole)).encode())
            await send({**start, "headers": [*kept, length]})
            await send({"type": "http.response.body", "body": whole})
        else:
            await send(message)

    return sending
