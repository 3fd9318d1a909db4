"""The parts of the screen of a parcel, each from what was read to markup."""

from datetime import datetime, timedelta, tzinfo
from typing import Any

import polars as pl
from markupsafe import Markup

from lanecast.parcel.words import worded
from lanecast.service.answers import RISKY

from .. import company, states
from ..drawing.histogram import histogram
from ..drawing.risk import bar, step
from ..drawing.timeline import Step, timeline
from ..drawing.way import Stop, way
from ..page import Page
from ..people import DASH, duration, money, offset, percent, words

CARD = Markup('<section class="card"><h2>{title}</h2>{inner}</section>')
FIGURE = Markup(
    '<div class="figure"><div class="name">{name}</div><div class="value {kind}">{value}</div>'
    '<div class="more">{more}</div></div>'
)
FIGURES = Markup('<div class="figures">{}</div>')
PAIR = Markup("<dt>{}</dt><dd>{}</dd>")
PAIRS = Markup('<dl class="pairs">{}</dl>')
FORM = Markup("""<form class="decide" data-do="decide">
<p><span class="worth">{worth}</span> <span class="muted">expected worth of
<strong>{action}</strong>, which costs {price}</span></p>
<label>Why (kept in the audit) <textarea name="why" maxlength="500"></textarea></label>
<input type="hidden" name="action" value="{code}">
<div class="choices"><button class="button main" name="decision" value="accept">Accept</button>
<button class="button" name="decision" value="decline">Decline</button></div></form>""")
WRONG = {"delivery_failed", "on_hold", "delayed", "damaged", "lost", "returning", "returned"}
END = {"delivered": "end", "returned": "wrong", "lost": "wrong", "cancelled": "end"}
EVENTS = {
    "late": "Late",
    "failed_first": "First attempt fails",
    "returned": "Comes back",
    "lost": "Gets lost",
    "not_received": "Disputed",
}
FALLBACKS = {
    "carrier": "No model could answer: this is the promise.",
    "baseline": "No live model: the baseline of what the lake knows answered.",
    "last_good": "The live model is broken: the last good one answered.",
    "later": "A model that went live later answered.",
}
MOVED = 0.03  # least change of a chance that is told
SHOWN = 7  # drivers
LIKELY = 0.05  # least chance of a way on the map


def head(page: Page, story: Any, past: tuple[pl.DataFrame, Any]) -> Markup:
    """Return the figures at the top."""
    viewer, said = page.viewer, story.arrival
    notes = Markup("")
    if page.query.text("asof"):
        back = Markup('<a href="?">Back to now</a>')
        notes += Markup('<p class="note" role="status">As it was known {}. {}</p>').format(
            viewer.instant(story.now), back
        )
    if said["status"] == "open" and (why := said["fallback"]):
        notes += states.partial(FALLBACKS.get(why, f"Another model answered ({words(why)})."))
    promised = said["promised_at"]
    zone = offset(story.facts.get("utc_offset_min"))
    if said["status"] == "open":
        first = _figure("Expected", viewer.instant(said["eta_at"]), _range(page, story))
    else:
        name = "Delivered" if said["status"] == "delivered" else "Ended"
        first = _figure(name, viewer.instant(said["ended_at"]), _against(said))
    second = _figure("Promise", viewer.instant(promised), _local(promised, zone, viewer))
    return notes + FIGURES.format(
        Markup("").join((first, second, _late(story, past[0]), _carried(story)))
    )


def _figure(name: str, value: Any, more: Any, kind: str = "") -> Markup:
    return FIGURE.format(name=name, value=value, more=more, kind=kind)


def _range(page: Page, story: Any) -> str:
    if (hours := story.arrival["hours"]) is None:
        return "no range is known"
    low, high = (story.now + timedelta(hours=hours[name]) for name in ("q100", "q900"))
    return f"80 %: {page.viewer.span(low, high)}"


def _against(said: dict[str, Any]) -> str:
    if said["promised_at"] is None or said["ended_at"] is None:
        return ""
    hours = (said["ended_at"] - said["promised_at"]).total_seconds() / 3600
    return f"{duration(abs(hours))} {'after' if hours > 0 else 'before'} the promise"


def _local(instant: datetime | None, zone: Any, viewer: Any) -> Markup:
    if instant is None or zone is None:
        return Markup("")
    if instant.astimezone(zone).utcoffset() == instant.astimezone(viewer.zone).utcoffset():
        return Markup("at the goal")
    return Markup('<span class="local">{} there</span>').format(viewer.instant(instant, zone))


