"""The moment that a page is about: now, or one of the past, chosen in a field.

It stands in the address as an instant with its offset, so that a colleague elsewhere sees the same.
"""

from datetime import datetime, timedelta

from markupsafe import Markup

from lanecast.service.problems import Refused

from . import states
from .drawing.pieces import chip, kept
from .page import Page

CHOOSER = Markup(
    '<div class="chips" role="group" aria-label="Moment">{chips}<form class="day" data-turn>{kept}'
    '<label><span class="unseen">As it was known at</span><input type="datetime-local" name="asof" '
    'id="asof" value="{value}" max="{most}"></label></form>{told}</div>'
)
PAST = Markup('<span class="past"><span aria-hidden="true">◷</span> As it was known {}.</span>')
DAY = timedelta(days=1)


def chooser(page: Page, now: datetime) -> Markup:
    """Return the choice between now, the day before what is seen, and any other moment.

    Parameters
    ----------
    now
        The moment that the page shows.
    """
    query, asof = page.query, page.asof
    here = now.astimezone(page.zone)
    before = (here - DAY).isoformat(timespec="seconds")
    chips = chip("Now", "now", query.with_(asof=None, page=None), not asof)
    chips += chip("A day earlier", "day-before", query.with_(asof=before, page=None))
    return CHOOSER.format(
        chips=chips,
        kept=kept(query.values, ("asof", "page")),
        value=f"{here:%Y-%m-%dT%H:%M}",
        most=f"{page.viewer.now.astimezone(page.zone) + timedelta(minutes=1):%Y-%m-%dT%H:%M}",
        told=PAST.format(page.viewer.instant(now)) if asof else "",
    ) + _refused(page)


def _refused(page: Page) -> Markup:
    """Return why the moment of the address is none, where that is so."""
    try:
        page.query.instant("asof")
    except Refused as refused:
        return states.partial(f"{refused.detail} Shown is what is known now.")
    return Markup("")
