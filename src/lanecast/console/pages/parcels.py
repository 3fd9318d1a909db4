"""Parcels: all of them, those first about which most can be saved; filters stand in the address."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import polars as pl
from markupsafe import Markup

from lanecast.service.answers import page as cut
from lanecast.service.answers import wanted
from lanecast.service.decisions import decided
from lanecast.service.masking import MASK
from lanecast.tables.events import ACTIONS

from .. import commands, company, moment, saved, states, unmasking
from ..drawing.pieces import chip, chips, joined, muted, options, passed
from ..drawing.pieces import kept as hidden
from ..drawing.risk import bar
from ..frame import Screen
from ..ordering import LAST, Order, pager
from ..page import Page
from ..people import money, words
from ..query import Query

SCREEN = Screen("/parcels", "Parcels", "parcels:read", "parcels", "p")
ROWS = 50
SORTS = ("saving", "late", "parcel_id", "eta_at", "promised_at")
STATUSES = {"open": "Open", "delivered": "Delivered", "closed": "Closed", "all": "All"}
LATE = {"0.1": "10 % or more", "0.25": "25 % or more", "0.5": "50 % or more"}
KEPT = ("sort", "order", "facility_id", "overdue", "asof")  # that the filters do not ask for
DONE = {"accept": "accepted", "decline": "declined"}
DECISIONS = {"waiting": "Waits for a decision", "decided": "Decided"}
PRESETS = {
    "Waiting for a decision": "?decision=waiting",
    "Likely late": "?late_from=0.25&sort=late",
    "Past the promise": "?overdue=1&sort=promised_at&order=ascending",
}
FORM = Markup("""
<form class="filters card" data-turn>
<label>Parcel <input id="f-search" name="search" type="search" value="{search}" maxlength="128"
  placeholder="part of its id"></label>
