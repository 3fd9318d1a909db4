"""Personal fields of a page: masked, until somebody who may see them says why; then masked again.

The look is in the audit before anything is shown. Another query, or a reload, masks anew.
"""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from lanecast.service.masking import hidden
from lanecast.service.problems import Refused

from .page import Page, Part

SCOPE = "personal:read"
READ = "personal data read"  # as the audit says it
ASK = Markup("""<details class="unmask"><summary>Show personal fields</summary>
<form class="decide" data-do="unmask"><label>Why (kept in the audit)
<input name="why" maxlength="500" required autocomplete="off"></label>
<div><button class="button">Show them</button></div></form></details>""")
SHOWN = Markup(
    '<p class="note" role="status"><span aria-hidden="true">◉</span> Personal fields are shown '
    "until this page is loaded anew; that you look is in the audit.</p>"
)


def rows(page: Page, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of our own tables as this page may show them now."""
    return found if page.unmasked else hidden(found)


def asked(page: Page) -> Markup:
    """Return the button, or that it was pressed; nothing for who may not."""
    if SCOPE not in page.caller.scopes:
        return Markup("")
    return SHOWN if page.unmasked else ASK


def offer(page: Page, subject: str, pieces: Sequence[Part]) -> None:
    """Let a page be unmasked: ``subject`` is what the audit calls it, ``pieces`` are drawn anew."""

    async def unmask(values: dict[str, str]) -> None:
        await page.allowed(SCOPE)
        if not (why := values.get("why", "").strip()[:500]):
            raise Refused(422, "not_valid", "Say why; the audit keeps it.", "why")
        page.audited(READ, subject, why=why)
        page.unmasked = True
        await page.refresh(pieces)
        page.say("Personal fields are shown.")

    page.on("unmask", unmask)
