"""How much to order at once where demand is a steady stream: the EOQ and its relatives.

Symbols of [1]_: fixed cost K [currency/order], holding cost h [currency/unit/time], stock-out cost
p [currency/unit/time], demand rate lambda [units/time], production rate mu [units/time].

References
----------
.. [1] Snyder & Shen (2019). *Fundamentals of Supply Chain Theory*, 2nd ed., chapter 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .given import Array, above_zero, not_negative


@dataclass(frozen=True)
class LotSize:
    """Units per order, and the average cost [currency/time]; of any shape that was given."""

    quantity: Array
    cost: Array


@dataclass(frozen=True)
class Backordered:
    """Units per order, the share of demand that waits, and the average cost [currency/time]."""

    quantity: Array
    share_short: Array
    cost: Array


@dataclass(frozen=True)
class Discounted:
    """Units per order, the price region (0 for the first), and cost with purchases."""

    quantity: float
    region: int
    cost: float


def eoq(fixed: npt.ArrayLike, holding: npt.ArrayLike, rate: npt.ArrayLike) -> LotSize:
    """Return the economic order quantity of Harris (1913): Q = sqrt(2 K lambda / h), eq. (3.4).

    Cost sqrt(2 K lambda h), eq. (3.5), without the purchases.

    Raises
    ------
    ValueError
        When a number is not above zero.

    Examples
    --------
    Example 3.1 of [1]_: K = 8, h = 0.225, lambda = 1300 give Q = 304.0 and cost 68.41.

    >>> round(float(eoq(8, 0.225, 1300).quantity), 1)
    304.0
    """
    above_zero(fixed=fixed, holding=holding, rate=rate)
    k, h, demand = (np.asarray(each, np.float64) for each in (fixed, holding, rate))
    return LotSize(np.sqrt(2 * k * demand / h), np.sqrt(2 * k * demand * h))


def eoq_backorders(
    fixed: npt.ArrayLike, holding: npt.ArrayLike, short: npt.ArrayLike, rate: npt.ArrayLike
) -> Backordered:
    """Return the EOQ where demand may wait at p per unit and time, eq. (3.27) to (3.29).

    Q = sqrt(2 K lambda (h + p) / (h p)), share short h / (h + p).

    Examples
    --------
    Example 3.8 of [1]_: K = 8, h = 0.225, p = 5, lambda = 1300: Q = 310.81, 0.0431, 66.92.

    >>> round(float(eoq_backorders(8, 0.225, 5, 1300).cost), 2)
    66.92
    """
    above_zero(fixed=fixed, holding=holding, short=short, rate=rate)
    k, h, p, demand = (np.asarray(each, np.float64) for each in (fixed, holding, short, rate))
    quantity = np.sqrt(2 * k * demand * (h + p) / (h * p))
    return Backordered(quantity, h / (h + p), np.sqrt(2 * k * demand * h * p / (h + p)))


def epq(
    fixed: npt.ArrayLike, holding: npt.ArrayLike, rate: npt.ArrayLike, production: npt.ArrayLike
) -> LotSize:
    """Return the economic production quantity: a lot comes in at rate mu > lambda, eq. (3.31).

    Examples
    --------
    Problem 3.22 of [1]_: K = 4, h = 0.08, lambda = 80, mu = 110: Q = 171.27, cost 3.737.

    >>> round(float(epq(4, 0.08, 80, 110).quantity), 2)
    171.27
    """
    demand, made = np.asarray(rate, np.float64), np.asarray(production, np.float64)
    if not (made > demand).all():
        raise ValueError(f"production: expected a rate above that of demand {demand}, got {made}.")
    return eoq(fixed, np.asarray(holding, np.float64) * (1 - demand / made), rate)


def all_units_discount(
    fixed: float, holding_rate: float, rate: float, breaks: Sequence[float], price: Sequence[float]
) -> Discounted:
    """Return the order of least cost where one price holds for all units, section 3.4.1.

    Parameters
    ----------
    fixed, rate
        K [currency/order] and lambda [units/time].
    holding_rate
        Holding cost per unit of money and time, i; h = i c.
    breaks, price
        Quantities from which each price [currency/unit] holds; the first is 0.

    Examples
    --------
    Example 3.6 of [1]_ orders 800 at 978.60.

    >>> all_units_discount(8, 0.3, 1300, [0, 400, 800], [0.75, 0.72, 0.68]).quantity
    800.0
    """
    low, cost = _regions(fixed, holding_rate, rate, breaks, price)
    high = np.append(low[1:], np.inf)
    best = np.sqrt(2 * fixed * rate / (holding_rate * cost))
    quantity = np.maximum(best, low)
    total = rate * cost + fixed * rate / quantity + holding_rate * cost * quantity / 2
    total[best >= high] = np.inf  # such an order gets the next price
    at = int(total.argmin())
    return Discounted(float(quantity[at]), at, float(total[at]))


def incremental_discount(
    fixed: float, holding_rate: float, rate: float, breaks: Sequence[float], price: Sequence[float]
) -> Discounted:
    """Return the order of least cost where a price holds for the units beyond its break.

    Section 3.4.2; parameters as ``all_units_discount``. Region j acts like an EOQ whose fixed cost
    is K plus what the units below its break cost more than at its own price.

    Examples
    --------
    Example 3.7 of [1]_ orders 304.05 at 1043.41.

    >>> round(incremental_discount(8, 0.3, 1300, [0, 400, 800], [0.75, 0.72, 0.68]).cost, 2)
    1043.41
    """
    low, cost = _regions(fixed, holding_rate, rate, breaks, price)
    dearer = np.concatenate(([0.0], np.cumsum((cost[:-1] - cost[1:]) * low[1:])))
    quantity = np.sqrt(2 * (fixed + dearer) * rate / (holding_rate * cost))
    each = cost + dearer / quantity
    total = rate * each + fixed * rate / quantity + holding_rate * each * quantity / 2
    inside = (quantity >= low) & (quantity < np.append(low[1:], np.inf))
    total[~inside] = np.inf
    at = int(total.argmin())
    return Discounted(float(quantity[at]), at, float(total[at]))


def _regions(
    fixed: float, holding_rate: float, rate: float, breaks: Sequence[float], price: Sequence[float]
) -> tuple[Array, Array]:
    above_zero(fixed=fixed, holding_rate=holding_rate, rate=rate, price=price)
    not_negative(breaks=breaks)
    low, cost = np.asarray(breaks, np.float64), np.asarray(price, np.float64)
    if low.ndim != 1 or low.shape != cost.shape or low[0] != 0 or not (np.diff(low) > 0).all():
        raise ValueError(
            f"breaks: expected one per price, from 0 and rising, got {low.tolist()} for "
            f"{cost.size} prices."
        )
    if not (np.diff(cost) <= 0).all():
        raise ValueError(f"price: expected prices that fall, got {cost.tolist()}.")
    return low, cost
