"""What default quantile LightGBMs say: the peer for promises.

All settings are LightGBM's own, one model per level from the median up, learnt from parcels that
were delivered; levels below repeat the median, since no promise is made there.
"""

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import polars as pl

from lanecast.parcel.vocabulary import Vocabulary, learn
from lanecast.tables.parcel import LEVELS

from .plain import TEXTS
from .rows import Array, durations, inputs_of, number_columns, predictions

UPPER = tuple(level for level in LEVELS if level >= 0.5)


@dataclass(frozen=True)
class Pinball:
    """LightGBM with objective quantile on questions at checkout of the last ``days``."""

    days: float = 60

    def __post_init__(self) -> None:
        if not self.days > 0:
            raise ValueError(f"Expected days > 0, got {self.days}.")

    def fit(self, x: pl.DataFrame, y: pl.DataFrame) -> "FittedPinball":
        """Minimise the pinball loss of each level on delivered rows."""
        known = durations(x.filter(moment="checkout"), y).enough()
        known = known.only((known.ended > 0) & (known.age_h <= 24 * self.days))
        columns, texts = number_columns(known.x), learn(known.x, TEXTS)
        inputs = inputs_of(known.x, columns, texts)
        settings = {"objective": "quantile", "num_threads": 1, "verbosity": -1}
        boosters = tuple(
            lgb.train(settings | {"alpha": level}, lgb.Dataset(inputs, known.hours), 100)
            for level in UPPER
        )
        return FittedPinball(boosters, columns, texts, known.seen_h)


@dataclass(frozen=True)
class FittedPinball:
    """One booster per level of ``UPPER``, and the columns that they read."""

    boosters: tuple[lgb.Booster, ...]
    numbers: tuple[str, ...]
    texts: Vocabulary
    seen_h: float

    def hours(self, x: pl.DataFrame) -> Array:
        """Return quantiles [h], shape (n, n_levels)."""
        inputs = inputs_of(x, self.numbers, self.texts)
        upper = [np.asarray(each.predict(inputs, num_threads=1)) for each in self.boosters]
        lower = [upper[0]] * (len(LEVELS) - len(UPPER))
        return np.column_stack([*lower, *upper])

    def predict(self, x: pl.DataFrame) -> pl.DataFrame:
        """Return rows of ``predictions``, for questions at checkout alone."""
        asked = x.filter(moment="checkout")
        return predictions(asked, self.hours(asked), "pinball", f"{self.seen_h:.0f}")
