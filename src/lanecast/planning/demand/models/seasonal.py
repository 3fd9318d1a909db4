"""The last value of the same phase: the baseline to beat."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from lanecast.planning.forecast import LEVEL, Forecast, answered
from lanecast.planning.panel import Floats, Panel


@dataclass(frozen=True)
class SeasonalNaive:
    """A period is as one season before; its spread is that of such differences in the past.

    ``k`` seasons ahead the spread grows by the root of ``k``, as of a random walk by seasons. A
    series shorter than a season repeats its last value. ``season`` None takes the main one.
    """

    season: int | None = None

    def fit(self, past: Panel) -> "FittedSeasonalNaive":
        """Take the season; nothing else is learnt."""
        main = next(iter(past.frequency.seasons), 1)
        return FittedSeasonalNaive(self.season or main)


@dataclass(frozen=True)
class FittedSeasonalNaive:
    """The season, in periods."""

    season: int

    def predict(self, of: Panel) -> Forecast:
        """Return quantiles of the horizon; nothing known is 0, and said."""
        y, horizon = of.y, of.horizon
        last = last_known(y)
        point = np.repeat(last[:, None], horizon, axis=1)
        steps = np.arange(1, horizon + 1)
        cycles = -(-steps // self.season)
        for k, back in zip(steps, cycles, strict=True):
            at = of.length - 1 + k - back * self.season
            if at >= 0:
                seen = y[:, at]
                point[:, k - 1] = np.where(np.isfinite(seen), seen, point[:, k - 1])
        spread = deviation(y, self.season)[:, None] * np.sqrt(cycles)[None, :]
        quantiles = point[:, :, None] + spread[:, :, None] * norm.ppf(LEVEL)
        if not (y < 0).any():
            quantiles = np.maximum(quantiles, 0.0)
        unknown = ~np.isfinite(last)
        quantiles[unknown] = 0.0
        return answered(quantiles, np.where(unknown, "nothing_known", "").astype("<U32"))


def last_known(y: Floats) -> Floats:
    """Return the last known value of each series, shape (N,); NaN where nothing is."""
    seen = np.isfinite(y)
    at = y.shape[1] - 1 - np.argmax(seen[:, ::-1], axis=1)
    return np.asarray(np.where(seen.any(axis=1), y[np.arange(len(y)), at], np.nan))


def deviation(y: Floats, season: int) -> Floats:
    """Return the root mean square of seasonal differences, or of the first ones, shape (N,)."""
    out = np.full(len(y), np.nan)
    for lag in (season, 1):
        if y.shape[1] <= lag:
            continue
        square = (y[:, lag:] - y[:, :-lag]) ** 2
        count = np.isfinite(square).sum(axis=1)
        mean = np.sqrt(np.nansum(square, axis=1) / np.maximum(count, 1))
        out = np.where(np.isnan(out) & (count > 1), mean, out)
    return np.asarray(np.nan_to_num(out))
