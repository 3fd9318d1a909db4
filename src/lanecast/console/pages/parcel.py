"""Parcel: when it arrives, what may go wrong and why, where it goes, and what to do about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from markupsafe import Markup
from nicegui import run, ui

from lanecast.service.answers import arrivals
from lanecast.service.decisions import decide, decided, unknown
from lanecast.service.desk import View
from lanecast.service.problems import Refused
from lanecast.service.questions import (
    one_answer,
    risk_history,
    seen,
    timeline,
    ways_of,
)

from .. import company, unmasking
from ..frame import Screen
from ..page import Page
from . import parcel_action, parcel_head, parcel_why
from . import parcel_parts as show

SCREEN = Screen("/parcels/{parcel_id:path}", "Parcel", "parcels:read", under="/parcels")
ACTION = 1  # place of the part with the proposed action


@dataclass(frozen=True)
class Story:
    """A parcel as it was known at ``now``."""

    parcel_id: str
    now: datetime
    facts: dict[str, Any]
    arrival: dict[str, Any]
    scans: list[dict[str, Any]]
    places: dict[str, company.Place]
    paid_in: str | None  # currency of the order


def build(page: Page) -> None:
    """Draw the screen."""
    parcel_id = page.path["parcel_id"]
    page.title = f"Parcel {parcel_id}"
    story = page.once(lambda: _story(page, parcel_id))
    ways = page.once(lambda: _ways(page, story()))
    past = page.once(lambda: _past(page, story()))

    def after(load: Any) -> Any:
        """Return what to read once the story is there; where it is not, the head says why."""

        def loaded() -> Any:
            try:
                story()
            except Refused:
                return None
            return load()

        return loaded

    def drawn(draw: Any) -> Any:
        return lambda found: Markup("") if found is None else draw(found)

    page.part(
        lambda: (story(), past()),
        lambda found: parcel_head.head(page, *found),
        what="The parcel",
        height=96,
    )
    with ui.element("div").classes("columns"):
        with ui.element("div").classes("stack"):
            page.part(
                after(lambda: (story(), *_proposed(page, story()))),
                drawn(lambda found: parcel_action.action(page, *found)),
                what="The action",
                height=150,
            )
            page.part(
                after(lambda: (story(), ways())),
                drawn(lambda found: show.life(page, *found)),
                what="The timeline",
                height=320,
            )
            page.part(
                after(lambda: (story(), ways())),
                drawn(lambda found: show.way_map(page, *found)),
                what="The map",
                height=300,
            )
        with ui.element("div").classes("stack spread"):
            page.part(
                after(story),
                drawn(lambda found: show.distribution(page, found)),
                what="The arrival",
                height=240,
            )
            page.part(
                after(lambda: (story(), past())),
                drawn(lambda found: parcel_why.risks(page, *found)),
                what="The risks",
                height=200,
            )
            page.part(
                after(lambda: (story(), _drivers(page, story()))),
                drawn(lambda found: parcel_why.drivers(page, *found)),
                what="What moved the forecast",
                height=200,
            )
            page.part(
                after(story),
                drawn(lambda found: parcel_action.facts(page, found)),
                what="The facts",
                height=160,
            )

    async def answered(values: dict[str, str]) -> None:
        caller = await page.allowed("decisions:write")
        action: str = values.get("action", "")
        decision: Any = values.get("decision", "")
        why = values.get("why", "").strip()[:500]
        done: Any = await run.io_bound(decide, page.parts, caller, parcel_id, action, decision, why)
        page.audited(done, parcel_id, proposed=action)
        await page.refresh([page.pieces[ACTION]])
        page.say(f"{done.capitalize()}.")

    page.on("decide", answered)
    page.live(lambda view: _mine(view, parcel_id))
    unmasking.offer(page, parcel_id, page.pieces)


def _mine(view: View, parcel_id: str) -> str | None:
    """Return what the desk says of a parcel: another text, and something has changed."""
    at = view.at.get(parcel_id)
    return None if at is None else f"{view.asked.row(at)} {view.eta.row(at)}"


def _story(page: Page, parcel_id: str) -> Story:
    view, now = seen(page.parts, page.tenant, page.asof, [parcel_id])
    if parcel_id not in view.at:
        raise unknown("parcel", parcel_id)
    place = slice(view.at[parcel_id], view.at[parcel_id] + 1)
    (arrival,) = arrivals(view.asked[place], view.eta[place], now)
    scans = timeline(page.tenant, parcel_id, now)
    (facts,) = unmasking.rows(page, view.asked[place].to_dicts())
    known, paid_in = company.places(page.tenant), company.paid_in(page.tenant, facts["order_id"])
    told = unmasking.rows(page, scans.to_dicts())
    return Story(parcel_id, now, facts, arrival, told, known, paid_in)


def _proposed(page: Page, story: Story) -> tuple[dict[str, Any] | None, Any, str | None]:
    """Return the action that is proposed, what was decided about it, and the currency."""
    view, _ = seen(page.parts, page.tenant, page.asof, [story.parcel_id])
    found = view.plan.table.filter(pl.col("parcel_id") == story.parcel_id).to_dicts()
    taken = decided(page.parts.state, page.tenant.name, story.parcel_id, page.asof)
    return (found[0] if found else None), taken.get(story.parcel_id), company.currency(page.tenant)


def _ways(page: Page, story: Story) -> dict[str, Any]:
    return ways_of(page.parts, page.tenant, story.parcel_id, story.now, page.asof)


def _past(page: Page, story: Story) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    return risk_history(page.parts, page.tenant, story.parcel_id, story.now, page.asof)


def _drivers(page: Page, story: Story) -> list[dict[str, Any]]:
    view, _ = seen(page.parts, page.tenant, page.asof, [story.parcel_id])
    at = view.at[story.parcel_id]
    return one_answer(page.parts, page.tenant, view.asked[at : at + 1], page.asof)
