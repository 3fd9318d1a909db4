"""The public Walmart recruiting data: weekly sales by store and department, 2010 to 2012.

A week is named by its Friday and is recorded on the Saturday. Holidays are known from the start,
markdowns for the 39 weeks that the competition published them ahead; weather, fuel price, consumer
prices and unemployment are known when their week is over.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from lanecast.tables.series import EVENT

from .panels import UTC_DS, Sheet, attributes, covariates, described, measured, observed, sheet
from .piece import Piece

MARKDOWNS = tuple(f"MarkDown{number}" for number in range(1, 6))
PAST = ("Temperature", "Fuel_Price", "CPI", "Unemployment")
AHEAD, END = timedelta(weeks=39), timedelta(days=1)
NEEDS = "the Walmart data are train, features and stores"
FLOAT, WHOLE, TEXT = pl.Float64(), pl.Int64(), pl.String()


def read(path: Path, zone: str | None, now: datetime, size: int) -> Iterator[Piece]:
    """Return series, covariates and attributes of the files in folder ``path``.

    Raises
    ------
    RefusedError
        When a file or a column is missing or cannot be read.
    """
    key = ("Store", "Dept", "Date")
    types = {"Store": WHOLE, "Dept": WHOLE, "Date": UTC_DS, "Weekly_Sales": FLOAT}
    train = sheet(path, "train", types, key, ["Weekly_Sales"], NEEDS)
    wide = {"Store": WHOLE, "Date": UTC_DS, "IsHoliday": TEXT}
    wide |= dict.fromkeys((*PAST, *MARKDOWNS), FLOAT)
    features = sheet(path, "features", wide, ("Store", "Date"), [], NEEDS)
    kinds = {"Store": WHOLE, "Type": TEXT, "Size": WHOLE}
    stores = sheet(path, "stores", kinds, ("Store",), [], NEEDS)
    return _pieces(train, features, stores)


def _pieces(train: Sheet, features: Sheet, stores: Sheet) -> Iterator[Piece]:
    start = pl.lit(train.rows["Date"].min(), UTC_DS)
    named = pl.format("{}_{}", "Store", "Dept")
    sales = train.rows.select(
        unique_id=named, ds="Date", y="Weekly_Sales", recorded_at=pl.col("Date") + END
    )
    yield observed(sales, train)
    weeks = features.rows.rename({"Date": "ds"}).with_columns(
        unique_id=pl.format("Store={}", "Store"),
        holiday=pl.col("IsHoliday").str.to_lowercase().is_in(["true", "1"]),
    )
    days = weeks.group_by("ds").agg(holiday=pl.col("holiday").any(), unique_id=pl.lit("*").first())
    early = pl.min_horizontal(start, "ds")
    parts = [
        measured(days.sort("ds"), ["holiday"], early, EVENT),
        measured(weeks, MARKDOWNS, pl.col("ds") - AHEAD),
        measured(weeks, PAST, pl.col("ds") + END),
    ]
    yield covariates(parts, features)
    units = train.rows.select("Store", "Dept", unique_id=named).unique(maintain_order=True)
    units = units.join(stores.rows, on="Store", how="left", maintain_order="left")
    levels = {"Store": 1, "Dept": None, "Type": None, "Size": None}
    yield attributes(described(units, levels, start), stores)
