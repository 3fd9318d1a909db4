"""What a default LightGBM says: the peer that everybody has at hand.

All settings are LightGBM's own; it learns from delivered parcels only and answers with one number,
so its quantiles are all the same.
"""

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import polars as pl

from lanecast.parcel.vocabulary import Vocabulary, learn
from lanecast.tables.parcel import LEVELS

from .rows import Array, durations, inputs_of, number_columns, predictions

TEXTS = ("moment", "status", "origin_region", "goal_region", "category", "payment")


@dataclass(frozen=True)
class Plain:
    """LightGBM with objective L1; ``days`` limits it to recent questions, None to none."""

    days: float | None = None

    def __post_init__(self) -> None:
        if self.days is not None and not self.days > 0:
            raise ValueError(f"Expected days > 0, or None for all, got {self.days}.")

    def fit(self, x: pl.DataFrame, y: pl.DataFrame) -> "FittedPlain":
        """Minimise the absolute error on delivered rows."""
        known = durations(x, y).enough()
        young = known.age_h <= 24 * (self.days or np.inf)
        known = known.only((known.ended > 0) & young)
        columns, texts = number_columns(known.x), learn(known.x, TEXTS)
        data = lgb.Dataset(inputs_of(known.x, columns, texts), known.hours)
        booster = lgb.train({"objective": "l1", "num_threads": 1, "verbosity": -1}, data, 100)
        return FittedPlain(booster, columns, texts, known.seen_h)


@dataclass(frozen=True)
class FittedPlain:
    """The booster, and the columns that it reads."""

    booster: lgb.Booster
    numbers: tuple[str, ...]
    texts: Vocabulary
    seen_h: float

    def hours(self, x: pl.DataFrame) -> Array:
        """Return the forecast [h] as every quantile, shape (n, n_levels)."""
        inputs = inputs_of(x, self.numbers, self.texts)
        point = np.asarray(self.booster.predict(inputs, num_threads=1))
        return np.repeat(np.maximum(point, 0.0)[:, None], len(LEVELS), axis=1)

    def predict(self, x: pl.DataFrame) -> pl.DataFrame:
        """Return rows of ``predictions``."""
        return predictions(x, self.hours(x), "plain", f"{self.seen_h:.0f}")
