"""What happened to a parcel and what is expected, a line for each, with glyphs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from markupsafe import Markup

from ..people import Viewer

GLYPHS = {"done": "✓", "wrong": "!", "next": "→", "later": "·", "end": "✓"}
KINDS = {"done": "done", "wrong": "went wrong", "next": "next", "later": "expected", "end": "done"}
LIST = Markup('<ol class="timeline">{}</ol>')
ITEM = Markup(
    '<li class="{kind}"><span class="glyph" aria-hidden="true">{glyph}</span>'
    '<span class="unseen">{spoken}: </span><strong>{what}</strong>{where}'
    '<span class="when">{when}</span>{more}</li>'
)


@dataclass(frozen=True)
class Step:
    """Something that happened, or is expected between ``at`` and ``until``."""

    kind: str
    what: str
    where: str
    at: datetime
    until: datetime | None = None
    zone: tzinfo | None = None
    more: str = ""


def timeline(steps: Sequence[Step], viewer: Viewer) -> Markup:
    """Return the steps, in their order."""
    return LIST.format(Markup("").join(_item(step, viewer) for step in steps))


def _item(step: Step, viewer: Viewer) -> Markup:
    when = (
        viewer.time(step.at, step.zone)
        if step.until is None
        else Markup("80 %: {}").format(viewer.span(step.at, step.until))
    )
    return ITEM.format(
        kind=step.kind,
        glyph=GLYPHS[step.kind],
        spoken=KINDS[step.kind],
        what=step.what,
        where=Markup(' <span class="where">{}</span>').format(step.where) if step.where else "",
        when=when,
        more=Markup('<span class="muted small">{}</span>').format(step.more) if step.more else "",
    )
