"""Plan at a glance: which site, what it costs, by which cause, and what people changed."""

from typing import Any

from markupsafe import Markup

from .. import commands, company, states
from ..drawing.pieces import card, cell, chip, chips, figure, heads, joined, muted, named, table
from ..drawing.pieces import figures as row_of
from ..page import Page
from ..people import count, money, words
from .plan_found import Found, changed, instant, reworded

PARTS = {"stock": "Stock", "staff": "People"}
SIDES = {"over": "too much", "under": "too little", "running": "trade and work themselves"}
CAUSES = {
    "holding": "Stock that lies",
    "waste": "Pieces thrown away",
    "short": "Margin of sales lost",
    "order": "Ordering",
    "idle": "Paid hours without work",
    "temps": "Agency",
    "overtime": "Overtime",
    "late": "Work that is late",
    "work": "Wages for work",
    "wishes": "Wishes, changes, weekends",
}
CAUSE = Markup('<tr><th scope="row">{} {}</th>{}</tr>')
SUM = Markup('<tr class="sum"><th scope="row">{}</th>{}</tr>')
BY_JOB = (
    "Money by cause comes with a plan that this service made: POST /v1/jobs with kind plan. The "
    "plan shown was made elsewhere."
)


def sites(page: Page, found: Found | None) -> Markup:
    """Return the choice of a site."""
    if found is None:
        why = "No site has been planned yet."
        return states.empty("No plan", why, commands.PLAN)
    known = company.places(page.tenant)
    drawn = joined(
        chip(
            company.called(known, each),
            f"site-{each}",
            page.query.with_(site=each, series=None, row=None),
            each == found.site,
        )
        for each in found.sites
    )
    when = page.viewer.time(found.asof, found.zone)
    return chips("Site", drawn, muted(Markup("planned {}").format(when)))


def figures(page: Page, found: Found | None) -> Markup:
    """Return what is stored of money and hours: stock, people, agency, the hours that miss."""
    if found is None:
        return Markup("")
    stock = sum(each["cost"] or 0 for each in found.orders)
    there = [each for each in found.shifts if not changed(each).get("cancelled")]
    people = sum(each["cost"] or 0 for each in there)
    temps = [each for each in there if each["is_temp"]]
    agency = sum(each["cost"] or 0 for each in temps)
    short = 0.0 if found.gaps is None else float(found.gaps["gap_h"].clip(lower_bound=0).sum())
    units = sum(changed(each).get("units", each["units"]) for each in found.orders)
    return row_of(
        figure(
            "Orders",
            money(stock, found.currency),
            f"{count(units)} pieces; stock and lost sales until the next order",
        ),
        figure(
            "Wages",
            money(people, found.currency),
            f"{count(len(there))} shifts, without those cancelled",
        ),
        figure("of them agency", money(agency, found.currency), f"{count(len(temps))} shifts"),
        figure(
            "Hours without people",
            f"{short:,.0f} h",
            "work that comes while nobody is free",
            "late" if short >= 1 else "ok",
        ),
    )


def causes(page: Page, found: Found | None) -> Markup:
    """Return the one ledger of money for stock and people: a row per cause, a column per week."""
    if found is None:
        return Markup("")
    if found.causes is None:
        return card("Money by cause", Markup('<p class="muted">{}</p>').format(BY_JOB))
    weeks = sorted({each["week"] for each in found.causes})
    names = [f"Week {week}" for week in weeks] + ["Sum"]
    sums: dict[tuple[str, str, str], dict[int, float]] = {}
    for each in found.causes:
        line = sums.setdefault((each["part"], each["side"], each["cause"]), {})
        line[each["week"]] = line.get(each["week"], 0.0) + each["cost"]

    def cells(line: dict[int, float]) -> Markup:
        told = [*(line.get(week, 0.0) for week in weeks), sum(line.values())]
        values = (money(each, found.currency) for each in told)
        return joined(map(named, names, values))

    rows = Markup("")
    for part, name in PARTS.items():
        mine = {key: line for key, line in sums.items() if key[0] == part}
        for (_, side, cause), line in mine.items():
            if any(abs(each) >= 0.005 for each in line.values()):
                called = CAUSES.get(cause, words(cause))
                rows += CAUSE.format(called, muted(SIDES.get(side, side)), cells(line))
        if mine:
            rows += SUM.format(f"{name} together", cells(_added(list(mine.values()))))
    rows += SUM.format("All", cells(_added(list(sums.values()))))
    more = muted("expected, as planned; overrides are not in it")
    return table("Money by cause", heads(("Cause", *names), names), rows, more, "causes cards")


def history(page: Page, found: Found | None) -> Markup:
    """Return what people changed, the newest first."""
    if found is None:
        return Markup("")
    if not found.history:
        told = Markup('<p class="muted">Nothing was overridden: the plans stand as made.</p>')
        return card("Overrides", told)
    rows = joined(_override(page, each) for each in found.history)
    names = ("When", "What", "Instead", "Who", "Why")
    return table("Overrides", heads(names), rows, kind="overrides")


def _added(lines: list[dict[int, float]]) -> dict[int, float]:
    return {week: sum(line.get(week, 0.0) for line in lines) for line in lines for week in line}


def _override(page: Page, each: dict[str, Any]) -> Markup:
    what = " ".join((words(each["kind"]), *list(each["of"].values())[1:2]))
    why = Markup('<span class="wrap">{}</span>').format(each["why"])
    told = joined(map(cell, (what, reworded(each["value"]), each["who"], why)))
    when = page.viewer.instant(instant(each["at"]))
    return Markup('<tr><th scope="row">{}</th>{}</tr>').format(when, told)
