"""A page that is asked for: who may see it, and what stands around it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC
from typing import Any
from urllib.parse import unquote

from fastapi import Request
from markupsafe import Markup
from nicegui import ui
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from lanecast.service.access import parts

from . import frame, people, sessions, states
from .frame import Screen
from .page import Page, show
from .query import Query

ZONE = "lanecast_zone"  # cookie with the zone of the browser
NOWHERE = Screen("", "Not found", "")
LOST = Markup("""<!doctype html>
<html lang="en-US" data-ready="true"><head><meta charset="utf-8"><title>Not found · Lanecast</title>
<meta name="viewport" content="width=device-width, initial-scale=1">{head}</head><body>{around}
<div id="app"><main class="nicegui-content"><section class="card state">
<p><strong>There is no such page</strong></p><p><code>{where}</code> leads nowhere: the address was
mistyped, or what it showed is gone.</p><p><a class="button main" href="{href}">Back to {back}</a>
</p></section></main></div></body></html>""")


def shown(
    screen: Screen, screens: Sequence[Screen], build: Callable[[Page], Any]
) -> Callable[[Request], Awaitable[Response | None]]:
    """Return the function that NiceGUI calls for a screen."""

    async def answer(request: Request) -> Response | None:
        page = _page(request, screen, ui.context.client)
        if not screen.seen_by(page.caller):
            allowed = [each.path for each in screens if each.seen_by(page.caller) and each.letter]
            if screen.path == "/" and allowed:
                return RedirectResponse(page.href(allowed[0]))
            ui.context.client.status_code = 403
            _framed(page, screen, screens)
            has = f"Your key {page.caller.name!r} lacks the scope {screen.scope}."
            show(states.empty("This screen is not yours to see", has))
        else:
            build(page)
            _framed(page, screen, screens)
        await page.start()
        return None

    return answer


def nowhere(screens: Sequence[Screen]) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Return the function that answers where no page is: who came astray finds the way back."""

    async def answer(request: Request, error: Exception) -> Response:
        if request.state.session is None:
            return PlainTextResponse("There is nothing here.", 404)
        page = _page(request, NOWHERE, None)
        allowed = [each for each in screens if each.letter and each.seen_by(page.caller)]
        back = allowed[0] if allowed else NOWHERE
        told = LOST.format(
            head=Markup(frame.head(page.root)),
            around=_around(page, NOWHERE, screens),
            where=request.url.path,
            href=page.href(back.path or "/sign-in"),
            back=back.title if allowed else "the sign-in",
        )
        return HTMLResponse(told, 404)

    return answer


def _page(request: Request, screen: Screen, client: Any) -> Page:
    made = parts(request)
    session: sessions.Session = request.state.session
    if client is not None:
        client.storage["session_id"] = session.session_id
    return Page(
        made,
        made.tenants[session.caller.tenant],
        session,
        request.state.request_id,
        str(request.scope.get("root_path", "")),
        {name: str(value) for name, value in request.path_params.items()},
        Query.read(request.url.query),
        people.zone(unquote(request.cookies.get(ZONE, ""))) or UTC,
        client,
        screen.title,
    )


def _around(page: Page, screen: Screen, screens: Sequence[Screen]) -> Markup:
    return frame.body(
        *(page.root, screen, screens, page.title, page.caller, page.session.csrf, page.fresh())
    )


def _framed(page: Page, screen: Screen, screens: Sequence[Screen]) -> None:
    ui.page_title(f"{page.title} · Lanecast")
    ui.add_head_html(frame.head(page.root))
    ui.add_body_html(str(_around(page, screen, screens)))
