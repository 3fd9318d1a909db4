"""What a default LightGBM says of the order alone: the peer that everybody has at hand.

All settings are LightGBM's own. It reads what is fixed when the order is placed and nothing of the
past, and learns from the questions that are answered.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import polars as pl

from .inputs import Inputs, learn
from .rows import FEWEST, answers, asked_of, events_of, predictions

STATIC = (
    *("distance_km", "weight_g", "volume_cm3", "value_minor", "freight_minor", "freight_share"),
    *("pieces", "merchants", "installments", "promise_h", "hour", "weekday", "promise_weekday"),
    *("working_to_promise_d", "to_ship_by_h", "goal_lat", "goal_lon", "origin_lat", "origin_lon"),
    *("moment", "origin_region", "goal_region", "category", "payment", "goal_kind", "service"),
    *("carrier_id",),
)


@dataclass(frozen=True)
class Plain:
    """LightGBM as it comes, for ``moments`` only (None: all)."""

    moments: tuple[str, ...] | None = None

    def fit(self, x: pl.DataFrame, y: pl.DataFrame) -> "FittedPlain":
        """Minimise the log loss on what is answered."""
        if self.moments is not None:
            x = x.filter(pl.col("moment").is_in(self.moments))
        boosters, inputs, seen_h = {}, {}, 0.0
        for event in events_of(y):
            rows = answers(x, y, event)
            seen_h, rows = rows.seen_h, rows.only(rows.known)
            if rows.hit.sum() < FEWEST:
                continue
            inputs[event] = learn(rows.x, STATIC)
            data = lgb.Dataset(inputs[event](rows.x), rows.hit)
            settings = {"objective": "binary", "num_threads": 1, "verbosity": -1}
            boosters[event] = lgb.train(settings, data, 100)
        return FittedPlain(boosters, inputs, seen_h)


@dataclass(frozen=True)
class FittedPlain:
    """A booster per event, and what each reads."""

    boosters: Mapping[str, lgb.Booster]
    inputs: Mapping[str, Inputs]
    seen_h: float

    def predict(self, x: pl.DataFrame) -> pl.DataFrame:
        """Return rows of ``risks``."""
        parts = []
        for event, booster in self.boosters.items():
            rows = asked_of(x, event)
            if rows.height:
                chance = np.asarray(booster.predict(self.inputs[event](rows), num_threads=1))
                parts.append(predictions(rows, event, chance, "plain", f"{self.seen_h:.0f}"))
        return pl.concat(parts)
