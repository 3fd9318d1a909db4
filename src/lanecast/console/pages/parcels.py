"""Parcels: all of them, those first about which most can be saved; filters stand in the address."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import polars as pl
from markupsafe import Markup

from lanecast.service.answers import page as cut
from lanecast.service.answers import wanted
from lanecast.service.decisions import decided
from lanecast.service.masking import MASK, hidden
from lanecast.tables.events import ACTIONS

from .. import company, saved, states
from ..drawing.risk import bar
from ..frame import Screen
from ..page import Page
from ..people import count, money, words
from ..query import Query

SCREEN = Screen("/parcels", "Parcels", "parcels:read", "parcels", "p")
ROWS = 50
SORTS = {
    "saving": "Worth",
    "late": "Late risk",
    "parcel_id": "Parcel",
    "eta_at": "Expected",
    "promised_at": "Promised",
}
STATUSES = {"open": "Open", "delivered": "Delivered", "closed": "Closed", "all": "All"}
LATE = {"0.1": "10 % or more", "0.25": "25 % or more", "0.5": "50 % or more"}
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
OPTION = Markup('<option value="{value}"{chosen}>{told}</option>')
HIDDEN = Markup('<input type="hidden" name="{name}" value="{value}">')
CHIP = Markup('<a class="chip" href="{query}" data-turn{current}>{name}</a>')
FORGET = Markup(
    '<button class="bare small" data-do="forget" data-value="{name}" '
    'aria-label="Forget {name}">×</button>'  # noqa: RUF001
)
KEEP = Markup(
    '<form class="keep" data-do="keep"><input name="name" aria-label="Name of this view" '
    'maxlength="40" required placeholder="Save as …"><button class="button">Save</button></form>'
)
TABLE = Markup("""
<div class="card table"><table class="rows parcels"><caption class="unseen">Parcels</caption>
<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>
<div class="pager"><span class="muted" role="status">{told}</span>{turns}</div>""")
HEAD = Markup('<th scope="col"{sorted}{number}>{told}</th>')
SORT = Markup(
    '<a href="{query}" data-turn id="sort-{name}">{told} <i aria-hidden="true">{mark}</i></a>'
)
ROW = Markup("""<tr data-row><th scope="row"><a href="{href}">{parcel_id}</a></th>
<td>{late}</td><td class="number">{saving}</td><td>{action}</td><td>{status}</td><td>{where}</td>
<td>{eta}</td><td>{promised}</td><td>{carrier}</td><td>{goal}</td></tr>""")
TURN = Markup('<a class="button" href="{query}" data-turn id="{id}">{told}</a>')


def build(page: Page) -> None:
    """Draw the screen."""
    page.part(
        lambda: _filters(page), lambda found: _form(page, *found), what="The filters", height=70
    )
    page.part(
        lambda: _found(page), lambda found: _table(page, *found), what="The parcels", height=600
    )

    async def keep(values: dict[str, str]) -> None:
        caller = await page.allowed("parcels:read")
        query = str(page.query.with_(page=None))
        saved.keep(page.parts.state, caller, "parcels", values.get("name", ""), query)
        await page.refresh(page.pieces[:1])
        page.say("The view is saved.")

    async def forget(values: dict[str, str]) -> None:
        caller = await page.allowed("parcels:read")
        saved.keep(page.parts.state, caller, "parcels", values.get("value", ""), "")
        await page.refresh(page.pieces[:1])

    page.on("keep", keep)
    page.on("forget", forget)


def _filters(page: Page) -> tuple[list[str], dict[str, str]]:
    _, table = company.listed(page.parts, page.tenant)
    carriers = table["carrier_id"].drop_nulls().unique().sort().to_list()
    return carriers, saved.views(page.parts.state, page.caller, "parcels")


def _form(page: Page, carriers: list[str], views: dict[str, str]) -> Markup:
    query = page.query
    here = str(query.with_(page=None))
    chips = Markup("").join(
        CHIP.format(name=name, query=each, current=_current(each == here))
        for name, each in PRESETS.items()
    )
    for name, each in views.items():
        chips += CHIP.format(name=name, query=each, current=_current(each == here))
        chips += FORGET.format(name=name)
    if facility := query.text("facility_id"):
        told = f"At {company.called(company.places(page.tenant), facility)} ×"  # noqa: RUF001
        chips += CHIP.format(
            name=told, query=query.with_(facility_id=None, page=None), current=_current(True)
        )
    form = FORM.format(
        search=query.text("search"),
        statuses=_options(STATUSES, query.one_of("status", STATUSES, "open")),
        late=_options({"": "Any"} | LATE, query.text("late_from")),
        actions=_options({"": "Any"} | {a: words(a) for a in ACTIONS}, query.text("action")),
        decisions=_options({"": "Any"} | DECISIONS, query.text("decision")),
        carriers=_options({"": "Any"} | {c: c for c in carriers}, query.text("carrier_id")),
        kept=Markup("").join(
            HIDDEN.format(name=name, value=query.text(name))
            for name in ("sort", "order", "facility_id", "overdue")
            if query.text(name)
        ),
    )
    return Markup('<div class="chips" role="group" aria-label="Saved views">{}{}</div>{}').format(
        chips, KEEP, form
    )


def _found(page: Page) -> tuple[Any, ...]:
    query = page.query
    view, table = company.listed(page.parts, page.tenant)
    taken = decided(page.parts.state, page.tenant.name)
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
    sort = query.one_of("sort", SORTS, "saving")
    down = query.one_of("order", ("ascending", "descending"), "descending") == "descending"
    number = query.count("page", 0, 1_000_000)
    total, rows = cut(table, sort, down, number * ROWS, ROWS, where)
    known = company.places(page.tenant)
    return total, hidden(rows.to_dicts()), known, company.currency(page.tenant), taken, view.asof


def _table(
    page: Page,
    total: int,
    rows: list[dict[str, Any]],
    known: dict[str, company.Place],
    currency: str | None,
    taken: dict[str, Any],
    now: Any,
) -> Markup:
    query = page.query
    if not total:
        bare = not query.with_(sort=None, order=None, page=None).values
        if bare:
            return states.empty(
                "No open parcels",
                "The lake holds none.",
                "lanecast ingest --data FOLDER --lake LAKE",
            )
        told = Markup(
            '<p>No parcel passes these filters. <a href="?" data-turn>Take them off</a></p>'
        )
        return Markup('<div class="card state" role="status">{}</div>').format(told)
    first = query.count("page", 0, 1_000_000) * ROWS
    shown = f"{count(first + 1)} to {count(first + len(rows))} of {count(total)}"
    if not rows:
        shown = f"{count(total)} parcels; this page is behind the last."
    turns = Markup("")
    number = query.count("page", 0, 1_000_000)
    if number:
        turns += TURN.format(query=query.with_(page=number - 1 or None), id="before", told="Before")
    if first + ROWS < total:
        turns += TURN.format(query=query.with_(page=number + 1), id="next", told="Next")
    return TABLE.format(
        heads=_heads(query),
        rows=Markup("").join(_row(page, row, known, currency, taken, now) for row in rows),
        told=shown,
        turns=turns,
    )


def _heads(query: Query) -> Markup:
    sort = query.one_of("sort", SORTS, "saving")
    down = query.one_of("order", ("ascending", "descending"), "descending") == "descending"

    def head(name: str, told: str, number: bool = False) -> Markup:
        aside = Markup(' class="number"') if number else ""
        if name not in SORTS:
            return HEAD.format(told=told, sorted="", number=aside)
        mine = name == sort
        order = "ascending" if mine and down else None
        direction = "descending" if down else "ascending"
        link = SORT.format(
            query=query.with_(sort=name, order=order, page=None),
            name=name,
            told=told,
            mark=("↓" if down else "↑") if mine else "",
        )
        said = Markup(' aria-sort="{}"').format(direction) if mine else ""
        return HEAD.format(told=link, sorted=said, number=aside)

    return Markup("").join(
        (
            head("parcel_id", "Parcel"),
            head("late", "Late risk"),
            head("saving", "Worth", True),
            head("", "Action"),
            head("", "Status"),
            head("", "Where"),
            head("eta_at", "Expected"),
            head("promised_at", "Promised"),
            head("", "Carrier"),
            head("", "To"),
        )
    )


def _row(
    page: Page,
    row: dict[str, Any],
    known: dict[str, company.Place],
    currency: str | None,
    taken: dict[str, Any],
    now: Any,
) -> Markup:
    viewer = page.viewer
    status = words(row["last_status"] if row["status"] == "open" else row["status"])
    promised = viewer.instant(row["promised_at"])
    if row["status"] == "open" and row["promised_at"] and row["promised_at"] < now - timedelta(0):
        promised = Markup(
            '<span class="very">{} <span aria-hidden="true">▲</span>'
            '<span class="unseen">has passed</span></span>'
        ).format(promised)
    action = words(row["action"]) if row["action"] else ""
    if row["parcel_id"] in taken and action:
        done = {"accept": "accepted", "decline": "declined"}[taken[row["parcel_id"]]["decision"]]
        action = Markup('{} <span class="muted small">{}</span>').format(action, done)
    return ROW.format(
        href=page.href(f"/parcels/{quote(row['parcel_id'], safe='')}"),
        parcel_id=row["parcel_id"],
        late=bar(row["late"]),
        saving=money(row["saving"], currency) if row["saving"] is not None else "",
        action=action,
        status=status,
        where=company.called(known, row["facility_id"]),
        eta=viewer.instant(row["ended_at"] if row["status"] != "open" else row["eta_at"]),
        promised=promised,
        carrier=" ".join(each for each in (row["carrier_id"], row["service"]) if each),
        goal=" ".join(
            each for each in (row["goal_region"], row["goal_postal_code"]) if each and each != MASK
        ),
    )


def _options(told: dict[str, str], chosen: str) -> Markup:
    return Markup("").join(
        OPTION.format(value=value, told=name, chosen=Markup(" selected") if value == chosen else "")
        for value, name in told.items()
    )


def _current(is_it: bool) -> Markup:
    return Markup(' aria-current="true"') if is_it else Markup("")
