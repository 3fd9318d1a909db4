"""The public VN1 competition: weekly e-commerce sales and prices per client, warehouse, product.

A week begins on the Monday that names it and is recorded when it is over; so is its price, which
is that of what was sold.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from .panels import UTC_DS, Sheet, attributes, covariates, described, measured, observed, sheet
from .piece import Piece

KEY = ("Client", "Warehouse", "Product")
WEEK = timedelta(weeks=1)
NEEDS = "the VN1 data are phase1_sales and phase1_prices"


def read(path: Path, zone: str | None, now: datetime, size: int) -> Iterator[Piece]:
    """Return series, covariates and attributes of the files in folder ``path``.

    Raises
    ------
    RefusedError
        When a file or a column is missing or cannot be read.
    """
    types = dict.fromkeys(KEY, pl.Int64()) | {"week": UTC_DS}
    what: dict[str, tuple[str, str]] = {"sales": ("phase1_sales", "units")}
    what["prices"] = ("phase1_prices", "price")
    found = {
        name: sheet(path, stem, types | {col: pl.Float64()}, (*KEY, "week"), [col], NEEDS)
        for name, (stem, col) in what.items()
    }
    return _pieces(found["sales"], found["prices"])


def _pieces(sales: Sheet, prices: Sheet) -> Iterator[Piece]:
    named = pl.format("{}_{}_{}", *KEY).alias("unique_id")
    over = pl.col("ds") + WEEK
    rows = sales.rows.rename({"week": "ds"}).with_columns(named)
    yield observed(rows.select("unique_id", "ds", y="units", recorded_at=over), sales)
    priced = prices.rows.rename({"week": "ds"}).with_columns(named)
    yield covariates([measured(priced, ["price"], over)], prices)
    units = rows.select("unique_id", *KEY).unique("unique_id", maintain_order=True)
    levels = {"Client": 1, "Warehouse": 2, "Product": None}
    yield attributes(described(units, levels, pl.lit(rows["ds"].min(), UTC_DS)), sales)
