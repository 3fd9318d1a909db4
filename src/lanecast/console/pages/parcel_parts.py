"""The life of a parcel, its way on a map, and when it may arrive, as markup."""

from datetime import timedelta, tzinfo
from typing import Any

from markupsafe import Markup

from .. import company
from ..drawing.histogram import histogram
from ..drawing.pieces import card
from ..drawing.timeline import Step, timeline
from ..drawing.way import Stop, way
from ..page import Page
from ..people import offset, percent, words
from . import parcel_head

WRONG = {"delivery_failed", "on_hold", "delayed", "damaged", "lost", "returning", "returned"}
END = {"delivered": "end", "returned": "wrong", "lost": "wrong", "cancelled": "end"}
LIKELY = 0.05  # least chance of a way on the map


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
        known = parcel_head.between(story) if end else None  # one range of an arrival, not two
        low, high = known or (stop["q100"], stop["q900"])
        steps.append(Step(kind, what if end or i == 0 else "Then", where, low, high))
    if not steps:
        told = Markup('<p class="muted">Nothing has been scanned yet.</p>')
        return card("Timeline", told)
    return card("Timeline", timeline(steps, page.viewer))


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
    return card("Way", drawn + told)


def distribution(page: Page, story: Any) -> Markup:
    """Return the histogram of the arrival, cut at the promise."""
    said = story.arrival
    if said["hours"] is None:
        if said["status"] != "open":
            return Markup("")
        told = Markup('<p class="muted">No range is known for this parcel.</p>')
        return card("Arrival", told)
    drawn = histogram(said["hours"], story.now, said["promised_at"], page.viewer)
    late = said["chance_late"]
    tail = (
        "Nothing was promised"
        if late is None
        else f"{percent(late)} after the promise, by this forecast as seen "
        f"{page.viewer.instant(story.now)}; the late risk is that of a model of its own"
    )
    measured = ""
    if said["coverage_80"] is not None:
        measured = (
            f"; 80 % ranges of such parcels held in {percent(said['coverage_80'])} of past cases"
        )
    more = Markup('<p class="muted small">{}{}. Answered by {}, version {}.</p>').format(
        tail, measured, said["model"], said["version"]
    )
    return card("Arrival", drawn + more)
