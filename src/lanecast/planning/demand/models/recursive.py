"""mlforecast's LightGBM with its default settings: one step at a time, fed with its own answers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from lanecast.planning.forecast import Forecast, answered
from lanecast.planning.panel import Floats, Panel
from lanecast.tables.parcel import LEVELS

from .pool import WIDE
from .seasonal import SeasonalNaive
from .whole import begin, filled

DATES = {"hours": ["hour", "weekday"], "days": ["weekday", "month"], "weeks": ["week", "month"]}
STEPS = {
    "hours": "1h",
    "days": "1d",
    "weeks": "1w",
    "months": "1mo",
    "quarters": "3mo",
}


@dataclass(frozen=True)
class Recursive:
    """Lags, seasonal lags, date features, attributes and what is known ahead; conformal spread.

    Parameters
    ----------
    most
        Periods of each series that are learnt from, the last ones.
    windows
        Rolling origins of its own conformal intervals.
    """

    most: int = 750
    windows: int = 2
    seed: int = 0
    threads: int = 1

    def fit(self, past: Panel) -> "FittedRecursive":
        """Learn nothing yet: the library learns and answers at one go."""
        return FittedRecursive(self)


@dataclass(frozen=True)
class FittedRecursive:
    """How to learn; see ``Recursive``."""

    how: Recursive

    def predict(self, of: Panel) -> Forecast:
        """Return quantiles of the horizon; a series too short is answered as seasonal naive."""
        plain = SeasonalNaive().fit(of).predict(of)
        quantiles, fallback = plain.quantiles.copy(), plain.fallback.copy()
        start = max(of.length - self.how.most, 0)
        y = filled(of.y[:, start:])
        known = y.shape[1] - begin(y)
        longest = int(known.max()) - (self.how.windows + 1) * of.horizon - 8
        lags = [n for n in _lags(of) if n <= longest]
        windows = self.how.windows if lags else 0
        rows = np.flatnonzero(known >= (windows + 1) * of.horizon + max(lags, default=0) + 4)
        if len(rows) and lags:
            quantiles[rows] = self._learnt(of.of(rows), y[rows], start, lags)
        others = np.setdiff1d(np.arange(len(y)), rows if lags else [])
        fallback[others] = np.where(fallback[others] == "", "seasonal_naive", fallback[others])
        if not (of.y < 0).any():
            quantiles = np.maximum(quantiles, 0.0)
        return answered(quantiles, fallback)

    def _learnt(self, of: Panel, y: Floats, start: int, lags: list[int]) -> Floats:
        from lightgbm import LGBMRegressor
        from mlforecast import MLForecast
        from mlforecast.utils import PredictionIntervals

        past, future, static = _frames(of, y, start)
        how = self.how
        model = LGBMRegressor(verbosity=-1, random_state=how.seed, n_jobs=how.threads)
        step = STEPS.get(of.frequency.name, 1)
        dates = DATES.get(of.frequency.name, []) if step != 1 else []
        learner = MLForecast({"lgb": model}, freq=step, lags=lags, date_features=dates)
        intervals = PredictionIntervals(n_windows=how.windows, h=of.horizon)
        learner.fit(past, static_features=static, prediction_intervals=intervals)
        ahead = future if future.width > 2 else None
        answer = learner.predict(of.horizon, X_df=ahead, level=sorted(WIDE)).sort("unique_id", "ds")
        low = [f"lgb-lo-{level}" for level in WIDE]
        high = [f"lgb-hi-{level}" for level in reversed(WIDE)]
        flat = answer.select([*low, "lgb", *high]).to_numpy()
        return np.asarray(flat.reshape(len(y), of.horizon, len(LEVELS)))


def _lags(of: Panel) -> list[int]:
    found = {1, 2, 3, 4}
    for season in of.frequency.seasons:
        found |= {season, 2 * season} if season < 100 else {season}
    return sorted(found)


def _frames(of: Panel, y: Floats, start: int) -> tuple[pl.DataFrame, pl.DataFrame, list[str]]:
    """Return the past and the future as long frames, and the names of what does not change."""
    seen = np.isfinite(y)
    number, column = np.nonzero(seen)
    named = of.frequency.name in STEPS
    grid = of.ds(start, y.shape[1] + of.horizon) if named else np.arange(y.shape[1] + of.horizon)
    past: dict[str, Any] = {"unique_id": number, "ds": grid[column], "y": y[seen]}
    later = np.repeat(np.arange(len(y)), of.horizon), np.tile(np.arange(of.horizon), len(y))
    future: dict[str, Any] = {"unique_id": later[0], "ds": grid[y.shape[1] + later[1]]}
    for i, (_, each) in enumerate(sorted(of.covariates.items())):
        if each.ahead:
            values = np.nan_to_num(each.values, nan=0.0) if each.event else each.values
            of_row = np.where(each.row[:, None] < 0, np.nan, values[each.row])
            past[f"x{i}"] = of_row[number, start + column]
            future[f"x{i}"] = of_row[later[0], of.length + later[1]]
    static = []
    for i, texts in enumerate(of.attributes.values()):
        codes = np.unique(texts, return_inverse=True)[1]
        past[f"s{i}"] = codes[number]
        static.append(f"s{i}")
    return pl.DataFrame(past), pl.DataFrame(future), static
