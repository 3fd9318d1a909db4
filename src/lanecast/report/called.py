"""What models and rules are called on the page: one name each, wherever they stand."""

from collections.abc import Mapping
from typing import TypeVar

import polars as pl

T = TypeVar("T")

PROMISE = "the company's promise"
CALLED = {
    "blend": "Lanecast blend",
    "Lanecast": "Lanecast blend",
    "lane_quantiles": "lane quantiles",
    "Lane quantiles": "lane quantiles",
    "company's promise": PROMISE,
}


def called(name: str) -> str:
    """Return the name of a model or rule on the page; one that is not ours stays as it is."""
    return CALLED.get(name, name)


def column_called(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return the rows with the names on the page in ``column``."""
    return rows.with_columns(pl.col(column).replace(CALLED))


def keys_called(given: Mapping[str, T]) -> dict[str, T]:
    """Return the same with the names on the page as keys, in the same order."""
    return {called(name): value for name, value in given.items()}