<label>Status <select name="status" id="f-status">{statuses}</select></label>
<label>Late risk <select name="late_from" id="f-late">{late}</select></label>
<label>Action <select name="action" id="f-action">{actions}</select></label>
<label>Decision <select name="decision" id="f-decision">{decisions}</select></label>
<label>Carrier <select name="carrier_id" id="f-carrier">{carriers}</select></label>
{kept}<button class="button">Apply</button></form>""")
FORGET = Markup(
    '<button class="bare small" data-do="forget" data-value="{name}" '
    'aria-label="Forget {name}">×</button>'  # noqa: RUF001
)
KEEP = Markup(
    '<form class="keep" data-do="keep"><input name="name" aria-label="Name of this view" '
    'maxlength="40" required placeholder="Save as …"><button class="button">Save</button></form>'
)
TABLE = Markup(
    '<div class="card table"><table class="rows parcels"><caption class="unseen">Parcels</caption>'
    "<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
)
HEADS = (
    *(("parcel_id", "Parcel"), ("late", "Late risk"), ("saving", "Worth"), ("", "Action")),
    *(("", "Status"), ("", "Where"), ("eta_at", "Expected"), ("promised_at", "Promised")),
    *(("", "Carrier"), ("", "To")),
)
ROW = Markup("""<tr data-row><th scope="row"><a href="{href}">{parcel_id}</a></th>
<td>{late}</td><td class="number">{saving}</td><td>{action}</td><td>{status}</td><td>{where}</td>
<td>{eta}</td><td>{promised}</td><td>{carrier}</td><td>{goal}</td></tr>""")


@dataclass(frozen=True)
class Found:
    """A page of the list, at a moment."""

    asof: datetime
    total: int
    rows: list[dict[str, Any]]
    places: dict[str, company.Place]
    currency: str | None
    decided: dict[str, Any]


def build(page: Page) -> None:
    """Draw the screen."""
    found = page.once(lambda: _found(page))
    page.live(lambda view: view.number)
    page.part(found, lambda told: _moment(page, told), what="The moment", height=34)
    filters = page.part(
        lambda: _filters(page), lambda told: _form(page, *told), what="The filters", height=120
    )
    page.part(found, lambda told: _table(page, told), what="The parcels", height=600)
    unmasking.offer(page, "parcels", page.pieces)

    async def keep(values: dict[str, str]) -> None:
        caller = await page.allowed("parcels:read")
        query = str(page.query.with_(page=None))
        saved.keep(page.parts.state, caller, "parcels", values.get("name", ""), query)
        await page.refresh([filters])
        page.say("The view is saved.")

    async def forget(values: dict[str, str]) -> None:
        caller = await page.allowed("parcels:read")
        saved.keep(page.parts.state, caller, "parcels", values.get("value", ""), "")
        await page.refresh([filters])

    page.on("keep", keep)
    page.on("forget", forget)


def _moment(page: Page, found: Found) -> Markup:
    return Markup('<div class="line">{}{}</div>').format(
        moment.chooser(page, found.asof), unmasking.asked(page)
    )


def _filters(page: Page) -> tuple[list[str], dict[str, str]]:
    _, table = company.listed(page.parts, page.tenant, page.asof)
    carriers = table["carrier_id"].drop_nulls().unique().sort().to_list()
    return carriers, saved.views(page.parts.state, page.caller, "parcels")


def _form(page: Page, carriers: list[str], views: dict[str, str]) -> Markup:
    query, asof = page.query, page.query.text("asof")
    here = str(query.with_(page=None))
    drawn = Markup("")
    for i, (name, each) in enumerate(PRESETS.items()):
        there = str(Query.read(each).with_(asof=asof))
        drawn += chip(name, f"view-{i}", there, there == here)
    for i, (name, each) in enumerate(views.items()):
        drawn += chip(name, f"mine-{i}", each, each == here) + FORGET.format(name=name)
    if facility := query.text("facility_id"):
        told = f"At {company.called(company.places(page.tenant), facility)} ×"  # noqa: RUF001
        drawn += chip(told, "at", query.with_(facility_id=None, page=None), True)
    form = FORM.format(
        search=query.text("search"),
        statuses=options(STATUSES, query.one_of("status", STATUSES, "open")),
        late=options({"": "Any"} | LATE, query.text("late_from")),
        actions=options({"": "Any"} | {a: words(a) for a in ACTIONS}, query.text("action")),
        decisions=options({"": "Any"} | DECISIONS, query.text("decision")),
        carriers=options({"": "Any"} | {c: c for c in carriers}, query.text("carrier_id")),
        kept=hidden({k: query.text(k) for k in KEPT if query.text(k)}, ()),
    )
    return chips("Saved views", drawn, KEEP) + form


def _found(page: Page) -> Found:
    query = page.query
    view, table = company.listed(page.parts, page.tenant, page.asof)
    taken = decided(page.parts.state, page.tenant.name, asof=page.asof)
    status = query.one_of("status", STATUSES, "open")
    where = wanted(
        status,
        query.text("search"),
        query.text("facility_id") or None,
        query.text("carrier_id") or None,
        query.text("action") or None,
        query.share("late_from"),
    )
    if (decision := query.text("decision")) in DECISIONS:
        done = pl.col("parcel_id").is_in(list(taken))
        where += [pl.col("action").is_not_null(), ~done if decision == "waiting" else done]
    if query.text("overdue"):
        where.append(pl.col("promised_at") < view.asof)
    order = Order.read(query, SORTS, "saving")
    total, rows = cut(table, order.by, order.down, query.count("page", 0, LAST) * ROWS, ROWS, where)
    told = unmasking.rows(page, rows.to_dicts())
    places, currency = company.places(page.tenant), company.currency(page.tenant)
    return Found(view.asof, total, told, places, currency, taken)


def _table(page: Page, found: Found) -> Markup:
    query, total, rows = page.query, found.total, found.rows
    if not total:
        bare = not query.with_(sort=None, order=None, page=None, asof=None).values
        if bare:
            return states.empty("No open parcels", "The lake holds none.", commands.PARCELS)
        told = Markup(
            '<p>No parcel passes these filters. <a href="{}" data-turn>Take them off</a></p>'
        ).format(Query().with_(asof=query.text("asof")))
        return Markup('<div class="card state" role="status">{}</div>').format(told)
    order = Order.read(query, SORTS, "saving")
    drawn = TABLE.format(
        heads=joined(order.head(name, told, name == "saving") for name, told in HEADS),
        rows=joined(_row(page, found, row) for row in rows),
    )
    return drawn + pager(query, ROWS, len(rows), total, "parcels")


def _row(page: Page, found: Found, row: dict[str, Any]) -> Markup:
    viewer, is_open = page.viewer, row["status"] == "open"
    due = row["promised_at"]
    has_passed = is_open and due is not None and due < found.asof
    action: Any = words(row["action"]) if row["action"] else ""
    if row["parcel_id"] in found.decided and action:
        decision = found.decided[row["parcel_id"]]["decision"]
        action = Markup("{} {}").format(action, muted(DONE[decision]))
    then = Query().with_(asof=page.query.text("asof"))
    return ROW.format(
        href=page.href(f"/parcels/{quote(row['parcel_id'], safe='')}", then),
        parcel_id=row["parcel_id"],
        late=bar(row["late"]) if is_open else "",
        saving=money(row["saving"], found.currency) if row["saving"] is not None else "",
        action=action,
        status=words(row["last_status"] if is_open else row["status"]),
        where=company.called(found.places, row["facility_id"]) if row["facility_id"] else "",
        eta=viewer.instant(row["eta_at"] if is_open else row["ended_at"]),
        promised=passed(viewer.instant(due), has_passed),
        carrier=" ".join(each for each in (row["carrier_id"], row["service"]) if each),
        goal=" ".join(
            each for each in (row["goal_region"], row["goal_postal_code"]) if each and each != MASK
        ),
    )
