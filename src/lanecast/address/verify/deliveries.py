"""What became of deliveries to each address: was it found at the first attempt?"""

from datetime import datetime
from typing import Any

import narwhals as nw

from lanecast.tables.commerce import ORDERS
from lanecast.tables.lake import Lake
from lanecast.tables.parcel import PARCELS, SCANS

NOT_FOUND = "carrier_address_not_found"
ATTEMPTS = ("delivered", "delivery_failed")


def deliveries(lake: Lake, asof: datetime) -> nw.LazyFrame[Any]:
    """Return ``parcel_id, address_id, first_h, not_found`` of every parcel tried by ``asof``.

    ``first_h`` is the hour of the first attempt since 1970 UTC; ``not_found`` is 1 where the
    courier did not find the address then, else 0. Parcels not tried yet are not in it.
    """
    known = lake.asof(asof)
    tried = known.read(SCANS).filter(nw.col("status").is_in(ATTEMPTS))
    first = tried.filter(nw.col("event_h") == nw.col("event_h").min().over("parcel_id"))
    lost = (nw.col("incident") == NOT_FOUND).fill_null(False).cast(nw.Int64)
    ends = (
        first.with_columns(lost=lost)
        .group_by("parcel_id")
        .agg(first_h=nw.col("event_h").min(), not_found=nw.col("lost").max())
    )
    bought = known.read(PARCELS).select("parcel_id", "order_id")
    whose = known.read(ORDERS).select("order_id", "address_id")
    return (
        ends.join(bought, on="parcel_id")
        .join(whose, on="order_id")
        .select("parcel_id", "address_id", "first_h", "not_found")
    )