def _late(story: Any, past: pl.DataFrame) -> Markup:
    mine = past.filter(pl.col("event") == "late") if past.height else past
    if story.arrival["status"] != "open":
        said = story.arrival
        late = said["promised_at"] and said["ended_at"] and said["ended_at"] > said["promised_at"]
        if said["promised_at"] is None:
            return _figure("Late", DASH, "nothing was promised")
        return _figure("Late", "Yes" if late else "No", "it has ended", "very" if late else "ok")
    if not mine.height:
        return _figure("Late risk", percent(story.arrival["chance_late"]), "by the arrival")
    chances = mine["chance"].to_list()
    return _figure(
        "Late risk",
        percent(chances[-1]),
        _moved(story, mine) or _since(mine),
        step(chances[-1] or 0),
    )


def _since(mine: pl.DataFrame) -> str:
    return "much as at the start" if mine.height > 1 else "asked once so far"


def _moved(story: Any, mine: pl.DataFrame) -> str | None:
    """Return what a chance was before the last thing that moved it; None where nothing did."""
    rows = mine.select("asof", "chance").drop_nulls().to_dicts()
    for before, after in zip(rows[-2::-1], rows[:0:-1], strict=False):
        if abs(after["chance"] - before["chance"]) >= MOVED:
            known = [s for s in story.scans if s["recorded_at"] <= after["asof"]]
            what = words(known[-1]["status"]).lower() if known else "it was shipped"
            return f"was {percent(before['chance'])} before “{what}”"
    return None


def _carried(story: Any) -> Markup:
    facts = story.facts
    where = company.called(story.places, facts["facility_id"])
    status = facts["end"] or facts["status"]
    return _figure("Now", words(status), f"{where}, {facts['carrier_id'] or 'no carrier'}")


def action(
    page: Page, story: Any, proposed: dict[str, Any] | None, taken: Any, currency: str | None
) -> Markup:
    """Return what is proposed, or what somebody has decided about it."""
    if proposed is None:
        if story.arrival["status"] != "open":
            return Markup("")
        told = Markup('<p class="muted">Nothing is worth doing: no action saves what it costs.</p>')
        return CARD.format(title="Proposed action", inner=told)
    code = proposed["action"]
    inner = Markup("")
    if taken is not None and taken["action"] == code:
        done = {"accept": "Accepted", "decline": "Declined"}[taken["decision"]]
        why = f": {taken['why']}" if taken["why"] else ""
        inner = Markup('<p id="decided"><strong>{}</strong> by {}, {}{}</p>').format(
            done, taken["who"], page.viewer.instant(taken["at"]), why
        )
    if "decisions:write" in page.caller.scopes and not page.query.text("asof"):
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
    return CARD.format(title="Proposed action", inner=inner)


def life(page: Page, story: Any, ways: dict[str, Any]) -> Markup:
    """Return what has happened, and what is expected."""
    steps = []
    for scan in story.scans:
        status = scan["status"]
        late = scan["recorded_at"] - scan["event_at"] > timedelta(hours=6)
        more = words(scan["incident"]) if scan["incident"] else ""
        if late:
            more += f"{'; ' if more else ''}known only {page.viewer.instant(scan['recorded_at'])}"
        steps.append(
            Step(
                END.get(status, "wrong" if status in WRONG else "done"),
                words(status),
                company.called(story.places, scan["facility_id"]) if scan["facility_id"] else "",
                scan["event_at"],
                zone=_zone(story, scan),
                more=more,
            )
        )
    likely = ways["ways"][0] if ways["ways"] and story.arrival["status"] == "open" else []
    for i, stop in enumerate(likely):
        end = stop["stop"] == "no_further"
        where = "" if end else company.called(story.places, stop["stop"])
        what = "Arrival at the goal" if end else "Next"
        kind = "next" if i == 0 else "later"
        steps.append(
            Step(kind, what if end or i == 0 else "Then", where, stop["q100"], stop["q900"])
        )
    if not steps:
        told = Markup('<p class="muted">Nothing has been scanned yet.</p>')
        return CARD.format(title="Timeline", inner=told)
    return CARD.format(title="Timeline", inner=timeline(steps, page.viewer))


def _zone(story: Any, scan: dict[str, Any]) -> tzinfo | None:
    """Return the zone of the place of a scan; without a place that of its clock."""
    place = story.places.get(scan["facility_id"] or "")
    return place.zone if place is not None and place.zone else offset(scan["utc_offset_min"])


def way_map(page: Page, story: Any, ways: dict[str, Any]) -> Markup:
    """Return where it was and where it may go."""
    facts, places = story.facts, story.places

    def stop(facility_id: str | None) -> Stop | None:
        place = places.get(facility_id or "")
        if place is None or place.lat is None or place.lon is None:
            return None
        return Stop(place.name, place.lat, place.lon)

    ids = [s["facility_id"] for s in story.scans if s["facility_id"]]
    passed = [s for s in map(stop, dict.fromkeys(ids)) if s is not None]
    ahead = []
    for each in ways["ways"] if story.arrival["status"] == "open" else []:
        stops = [s for s in (stop(row["stop"]) for row in each) if s is not None]
        if each[0]["chance"] >= LIKELY:
            ahead.append((each[0]["chance"], [*passed[-1:], *stops]))
    end = stop(facts.get("goal_facility_id"))
    goal = None if end is None else Stop(end.name, end.lat, end.lon)
    label = f"{len(passed)} places passed; {len(ahead)} ways ahead"
    if (drawn := way(passed, ahead, goal, label)) is None:
        return Markup("")
    told = Markup("")
    if ahead:
        shares = ", ".join(percent(chance) for chance, _ in ahead)
        told = Markup(
            '<p class="muted small">Solid: passed. Dashed: likely ways ahead ({}).</p>'
        ).format(shares)
    return CARD.format(title="Way", inner=drawn + told)


