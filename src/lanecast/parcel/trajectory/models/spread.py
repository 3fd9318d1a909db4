"""How times spread about their point forecast: quantiles of what was left over, scaled.

What was left over on questions that the forecast had not seen is divided by its expected size;
the quantiles of that hold for later questions too, in the measure in which these are like those
(split conformal prediction with a scale; Lei et al., 2018). The median is left where it is.
"""

from dataclasses import dataclass

import numpy as np

from lanecast.tables.parcel import LEVELS

from .rows import LONGEST_H, SHORTEST_H, Array

USUAL = 0.45  # deviation of the log of a leg's time, before any was seen
WORTH = 30.0  # rows that the usual spread is worth
LEVEL = np.array(LEVELS)
ODDS = np.log(LEVEL / (1 - LEVEL))
LOGIT = ODDS * 3**0.5 / np.pi  # quantiles of a logistic law of deviation 1
FAR = 14.0  # log odds of a millionth: as far as the tails are drawn


@dataclass(frozen=True)
class Spread:
    """``quantiles`` (n_levels,) of the log that is left over, in units of its expected size."""

    quantiles: Array

    def hours(self, log_hours: Array, size: Array) -> Array:
        """Return quantiles [h], shape (n, n_levels), about point forecasts and sizes (n,)."""
        logs = log_hours[:, None] + size[:, None] * self.quantiles
        return np.asarray(np.exp(np.clip(logs, np.log(SHORTEST_H), np.log(LONGEST_H))))

    def drawn(self, log_hours: Array, size: Array, chance: Array) -> Array:
        """Return the times [h] that are met with ``chance`` in [0, 1); arrays of one shape.

        Between the levels, and beyond them with logistic tails, the law is linear in log odds.
        """
        safe = np.clip(chance, 1e-6, 1 - 1e-6)
        unit = np.interp(np.log(safe / (1 - safe)), *self._law())
        return np.asarray(np.exp(log_hours + size * unit))

    def below(self, log_hours: Array, size: Array, hours: Array) -> Array:
        """Return the chance that a time is below ``hours``; arrays of one shape."""
        odds, unit = self._law()
        at = (np.log(np.maximum(hours, 1e-12)) - log_hours) / size
        return np.where(hours > 0, 1 / (1 + np.exp(-np.interp(at, unit, odds))), 0.0)

    def _law(self) -> tuple[Array, Array]:
        """Return log odds and quantiles of the unit law, its tails added."""
        first, *_, last = np.diff(self.quantiles) / np.diff(ODDS)
        low = self.quantiles[0] - first * (FAR + ODDS[0])
        high = self.quantiles[-1] + last * (FAR - ODDS[-1])
        return np.r_[-FAR, ODDS, FAR], np.r_[low, self.quantiles, high]


def spread(rest: Array, size: Array) -> Spread:
    """Return the spread of ``rest``, the log that was left over, given expected sizes, (n,)."""
    prior = LOGIT * USUAL / (size.mean() if len(size) else 1.0)
    if not len(rest):
        return Spread(prior)
    unit = rest / size
    found = np.quantile(unit, LEVEL) - np.median(unit)
    share = len(rest) / (len(rest) + WORTH)
    return Spread(np.asarray(share * found + (1 - share) * prior))
