"""What is proposed about a parcel, to accept or decline, and the facts of the parcel."""

from typing import Any

from markupsafe import Markup

from lanecast.service.masking import MASK

from ..drawing.pieces import card, muted, pairs
from ..page import Page
from ..people import minor, money, words

FORM = Markup("""<form class="decide" data-do="decide">
<p><span class="worth">{worth}</span> <span class="muted">expected worth of
<strong>{action}</strong>, which costs {price}</span></p>
<label>Why (kept in the audit) <textarea name="why" maxlength="500"></textarea></label>
<input type="hidden" name="action" value="{code}">
<div class="choices"><button class="button main" name="decision" value="accept">Accept</button>
<button class="button" name="decision" value="decline">Decline</button></div></form>""")


def action(
    page: Page, story: Any, proposed: dict[str, Any] | None, taken: Any, currency: str | None
) -> Markup:
    """Return what is proposed, or what somebody has decided about it."""
    if proposed is None:
        if story.arrival["status"] != "open":
            return Markup("")
        told = Markup('<p class="muted">Nothing is worth doing: no action saves what it costs.</p>')
        return card("Proposed action", told)
    code = proposed["action"]
    inner = Markup("")
    if taken is not None and taken["action"] == code:
        done = {"accept": "Accepted", "decline": "Declined"}[taken["decision"]]
        why = f": {taken['why']}" if taken["why"] else ""
        inner = Markup('<p id="decided"><strong>{}</strong> by {}, {}{}</p>').format(
            done, taken["who"], page.viewer.instant(taken["at"]), why
        )
    if "decisions:write" in page.caller.scopes and page.asof is None:
        form = FORM.format(
            worth=money(proposed["saving"], currency),
            price=money(proposed["price"], currency),
            action=words(code),
            code=code,
        )
        if inner:
            inner += Markup("<details><summary>Decide anew</summary>{}</details>").format(form)
        else:
            inner = form
    else:
        inner += Markup("<p>{} is worth {}.</p>").format(
            words(code), money(proposed["saving"], currency)
        )
    return card("Proposed action", inner)


def facts(page: Page, story: Any) -> Markup:
    """Return the facts: who sends what, from where, to where."""
    known = story.facts
    told = {
        "Order": known.get("order_id"),
        "Seller": known.get("merchant_id"),
        "Service": known.get("service"),
        "Category": words(known.get("category")),
        "From": _place(known, "origin"),
        "To": _place(known, "goal"),
        "Weight": f"{known['weight_g'] / 1000:.2f} kg" if known.get("weight_g") else None,
        "Goods": minor(known["value_minor"], story.paid_in)
        if known.get("value_minor") is not None
        else None,
    }
    shown = [(name, value) for name, value in told.items() if value]
    return card("Facts", pairs(shown, "facts"))


def _place(known: dict[str, Any], end: str) -> Markup:
    """Return where a parcel begins or ends, and its position where that is shown."""
    code = known.get(f"{end}_postal_code")
    told = Markup(" ").join(x for x in (known.get(f"{end}_region"), code) if x and x != MASK)
    if code == MASK:
        told += muted(", postal code masked")
    if known.get(f"{end}_lat") is not None and end == "goal":
        told += muted(f" {known['goal_lat']:.4f}, {known['goal_lon']:.4f}")
    return told
