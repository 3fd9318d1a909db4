"""Today: what changed, what waits for a decision, how fresh the data is."""

from markupsafe import Markup

from lanecast.service.questions import listed

from ..frame import Screen
from ..page import Page
from ..people import count

SCREEN = Screen("/", "Today", "parcels:read", "today", "t")


def build(page: Page) -> None:
    """Draw the screen."""
    page.part(
        lambda: listed(page.parts, page.tenant),
        lambda found: Markup("<p>{} parcels</p>").format(count(found[1].height)),
        what="The parcels",
    )
