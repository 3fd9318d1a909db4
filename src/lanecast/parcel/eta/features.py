"""What is known of a parcel's time to delivery at the moment of asking, and what came of it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import narwhals as nw
from narwhals.typing import FrameT

from lanecast.parcel import lookup
from lanecast.parcel.by_snapshot import by_snapshot
from lanecast.parcel.history import total
from lanecast.parcel.journeys import journeys, milestones
from lanecast.parcel.lookup import Indexed, indexed
from lanecast.parcel.questions import questions
from lanecast.tables.lake import Frame, Lake
from lanecast.tables.network import CALENDARS
from lanecast.tables.parcel import PARCELS

from .snapshot import FOR_USUAL, KEYS, MEMORY_H, USUAL, look_up, named, summarise

SNAPSHOT_H = 24.0  # a question is answered from the last snapshot before it
CALENDAR_KEY = ("goal_region", "day")
PROMISED_KEY = ("goal_region", "promised_day")
AHEAD = (3, 7, 14, 21)  # days in which working days are counted
RADIAN = 0.017453292519943295
LEFT_OUT = (  # what the numbers are made of, and no model reads
    *("order_id", "address_id", "origin_postal_code", "goal_postal_code", "origin_facility_id"),
    *("goal_facility_id", "placed_h", "ship_by_h", "promised_h", "event_h", "snapshot_h", "day"),
    *("promised_day", "utc_offset_min", "working_before", "working_before_promise", "left_h"),
    *FOR_USUAL,
)


def context(lake: Lake, asof: datetime) -> dict[str, Any]:
    """Summarise what was recorded by ``asof`` in small tables, which are stored with the model."""
    known = lake.asof(asof)
    now_h = asof.timestamp() / 3600
    passed, asked = _past(known, asof, asof)
    return summarise(passed, asked, now_h, _holder(known)) | calendar(known)


def ready(context: Mapping[str, nw.DataFrame[Any]]) -> dict[str, Indexed]:
    """Index a context, once for all single requests that ``assemble`` is to answer with it."""
    keys = KEYS | {"calendar": CALENDAR_KEY, "promised": PROMISED_KEY}
    tables = dict(context)
    if "calendar" in context:
        tables["promised"] = _promised(context["calendar"])
    return {name: indexed(table, keys[name]) for name, table in tables.items()}


def assemble(rows: FrameT, context: Mapping[str, FrameT | Indexed]) -> FrameT:
    """Join questions to ``context``, or to one that is ``ready``: a batch, or a single request.

    Returns
    -------
    frame
        ``ASKED``, ``CODES``, and numbers: those of ``inputs``, and one per effect of ``context``.
    """
    looked_up = look_up(named(rows), context)
    return _numbers(_with_calendar(looked_up, context))


def features(lake: Lake, since: datetime, until: datetime) -> Frame:
    """Return x of all questions in [since, until), each from the last snapshot before it."""
    known = lake.asof(until)
    passed, asked = _past(known, since, until)
    rows: Any = known.hold(questions(lake, since, until))

    def joined(some: Any, now: datetime) -> Any:
        tables = summarise(passed, asked, now.timestamp() / 3600, _holder(known))
        return assemble(some, tables | calendar(known.asof(now)))

    x = by_snapshot(rows, since, until, SNAPSHOT_H, joined)
    return x.sort("asof_h", "parcel_id", "moment")


def outcomes(lake: Lake, asof: datetime) -> nw.LazyFrame[Any]:
    """Return y: per parcel, when it was delivered, or until when it is known not to have been.

    Returns
    -------
    LazyFrame
        ``parcel_id``, ``end_h`` [h since 1970 UTC] and ``ended``: 1 for a delivery at ``end_h``; 0
        where the parcel was still open at ``asof``, or had ended without delivery (censored);
        ``seen_h`` is ``asof``.
    """
    known, now_h = lake.asof(asof), nw.lit(asof.timestamp() / 3600)
    delivered, closed = nw.col("delivered_h"), nw.col("closed_known_h")
    parcels = known.read(PARCELS).select("parcel_id")
    return parcels.join(milestones(known), on="parcel_id", how="left").select(
        "parcel_id",
        end_h=nw.when(~delivered.is_null())
        .then(delivered)
        .otherwise(nw.when(~closed.is_null()).then(closed).otherwise(now_h)),
        ended=(~delivered.is_null()).cast(nw.Int8()),
        seen_h=now_h,
    )


def places(lake: Lake, since: datetime, until: datetime) -> nw.LazyFrame[Any]:
    """Return where parcels recorded in [since, until) must go: what ``decide`` needs of them."""
    asked = questions(lake, since, until, scans=False)
    return asked.select("parcel_id", "goal_region", "utc_offset_min", "promised_h")


def _holder(known: Lake) -> Callable[[Any], Any]:
    return lambda rows: known.hold(rows.lazy())


def _past(known: Lake, first: datetime, last: datetime) -> tuple[Any, Any]:
    """Return what snapshots from ``first`` to ``last`` summarise, held.

    That is journeys, and the questions that scans raised with their answers.
    """
    passed = known.hold(named(journeys(known)))
    since = datetime.fromtimestamp(max(first.timestamp() - 3600 * MEMORY_H, 86400), UTC)
    ends = passed.select("parcel_id", "delivered_h", "delivered_known_h").lazy()
    asked = named(questions(known, since, last)).filter(nw.col("moment") != "checkout")
    return passed, known.hold(asked.join(ends, on="parcel_id", how="left"))


def calendar(known: Lake) -> dict[str, Any]:
    """Return per region and day whether it is a working day, and how many have been before."""
    if not known.has(CALENDARS):
        return {}
    working = nw.col("is_working").cast(nw.Float64())
    days = known.read(CALENDARS).select(
        goal_region="region",
        day="day",
        is_working=working,
        working_before=working.cum_sum().over("region", order_by="day") - working,
    )
    ahead = {
        f"working_{k}d": nw.col("working_before").shift(-k - 1).over("goal_region", order_by="day")
        - nw.col("working_before").shift(-1).over("goal_region", order_by="day")
        for k in AHEAD
    }
    return {"calendar": known.hold(days.with_columns(**ahead))}


def _promised(calendar: FrameT) -> FrameT:
    """Return how many working days have been before each day, for the day of a promise."""
    return calendar.select(
        "goal_region",
        promised_day=nw.col("day"),
        working_before_promise=nw.col("working_before"),
    )


def _with_calendar(rows: FrameT, context: Mapping[str, FrameT | Indexed]) -> FrameT:
    """Add the civil clock at the address, and the working days ahead and up to the promise."""
    offset_h = nw.col("utc_offset_min").fill_null(0) / 60
    here_h, then_h = nw.col("asof_h") + offset_h, nw.col("promised_h") + offset_h
    day, promised = (here_h / 24).floor(), ((then_h - 1) / 24).floor()
    rows = rows.with_columns(
        day=day.cast(nw.Int32()),
        promised_day=promised.cast(nw.Int32()),
        hour=here_h % 24,
        weekday=(day + 3) % 7,  # 1970-01-01 was a Thursday
        promise_weekday=(promised + 3) % 7,
    )
    if "calendar" not in context:
        return rows
    days = context["calendar"]
    then = context["promised"] if isinstance(days, Indexed) else _promised(days)
    rows = lookup.look_up(rows, ((days, CALENDAR_KEY), (then, PROMISED_KEY)))
    return rows.with_columns(
        working_to_promise_d=nw.col("working_before_promise") - nw.col("working_before")
    )


def _numbers(rows: FrameT) -> FrameT:
    """Derive what models read from what was looked up; instants become spans from ``asof_h``."""
    now, moment = nw.col("asof_h"), nw.col("moment")
    usual = {name: total(*effects).exp() for name, effects in USUAL.items()}
    promise_h = nw.col("promised_h") - nw.col("placed_h")
    rows = rows.with_columns(
        distance_km=_distance_km(),
        same_region=(nw.col("origin_region") == nw.col("goal_region")).cast(nw.Float64()),
        freight_share=nw.col("freight_minor") / (nw.col("value_minor") + 100),
        to_ship_by_h=nw.col("ship_by_h") - now,
        to_promise_h=nw.col("promised_h") - now,
        since_placed_h=now - nw.col("placed_h"),
        since_event_h=now - nw.col("event_h"),
        snapshot_age_h=now - nw.col("snapshot_h"),
        handling_h=usual["handling"],
        transit_h=usual["transit"],
        left_h=usual["left"],
        by_promise_h=usual["slack"] * promise_h,
    )
    usual_h = (
        nw.when(moment == "checkout")
        .then(nw.coalesce(nw.col("by_promise_h"), nw.col("handling_h") + nw.col("transit_h")))
        .when(moment == "shipped")
        .then((nw.col("transit_h") - nw.col("since_event_h")).clip(1.0))
        .otherwise(nw.col("left_h"))
    )
    return rows.with_columns(usual_h=usual_h).drop(*LEFT_OUT, strict=False)


def _distance_km() -> nw.Expr:
    """Return the distance as the crow flies, on a plane that is true halfway."""
    middle = (nw.col("goal_lat") + nw.col("origin_lat")) * (RADIAN / 2)
    north = nw.col("goal_lat") - nw.col("origin_lat")
    east = (nw.col("goal_lon") - nw.col("origin_lon")) * middle.cos()
    return 6371.0 * RADIAN * (north**2 + east**2).sqrt()
