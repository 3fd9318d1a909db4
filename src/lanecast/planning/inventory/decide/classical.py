"""What most companies do: levels from a point forecast and a spread, in closed form."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from lanecast.optimize.min_max import power_approximation

Array = npt.NDArray[np.float64]
WEEK = 7


@dataclass(frozen=True)
class Rules:
    """How items are bought, shape (n,).

    ``lead`` nights of the lead time, ``review`` days between two chances to order, ``pack`` units
    in a case. ``keeps`` is how many days a piece can be sold, 0 without an end: no rule orders up
    to more than is forecast for so long.
    """

    lead: Array
    review: Array
    pack: Array
    keeps: Array

    @property
    def cover(self) -> Array:
        """Return the days for which an order must last: until the next one has come."""
        return np.asarray(self.lead + self.review)


def naive_order_up_to(sold: Array, position: Array, rules: Rules, ratio: Array) -> Array:
    """Return units to order, shape (n,), up to a seasonal naive forecast and a safety stock.

    Parameters
    ----------
    sold
        Sales so far, shape (n, T), at least two weeks.
    position
        Stock and what is under way, shape (n,).
    ratio
        Critical ratio p / (p + h review), shape (n,).

    Notes
    -----
    Each day to come sells what the same weekday sold last week. S is their sum over lead time and
    review plus z sigma sqrt(lead + review), z the normal quantile of ``ratio``, sigma the root mean
    square of what the forecast was off in the last four weeks.
    """
    days = sold.shape[1]
    ahead = np.arange(int(rules.cover.max()))
    week = sold[:, days - WEEK + ahead % WEEK]
    total = np.where(ahead < rules.cover[:, None], week, 0.0).sum(axis=1)
    off = sold[:, WEEK:][:, -4 * WEEK :] - sold[:, :-WEEK][:, -4 * WEEK :]
    spread = np.sqrt((off**2).mean(axis=1))
    level = total + ndtri(np.clip(ratio, 0.01, 0.9999)) * spread * np.sqrt(rules.cover)
    return _cases(_sellable(level, week.mean(axis=1), rules) - position, rules.pack)


def moving_order_up_to(
    sold: Array, position: Array, rules: Rules, ratio: Array, days: int = 28
) -> Array:
    """Return units to order up to mean x cover + z sd sqrt(cover), both of the last ``days``."""
    mean, sd = _moments(sold[:, -days:])
    level = mean * rules.cover + ndtri(np.clip(ratio, 0.01, 0.9999)) * sd * np.sqrt(rules.cover)
    return _cases(_sellable(level, mean, rules) - position, rules.pack)


def moving_min_max(
    sold: Array,
    position: Array,
    rules: Rules,
    holding: Array,
    short: Array,
    fixed: Array,
    days: int = 28,
) -> Array:
    """Return units of the textbook (s, S): the power approximation on mean and spread of ``days``.

    Costs per unit and day; a review is one period, in which holding is paid each day.
    """
    mean, sd = _moments(sold[:, -days:])
    found = power_approximation(
        np.maximum(holding * rules.review, 1e-9), np.maximum(short, 1e-9),
        np.maximum(fixed, 1e-9), np.maximum(mean * rules.review, 1e-6),
        np.maximum(sd * np.sqrt(rules.review), 1e-6), rules.lead / rules.review,
    )  # fmt: skip
    high = _sellable(found.high, mean, rules)
    return np.where(position <= found.low, _cases(high - position, rules.pack), 0.0)


def _moments(sold: Array) -> tuple[Array, Array]:
    mean = sold.mean(axis=1)
    return mean, np.sqrt(np.maximum(sold.var(axis=1), mean))


def _sellable(level: Array, mean: Array, rules: Rules) -> Array:
    return np.where(rules.keeps > 0, np.minimum(level, mean * rules.keeps), level)


def _cases(units: Array, pack: Array) -> Array:
    return np.asarray(np.ceil(np.maximum(units, 0) / pack - 1e-9) * pack)
