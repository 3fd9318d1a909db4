"""Lakes that tell the life of a few parcels, and lakes as they were at an instant."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import narwhals as nw
import polars as pl

from lanecast.sources.world import TABLES
from lanecast.tables.lake import Lake
from lanecast.tables.parcel import PROMISES, SCANS

DAY0 = datetime(2025, 3, 3, 12, tzinfo=UTC)  # a Monday
BY_NAME = {table.name: table for table in TABLES}


def at(hours: float) -> datetime:
    """Return the instant ``hours`` after the beginning of every story."""
    return DAY0 + timedelta(hours=hours)


def number(instant: datetime) -> float:
    """Return hours since 1970 UTC."""
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) / 3.6e9


def shop(path: Path, parcels: Iterable[str] = ("p1",), placed: float = 0.0) -> Lake:
    """Write one seller in US-CA, one buyer in US-NY, and parcels placed at ``placed``."""
    lake = Lake(path)
    place = {"country": "US", "city": "x", "lat": 34.0, "lon": -118.0, "recorded_at": at(-999)}
    seller = place | {"merchant_id": "m1", "region": "US-CA", "postal_code": "90001"}
    home = place | {"address_id": "a1", "region": "US-NY", "postal_code": "10001"}
    put(lake, "merchants", seller | {"zone": "America/Los_Angeles", "facility_id": "f1"})
    put(lake, "addresses", home | {"zone": "America/New_York", "facility_id": "f9"})
    for parcel in parcels:
        order = {"order_id": f"o-{parcel}", "buyer_id": "b1", "address_id": "a1"}
        order |= {"placed_at": at(placed), "utc_offset_min": -300, "payment": "card"}
        order |= {"currency": "USD", "recorded_at": at(placed), "value_minor": 1000}
        put(lake, "orders", order)
        row = {"parcel_id": parcel, "order_id": f"o-{parcel}", "merchant_id": "m1"}
        row |= {"address_id": "a1", "category": "toys", "recorded_at": at(placed)}
        put(lake, "parcels", row | {"carrier_id": "c1", "service": "standard"})
    nothing = pl.DataFrame(schema=dict.fromkeys(PROMISES.columns, pl.String))
    instants = pl.col("promised_at", "recorded_at").cast(pl.Datetime("us", "UTC"))
    lake.write(PROMISES, nw.from_native(nothing.with_columns(instants)))
    return Lake(path)


def put(lake: Lake, table: str, *rows: dict[str, object]) -> None:
    """Write ``rows`` of ``table``."""
    Lake(lake.path).write(BY_NAME[table], nw.from_native(pl.DataFrame(list(rows))))


def scan(
    event: str, status: str, happened: float, recorded: float, where: str | None = None,
    parcel: str = "p1",
) -> dict[str, object]:  # fmt: skip
    """Return a row of ``scans``; hours since the beginning."""
    return {
        "event_id": event,
        "parcel_id": parcel,
        "status": status,
        "event_at": at(happened),
        "recorded_at": at(recorded),
        "facility_id": where,
    }


def told(path: Path, *scans: dict[str, object]) -> Lake:
    """Return the lake of ``shop`` with these scans."""
    lake = shop(path, {str(row["parcel_id"]): None for row in scans} or ["p1"])
    rows = pl.DataFrame(list(scans), schema_overrides={"facility_id": pl.String})
    Lake(path).write(SCANS, nw.from_native(rows))
    return Lake(lake.path)


def cut(tables: dict[str, pl.DataFrame], instant: datetime, path: Path) -> Lake:
    """Return a lake in which nothing recorded after ``instant`` was ever written."""
    lake = Lake(path)
    with lake.batch("cut") as batch:
        for name, rows in tables.items():
            table = BY_NAME[name]
            batch.append(table, nw.from_native(rows.filter(pl.col(table.clock) <= instant)))
    return Lake(path)
