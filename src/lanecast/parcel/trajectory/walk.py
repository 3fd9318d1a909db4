"""Where has a parcel been, as far as one knew, and where did it turn up next?

Scans are read in the order in which they became known. One that comes to be known after something
later has happened (late, or twice) adds nothing: the walk so far is never rewritten, so what a row
says of its past and what came of it stay the same, whatever is recorded later.
"""

from typing import Any

import narwhals as nw

from lanecast.parcel.questions import SCANNED
from lanecast.tables.lake import Lake
from lanecast.tables.parcel import SCANS
from lanecast.tables.status import FINAL
from lanecast.tables.trajectory import NO_FURTHER

KNOWN = ("here", "prev", "prev2", "first", "stops", "entered_h", "left_h", "offset_min")
OPEN = ("next_stop", "next_h", "next_known_h")


def walk(known: Lake) -> nw.LazyFrame[Any]:
    """Return one row per parcel and instant at which something was recorded of it.

    A stop begins with a scan at another facility than before, or with an arrival where the parcel
    had departed.

    Returns
    -------
    LazyFrame
        ``parcel_id``, ``asof_h``; ``here``, ``prev``, ``prev2`` and ``first``: the facilities of
        the last three stops and of the first one, null where there was none; ``stops`` so far;
        ``entered_h`` when it was first seen here, ``left_h`` when it was last seen at ``prev``;
        ``offset_min``, local time minus UTC. And what came of it, null while nothing is known:
        ``next_stop``, a facility or ``no_further`` (it ended from here), ``next_h`` when, and
        ``next_known_h`` when that became known.
    """
    return _with_next(_with_past(_located(known)))


def _over(what: nw.Expr) -> nw.Expr:
    return what.over("parcel_id", order_by=SCANNED)


def _located(known: Lake) -> nw.LazyFrame[Any]:
    """Return the scans with the facility and status last seen, and whether a stop begins."""
    scans = known.read(SCANS).select(
        "parcel_id", "status", "facility_id", "event_h", "utc_offset_min", *SCANNED
    )
    scans = scans.with_columns(latest_h=_over(nw.col("event_h").cum_max()))
    in_order = nw.col("event_h") == nw.col("latest_h")
    seen = in_order & ~nw.col("facility_id").is_null()
    scans = scans.with_columns(
        in_order=in_order,
        seen=seen,
        spot=nw.when(seen).then(nw.col("facility_id")),
        doing=nw.when(seen).then(nw.col("status")),
        seen_h=nw.when(seen).then(nw.col("event_h")),
        offset_min=nw.when(in_order).then(nw.col("utc_offset_min")),
    )
    filled = ("spot", "doing", "seen_h", "offset_min")
    scans = scans.with_columns(
        **{name: _over(nw.col(name).fill_null(strategy="forward")) for name in filled}
    )
    before = {name: _over(nw.col(name).shift(1)) for name in ("spot", "doing", "seen_h")}
    scans = scans.with_columns(**{f"{name}_before": expr for name, expr in before.items()})
    moved = nw.col("spot_before").is_null() | (nw.col("spot") != nw.col("spot_before"))
    came_back = (nw.col("status") == "arrived") & (nw.col("doing_before") == "departed")
    return scans.with_columns(begins=nw.col("seen") & (moved | came_back.fill_null(False)))


def _with_past(scans: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Add to every scan the stop it belongs to, and the stops before."""
    scans = scans.with_columns(stops=_over(nw.col("begins").cast(nw.Float64()).cum_sum()))
    begun = scans.filter(nw.col("begins")).with_columns(entered_h="event_h", left_h="seen_h_before")
    chain = begun.with_columns(
        prev=nw.col("spot").shift(1).over("parcel_id", order_by="stops"),
        prev2=nw.col("spot").shift(2).over("parcel_id", order_by="stops"),
        first=nw.when(nw.col("stops") == 1).then(nw.col("spot")).max().over("parcel_id"),
    )
    kept = ("parcel_id", "stops", "prev", "prev2", "first", "entered_h", "left_h")
    return scans.join(chain.select(*kept), on=["parcel_id", "stops"], how="left")


def _with_next(scans: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Add what came next, and keep the last row of each instant."""
    ends = nw.col("in_order") & nw.col("status").is_in(list(FINAL))
    marks = nw.col("begins") | ends
    scans = scans.with_columns(
        next_stop=nw.when(nw.col("begins"))
        .then(nw.col("spot"))
        .otherwise(nw.when(ends).then(nw.lit(NO_FURTHER))),
        next_h=nw.when(marks).then(nw.col("event_h")),
        next_known_h=nw.when(marks).then(nw.col("recorded_h")),
    )
    scans = scans.with_columns(**{name: _over(nw.col(name).shift(-1)) for name in OPEN})
    scans = scans.with_columns(
        nth=_over(nw.col("event_h").cum_count()),
        **{name: _over(nw.col(name).fill_null(strategy="backward")) for name in OPEN},
    )
    last = nw.col("nth") == nw.col("nth").max().over("parcel_id", "recorded_h")
    rows = scans.filter(last).with_columns(asof_h="recorded_h", here="spot")
    return rows.select("parcel_id", "asof_h", *KNOWN, *OPEN)
