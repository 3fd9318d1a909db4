"""What is known of a parcel's next stop at each scan, and what came of it.

x has one row per question and candidate: each stop that somebody is known to have gone to from
where the parcel is, ``somewhere_new``, and the stop that the leg's plan names. Columns ``plan_*``
and ``planned`` tell where it is meant to go, so the models of the next stop do not read them.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import narwhals as nw
from narwhals.typing import FrameT

from lanecast.parcel.by_snapshot import by_snapshot
from lanecast.parcel.history import total
from lanecast.parcel.questions import questions, then
from lanecast.tables.commerce import ADDRESSES
from lanecast.tables.lake import Frame, Lake
from lanecast.tables.network import LANES
from lanecast.tables.parcel import SCANS
from lanecast.tables.trajectory import LANE_HISTORY, LEG_PLANS, SOMEWHERE_NEW

from .snapshot import (
    LANE,
    LEG,
    LEVELS,
    MEMORY_H,
    WHO,
    before,
    expected,
    named,
    of_lane,
    summarise,
)
from .walk import KNOWN, OPEN, walk

SNAPSHOT_H = 6.0  # a question is answered from the last snapshot before it
ASKED = ("parcel_id", "asof_h")  # one question
ROW = (*ASKED, "next_stop")  # one row
FACTS = (
    *("status", "service", "carrier_id", "goal_region", "goal_facility_id", "goal_kind"),
    *("origin_region", "origin_facility_id", "placed_h", "event_h", "attempts", "scans"),
)
WAYS = {  # lanes that are looked up, by the columns that name their ends
    "n_back": ("next_stop", "here"),
    "n_to_first": ("next_stop", "first"),
    "n_first_to": ("first", "next_stop"),
    "n_prev_to": ("prev", "next_stop"),
}
FOLLOWS = 2.0  # legs: how much what was recorded counts against what the lane did before
PLAN = ("plan_to", "plan_h")


def context(lake: Lake, asof: datetime) -> dict[str, Any]:
    """Summarise what was recorded by ``asof`` in small tables, which are stored with the model."""
    known = lake.asof(asof)
    moves = _moves(known, asof, asof)
    return summarise(moves, *_before(known, moves), asof.timestamp() / 3600, _holder(known))


def asked(lake: Lake, since: datetime, until: datetime) -> nw.LazyFrame[Any]:
    """Return the questions of [since, until): after each scan until the end, with what was known.

    Returns
    -------
    LazyFrame
        ``ASKED``, ``FACTS``, the walk so far (``KNOWN``, see ``walk``), and the plan of the leg
        that was made since the parcel came here: ``plan_to`` and ``plan_h``.

    Raises
    ------
    FileNotFoundError
        When there are no scans.
    """
    known = lake.asof(until)
    rows = questions(known, since, until).filter(nw.col("moment") != "checkout")
    rows = then(rows, known, ADDRESSES, "address_id", {"goal_kind": "kind"})
    rows = rows.select(*ASKED, *FACTS).join(
        walk(known).select(*ASKED, *KNOWN), on=list(ASKED), how="inner"
    )
    nothing = {"plan_to": nw.lit(None).cast(nw.String()), "plan_h": nw.lit(None).cast(nw.Float64())}
    if not known.has(LEG_PLANS):
        return rows.with_columns(**nothing)
    plans = known.versions(LEG_PLANS).select(
        "parcel_id",
        here="from_facility_id",
        plan_to="to_facility_id",
        plan_h=nw.col("planned_s") / 3600,
        plan_known_h="recorded_h",
    )
    made = rows.select(*ASKED, "here", "entered_h").join(plans, on=["parcel_id", "here"])
    made = made.filter(
        nw.col("plan_known_h") <= nw.col("asof_h"), nw.col("plan_known_h") >= nw.col("entered_h")
    )
    newest = nw.col("plan_known_h") == nw.col("plan_known_h").max().over(*ASKED)
    return rows.join(made.filter(newest).select(*ASKED, *PLAN), on=list(ASKED), how="left")


def assemble(rows: FrameT, context: Mapping[str, FrameT]) -> FrameT:
    """Join questions to ``context``: a batch, or a single request.

    Returns
    -------
    frame
        One row per question and candidate: ``ROW``, texts of the question, counts ``n_*`` of those
        who went there from here and their share ``p_*`` by who counts as alike, and what is usual
        of the leg.
    """
    told = _candidates(named(rows), context)
    told = _with_ways(_with_counts(told, context), context)
    told = _with_leg(told, context)
    return told.drop("hour_bin", "block", "entered_h", "left_h", "placed_h")


def features(lake: Lake, since: datetime, until: datetime) -> Frame:
    """Return x of all questions in [since, until), each from the last snapshot before it."""
    known = lake.asof(until)
    moves = _moves(known, since, until)
    rows: Any = known.hold(asked(lake, since, until))

    def joined(some: Any, now: datetime) -> Any:
        before_it = _before(known.asof(now), moves)
        return assemble(some, summarise(moves, *before_it, now.timestamp() / 3600, _holder(known)))

    x = by_snapshot(rows, since, until, SNAPSHOT_H, joined)
    return x.sort("asof_h", "parcel_id", "listed", "next_stop")


def outcomes(lake: Lake, asof: datetime) -> nw.LazyFrame[Any]:
    """Return y: per question where the parcel turned up next, or that it had not by ``asof``.

    Returns
    -------
    LazyFrame
        ``ASKED``; ``stop``, a facility or ``no_further``, null while it is open; ``end_h`` when it
        arrived there, or ``asof`` (censored); ``ended`` 1 or 0; ``seen_h`` is ``asof``.
    """
    known, now_h = lake.asof(asof), nw.lit(asof.timestamp() / 3600)
    arrived = ~nw.col("next_stop").is_null()
    return walk(known).select(
        *ASKED,
        stop="next_stop",
        end_h=nw.when(arrived).then(nw.col("next_h")).otherwise(now_h),
        ended=arrived.cast(nw.Int8()),
        seen_h=now_h,
    )


def under_way(lake: Lake, asof: datetime) -> nw.LazyFrame[Any]:
    """Return the last question of each parcel of which nothing more was known at ``asof``."""
    since = datetime.fromtimestamp(max(asof.timestamp() - 3600 * MEMORY_H, 86400), UTC)
    rows = asked(lake, since, asof)
    open_ = outcomes(lake, asof).filter(nw.col("ended") == 0).select(*ASKED)
    still = rows.join(open_, on=list(ASKED), how="inner")
    return still.filter(nw.col("asof_h") == nw.col("asof_h").max().over("parcel_id"))


def clocks(lake: Lake, asof: datetime) -> nw.LazyFrame[Any]:
    """Return ``offset_min``, local time minus UTC, that each place ``here`` showed last."""
    scans = lake.asof(asof).read(SCANS).filter(~nw.col("facility_id").is_null())
    newest = nw.col("recorded_h") == nw.col("recorded_h").max().over("facility_id")
    told = scans.select("facility_id", "recorded_h", "utc_offset_min").filter(newest)
    return (
        told.rename({"facility_id": "here"})
        .group_by("here")
        .agg(offset_min=nw.col("utc_offset_min").max())
    )


def _holder(known: Lake) -> Callable[[Any], Any]:
    return lambda rows: known.hold(rows.lazy())


def _moves(known: Lake, first: datetime, last: datetime) -> Any:
    """Return what snapshots from ``first`` to ``last`` count: questions with what came of them."""
    since = datetime.fromtimestamp(max(first.timestamp() - 3600 * MEMORY_H, 86400), UTC)
    came = walk(known).select(*ASKED, *OPEN).filter(~nw.col("next_stop").is_null())
    rows = named(asked(known, since, last)).join(came, on=list(ASKED), how="inner")
    meant = nw.col("plan_to") == nw.col("next_stop")
    return known.hold(rows.with_columns(plan_h=nw.when(meant).then(nw.col("plan_h"))))


def _before(known: Lake, moves: Any) -> tuple[Any, Any]:
    """Return what is known of lanes without any leg, held."""
    empty = moves.select(*LANE).head(0).lazy()
    history, timetable = (
        known.read(each) if known.has(each) else None for each in (LANE_HISTORY, LANES)
    )
    lanes, ratio = before(history, timetable, empty)
    return known.hold(lanes), known.hold(ratio)


def _candidates(rows: FrameT, context: Mapping[str, FrameT]) -> FrameT:
    """Return questions times the stops that may come next."""
    lanes = context["lanes"]
    known = rows.join(lanes, on="here", how="inner").with_columns(listed=nw.lit(1.0))
    schema = lanes.collect_schema()
    blank = {name: nw.lit(None).cast(schema[name]) for name in schema.names() if name not in LANE}
    blank |= {name: nw.lit(0.0) for name in ("n0", "n1", "n", "recent")}
    order = known.collect_schema().names()
    new = rows.with_columns(next_stop=nw.lit(SOMEWHERE_NEW), **blank, listed=nw.lit(1.0))
    meant = rows.filter(~nw.col("plan_to").is_null()).with_columns(next_stop="plan_to", **blank)
    met = lanes.select("here", "next_stop")
    strange = meant.join(met, on=["here", "next_stop"], how="anti").with_columns(listed=nw.lit(0.0))
    both = nw.concat([known, new.select(*order), strange.select(*order)])
    planned = (nw.col("plan_to") == nw.col("next_stop")).fill_null(False)
    return both.with_columns(
        planned=planned.cast(nw.Float64()), plan_h=nw.when(planned).then(nw.col("plan_h"))
    ).drop("plan_to")


def _with_counts(told: FrameT, context: Mapping[str, FrameT]) -> FrameT:
    """Add who went to each candidate from here, of all and of those who count as alike."""
    for who in WHO:
        told = told.join(context[who], on=list(LANE + WHO[who]), how="left")
    counts: list[str] = [f"n_{name}" for name in WHO]
    told = told.with_columns(nw.col(*counts).fill_null(0.0))
    own = nw.when(nw.col("listed") > 0)
    told = told.with_columns(
        k=nw.col("listed").sum().over(*ASKED),
        **{
            f"sum_{name}": own.then(nw.col(name)).sum().over(*ASKED)
            for name in (*counts, "n", "n0")
        },
    )
    return told.with_columns(
        **{f"p_{name}": nw.col(f"n_{name}") / (nw.col(f"sum_n_{name}") + 0.5) for name in WHO}
    )


def _with_ways(told: FrameT, context: Mapping[str, FrameT]) -> FrameT:
    """Add the legs between each candidate and the places that the parcel has been to."""
    told = told.join(context["places"], on="next_stop", how="left")
    for name, (start, end) in WAYS.items():
        told = told.join(of_lane(context, start, end, name), on=[start, end], how="left")
    return told.with_columns(nw.col(*WAYS, "out_n", "out_k").fill_null(0.0))


def _with_leg(told: FrameT, context: Mapping[str, FrameT]) -> FrameT:
    """Add what is usual of the time to each candidate, and what the walk so far tells of it."""
    now = nw.col("asof_h")
    told = told.join(context["whole"], how="cross")
    for level, key in LEVELS.items():
        told = told.join(context[f"leg_{level}"], on=list(key), how="left")
    same = {name: nw.col("next_stop") == nw.col(name) for name in ("prev", "prev2", "first")}
    told = told.with_columns(
        **{f"is_{name}": flag.fill_null(False).cast(nw.Float64()) for name, flag in same.items()},
        is_goal=(nw.col("next_stop") == nw.col("goal_facility_id")).cast(nw.Float64()),
        same_service=(nw.col("service0") == nw.col("service")).cast(nw.Float64()),
        long_ago_h=now - nw.col("last_h"),
        since_event_h=now - nw.col("event_h"),
        since_entered_h=now - nw.col("entered_h"),
        since_placed_h=now - nw.col("placed_h"),
        last_leg_h=nw.col("entered_h") - nw.col("left_h"),
        expected_h=expected(),
    )
    last = context["lanes"].select(
        prev="here", here="next_stop", last_usual0_h=nw.coalesce("usual0_h", "plan0_h")
    )
    told = told.join(last, on=["prev", "here"], how="left")
    seen = nw.col("leg_lane_n").fill_null(0.0) + FOLLOWS
    effect = total(LEG, "long").fill_null(0.0) * (seen / (seen + nw.col("n0")))
    return told.with_columns(
        usual_h=nw.col("expected_h") * effect.exp(),
        last_over_usual=(nw.col("last_leg_h").clip(0.02) / nw.col("last_usual0_h")).log(),
    ).drop("event_h", "last_h", "last_usual0_h", "snapshot_h", "service0")
