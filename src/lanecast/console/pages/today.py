"""Today: what waits for a decision by the money at risk, what changed, how fresh the data is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import polars as pl
from markupsafe import Markup

from lanecast.service.decisions import decided
from lanecast.service.live import live_at

from .. import company, states
from ..drawing.risk import bar
from ..frame import Screen
from ..page import Page
from ..people import count, money, percent, words

SCREEN = Screen("/", "Today", "parcels:read", "today", "t")
DAY = timedelta(days=1)
SHOWN = 10  # decisions
LIKELY = 0.25  # chance from which a parcel is called likely late
PROBLEMS = {"eta": "Arrival", "events": "Risks", "trajectory": "Way ahead"}
FIGURE = Markup(
    '<a class="figure" href="{href}"><span class="name">{name}</span>'
    '<div class="value {kind}">{value}</div><div class="more">{more}</div></a>'
)
CARD = Markup('<section class="card"><h2>{title}</h2>{inner}</section>')
ROW = Markup(
    '<tr data-row><th scope="row"><a href="{href}">{parcel_id}</a></th><td>{action}</td>'
    '<td class="number">{worth}</td><td>{risk}</td><td>{promised}</td></tr>'
)
TABLE = Markup(
    '<section class="card table"><div class="heading"><h2>Decisions that wait</h2>{all}</div>'
    '<table class="rows waiting"><thead><tr><th scope="col">Parcel</th><th scope="col">Action</th>'
    '<th scope="col" class="number">Worth</th><th scope="col">Late risk</th>'
    '<th scope="col">Promised</th></tr></thead><tbody>{rows}</tbody></table></section>'
)
CHANGE = Markup('<dt>{what}</dt><dd>{now} <span class="muted small">{before}</span></dd>')


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
    page.part(day, lambda found: _figures(page, found), what="The figures", height=96)
    page.part(day, lambda found: _waiting(page, found), what="The decisions", height=380)
    page.part(
        lambda: (day(), _models(page)),
        lambda found: _below(page, *found),
        what="What changed",
        height=220,
    )


def _day(page: Page) -> Day:
    view, table = company.listed(page.parts, page.tenant)
    taken = decided(page.parts.state, page.tenant.name)
    proposed = (pl.col("status") == "open") & pl.col("action").is_not_null()
    waiting = table.filter(proposed, ~pl.col("parcel_id").is_in(list(taken)))
    waiting = waiting.sort("saving", "parcel_id", descending=[True, False], nulls_last=True)
    return Day(view.asof, view.last, table, waiting, company.currency(page.tenant))


def _figures(page: Page, day: Day) -> Markup:
    if day.table.is_empty():
        why = "No parcels are known, so there is nothing to watch."
        return states.empty("No parcels", why, "lanecast ingest --data FOLDER --lake LAKE")
    running = day.table.filter(pl.col("status") == "open")
    late = running.filter(pl.col("promised_at") < day.asof).height
    likely = running.filter(pl.col("late") >= LIKELY).height
    worth = float(day.waiting["saving"].sum() or 0.0)

    def figure(name: str, value: str, more: str, query: str, kind: str = "") -> Markup:
        there = page.href(f"/parcels{query}")
        return FIGURE.format(name=name, value=value, more=more, href=there, kind=kind)

    return Markup('<div class="figures">{}{}{}{}</div>').format(
        figure(
            "Decisions waiting",
            count(day.waiting.height),
            f"worth {money(worth, day.currency)} together",
            "?decision=waiting",
        ),
        figure(
            "Past the promise",
            count(late),
            f"of {count(running.height)} open parcels",
            "?overdue=1&sort=promised_at&order=ascending",
            "very" if late else "ok",
        ),
        figure(
            "Likely late",
            count(likely),
            f"with a chance of {percent(LIKELY)} or more",
            "?late_from=0.25&sort=late",
            "late" if likely else "ok",
        ),
        figure(
            "Under way", count(running.height), f"of {count(day.table.height)} known lately", ""
        ),
    )


def _waiting(page: Page, day: Day) -> Markup:
    if day.table.is_empty():
        return Markup("")
    if day.waiting.is_empty():
        told = Markup('<p class="muted">Nothing waits: no action saves more than it costs.</p>')
        return CARD.format(title="Decisions that wait", inner=told)
    viewer = page.viewer
    rows = Markup("").join(
        ROW.format(
            href=page.href(f"/parcels/{quote(row['parcel_id'], safe='')}"),
            parcel_id=row["parcel_id"],
            action=words(row["action"]),
            worth=money(row["saving"], day.currency),
            risk=bar(row["late"]),
            promised=viewer.instant(row["promised_at"]),
        )
        for row in day.waiting.head(SHOWN).to_dicts()
    )
    link = Markup('<a href="{}">All {}</a>').format(
        page.href("/parcels?decision=waiting"), count(day.waiting.height)
    )
    return TABLE.format(rows=rows, all=link)


def _models(page: Page) -> dict[str, Any]:
    """Return which version is live, and which answers, by problem."""
    made, tenant = page.parts, page.tenant
    found = {}
    for problem in PROBLEMS:
        serving = made.models.live(tenant, problem)
        found[problem] = (live_at(made.state, tenant.name, problem), serving)
    return found


def _below(page: Page, day: Day, models: dict[str, Any]) -> Markup:
    return Markup('<div class="columns">{}{}</div>').format(
        _changes(day), _fresh(page, day, models)
    )


def _changes(day: Day) -> Markup:
    """Return what happened in the last day, and in the one before it."""

    def within(name: str, back: int) -> pl.Expr:
        until = day.asof - back * DAY
        return (pl.col(name) > until - DAY) & (pl.col(name) <= until)

    def line(what: str, *where: Any) -> Markup:
        now, before = (day.table.filter(*(each(back) for each in where)).height for back in (0, 1))
        return CHANGE.format(what=what, now=count(now), before=f"{count(before)} the day before")

    delivered = pl.col("status") == "delivered"
    late = pl.col("ended_at") > pl.col("promised_at")
    inner = Markup('<dl class="pairs">{}{}{}{}</dl>').format(
        line("Ordered", lambda back: within("placed_at", back)),
        line("Delivered", lambda back: within("ended_at", back) & delivered),
        line("of them late", lambda back: within("ended_at", back) & delivered & late),
        line(
            "Ended otherwise: returned, lost, cancelled",
            lambda back: within("ended_at", back) & (pl.col("status") == "closed"),
        ),
    )
    return CARD.format(title="Since yesterday", inner=inner)


def _fresh(page: Page, day: Day, models: dict[str, Any]) -> Markup:
    viewer = page.viewer
    told = Markup("<dt>Last scan</dt><dd>{}</dd>").format(
        viewer.time(day.last) if day.last else "none yet"
    )
    for problem, (live, serving) in models.items():
        if serving is None:
            said: Any = Markup('<span class="late">no model: the promise answers</span>')
        elif serving.fallback:
            said = Markup('{} <span class="late">({})</span>').format(
                serving.version, words(serving.fallback).lower()
            )
        else:
            said = live
        told += Markup("<dt>{}</dt><dd>{}</dd>").format(PROBLEMS[problem], said)
    return CARD.format(title="What answers", inner=Markup('<dl class="pairs">{}</dl>').format(told))
