"""What became of each parcel, event by event, with the clock at which each answer became known.

Every event has a last moment, so that each question gets an answer: a parcel that is not there a
day after its promise is late, one that is not there a month after it is lost, and a delivery that
nobody has disputed for a month was received. The answer that became known first stays.
"""

from typing import Any

import narwhals as nw

from lanecast.parcel.journeys import journeys
from lanecast.tables.events import CLAIMS, EVENTS
from lanecast.tables.lake import Lake
from lanecast.tables.parcel import SCANS

GRACE_H = 24.0  # scans come late: only after it an unseen parcel was not there in time
LOST_H = 24.0 * 45  # after the promise
DISPUTE_H = 24.0 * 30  # after the delivery
UNPROMISED_H = 24.0 * 30  # after checkout, where nothing was promised
FAR = 1e9
FIRSTS = {  # clocks: the first scan that shows it
    "failed": ("delivery_failed",),
    "tried": ("delivered", "ready_for_pickup"),
    "back": ("returning", "returned"),
    "gone": ("lost",),
    "cancelled": ("cancelled",),
}
Clocks = tuple[nw.Expr, nw.Expr]


def endings(lake: Lake) -> nw.LazyFrame[Any]:
    """Return ``journeys`` with, per event, whether it happened and since when that is known.

    Returns
    -------
    LazyFrame
        ``journeys``; and per event ``{event}_hit``, 1.0 or 0.0, with ``{event}_known_h`` [h since
        1970 UTC]. Both are null where the event cannot happen any more (cancelled, no attempt,
        never handed over), and the clock may lie after the lake's end: not known yet.
    """
    rows = journeys(lake).join(_firsts(lake), on="parcel_id", how="left")
    if lake.has(CLAIMS):
        claims = lake.read(CLAIMS).group_by("parcel_id").agg(claimed_h=nw.col("recorded_h").min())
        rows = rows.join(claims, on="parcel_id", how="left")
    else:
        rows = rows.with_columns(claimed_h=nw.lit(None).cast(nw.Float64()))
    promise = nw.coalesce(nw.col("promised_h"), nw.col("asof_h") + UNPROMISED_H)
    clocks = [f"{name}_clock" for name in (*FIRSTS, "again")]
    known = ("delivered_known_h", "shipped_known_h", "claimed_h")
    rows = rows.with_columns(
        nw.col(*clocks, *known).fill_null(FAR),
        due_h=promise + GRACE_H,
        lost_due_h=promise + LOST_H,
    )
    answers = {
        "late": _late(),
        "failed_first": _failed(),
        "returned": _returned(),
        "lost": _lost(),
        "not_received": _not_received(lake.has(CLAIMS)),
    }
    rows = rows.with_columns(
        **{f"{event}_yes": yes for event, (yes, _) in answers.items()},
        **{f"{event}_no": no for event, (_, no) in answers.items()},
    )
    first = {event: nw.min_horizontal(f"{event}_yes", f"{event}_no") for event in EVENTS}
    return rows.with_columns(
        *(nw.when(nw.col(name) < FAR).then(nw.col(name)).alias(name) for name in known),
        **{f"{event}_known_h": nw.when(at < FAR).then(at) for event, at in first.items()},
        **{
            f"{event}_hit": nw.when(at < FAR).then(
                (nw.col(f"{event}_yes") <= nw.col(f"{event}_no")).cast(nw.Float64())
            )
            for event, at in first.items()
        },
    ).drop(
        *clocks,
        *(f"{event}_{answer}" for event in EVENTS for answer in ("yes", "no")),
        *("due_h", "lost_due_h", "claimed_h"),
    )


def _firsts(lake: Lake) -> nw.LazyFrame[Any]:
    """Return per parcel when each kind of scan first became known."""
    which = {name: nw.col("status").is_in(list(kinds)) for name, kinds in FIRSTS.items()}
    which["again"] = nw.col("attempt").fill_null(1) > 1  # the failure itself was not scanned
    scans = lake.read(SCANS).select("parcel_id", "status", "attempt", "recorded_h")
    clocks = {f"{name}_clock": nw.when(it).then(nw.col("recorded_h")) for name, it in which.items()}
    marked = scans.select("parcel_id", **clocks)
    return marked.group_by("parcel_id").agg(nw.col(*clocks).min())


def _at(holds: nw.Expr, clock: nw.Expr) -> nw.Expr:
    return nw.when(holds).then(clock).otherwise(nw.lit(FAR))


def _late() -> Clocks:
    home, due = nw.col("delivered_known_h"), nw.col("due_h")
    promised = ~nw.col("promised_h").is_null()
    in_time = (nw.col("delivered_h").fill_null(FAR) <= nw.col("promised_h")) & (home <= due)
    waited = _at(nw.col("shipped_known_h") <= due, due)
    late = nw.when(home < waited).then(home).otherwise(waited)
    return _at(promised & ~in_time, late), _at(promised & in_time, home)


def _failed() -> Clocks:
    return nw.min_horizontal("failed_clock", "again_clock"), nw.col("tried_clock")


def _returned() -> Clocks:
    sent = nw.col("shipped_known_h") < FAR
    other = nw.min_horizontal("delivered_known_h", "gone_clock", "lost_due_h")
    return _at(sent, nw.col("back_clock")), _at(sent, other)


def _lost() -> Clocks:
    due, sent = nw.col("lost_due_h"), nw.col("shipped_known_h")
    waited = _at(sent <= due, due)
    told = nw.col("gone_clock")
    lost = nw.when(told < waited).then(told).otherwise(waited)
    other = nw.min_horizontal("delivered_known_h", "back_clock", "cancelled_clock")
    return _at(sent < FAR, lost), _at(sent < FAR, other)


def _not_received(claims_are_kept: bool) -> Clocks:
    home, said = nw.col("delivered_known_h"), nw.col("claimed_h")
    there = (home < FAR) & nw.lit(claims_are_kept)
    return _at(there & (said >= home), said), _at(there, home + DISPUTE_H)
