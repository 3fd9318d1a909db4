"""Lakes that tell the life of a few parcels, and lakes as they were at an instant."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import narwhals as nw
import numpy as np
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


def chaos(path: Path, seed: int, parcels: int = 120) -> Lake:
    """Return a lake of parcels that are scanned in any order, on the hour, and some twice."""
    rng = np.random.default_rng(seed)
    lake = Lake(path)
    said = ("picked_up", "arrived", "departed", "delivery_failed", "unknown", "created", "lost")
    orders, rows, promises, scans = [], [], [], []
    for i in range(parcels):
        name, placed = f"p{i:03d}", int(rng.integers(0, 34) * 12)
        order = {"order_id": f"o-{name}", "buyer_id": "b1", "address_id": f"a{i % 5}"}
        order |= {"placed_at": at(placed), "utc_offset_min": -300, "currency": "USD"}
        orders.append(order | {"recorded_at": at(placed), "value_minor": 1000 + i})
        row = {"parcel_id": name, "order_id": f"o-{name}", "merchant_id": f"m{i % 3}"}
        row |= {"address_id": f"a{i % 5}", "carrier_id": "c1", "service": "standard"}
        rows.append(row | {"recorded_at": at(placed), "category": "toys"})
        promise = {"parcel_id": name, "promised_at": at(placed + 100)}
        promise |= {"promised_date": at(placed + 100).date(), "recorded_at": at(placed)}
        promises.append(promise)
        words = [*rng.choice(said[:-1], 4), *rng.choice(["delivered", "delivered", "lost"], 2)]
        for j, word in enumerate(words):
            happened = placed + int(rng.integers(1, 30 if j < 4 else 90))
            known = happened + int(rng.choice([0, 0, 1, 12, 24, 60, 140]))
            scans.append(scan(f"{name}-{j}", str(word), happened, known, f"f{j % 3}", name))
    places = {"country": "US", "city": "x", "lat": 34.0, "lon": -118.0, "recorded_at": at(-999)}
    places |= {"region": "US-CA", "zone": "America/Los_Angeles"}
    put(lake, "merchants", *(places | {"merchant_id": f"m{i}"} for i in range(3)))
    homes = [places | {"address_id": f"a{i}", "postal_code": f"9000{i}"} for i in range(5)]
    put(lake, "addresses", *homes)
    put(lake, "orders", *orders)
    put(lake, "parcels", *rows)
    put(lake, "promises", *promises)
    put(lake, "scans", *scans)
    return Lake(path)


def cut(tables: dict[str, pl.DataFrame], instant: datetime, path: Path) -> Lake:
    """Return a lake in which nothing recorded after ``instant`` was ever written."""
    lake = Lake(path)
    with lake.batch("cut") as batch:
        for name, rows in tables.items():
            table = BY_NAME[name]
            batch.append(table, nw.from_native(rows.filter(pl.col(table.clock) <= instant)))
    return Lake(path)
