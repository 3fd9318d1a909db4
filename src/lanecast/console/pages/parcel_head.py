"""The top of a parcel: when it is expected, what was promised, how likely late, where it is."""

from datetime import datetime, timedelta
from typing import Any

import polars as pl
from markupsafe import Markup

from .. import company, moment, states, unmasking
from ..drawing.pieces import figure, figures
from ..drawing.risk import step
from ..page import Page
from ..people import DASH, duration, offset, percent, words

FALLBACKS = {
    "carrier": "No model could answer: this is the promise.",
    "baseline": "No live model: the baseline of what the lake knows answered.",
    "last_good": "The live model is broken: the last good one answered.",
    "later": "A model that went live later answered.",
}
PASSED = "the promise has passed"
MOVED = 0.03  # least change of a chance that is told


def head(page: Page, story: Any, past: tuple[pl.DataFrame, Any]) -> Markup:
    """Return the figures at the top."""
    viewer, said = page.viewer, story.arrival
    notes = Markup('<div class="line">{}{}</div>').format(
        moment.chooser(page, story.now), unmasking.asked(page)
    )
    if said["status"] == "open" and (why := said["fallback"]):
        notes += states.partial(FALLBACKS.get(why, f"Another model answered ({words(why)})."))
    promised = said["promised_at"]
    zone = offset(story.facts.get("utc_offset_min"))
    if said["status"] == "open":
        first = figure("Expected", viewer.instant(said["eta_at"]), _range(page, story))
    else:
        name = "Delivered" if said["status"] == "delivered" else "Ended"
        first = figure(name, viewer.instant(said["ended_at"]), _against(said))
    second = figure("Promise", viewer.instant(promised), _local(promised, zone, viewer))
    return notes + figures(first, second, _late(page, story, past[0]), _carried(story))


def _range(page: Page, story: Any) -> str:
    if (known := between(story)) is None:
        return "no range is known"
    return f"80 of 100 come {page.viewer.span(*known)}"


def between(story: Any) -> tuple[datetime, datetime] | None:
    """Return between when 80 of 100 such parcels come, given that this one has not come yet."""
    if (hours := story.arrival["hours"]) is None:
        return None
    return story.now + timedelta(hours=hours["q100"]), story.now + timedelta(hours=hours["q900"])


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


def _late(page: Page, story: Any, past: pl.DataFrame) -> Markup:
    mine = past.filter(pl.col("event") == "late") if past.height else past
    if story.arrival["status"] != "open":
        said = story.arrival
        late = said["promised_at"] and said["ended_at"] and said["ended_at"] > said["promised_at"]
        if said["promised_at"] is None:
            return figure("Late", DASH, "nothing was promised")
        return figure("Late", "Yes" if late else "No", "it has ended", "very" if late else "ok")
    if past_promise(story.arrival):
        return figure("Late risk", percent(1.0), PASSED, "very")
    if not mine.height:
        return figure("Late risk", percent(story.arrival["chance_late"]), "by the arrival")
    chances = mine["chance"].to_list()
    return figure(
        "Late risk",
        percent(chances[-1]),
        f"asked {page.viewer.instant(mine['asof'][-1])}; {changed(story, mine) or _since(mine)}",
        step(chances[-1] or 0),
    )


def past_promise(arrival: dict[str, Any]) -> bool:
    """Return whether a parcel is open, and was promised for before the moment it is seen at."""
    due = arrival["promised_at"]
    return arrival["status"] == "open" and due is not None and due < arrival["asof"]


def _since(mine: pl.DataFrame) -> str:
    return "much as at the start" if mine.height > 1 else "asked once so far"


def changed(story: Any, mine: pl.DataFrame) -> str | None:
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
    where = company.called(story.places, facts["facility_id"] or None)
    status = facts["end"] or facts["status"]
    told = [where] if where != DASH else []
    return figure("Now", words(status), ", ".join([*told, facts["carrier_id"] or "no carrier"]))
