"""A page that somebody has open: its query, its parts, and what happens when they act on it.

A part is read in a thread and drawn when it is there; what is there at once comes with the page.
Markup asks for something with ``data-do`` (a name that the page answers to) or changes the query
with ``data-turn``; see ``assets/console.js``. A page that is ``live`` is drawn anew when what is on
the desk changes: what has not changed stays as it is, and what somebody has in hand is kept.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from threading import Lock
from time import monotonic
from typing import Any

import structlog
from markupsafe import Markup
from nicegui import run, ui

from lanecast.service import audit
from lanecast.service.clock import wall
from lanecast.service.desk import View
from lanecast.service.keys import Caller
from lanecast.service.parts import Parts
from lanecast.service.problems import Refused
from lanecast.service.tenants import Tenant

from . import people, sessions, states
from .query import Query
from .states import Empty

AT_ONCE_S = 0.25  # what is read by then comes with the page itself
AGAIN_S = 2.0  # when what is not ready yet is asked again
LOOK_S = 2.0  # between two looks at whether there is something new on the desk
REST = 20.0  # times as long as that took a page is left alone, however much is new
ANSWER_S = 2.0  # that a browser may take to say whether it can be drawn anew
Draw = Callable[[Any], Markup]


@dataclass(eq=False, repr=False)
class Part:
    """Something on a page that is read and drawn by itself."""

    number: int
    load: Callable[[], Any]
    draw: Draw
    box: Any  # element that holds it
    what: str
    read_at: datetime | None = None
    waits: bool = False  # for what is not ready yet
    empty: bool = False  # and says so; one of a page is enough
    asked: int = 0  # how often it was read; only the last answer is drawn
    drawn: Markup | None = None  # what the box holds


@dataclass(eq=False, repr=False)  # NiceGUI names its tasks by the repr of what they call
class Page:
    """One open page of a person who is signed in."""

    parts: Parts
    tenant: Tenant
    session: sessions.Session
    request_id: str
    root: str
    path: dict[str, str]
    query: Query
    zone: tzinfo
    client: Any
    title: str
    pieces: list[Part] = field(default_factory=list)
    answers: dict[str, Callable[[dict[str, str]], Awaitable[None]]] = field(default_factory=dict)
    turns: int = 0  # refreshes
    turned: int = 0  # changes of the query, as the browser counts them
    unmasked: bool = False  # whether personal fields are shown
    mark: Callable[[View], Any] | None = None  # what of the desk a page that is live shows
    marked: Any = None  # that, as it was when the page was read
    rests: float = 0.0  # until when it is not drawn anew by itself

    @property
    def caller(self) -> Caller:
        """Return who has the page open, and what they may do."""
        return self.session.caller

    @property
    def viewer(self) -> people.Viewer:
        """Return how instants are told: in their zone, seen from the last moment of the data."""
        view = self.parts.desks[self.tenant.name].view
        return people.Viewer(self.zone, view.asof if view is not None else wall())

    def part(
        self, load: Callable[[], Any], draw: Draw, *, what: str, height: int = 160, wide: str = ""
    ) -> Part:
        """Add a part.

        Parameters
        ----------
        load
            Reads, in a thread; whatever it raises as ``Refused`` is told.
        draw
            Returns what to show.
        what
            What it is, for "... could not be read".
        height
            Of the place that is kept for it [px].
        wide
            Classes of its box.
        """
        box = ui.element("div").classes(f"part {wide}")
        piece = Part(len(self.pieces), load, draw, box, what)
        self.pieces.append(piece)
        with box:
            show(states.skeleton(height))
        return piece

    def once(self, load: Callable[[], Any]) -> Callable[[], Any]:
        """Return a function for several parts: the first reads for all, until the next refresh."""
        lock = Lock()
        kept: dict[int, Any] = {}

        def shared() -> Any:
            with lock:
                if self.turns not in kept:
                    kept.clear()
                    kept[self.turns] = load()
                return kept[self.turns]

        return shared

    def on(self, name: str, answer: Callable[[dict[str, str]], Awaitable[None]]) -> None:
        """Let ``answer`` be called with the values of an element with ``data-do="name"``."""
        self.answers[name] = answer

    def live(self, mark: Callable[[View], Any]) -> None:
        """Draw the page anew whenever ``mark`` of what is on the desk changes."""
        self.mark = mark

    @property
    def asof(self) -> datetime | None:
        """Return the moment of the past that the page is about; None for now.

        What is no moment counts as now, and the choice of the moment says so.
        """
        with suppress(Refused):
            return self.query.instant("asof")
        return None

    def href(self, path: str, query: Query | None = None) -> str:
        """Return the address of another page of the console."""
        return f"{self.root}{path}{query if query is not None and query.values else ''}"

    async def refresh(self, pieces: Sequence[Part] | None = None) -> None:
        """Read and draw anew, all parts or some."""
        self.turns += 1
        mine = self.turns
        self.marked = self._mark()
        chosen = self.pieces if pieces is None else pieces
        await asyncio.gather(*(self._refresh(piece) for piece in chosen))
        if mine == self.turns:
            self.drawn()

    def drawn(self) -> None:
        """Tell the browser that everything is there, and how fresh it is."""
        if not any(piece.waits for piece in self.pieces):
            at, told = self.fresh()
            self.client.run_javascript(f"lanecast.drawn({at!a}, {told!a}, {self.turned})")

    def fresh(self) -> tuple[str, str]:
        """Return when the last scan became known, for programs and for people."""
        view = self.parts.desks[self.tenant.name].view
        if view is None or view.last is None:
            return "", ""
        return view.last.isoformat(), f"data until {self.viewer.instant(view.last)}"

    def say(self, told: str) -> None:
        """Tell something to all, screen readers included, without moving the focus."""
        self.client.run_javascript(f"lanecast.say({told!a})")

    async def allowed(self, scope: str) -> Caller:
        """Return who acts, after a new look at their session and key.

        Raises
        ------
        Refused
            When it has ended, or lacks the scope.
        """
        now = await run.io_bound(sessions.alive, self.parts.state, self.session.session_id, wall())
        if now is None:
            self.client.run_javascript("location.reload()")
            raise Refused(401, "signed_out", "The session has ended.", hint="Sign in again.")
        if scope not in now.caller.scopes:
            raise Refused(403, "scope_missing", f"This needs a key with the scope {scope}.")
        self.session = now
        return self.caller

    def audited(self, action: str, subject: str, **detail: Any) -> None:
        """Write down what somebody did."""
        who = f"{self.caller.name} ({self.caller.key_id})"
        audit.record(
            *(self.parts.state, self.tenant.name, wall(), who, action, subject),
            *(detail, self.request_id),
        )

    async def _refresh(self, piece: Part) -> None:
        piece.waits = piece.empty = False
        piece.asked += 1
        mine = piece.asked
        try:
            data = await run.io_bound(piece.load)
        except Exception as error:
            if mine == piece.asked:
                self._failed(piece, error)
            return
        if mine == piece.asked:
            piece.read_at = wall()
            self._show(piece, data)

    def _show(self, piece: Part, data: Any) -> None:
        try:
            self.replace(piece, piece.draw(data))
        except Exception as error:
            piece.read_at = None
            self._failed(piece, error)

    def replace(self, piece: Part, drawn: Markup) -> None:
        """Let something else stand in the place of a part, unless it is the same."""
        if self.client.is_deleted or drawn == piece.drawn:
            return
        piece.box.clear()
        with piece.box:
            show(drawn)
        piece.drawn = drawn

    def _failed(self, piece: Part, error: Exception) -> None:
        """Say what failed; what has been drawn before stays, marked with its age."""
        if self.client.is_deleted:
            return
        if isinstance(error, Empty):
            first = not any(each.empty for each in self.pieces if each is not piece)
            piece.empty = True
            told = states.empty(error.what, error.why, error.command) if first else Markup("")
            self.replace(piece, told)
            return
        if isinstance(error, Refused):
            why, hint = error.detail, error.hint
            if error.code == "not_ready":
                with self.client:
                    ui.timer(AGAIN_S, lambda: self.refresh([piece]), once=True, immediate=False)
                if piece.read_at is None:
                    piece.waits = True
                    return
        else:
            structlog.get_logger().exception("fault", request_id=self.request_id, what=piece.what)
            why, hint = "Something went wrong in Lanecast.", "The log tells more under this id."
        if piece.read_at is not None and self.client.has_socket_connection:
            if piece.drawn is not None:  # else the line is there already
                line = states.stale(why, piece.read_at, self.viewer, wall(), piece.number)
                with piece.box:
                    show(line).move(target_index=0)
                piece.drawn = None
            return
        what = f"{piece.what} could not be read"
        told = states.failed(what, why, hint, piece.number, self.request_id)
        self.replace(piece, told)

    async def _turn(self, event: Any) -> None:
        search, self.turned = str(event.args[0]), int(event.args[1])
        self.query, self.unmasked = Query.read(search), False
        if await self._is(sessions.alive):
            await self.refresh()

    def _mark(self) -> Any:
        view = self.parts.desks[self.tenant.name].view
        return None if view is None or self.mark is None else self.mark(view)

    async def _look(self) -> None:
        """Draw anew if there is something new, and nobody is in the middle of something."""
        if self.asof is not None or self._mark() == self.marked or monotonic() < self.rests:
            return
        if not await self._is(sessions.lives):
            return
        try:
            is_free = await self.client.run_javascript("return lanecast.hold()", timeout=ANSWER_S)
        except TimeoutError:
            return
        if is_free:
            began = monotonic()
            await self.refresh()
            self.rests = monotonic() + REST * (monotonic() - began)

    async def _is(self, alive: Callable[..., Any]) -> bool:
        """Return whether the session still is one; the browser of one that has ended goes out."""
        if await run.io_bound(alive, self.parts.state, self.session.session_id, wall()):
            return True
        self.client.run_javascript("location.reload()")
        return False

    async def _do(self, event: Any) -> None:
        name, values = event.args
        if name == "retry":
            number = str(values.get("value", ""))
            await self.refresh([p for p in self.pieces if str(p.number) == number])
        elif (answer := self.answers.get(name)) is not None:
            try:
                await answer({str(k): str(v)[:4000] for k, v in values.items()})
            except Refused as refused:
                self.say(f"{refused.detail} {refused.hint or ''}")

    async def start(self) -> None:
        """Draw what is there at once, then the rest, and answer from then on."""
        ui.on("turn", self._turn)
        ui.on("do", self._do)
        self.marked = self._mark()
        tasks = [asyncio.ensure_future(self._refresh(piece)) for piece in self.pieces]
        if tasks:
            await asyncio.wait(tasks, timeout=AT_ONCE_S)
        await self.client.connected()
        await asyncio.gather(*tasks)
        self.drawn()
        if self.mark is not None:
            with self.client:
                ui.timer(LOOK_S, self._look, immediate=False)


def show(markup: Markup) -> Any:
    """Show markup, in which everything that is not ours has been escaped."""
    if not isinstance(markup, Markup):
        raise TypeError("only Markup is shown, whose values are escaped when they are put in.")
    return ui.html(str(markup), sanitize=False)