def distribution(page: Page, story: Any) -> Markup:
    """Return the histogram of the arrival, cut at the promise."""
    said = story.arrival
    if said["hours"] is None:
        if said["status"] != "open":
            return Markup("")
        told = Markup('<p class="muted">No range is known for this parcel.</p>')
        return CARD.format(title="Arrival", inner=told)
    drawn = histogram(said["hours"], story.now, said["promised_at"], page.viewer)
    late = said["chance_late"]
    tail = "nothing was promised" if late is None else f"{percent(late)} after the promise"
    measured = ""
    if said["coverage_80"] is not None:
        measured = (
            f"; 80 % ranges of such parcels held in {percent(said['coverage_80'])} of past cases"
        )
    more = Markup('<p class="muted small">{}{}. Model {} {}.</p>').format(
        tail.capitalize(), measured, said["model"], said["version"]
    )
    return CARD.format(title="Arrival", inner=drawn + more)


def risks(page: Page, story: Any, past: tuple[pl.DataFrame, list[dict[str, Any]]]) -> Markup:
    """Return the risks as they are now, what each was before, and what moves lateness."""
    history, moved = past
    if not history.height:
        told = Markup('<p class="muted">No model and no base rate of risks can answer.</p>')
        return CARD.format(title="Risks", inner=told)
    pairs = Markup("")
    for event in RISKY:
        mine = history.filter(pl.col("event") == event)
        if mine.height and mine["chance"][-1] is not None:
            why = _moved(story, mine)
            name = Markup('{} <span class="muted small">{}</span>').format(EVENTS[event], why or "")
            pairs += PAIR.format(name, bar(mine["chance"][-1]))
    inner = PAIRS.format(pairs)
    if moved:
        told = Markup(
            ""
        ).join(
            PAIR.format(worded(each["feature"]), f"odds ×{each['factor']:.2f}")  # noqa: RUF001
            for each in moved[:SHOWN]
            if abs(each["factor"] - 1) >= 0.01
        )
        inner += Markup("<h3>What moves the risk to be late</h3>")
        inner += PAIRS.format(told)
    return CARD.format(title="Risks", inner=inner)


def drivers(page: Page, story: Any, moved: list[dict[str, Any]]) -> Markup:
    """Return what moved the forecast, in words and hours."""
    if story.arrival["status"] != "open":
        return Markup("")
    if not moved:
        told = Markup('<p class="muted">What answered here cannot say what moved it.</p>')
        return CARD.format(title="What moved the forecast", inner=told)
    usual, *others = moved
    pairs = PAIR.format("Usual time", duration(24 * usual["days"]))
    for each in others[:SHOWN]:
        hours = 24 * each["days"]
        sign, kind = ("+", "late") if hours > 0 else ("-", "ok")
        value = Markup('<span class="{}">{}{}</span>').format(kind, sign, duration(abs(hours)))
        name = Markup('{} <span class="muted small">{}</span>').format(
            worded(each["feature"]), each["value"]
        )
        pairs += PAIR.format(name, value)
    rest = 24 * sum(each["days"] for each in others[SHOWN:])
    sign = "+" if rest > 0 else "-"
    pairs += PAIR.format(f"{len(others[SHOWN:])} others", f"{sign}{duration(abs(rest))}")
    return CARD.format(title="What moved the forecast", inner=PAIRS.format(pairs))


def facts(page: Page, story: Any) -> Markup:
    """Return the facts: who sends what, from where, to where."""
    known = story.facts
    told = {
        "Order": known.get("order_id"),
        "Seller": known.get("merchant_id"),
        "Service": known.get("service"),
        "Category": words(known.get("category")),
        "From": " ".join(
            x for x in (known.get("origin_region"), known.get("origin_postal_code")) if x
        ),
        "To": " ".join(x for x in (known.get("goal_region"), known.get("goal_postal_code")) if x),
        "Weight": f"{known['weight_g'] / 1000:.2f} kg" if known.get("weight_g") else None,
        "Goods": money(known["value_minor"] / 100, company.currency(page.tenant))
        if known.get("value_minor") is not None
        else None,
    }
    inner = Markup("").join(PAIR.format(name, value) for name, value in told.items() if value)
    return CARD.format(title="Facts", inner=Markup('<dl class="facts">{}</dl>').format(inner))
