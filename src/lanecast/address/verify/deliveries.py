"""What became of deliveries: was the address, as it was typed, found at the first attempt?"""

from datetime import datetime
from typing import Any

import narwhals as nw

from lanecast.tables.address import TYPED_ADDRESSES
from lanecast.tables.commerce import ORDERS
from lanecast.tables.lake import Lake
from lanecast.tables.parcel import PARCELS, SCANS

NOT_FOUND = "carrier_address_not_found"
ATTEMPTS = ("delivered", "delivery_failed")


def deliveries(lake: Lake, asof: datetime) -> nw.LazyFrame[Any]:
    """Return ``parcel_id, first_h, known_h, not_found`` of every parcel tried by ``asof``.

    ``first_h`` is the hour of the first attempt since 1970 UTC, ``known_h`` the hour at which it
    was recorded; ``not_found`` is 1 where the courier did not find the address then, else 0.
    Parcels of which no attempt was recorded yet are not in it.
    """
    tried = lake.asof(asof).read(SCANS).filter(nw.col("status").is_in(ATTEMPTS))
    first = tried.filter(nw.col("event_h") == nw.col("event_h").min().over("parcel_id"))
    lost = (nw.col("incident") == NOT_FOUND).fill_null(False).cast(nw.Int64)
    return (
        first.with_columns(lost=lost)
        .group_by("parcel_id")
        .agg(
            first_h=nw.col("event_h").min(),
            known_h=nw.col("recorded_h").max(),
            not_found=nw.col("lost").max(),
        )
    )


def typed(lake: Lake, asof: datetime) -> nw.LazyFrame[Any]:
    """Return ``parcel_id, address_id, asof_h, text, country`` of every parcel known by ``asof``.

    ``asof_h`` is the hour at which the parcel became known; the order and the text are those of
    that hour, for an address that was put right after a failure did not cause it. Parcels whose
    address nobody had typed by then are not in it.
    """
    known = lake.asof(asof)
    version = nw.col("recorded_h")
    firsts = (
        known.versions(table).filter(version == version.min().over(of))
        for table, of in ((PARCELS, "parcel_id"), (ORDERS, "order_id"))
    )
    parcels, orders = firsts
    asked = parcels.select("parcel_id", "order_id", asof_h="recorded_h").join(
        orders.select("order_id", "address_id"), on="order_id"
    )
    texts = known.versions(TYPED_ADDRESSES).select("address_id", "text", "country", "recorded_h")
    then = asked.join(texts, on="address_id").filter(version <= nw.col("asof_h"))
    last = then.filter(version == version.max().over("parcel_id"))
    return last.select("parcel_id", "address_id", "asof_h", "text", "country")
