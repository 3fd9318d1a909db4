"""When is something asked about a parcel, and what was known of it at that very moment?

A question is asked at checkout, when the parcel is shipped, and after each later scan. Each row
holds the facts in the version known at its own moment, whatever was corrected since.
"""

from datetime import datetime
from typing import Any

import narwhals as nw

from lanecast.tables.commerce import ADDRESSES, MERCHANTS, ORDERS
from lanecast.tables.lake import Lake, hours
from lanecast.tables.parcel import PARCELS, PROMISES, SCANS
from lanecast.tables.schema import Table
from lanecast.tables.status import FINAL

ASKED = ("parcel_id", "moment", "asof_h")  # one question
Rows = nw.LazyFrame[Any]

PARCEL = (
    *("order_id", "merchant_id", "address_id", "carrier_id", "service", "category", "pieces"),
    *("merchants", "weight_g", "volume_cm3", "value_minor", "freight_minor", "ship_by_h"),
)
ORDER = ("placed_h", "utc_offset_min", "payment", "installments")
PLACE = ("region", "postal_code", "facility_id", "lat", "lon")


def questions(lake: Lake, since: datetime, until: datetime, scans: bool = True) -> Rows:
    """Return the questions asked in [since, until), each with the facts known when it was asked.

    Parameters
    ----------
    scans
        Whether to ask after each scan between hand-over and delivery too, or at checkout only.

    Returns
    -------
    LazyFrame
        ``parcel_id``, ``moment``, ``asof_h`` [h since 1970 UTC]; the state: ``status``,
        ``facility_id``, ``event_h`` of the last event, ``attempts`` and ``scans`` so far; and the
        facts of the parcel, its order, seller (``origin_*``), address (``goal_*``) and promise.
    """
    known = lake.asof(until)
    low, high = since.timestamp() / 3600, until.timestamp() / 3600
    asked = _checkout(known)
    if scans and known.has(SCANS):
        asked = nw.concat([asked, after_scans(known)])
    return with_facts(asked.filter(nw.col("asof_h") >= low, nw.col("asof_h") < high), known)


def with_facts(rows: Rows, known: Lake) -> Rows:
    """Add the facts of parcel, order, seller, address and promise as known at ``asof_h``."""
    rows = then(rows, known, PARCELS, "parcel_id", {name: name for name in PARCEL})
    rows = then(rows, known, ORDERS, "order_id", {name: name for name in ORDER})
    rows = then(rows, known, MERCHANTS, "merchant_id", {f"origin_{name}": name for name in PLACE})
    rows = then(rows, known, ADDRESSES, "address_id", {f"goal_{name}": name for name in PLACE})
    if not known.has(PROMISES):
        return rows.with_columns(promised_h=nw.lit(None).cast(nw.Float64()))
    return then(rows, known, PROMISES, "parcel_id", {"promised_h": "promised_h"})


def _checkout(known: Lake) -> Rows:
    first = known.versions(PARCELS).group_by("parcel_id").agg(asof_h=nw.col("recorded_h").min())
    return first.select(
        "parcel_id",
        "asof_h",
        moment=nw.lit("checkout"),
        status=nw.lit("created"),
        facility_id=nw.lit(""),
        event_h="asof_h",
        attempts=nw.lit(0.0),
        scans=nw.lit(0.0),
    )


def after_scans(known: Lake) -> Rows:
    """Ask after each recorded scan; the state is the event that happened last of those recorded.

    What was recorded at one instant raises one question.
    """

    def so_far(what: nw.Expr) -> nw.Expr:
        return what.cast(nw.Float64()).cum_sum().over("parcel_id", order_by=SCANNED)

    def of_instant(what: nw.Expr) -> nw.Expr:
        return what.cast(nw.Int8()).max().over("parcel_id", "asof_h")

    status = nw.col("status")
    scans = known.read(SCANS).select("parcel_id", "status", "facility_id", "event_h", *SCANNED)
    counted = scans.with_columns(
        nw.col("facility_id").fill_null(""),
        asof_h="recorded_h",
        latest_h=nw.col("event_h").cum_max().over("parcel_id", order_by=SCANNED),
        scans=so_far(status != "created"),
        attempts=so_far(status == "delivery_failed"),
        pickups=so_far(status == "picked_up"),
        ended=so_far(status.is_in(list(FINAL))),
        arrival=so_far(nw.col("event_h") == nw.col("event_h")),
    )
    is_latest = nw.col("event_h") == nw.col("latest_h")
    state = counted.with_columns(
        ships=of_instant((status == "picked_up") & (nw.col("pickups") == 1)),
        asks=of_instant(~status.is_in(["created", "unknown"])),
        **{
            name: nw.when(is_latest)
            .then(nw.col(name))
            .fill_null(strategy="forward")
            .over("parcel_id", order_by=SCANNED)
            for name in ("status", "facility_id")
        },
    )
    last_of_instant = nw.col("arrival") == nw.col("arrival").max().over("parcel_id", "asof_h")
    asks = nw.col("asks") > 0, nw.col("ended") == 0, last_of_instant
    return state.filter(*asks).select(
        "parcel_id",
        "asof_h",
        nw.when(nw.col("ships") > 0)
        .then(nw.lit("shipped"))
        .otherwise(nw.lit("in_transit"))
        .alias("moment"),
        "status",
        "facility_id",
        nw.col("latest_h").alias("event_h"),
        "attempts",
        "scans",
    )


SCANNED = ("recorded_h", "event_id")  # the order in which scans became known


def then(rows: Rows, known: Lake, table: Table, on: str, take: dict[str, str]) -> Rows:
    """Join the version of ``table`` that was known at ``asof_h``; nulls where none was yet."""
    clock = nw.col(hours(table.clock))
    facts = known.versions(table)
    spans = facts.select(
        on,
        clock.alias("from_h"),
        clock.shift(-1).over(on, order_by=hours(table.clock)).fill_null(float("inf")).alias("to_h"),
        **take,
    )
    nothing = facts.group_by(on).agg(from_h=nw.lit(-1e9), to_h=clock.min())
    schema = spans.collect_schema()
    nothing = nothing.select(
        on, "from_h", "to_h", *(nw.lit(None).cast(schema[name]).alias(name) for name in take)
    )
    joined = rows.join(nw.concat([spans, nothing]), on=on, how="left")
    now = nw.col("asof_h")
    valid = nw.col("from_h").is_null() | ((nw.col("from_h") <= now) & (now < nw.col("to_h")))
    return joined.filter(valid).drop("from_h", "to_h")
