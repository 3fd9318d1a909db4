"""Orders and roster of a site, and the drawer in which one of them is overridden."""

from typing import Any

from markupsafe import Markup

from lanecast.tables.planning import PROCESSES

from ..drawing import pieces
from ..drawing.pieces import cell, heads, muted, number, options, pairs, table
from ..page import Page
from ..people import Viewer, count, money, words
from .plan_found import Found, changed, day_or_none, instant, named, reworded

ROWS = 60  # of a table
ROW = Markup('<tr data-row><th scope="row"><a href="{}" data-turn>{}</a></th>{}</tr>')
CHANGED = Markup('<span class="late"><span aria-hidden="true">✎</span> {}</span>')
HELD = Markup('<h3>Overridden</h3><p>{}</p><p class="muted small">{}, {}: {}</p>')
FORM = Markup("""<h3>Override</h3>
<form class="decide" data-do="override"><input type="hidden" name="row" value="{row}">{field}
<label>Why <textarea name="why" maxlength="500" required placeholder="It is kept beside the plan">
</textarea></label><div class="choices">{choices}</div></form>""")
CHOICE = Markup('<button class="button{}" name="act" value="{}">{}</button>')
UNITS = Markup(
    '<label>Pieces <input name="units" type="number" min="0" max="1000000000" value="{}"></label>'
)
PROCESS = Markup('<label>Process <select name="process">{}</select></label>')


def tables(page: Page, found: Found | None) -> Markup:
    """Return the orders and the roster, each with what people changed."""
    if found is None:
        return Markup("")
    drawn = Markup("")
    if found.orders:
        drawn += _orders(page, found)
    if found.shifts:
        drawn += _roster(page, found)
    return Markup('<div class="columns wide">{}</div>').format(drawn)


def _orders(page: Page, found: Found) -> Markup:
    rows, ordered = Markup(""), 0
    for each in sorted(found.orders, key=lambda each: -each["units"]):
        units = changed(each).get("units")
        ordered += (each["units"] if units is None else units) > 0
        pieces_: Any = count(each["units"])
        if units is not None:
            pieces_ = CHANGED.format(f"{count(units)} (planned {count(each['units'])})")
        cells = number(pieces_) + cell(day_or_none(each["due_date"])) + cell(each["source_id"])
        cells += number(money(each["cost"], found.currency))
        rows += ROW.format(_open(page, "order", each), each["product_id"], cells)
    names = ("Product", "Pieces", "Should come", "From", "Cost")
    told = f"{count(ordered)} of {count(len(found.orders))} products are ordered"
    return table("Orders", heads(names, ("Pieces", "Cost")), rows, muted(told), "plan")


def _roster(page: Page, found: Found) -> Markup:
    viewer, rows = Viewer(found.zone, found.asof), Markup("")
    for each in found.shifts[:ROWS]:
        value = changed(each)
        process: Any = words(each["process"])
        if value.get("cancelled"):
            process = CHANGED.format("cancelled")
        elif "process" in value:
            process = CHANGED.format(words(value["process"]))
        cells = cell(process) + cell(
            value.get("worker_id", "Agency" if each["is_temp"] else each["worker_id"])
        )
        cells += number(f"{each['paid_h']:g} h") + number(money(each["cost"], found.currency))
        when = viewer.span(each["started_at"], each["ended_at"])
        rows += ROW.format(_open(page, "shift", each), when, cells)
    names = ("Shift, local time", "Process", "Who", "Paid", "Cost")
    many = len(found.shifts)
    told = f"the first {ROWS} of {count(many)} shifts" if many > ROWS else f"{count(many)} shifts"
    return table("Roster", heads(names, ("Paid", "Cost")), rows, muted(told), "plan")


def drawer(page: Page, found: Found | None) -> Markup:
    """Return the chosen order or shift, and a form to override it."""
    key = page.query.text("row")
    row = found.row(key) if found is not None and key else None
    if row is None or found is None:
        return Markup("")
    viewer = Viewer(found.zone, found.asof)
    if row["kind"] == "order":
        title = f"Order of {row['product_id']}"
        told = [
            ("Planned", f"{count(row['units'])} pieces"),
            ("Should come", day_or_none(row["due_date"])),
        ]
        field = UNITS.format(changed(row).get("units", row["units"]))
        choices = CHOICE.format(" main", "set", "Order so many")
    else:
        title = "Shift of the agency" if row["is_temp"] else f"Shift of {row['worker_id']}"
        told = [
            ("When", viewer.span(row["started_at"], row["ended_at"])),
            ("Planned", words(row["process"])),
        ]
        now = changed(row).get("process", row["process"])
        field = PROCESS.format(options({each: words(each) for each in PROCESSES}, now))
        choices = CHOICE.format(" main", "set", "Change process")
        choices += CHOICE.format("", "cancel", "Cancel the shift")
    told.append(("Cost", money(row["cost"], found.currency)))
    inner = pairs(told)
    if kept := row["override"]:
        at = page.viewer.instant(instant(kept["at"]))
        inner += HELD.format(reworded(kept["value"]), kept["who"], at, kept["why"])
        choices += CHOICE.format("", "back", "Back to the plan")
    if "planning:write" in page.caller.scopes:
        inner += FORM.format(row=key, field=field, choices=choices)
    return pieces.drawer(title, page.query.with_(row=None), inner)


def _open(page: Page, kind: str, row: dict[str, Any]) -> Any:
    return page.query.with_(row=named(kind, row))
