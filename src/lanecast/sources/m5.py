"""A sample of the public M5 data: daily sales of items in stores, with prices and events.

One file of long rows. Prices are known for the 28 days that the competition published them ahead;
events and days of food stamps (SNAP) from the start. A day is recorded when it is over.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from lanecast.tables.series import EVENT

from .panels import UTC_DS, Sheet, attributes, covariates, described, measured, observed, sheet
from .piece import Piece

STEM = "tiny_m5"
NEEDS = "the M5 sample is one file of long rows with item_id, store_id, date, value and sell_price"
LEVELS = {"state_id": 1, "store_id": 2, "cat_id": 3, "dept_id": 4, "item_id": None}
DAY, AHEAD = timedelta(days=1), timedelta(days=28)
EVENTS = ("event_name_1", "event_name_2")


def read(path: Path, zone: str | None, now: datetime, size: int) -> Iterator[Piece]:
    """Return series, covariates and attributes of the file in folder ``path``.

    Raises
    ------
    RefusedError
        When the file or a column is missing or cannot be read.
    """
    types: dict[str, pl.DataType] = {name: pl.String() for name in (*LEVELS, *EVENTS)}
    types |= {"value": pl.Float64(), "date": UTC_DS, "snap": pl.Float64()}
    types |= {"sell_price": pl.Float64()}
    return _pieces(sheet(path, STEM, types, ("item_id", "store_id", "date"), ["value"], NEEDS))


def _pieces(days: Sheet) -> Iterator[Piece]:
    rows = days.rows.with_columns(unique_id=pl.format("{}_{}", "item_id", "store_id"))
    start = pl.lit(rows["date"].min(), UTC_DS)
    rows = rows.rename({"date": "ds"}).with_columns(price=pl.col("sell_price"))
    yield observed(rows.select("unique_id", "ds", y="value", recorded_at=pl.col("ds") + DAY), days)
    snap = rows.select("ds", "snap", unique_id=pl.format("state_id={}", "state_id"))
    snap = snap.unique(["unique_id", "ds"], keep="first", maintain_order=True)
    named = pl.concat(rows.select("ds", event=name) for name in EVENTS).drop_nulls()
    named = named.filter(pl.col("event") != "").unique().sort("ds", "event")
    events = named.select(
        "ds",
        unique_id=pl.lit("*"),
        name="event",
        kind=pl.lit(EVENT),
        value=pl.lit(1.0),
        recorded_at=start,
    )
    order = ("unique_id", "ds", "name", "kind", "value", "recorded_at")
    parts = [
        measured(rows, ["price"], pl.col("ds") - AHEAD),
        measured(snap, ["snap"], start, EVENT),
        events.select(order),
    ]
    yield covariates(parts, Sheet(days.name, rows))
    units = rows.select("unique_id", *LEVELS).unique("unique_id", maintain_order=True)
    yield attributes(described(units, LEVELS, start), days)
