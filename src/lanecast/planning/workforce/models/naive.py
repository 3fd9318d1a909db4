"""The baseline of volumes: the same hour of the same weekday, a week ago."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from .days import Days, local_days
from .rows import forecast_rows

WEEK = 7


@dataclass(frozen=True)
class Naive:
    """The last week again; quantiles from how weeks followed each other."""

    def fit(self, x: pl.DataFrame) -> "FittedNaive":
        """Learn from rows of ``volumes``."""
        return FittedNaive(local_days(x))


@dataclass(frozen=True)
class FittedNaive:
    """The days that are known."""

    days: Days

    def predict(self, asof: object, horizon: int) -> pl.DataFrame:
        """Return rows of ``demand_forecasts`` for ``horizon`` days from the last known one on."""
        units = self.days.units
        last = units[:, -WEEK:][:, np.arange(horizon) % WEEK]
        said, seen = units[:, :-WEEK], units[:, WEEK:]
        return forecast_rows(self.days, last, said, seen, asof, "naive")
