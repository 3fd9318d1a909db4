"""What is known of a parcel's risks at the moment of asking, and which events came of it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import narwhals as nw
from narwhals.typing import FrameT

from lanecast.parcel.by_snapshot import by_snapshot
from lanecast.parcel.distance import distance_m
from lanecast.parcel.history import total
from lanecast.tables.commerce import ADDRESSES, ORDERS
from lanecast.tables.events import EVENTS
from lanecast.tables.lake import Frame, Lake
from lanecast.tables.network import CALENDARS

from .asked import asked
from .endings import endings
from .snapshot import (
    HANDLING,
    MISSING,
    OVERDUE,
    RATES,
    READ,
    SLACK,
    TRANSIT,
    look_up,
    named,
    summarise,
    tells_the_time,
)

SNAPSHOT_H = 24.0  # a question is answered from the last snapshot before it
LEFT_OUT = (
    *("order_id", "origin_postal_code", "origin_facility_id", "placed_h", "ship_by_h"),
    *("promised_h", "event_h", "snapshot_h", "day", "promised_day", "utc_offset_min"),
    *("working_before", "working_before_promise"),
)


def context(lake: Lake, asof: datetime) -> dict[str, Any]:
    """Summarise what was recorded by ``asof`` in small tables, which are stored with the model."""
    known = lake.asof(asof)
    return summarise(_past(known), asof.timestamp() / 3600, _holder(known)) | calendar(known)


def assemble(rows: FrameT, context: Mapping[str, FrameT]) -> FrameT:
    """Join questions (rows of ``asked``) to ``context``: a batch, or a single request."""
    looked_up = look_up(named(rows), context)
    looked_up = looked_up.join(context["buyer"], on="buyer_id", how="left")
    return _numbers(_with_calendar(looked_up, context.get("calendar")))


def features(lake: Lake, since: datetime, until: datetime) -> Frame:
    """Return x of all questions in [since, until), each from the last snapshot before it."""
    known = lake.asof(until)
    passed = _past(known)
    rows: Any = known.hold(asked(lake, since, until))

    def joined(some: Any, now: datetime) -> Any:
        tables = summarise(passed, now.timestamp() / 3600, _holder(known))
        return assemble(some, tables | calendar(known.asof(now)))

    x = by_snapshot(rows, since, until, SNAPSHOT_H, joined)
    return x.sort("asof_h", "parcel_id", "moment")


def outcomes(lake: Lake, asof: datetime) -> nw.LazyFrame[Any]:
    """Return y: per parcel and event, whether it happened, as far as that is known at ``asof``.

    Returns
    -------
    LazyFrame
        ``parcel_id``, ``event``, ``happened`` (1, 0; null: not known yet, which is censored, or
        not possible any more), ``known_h``, when that became known [h since 1970 UTC; null while
        it is not], and ``seen_h``, which is ``asof``.
    """
    known, now_h = lake.asof(asof), asof.timestamp() / 3600
    rows = endings(known)

    def of(event: str) -> nw.LazyFrame[Any]:
        at = nw.col(f"{event}_known_h")
        return rows.select(
            "parcel_id",
            event=nw.lit(event),
            happened=nw.when(at <= now_h).then(nw.col(f"{event}_hit")),
            known_h=nw.when(at <= now_h).then(at),
            seen_h=nw.lit(now_h),
        )

    return nw.concat([of(event) for event in EVENTS])


def _holder(known: Lake) -> Callable[[Any], Any]:
    return lambda rows: known.hold(rows.lazy())


def _past(known: Lake) -> Any:
    """Return what is read of the endings, with the buyer and the kind of address, held."""
    kinds = known.read(ADDRESSES).select("address_id", goal_kind="kind")
    buyers = known.read(ORDERS).select("order_id", "buyer_id")
    rows = endings(known).join(kinds, on="address_id", how="left")
    return known.hold(named(rows.join(buyers, on="order_id", how="left")).select(*READ))


def calendar(known: Lake) -> dict[str, Any]:
    """Return per region and day how many working days have been before."""
    if not known.has(CALENDARS):
        return {}
    working = nw.col("is_working").cast(nw.Float64())
    days = known.read(CALENDARS).select(
        goal_region="region",
        day="day",
        is_working=working,
        working_before=working.cum_sum().over("region", order_by="day") - working,
    )
    return {"calendar": known.hold(days)}


def _with_calendar(rows: FrameT, calendar: FrameT | None) -> FrameT:
    """Add the civil clock at the address, and the working days up to the promise."""
    offset_h = nw.col("utc_offset_min").fill_null(0) / 60
    here_h, then_h = nw.col("asof_h") + offset_h, nw.col("promised_h") + offset_h
    rows = rows.with_columns(
        day=(here_h / 24).floor().cast(nw.Int32()),
        promised_day=((then_h - 1) / 24).floor().cast(nw.Int32()),
        hour=here_h % 24,
    )
    rows = rows.with_columns(
        weekday=((nw.col("day") + 3) % 7).cast(nw.Float64()),  # 1970-01-01 was a Thursday
        promise_weekday=((nw.col("promised_day") + 3) % 7).cast(nw.Float64()),
    )
    if calendar is None:
        return rows
    then = calendar.select("goal_region", "day", "working_before")
    rows = rows.join(calendar, on=["goal_region", "day"], how="left").join(
        then,
        left_on=["goal_region", "promised_day"],
        right_on=["goal_region", "day"],
        how="left",
        suffix="_promise",
    )
    return rows.with_columns(
        working_to_promise_d=nw.col("working_before_promise") - nw.col("working_before")
    )


def _numbers(rows: FrameT) -> FrameT:
    """Derive what models read from what was looked up; instants become spans from ``asof_h``."""
    now = nw.col("asof_h")
    ends = (nw.col(f"{of}_{c}") for of in ("origin", "goal") for c in ("lat", "lon"))
    usual = total(HANDLING, "long").exp() + total(TRANSIT, "long").exp()
    since_placed = now - nw.col("placed_h")
    rows = rows.with_columns(
        distance_km=distance_m(*ends) / 1000,
        freight_share=nw.col("freight_minor") / (nw.col("value_minor") + 100),
        to_ship_by_h=nw.col("ship_by_h") - now,
        to_promise_h=nw.col("promised_h") - now,
        promise_h=nw.col("promised_h") - nw.col("placed_h"),
        since_placed_h=since_placed,
        since_event_h=now - nw.col("event_h"),
        handling_h=total(HANDLING, "short").exp(),
        transit_h=total(TRANSIT, "short").exp(),
        overdue_usual=total(OVERDUE, "short"),
        slack_usual=total(SLACK, "short"),
        missing_usual=total(MISSING, "short"),
        missing_long=total(MISSING, "long"),
        **{f"{event}_rate": total(chain, "long") for event, chain in RATES.items()},
    )
    rows = rows.with_columns(
        spare_h=nw.col("to_promise_h") - usual,
        need=(usual / nw.col("promise_h").clip(24.0)).log(),
    ).drop(*LEFT_OUT, strict=False)
    return rows.drop(*(each for each in rows.collect_schema().names() if tells_the_time(each)))
