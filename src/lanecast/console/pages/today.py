"""Today: what waits for a decision by the money at risk, what changed, how fresh the data is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import polars as pl
from markupsafe import Markup
from nicegui import ui

from lanecast.service.decisions import decided
from lanecast.service.live import live_at

from .. import commands, company, moment, states
from ..drawing.pieces import card, figure, figures, heads, joined, muted, pairs, passed, table
from ..drawing.risk import bar
from ..frame import Screen
from ..page import Page
from ..people import count, money, percent, words
from ..query import Query

SCREEN = Screen("/", "Today", "parcels:read", "today", "t")
DAY = timedelta(days=1)
SHOWN = 25  # decisions; 10 where there is less room
LIKELY = 0.25  # chance from which a parcel is called likely late
PROBLEMS = {"eta": "Arrival", "events": "Risks", "trajectory": "Way ahead"}
HEADS = ("Parcel", "Action", "Worth", "Late risk", "Expected", "Promised")
ROW = Markup(
    '<tr data-row><th scope="row"><a href="{href}">{parcel_id}</a></th><td>{action}</td>'
    '<td class="number">{worth}</td><td>{risk}</td><td>{expected}</td><td>{promised}</td></tr>'
)
LATE = Markup('<span class="late">{}</span>')


@dataclass(frozen=True)
class Day:
    """Parcels at one moment, and a day before it."""

    asof: datetime
    last: datetime | None
    table: pl.DataFrame
    waiting: pl.DataFrame
    currency: str | None


def build(page: Page) -> None:
    """Draw the screen."""
    day = page.once(lambda: _day(page))
    page.live(lambda view: view.number)
    page.part(day, lambda found: moment.chooser(page, found.asof), what="The moment", height=34)
    page.part(day, lambda found: _figures(page, found), what="The figures", height=96)
    with ui.element("div").classes("beside"):
        page.part(day, lambda found: _waiting(page, found), what="The decisions", height=380)
        page.part(
            lambda: (day(), _models(page)),
            lambda found: _below(page, *found),
            what="What changed",
            height=220,
        )


def _day(page: Page) -> Day:
    view, table = company.listed(page.parts, page.tenant, page.asof)
    taken = decided(page.parts.state, page.tenant.name, asof=page.asof)
    proposed = (pl.col("status") == "open") & pl.col("action").is_not_null()
    waiting = table.filter(proposed, ~pl.col("parcel_id").is_in(list(taken)))
    waiting = waiting.sort("saving", "parcel_id", descending=[True, False], nulls_last=True)
    return Day(view.asof, view.last, table, waiting, company.currency(page.tenant))


def _there(page: Page, path: str, **more: Any) -> str:
    """Return the address of a page about the same moment."""
    return page.href(path, Query().with_(asof=page.query.text("asof"), **more))


def _figures(page: Page, day: Day) -> Markup:
    if day.table.is_empty():
        why = "No parcels are known, so there is nothing to watch."
        return states.empty("No parcels", why, commands.PARCELS)
    running = day.table.filter(pl.col("status") == "open")
    late = running.filter(pl.col("promised_at") < day.asof).height
    likely = running.filter(pl.col("late") >= LIKELY).height
    worth = float(day.waiting["saving"].sum() or 0.0)
    order = {"sort": "promised_at", "order": "ascending"}
    return figures(
        figure(
            "Decisions waiting",
            count(day.waiting.height),
            f"worth {money(worth, day.currency)} together",
            href=_there(page, "/parcels", decision="waiting"),
        ),
        figure(
            "Past the promise",
            count(late),
            f"of {count(running.height)} open parcels",
            "very" if late else "ok",
            _there(page, "/parcels", overdue=1, **order),
        ),
        figure(
            "Likely late",
            count(likely),
            f"with a chance of {percent(LIKELY)} or more",
            "late" if likely else "ok",
            _there(page, "/parcels", late_from=LIKELY, sort="late"),
        ),
        figure(
            "Under way",
            count(running.height),
            f"of {count(day.table.height)} in the last 60 days",
            href=_there(page, "/parcels"),
        ),
    )


def _waiting(page: Page, day: Day) -> Markup:
    if day.table.is_empty():
        return Markup("")
    if day.waiting.is_empty():
        told = Markup('<p class="muted">Nothing waits: no action saves more than it costs.</p>')
        return card("Decisions that wait", told)
    viewer = page.viewer
    rows = joined(
        ROW.format(
            href=_there(page, f"/parcels/{quote(row['parcel_id'], safe='')}"),
            parcel_id=row["parcel_id"],
            action=words(row["action"]),
            worth=money(row["saving"], day.currency),
            risk=bar(row["late"]),
            expected=viewer.instant(row["eta_at"]),
            promised=passed(
                viewer.instant(row["promised_at"]), (row["promised_at"] or day.asof) < day.asof
            ),
        )
        for row in day.waiting.head(SHOWN).to_dicts()
    )
    link = Markup('<a href="{}">All {}</a>').format(
        _there(page, "/parcels", decision="waiting"), count(day.waiting.height)
    )
    named = heads(HEADS, ("Worth",))
    return table("Decisions that wait, most worth first", named, rows, link, "waiting")


def _models(page: Page) -> dict[str, Any]:
    """Return which version is (or was) live, and which answers now, by problem."""
    made, tenant, asof = page.parts, page.tenant, page.asof
    found = {}
    for problem in PROBLEMS:
        serving = made.models.serving(tenant, problem) if asof is None else None
        found[problem] = (live_at(made.state, tenant.name, problem, asof), serving)
    return found


def _below(page: Page, day: Day, models: dict[str, Any]) -> Markup:
    if day.table.is_empty():
        return Markup("")
    return Markup('<div class="columns">{}{}</div>').format(
        _changes(day), _fresh(page, day, models)
    )


def _changes(day: Day) -> Markup:
    """Return what happened in the last day, and in the one before it."""

    def within(name: str, back: int) -> pl.Expr:
        until = day.asof - back * DAY
        return (pl.col(name) > until - DAY) & (pl.col(name) <= until)

    def line(what: str, *where: Any) -> tuple[str, Markup]:
        now, before = (day.table.filter(*(each(back) for each in where)).height for back in (0, 1))
        told = Markup("{} {}").format(count(now), muted(f"{count(before)} the day before"))
        return what, told

    delivered = pl.col("status") == "delivered"
    late = pl.col("ended_at") > pl.col("promised_at")
    return card(
        "In the last 24 hours",
        pairs(
            (
                line("Ordered", lambda back: within("placed_at", back)),
                line("Delivered", lambda back: within("ended_at", back) & delivered),
                line("of them late", lambda back: within("ended_at", back) & delivered & late),
                line(
                    "Returned, lost or cancelled",
                    lambda back: within("ended_at", back) & (pl.col("status") == "closed"),
                ),
            )
        ),
    )


def _fresh(page: Page, day: Day, models: dict[str, Any]) -> Markup:
    viewer = page.viewer
    told: list[tuple[str, Any]] = [
        ("Last scan", viewer.time(day.last) if day.last else "none yet"),
    ]
    for problem, (live, serving) in models.items():
        said: Any = Markup("{} {}").format("live model", muted(live))
        if page.asof is not None:
            said = said if live else LATE.format("none was live then")
        elif serving is None:
            said = LATE.format("no model: the promise answers")
        elif serving.fallback:
            why = f"({words(serving.fallback).lower()})"
            said = Markup("{} {}").format(LATE.format(why), muted(serving.version))
        told.append((PROBLEMS[problem], said))
    return card("What answers", pairs(told))
