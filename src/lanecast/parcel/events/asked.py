"""The questions of this problem: those of any parcel, and two kinds that the clock or an end asks.

While a parcel is under way it is asked about every week after its hand-over, for a parcel that is
lost raises no scan. And when it is scanned as delivered: only then can it be disputed, and only
then is known where and after how long the courier scanned it.
"""

from datetime import datetime
from typing import Any

import narwhals as nw

from lanecast.parcel.distance import distance_m
from lanecast.parcel.journeys import milestones
from lanecast.parcel.questions import after_scans, questions, then, with_facts
from lanecast.tables.address import ADDRESS_CHECKS
from lanecast.tables.commerce import ADDRESSES, ORDERS
from lanecast.tables.lake import Lake
from lanecast.tables.parcel import SCANS

SCANNED = ("recorded_h", "event_id")
STATE = [
    *("parcel_id", "asof_h", "moment", "status", "facility_id", "event_h", "attempts", "scans"),
    *("before_h", "scan_lat", "scan_lon", "scan_code"),
]
WEEK_H, WEEKS = 168.0, 12  # how often, and how many times, a parcel under way is asked about


def asked(lake: Lake, since: datetime, until: datetime) -> nw.LazyFrame[Any]:
    """Return the questions in [since, until) with the facts known when each was asked.

    Returns
    -------
    LazyFrame
        As ``questions``, with moments ``waiting`` and ``delivered`` too; further ``goal_kind``,
        ``buyer_id``, and at a delivery ``scan_distance_m`` from the address, ``since_scan_h`` from
        the scan before, and ``scan_code``, the carrier's own: many tell a hand from a porch; and
        of the last check of the address before the question ``address_not_found``, the chance that
        a courier does not find it, and ``address_faults``: null where there was none.
    """
    known = lake.asof(until)
    low, high = since.timestamp() / 3600, until.timestamp() / 3600
    rows = questions(known, since, until).with_columns(**_no_delivery())
    more = nw.concat([_deliveries(known), _waits(known)])
    more = with_facts(more.filter(nw.col("asof_h") >= low, nw.col("asof_h") < high), known)
    rows = nw.concat([rows, more.select(rows.collect_schema().names())])
    rows = then(rows, known, ADDRESSES, "address_id", {"goal_kind": "kind"})
    rows = then(rows, known, ORDERS, "order_id", {"buyer_id": "buyer_id"})
    rows = _checked(rows, known)
    apart = distance_m(*(nw.col(f"{of}_{c}") for of in ("scan", "goal") for c in ("lat", "lon")))
    return rows.with_columns(
        scan_distance_m=apart, since_scan_h=nw.col("event_h") - nw.col("before_h")
    ).drop("scan_lat", "scan_lon", "before_h")


def _checked(rows: nw.LazyFrame[Any], known: Lake) -> nw.LazyFrame[Any]:
    """Add what the last check of the address said before each question."""
    of = {"address_not_found": "not_found", "address_faults": "faults"}
    if not known.has(ADDRESS_CHECKS):
        return rows.with_columns(**{name: nw.lit(None).cast(nw.Float64()) for name in of})
    rows = then(rows, known, ADDRESS_CHECKS, "address_id", of)
    return rows.with_columns(nw.col(name).cast(nw.Float64()) for name in of)


def _deliveries(known: Lake) -> nw.LazyFrame[Any]:
    """Return a question at the first recorded delivery of each parcel."""
    status, instant = nw.col("status"), nw.col("recorded_h")

    def so_far(what: nw.Expr) -> nw.Expr:
        return what.cast(nw.Float64()).cum_sum().over("parcel_id", order_by=SCANNED)

    scans = known.read(SCANS).select(
        *("parcel_id", "status", "facility_id", "event_h", "lat", "lon", "raw_code", *SCANNED)
    )
    counted = scans.with_columns(
        ended=so_far(status == "delivered"),
        before_h=nw.col("event_h").shift(1).over("parcel_id", order_by=SCANNED),
        attempts=so_far(status == "delivery_failed"),
        scans=so_far(status != "created"),
    )
    first = counted.filter(status == "delivered", nw.col("ended") == 1)
    return first.select(
        "parcel_id",
        instant.alias("asof_h"),
        "status",
        nw.col("facility_id").fill_null(""),
        "event_h",
        "attempts",
        "scans",
        "before_h",
        moment=nw.lit("delivered"),
        scan_lat="lat",
        scan_lon="lon",
        scan_code="raw_code",
    ).select(STATE)


def _waits(known: Lake) -> nw.LazyFrame[Any]:
    """Return a question per week after the hand-over, until an end is known."""
    asof = nw.col("asof_h")
    ends = milestones(known).with_columns(
        end_h=nw.min_horizontal("delivered_known_h", "closed_known_h").fill_null(float("inf"))
    )
    weeks = nw.concat(
        [
            ends.select("parcel_id", "end_h", asof_h=nw.col("shipped_known_h") + WEEK_H * (k + 1))
            for k in range(WEEKS)
        ]
    ).filter(asof < nw.col("end_h"))
    states = after_scans(known).rename({"asof_h": "state_h"}).drop("moment")
    seen = weeks.join(states, on="parcel_id", how="left").filter(nw.col("state_h") <= asof)
    last = seen.filter(nw.col("state_h") == nw.col("state_h").max().over("parcel_id", "asof_h"))
    return last.with_columns(moment=nw.lit("waiting"), **_no_delivery()).select(STATE)


def _no_delivery() -> dict[str, nw.Expr]:
    numbers = ("scan_lat", "scan_lon", "before_h")
    none = {name: nw.lit(None).cast(nw.Float64()) for name in numbers}
    return none | {"scan_code": nw.lit(None).cast(nw.String())}
