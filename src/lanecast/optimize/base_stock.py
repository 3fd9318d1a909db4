"""Order up to a level each period: the newsvendor for known laws of demand, with a lead time.

Symbols of [1]_: holding cost h and stock-out cost p [currency/unit/period], lead time L [periods].
With a lead time the demand that counts is that of L + 1 periods (order, wait L, then see demand).
For demand that is known by its quantiles see ``newsvendor``.

References
----------
.. [1] Snyder & Shen (2019). *Fundamentals of Supply Chain Theory*, 2nd ed., sections 4.3 and 4.3.4.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri
from scipy.stats import poisson

from .given import Array, above_zero, arrays, not_negative
from .loss import discrete_first, normal_first


@dataclass(frozen=True)
class BaseStock:
    """The level [units], and its expected cost [currency/period]; of any shape that was given."""

    level: Array
    cost: Array


def normal(
    holding: npt.ArrayLike,
    short: npt.ArrayLike,
    mean: npt.ArrayLike,
    sd: npt.ArrayLike,
    lead: npt.ArrayLike = 0.0,
) -> BaseStock:
    """Return S = mu (L + 1) + z sigma sqrt(L + 1), z the p / (h + p) quantile, eq. (4.24), (4.54).

    Cost (h + p) phi(z) sigma sqrt(L + 1), eq. (4.30).

    Raises
    ------
    ValueError
        When a cost or the deviation is not above zero, or the lead time is negative; a lead time
        of zero is valid.

    Examples
    --------
    Example 4.3 of [1]_: h = 0.18, p = 0.70, N(50, 8^2): S = 56.6, cost 2.00; example 4.4, with
    L = 4: S = 264.8, cost 4.47.

    >>> round(float(normal(0.18, 0.70, 50, 8, lead=4).level), 1)
    264.8
    """
    above_zero(holding=holding, short=short, sd=sd)
    not_negative(lead=lead)
    h, p, mu, sigma, wait = arrays(holding, short, mean, sd, lead)
    total, spread = mu * (wait + 1), sigma * np.sqrt(wait + 1)
    level = total + spread * ndtri(p / (h + p))
    return BaseStock(level, normal_cost(level, h, p, total, spread))


def normal_cost(
    level: npt.ArrayLike,
    holding: npt.ArrayLike,
    short: npt.ArrayLike,
    mean: npt.ArrayLike,
    sd: npt.ArrayLike,
) -> Array:
    """Return h E[(S - D)+] + p E[(D - S)+] for D ~ N(mean, sd^2), eq. (4.6)."""
    over = normal_first(level, mean, sd)
    at, h, p, mu = arrays(level, holding, short, mean)
    return np.asarray(h * (at - mu + over) + p * over)


def normal_profit(
    price: float, cost: float, salvage: float, mean: float, sd: float
) -> tuple[float, float]:
    """Return the order and the expected profit of the classic newsvendor, section 4.3.2.4.

    ``price`` r, ``cost`` c and ``salvage`` v [currency/unit] with r > c > v: short costs r - c,
    over costs c - v, and profit is (r - c) mu less their cost.

    Examples
    --------
    Example 4.2 of [1]_: r = 1, c = 0.30, v = 0.12: S = 56.6, profit 33.00.

    >>> round(normal_profit(1.0, 0.3, 0.12, 50, 8)[1], 2)
    33.0
    """
    if not price > cost > salvage:
        raise ValueError(f"price > cost > salvage: got {price}, {cost} and {salvage}.")
    found = normal(cost - salvage, price - cost, mean, sd)
    return float(found.level), (price - cost) * mean - float(found.cost)


def log_normal(holding: float, short: float, mu: float, sigma: float) -> BaseStock:
    """Return the level for demand whose logarithm is N(mu, sigma^2).

    E[(D - S)+] = exp(mu + sigma^2 / 2) P(Z > z - sigma) - S P(Z > z), z = (ln S - mu) / sigma.

    Examples
    --------
    Problem 4.8(b) of [1]_: h = 1, p = 0.1765, mu = 6, sigma = 0.3: S = 295.6.

    >>> round(float(log_normal(1, 0.1765, 6, 0.3).level), 1)
    295.6
    """
    above_zero(holding=holding, short=short, sigma=sigma)
    z = float(ndtri(short / (holding + short)))
    level, mean = float(np.exp(mu + sigma * z)), float(np.exp(mu + sigma**2 / 2))
    over = mean * float(ndtr(sigma - z)) - level * holding / (holding + short)
    return BaseStock(np.asarray(level), np.asarray(holding * (level - mean + over) + short * over))


def discrete(holding: npt.ArrayLike, short: npt.ArrayLike, chance: npt.ArrayLike) -> BaseStock:
    """Return the least level that covers demand with probability p / (h + p), eq. (4.35).

    Parameters
    ----------
    holding, short
        h and p [currency/unit/period], > 0, one number or shape (...).
    chance
        Probability of a demand of 0, 1, 2 ... units (over lead time and period), shape (..., K).

    Examples
    --------
    Problem 4.7(b) of [1]_, in millions: h = 0.5, p = 1: S = 5, cost 1.225.

    >>> found = discrete(0.5, 1.0, [0, 0.25, 0.05, 0.1, 0.2, 0.15, 0.1, 0.1, 0.05])
    >>> found.level.tolist(), round(float(found.cost), 3)
    (5.0, 1.225)
    """
    above_zero(holding=holding, short=short)
    cost = discrete_cost(holding, short, chance)
    level = cost.argmin(axis=-1)
    best = np.take_along_axis(cost, level[..., None], axis=-1)[..., 0]
    return BaseStock(np.asarray(level, np.float64), best)


def discrete_cost(holding: npt.ArrayLike, short: npt.ArrayLike, chance: npt.ArrayLike) -> Array:
    """Return h E[(S - D)+] + p E[(D - S)+] at S = 0, 1 ... K, shape (..., K + 1), eq. (4.33)."""
    over = discrete_first(chance)
    mean = over[..., :1]
    left = np.arange(over.shape[-1]) - mean + over
    h, p = (np.asarray(each, np.float64)[..., None] for each in (holding, short))
    return np.asarray(h * left + p * over)


def poisson_chances(mean: float, least: float = 1e-12) -> Array:
    """Return the Poisson probabilities of 0, 1, 2 ..., until at most ``least`` is left."""
    above_zero(mean=mean)
    chance = np.asarray(poisson(mean).pmf(np.arange(int(poisson(mean).isf(least)) + 2)))
    return np.asarray(chance / chance.sum())
