"""The past, summarised at a moment: who went where from here, and how long it took."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import narwhals as nw
from narwhals.typing import FrameT

from lanecast.parcel.history import Chain, effects

MEMORY_H = 24.0 * 60  # what a snapshot looks back on
RECENT_H = 18.0  # who went there lately
SHORTEST_H = 1 / 60
BLOCK_H = 3.0  # of the day, in which waiting times are alike
LANE = ("here", "next_stop")
LANE_COUNTS = ("n0", "n1", "n")

WHO: dict[str, tuple[str, ...]] = {  # of those who were here: who else counts as alike
    "status": ("status",),
    "hour": ("status", "hour_bin"),
    "prev": ("prev",),
    "first": ("first",),
    "service": ("carrier_id", "service"),
    "region": ("goal_region",),
    "goal": ("goal_facility_id",),
    "goal_status": ("goal_facility_id", "goal_kind", "status"),
}
SPREAD = ((0, 1.0), (1, 0.6), (-1, 0.6), (2, 0.15), (-2, 0.15))  # hours that are alike, and how far

LEG = Chain(  # log of the time to the next stop over what lane and plan say
    "leg",
    {"short": 1.5, "long": 30.0},
    [
        ("status", ("status",), 20.0),
        ("spot", ("here", "status"), 10.0),
        ("goal", ("next_stop", "status"), 10.0),
        ("lane", ("here", "next_stop", "status"), 4.0),
        ("clock", ("here", "next_stop", "status", "block"), 4.0),
    ],
)
LEVELS = {level: key for level, key, _ in LEG.levels}
RATIO = 0.5  # of a leg's plan over its lane's usual plan, on a log scale, that lasts


def named(rows: FrameT) -> FrameT:
    """Add the keys by which the past is summarised; what is unknown is an empty text."""
    local_h = nw.col("asof_h") + nw.col("offset_min").fill_null(0) / 60
    seller = nw.coalesce("origin_facility_id", "origin_region", nw.lit(""))
    texts = ("prev", "prev2", "first", "carrier_id", "service")
    goal = ("goal_region", "goal_facility_id", "goal_kind")
    return rows.with_columns(
        nw.col(*texts, *goal).fill_null(""),
        here=nw.coalesce(nw.col("here"), nw.concat_str([nw.lit("seller:"), seller])),
        hour=local_h % 24,
        weekday=((local_h / 24).floor() + 3) % 7,  # 1970-01-01 was a Thursday
    ).with_columns(
        hour_bin=nw.col("hour").floor().cast(nw.Int32()),
        block=(nw.col("hour") / BLOCK_H).floor().cast(nw.Int32()),
    )


def summarise(
    moves: FrameT,
    lanes: FrameT,
    ratio: FrameT,
    now_h: float,
    hold: Callable[[Any], Any],
) -> dict[str, FrameT]:
    """Return the tables of ``WHO`` and ``LEVELS`` at ``now_h``, ``lanes``, ``places``, ``whole``.

    Parameters
    ----------
    moves
        ``named`` questions with ``next_stop``, ``next_h`` and ``next_known_h``; what was asked or
        became known later is left out.
    lanes, ratio
        See ``before``, as known at ``now_h``.
    hold
        Computes a small table once.
    """
    asof, known = nw.col("asof_h"), nw.col("next_known_h")
    past = moves.filter(asof < now_h, asof > now_h - MEMORY_H, known <= now_h)
    past = hold(past.with_columns(took_h=(nw.col("next_h") - asof).clip(SHORTEST_H)))
    counted = past.group_by(*LANE).agg(
        n1=nw.len().cast(nw.Float64()),
        recent=(asof > now_h - RECENT_H).cast(nw.Float64()).sum(),
        last_h=asof.max(),
    )
    all_lanes = nw.concat([lanes.select(*LANE), counted.select(*LANE)]).unique()
    all_lanes = all_lanes.join(lanes, on=list(LANE), how="left")
    all_lanes = all_lanes.join(counted, on=list(LANE), how="left").with_columns(
        nw.col("n0", "n1", "recent").fill_null(0.0)
    )
    all_lanes = hold(all_lanes.with_columns(n=nw.col("n0") + nw.col("n1")))
    tables = {"lanes": all_lanes, "places": _places(all_lanes)}
    for name, key in WHO.items():
        counts = _counts(past, key)
        counts = _spread_over_hours(counts) if name == "hour" else counts
        tables[name] = counts.rename({"count": f"n_{name}"})
    timed = past.join(all_lanes.select(*LANE, "usual0_h", "plan0_h"), on=list(LANE), how="left")
    timed = timed.join(ratio, how="cross")
    took = timed.with_columns(
        value=(nw.col("took_h") / expected()).log(), known_h=nw.col("next_known_h")
    )
    legs = effects(took.filter(~nw.col("value").is_null()), LEG, now_h)
    tables["whole"] = legs["whole"].join(ratio, how="cross").with_columns(snapshot_h=nw.lit(now_h))
    tables |= {f"leg_{level}": legs[level] for level in LEVELS}
    return {name: hold(table) for name, table in tables.items()}


def expected() -> nw.Expr:
    """Return the time [h] that lane and plan say, before anything was recorded leg by leg.

    The lane's median, moved by the leg's own plan; else the plan, as much longer as plans were
    exceeded elsewhere; else an hour.
    """
    own = nw.coalesce("plan_h", "plan0_h")
    moved = nw.col("usual0_h") * ((own / nw.col("plan0_h")).log() * RATIO).exp()
    return nw.coalesce(moved, nw.col("usual0_h"), own * nw.col("ratio"), nw.lit(1.0))


def before(
    history: FrameT | None, timetable: FrameT | None, empty: FrameT
) -> tuple[FrameT, FrameT]:
    """Return what is known of lanes without any leg, and by how much plans are exceeded there.

    Parameters
    ----------
    history, timetable
        Rows of ``lane_history`` and ``lanes``, or None.
    empty
        A frame with ``here`` and ``next_stop`` and no rows.

    Returns
    -------
    tuple
        By lane ``n0`` legs, ``usual0_h``, ``plan0_h`` [h], ``km`` and ``service0``; and one row
        with ``ratio``.
    """
    nothing = {name: nw.lit(None).cast(nw.Float64()) for name in ("usual0_h", "plan0_h", "km")}
    known = empty.select(*LANE, n0=nw.lit(0.0), **nothing, service0=nw.lit(None).cast(nw.String()))
    if history is not None:
        known = history.select(
            here="from_facility_id",
            next_stop="to_facility_id",
            n0=nw.col("legs").cast(nw.Float64()),
            usual0_h=nw.col("duration_s") / 3600,
            plan0_h=nw.col("planned_s") / 3600,
            km=nw.col("distance_m") / 1000,
            service0="service",
        )
    excess = (nw.col("usual0_h") / nw.col("plan0_h")).log()
    weight = nw.when(~excess.is_null()).then(nw.col("n0"))
    ratio = known.select(top=(excess * nw.col("n0")).sum(), all=weight.sum()).select(
        ratio=nw.when(nw.col("all") > 0)
        .then((nw.col("top") / nw.col("all")).exp())
        .otherwise(nw.lit(1.0))
    )
    if timetable is None:
        return known, ratio
    ends = timetable.with_columns(here="from_facility_id", next_stop="to_facility_id")
    driven = ends.group_by(*LANE).agg(
        t_h=nw.col("duration_s").min() / 3600, t_km=nw.col("distance_m").min() / 1000
    )
    joined = nw.concat([known.select(*LANE), driven.select(*LANE)]).unique()
    joined = joined.join(known, on=list(LANE), how="left").join(driven, on=list(LANE), how="left")
    return joined.select(
        *LANE,
        n0=nw.col("n0").fill_null(0.0),
        usual0_h="usual0_h",
        plan0_h=nw.coalesce("plan0_h", "t_h"),
        km=nw.coalesce("km", "t_km"),
        service0="service0",
    ), ratio


def _counts(past: FrameT, key: Sequence[str]) -> FrameT:
    return past.group_by("here", *key, "next_stop").agg(count=nw.len().cast(nw.Float64()))


def _spread_over_hours(counts: FrameT) -> FrameT:
    """Let neighbouring hours of the day count in part."""
    shifted = [
        counts.with_columns(hour_bin=(nw.col("hour_bin") + by) % 24, count=nw.col("count") * weight)
        for by, weight in SPREAD
    ]
    key = ("here", *WHO["hour"], "next_stop")
    return nw.concat(shifted).group_by(*key).agg(nw.col("count").sum())


def _places(lanes: FrameT) -> FrameT:
    """Return how many legs lead out of a place, and to how many others."""
    return (
        lanes.select("n", next_stop="here")
        .group_by("next_stop")
        .agg(out_n=nw.col("n").sum(), out_k=nw.len().cast(nw.Float64()))
    )


def of_lane(tables: Mapping[str, FrameT], start: str, end: str, name: str) -> Any:
    """Return the legs of lanes under other names: a look-up of the lane from start to end."""
    return tables["lanes"].select(
        nw.col("here").alias(start), nw.col("next_stop").alias(end), nw.col("n").alias(name)
    )
