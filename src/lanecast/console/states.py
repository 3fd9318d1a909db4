"""What a part of a page shows while it has no data, or not all of it."""

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from .people import Viewer

SKELETON = Markup(
    '<div class="skeleton" style="height:{height}px" aria-hidden="true"></div>'
    '<span class="unseen">Loading</span>'
)
EMPTY = Markup('<div class="card state"><p><strong>{what}</strong></p><p>{why}</p>{command}</div>')
COMMAND = Markup('<p class="muted">This command fills it:</p><pre><code>{}</code></pre>')
FAILED = Markup(
    '<div class="card state" role="alert"><p><strong>{what}</strong></p><p>{why}</p>{hint}'
    '<p><button class="button" data-do="retry" data-value="{part}">Try again</button></p>'
    '<p class="muted small">Request {request_id}</p></div>'
)
NOTE = Markup('<p class="note" role="status"><span aria-hidden="true">{glyph}</span> {told}</p>')
STALE = Markup(
    '<p class="note" role="status"><span aria-hidden="true">↻</span> This could not be read anew '
    "({why}); shown is what was known {age}. "
    '<button class="link" data-do="retry" data-value="{part}">Try again</button></p>'
)


@dataclass(eq=False)
class Empty(Exception):  # noqa: N818  # it is raised to say so, and is no fault
    """What a part raises that has nothing to read yet."""

    what: str
    why: str
    command: str | None = None


def skeleton(height: int) -> Markup:
    """Return a place holder of the final size."""
    return SKELETON.format(height=height)


def empty(what: str, why: str, command: str | None = None) -> Markup:
    """Return why there is nothing, and the command that fills it."""
    return EMPTY.format(what=what, why=why, command=COMMAND.format(command) if command else "")


def failed(what: str, why: str, hint: str | None, part: int, request_id: str) -> Markup:
    """Return what failed, and a way to try again."""
    told = Markup("<p>{}</p>").format(hint) if hint else ""
    return FAILED.format(what=what, why=why, hint=told, part=part, request_id=request_id)


def stale(why: str, since: datetime, viewer: Viewer, now: datetime, part: int) -> Markup:
    """Return a line above data that could not be refreshed."""
    return STALE.format(why=why, age=viewer.ago(since, now), part=part)


def partial(told: str) -> Markup:
    """Return a line that names what is missing, or which fallback answered."""
    return NOTE.format(glyph="◐", told=told)
