"""Lot sizes and base stock where supply fails: disruptions and yield that varies.

Symbols of [1]_: K [currency/order], h [currency/unit/time], p [currency/unit], demand d [units per
time]; a working supplier fails at rate (chance) lambda and recovers at rate (chance) mu.

References
----------
.. [1] Snyder & Shen (2019). *Fundamentals of Supply Chain Theory*, 2nd ed., chapter 9.
.. [2] Berk & Arreola-Risa (1994). Note on "Future supply uncertainty in EOQ models". Naval Research
   Logistics 41.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from .given import Array, above_zero, not_negative
from .lot_size import LotSize


@dataclass(frozen=True)
class Failing:
    """A stream of demand from a supplier that fails: fixed, holding, short, rate, fail, recover."""

    fixed: float
    holding: float
    short: float
    rate: float
    fail: float
    recover: float

    def __post_init__(self) -> None:
        above_zero(fixed=self.fixed, holding=self.holding, short=self.short, rate=self.rate)
        above_zero(fail=self.fail, recover=self.recover)

    def cost(self, quantity: npt.ArrayLike) -> Array:
        """Return (K + h Q^2 / 2d + p d b / mu) / (Q / d + b / mu) [currency/time], eq. (9.5).

        b = lambda / (lambda + mu) (1 - exp(-(lambda + mu) Q / d)) is the chance that the supplier
        is down when an order is due; demand is lost until it recovers [2]_.
        """
        q = np.asarray(quantity, np.float64)
        both = self.fail + self.recover
        down = self.fail / both * -np.expm1(-both * q / self.rate)
        return self._cost(q, down)

    def _cost(self, q: Array, down: Array) -> Array:
        lost = self.short * self.rate * down / self.recover
        cycle = q / self.rate + down / self.recover
        return np.asarray((self.fixed + self.holding * q**2 / (2 * self.rate) + lost) / cycle)


def eoq_disruptions(stream: Failing) -> LotSize:
    """Return the order quantity of least cost, eq. (9.5), by a search on one number.

    Examples
    --------
    Example 9.1 of [1]_: Q = 772.8, cost 173.95.

    >>> found = eoq_disruptions(Failing(8, 0.225, 5, 1300, 1.5, 14))
    >>> round(float(found.quantity), 1), round(float(found.cost), 2)
    (772.8, 173.95)
    """
    near = float(eoq_disruptions_approximate(stream).quantity)
    found = minimize_scalar(
        stream.cost, bounds=(near / 20, near * 20), method="bounded", options={"xatol": near * 1e-9}
    )
    return LotSize(np.asarray(float(found.x)), np.asarray(float(found.fun)))


def eoq_disruptions_approximate(stream: Failing) -> LotSize:
    """Return Snyder's closed form: the chance of being down does not depend on Q, eq. (9.9).

    Example 9.1 of [1]_: Q = 773.1, cost 173.96.
    """
    chance = stream.fail / (stream.fail + stream.recover)
    wait = chance * stream.rate / stream.recover  # units that are lost per cycle on average
    square = (
        wait**2 + 2 * stream.fixed * stream.rate / stream.holding
        + 2 * stream.short * stream.rate * wait / stream.holding
    )  # fmt: skip
    quantity = np.sqrt(square) - wait
    down = np.asarray(chance)
    return LotSize(np.asarray(quantity), stream._cost(np.asarray(quantity), down))


def base_stock_disruptions(
    holding: float, short: float, demand: float, fail: float, recover: float
) -> LotSize:
    """Return the base stock for known demand from a supplier that fails, section 9.3.2.

    The chance of being down for n periods is pi_0 = b / (a + b), pi_n = a b / (a + b) (1 - b)^(n -
    1), a and b the chances to fail and to recover in a period; S covers the least n + 1 periods
    with F(n) >= p / (h + p), eq. (9.20).

    Examples
    --------
    Example 9.3 of [1]_: h = 0.25, p = 3, d = 2000, a = 0.04, b = 0.25: S = 8000, cost 2737.

    >>> found = base_stock_disruptions(0.25, 3, 2000, 0.04, 0.25)
    >>> float(found.quantity), round(float(found.cost))
    (8000.0, 2737)
    """
    above_zero(holding=holding, short=short, demand=demand, fail=fail, recover=recover)
    if fail > 1 or recover > 1:
        raise ValueError(f"fail, recover: expected chances of at most 1, got {fail}, {recover}.")
    count = 200 if recover == 1 else int(np.ceil(np.log(1e-16) / np.log1p(-recover))) + 2
    n = np.arange(count)
    down = fail * recover / (fail + recover) * (1 - recover) ** np.maximum(n - 1, 0)
    down[0] = recover / (fail + recover)
    enough = np.cumsum(down) >= short / (holding + short) - 1e-15
    level = (int(enough.argmax()) + 1) * demand
    left = level - (n + 1) * demand
    cost = (down * (holding * np.maximum(left, 0) + short * np.maximum(-left, 0))).sum()
    return LotSize(np.asarray(float(level)), np.asarray(float(cost)))


def eoq_yield_added(
    fixed: float, holding: float, rate: float, yield_mean: float, yield_sd: float
) -> LotSize:
    """Return the order where Q + Y units arrive, Y of this mean and deviation, eq. (9.24).

    Q = sqrt(2 K d / h + sd^2) - mean; cost (K d + h ((Q + mean)^2 + sd^2) / 2) / (Q + mean).

    Examples
    --------
    Example 9.4 of [1]_: Q = 230246, cost 12914.78.

    >>> round(float(eoq_yield_added(18500, 0.06, 75000, -15000, 9000).quantity))
    230246
    """
    above_zero(fixed=fixed, holding=holding, rate=rate)
    not_negative(yield_sd=yield_sd)
    arrives = np.sqrt(2 * fixed * rate / holding + yield_sd**2)
    cost = (fixed * rate + holding * (arrives**2 + yield_sd**2) / 2) / arrives
    return LotSize(np.asarray(arrives - yield_mean), np.asarray(cost))


def eoq_yield_share(
    fixed: float, holding: float, rate: float, yield_mean: float, yield_sd: float
) -> LotSize:
    """Return the order where a share Z of Q arrives, of this mean and deviation, eq. (9.28).

    Q = sqrt(2 K d / (h (mean^2 + sd^2))); cost (K d + h Q^2 (mean^2 + sd^2) / 2) / (Q mean).

    Examples
    --------
    Example 9.5 of [1]_: Q = 254460, cost 13086.53.

    >>> round(float(eoq_yield_share(18500, 0.06, 75000, 5 / 6, 0.14085904).cost), 2)
    13086.53
    """
    above_zero(fixed=fixed, holding=holding, rate=rate, yield_mean=yield_mean)
    not_negative(yield_sd=yield_sd)
    square = yield_mean**2 + yield_sd**2
    quantity = np.sqrt(2 * fixed * rate / (holding * square))
    cost = (fixed * rate + holding * quantity**2 * square / 2) / (quantity * yield_mean)
    return LotSize(np.asarray(quantity), np.asarray(cost))


def order_yield_uniform(
    holding: float, short: float, demand: float, low: float, high: float
) -> LotSize:
    """Return the order where S + Y arrives, Y uniform in [low, high], for known demand.

    S = d - F^-1(h / (h + p)), eq. (9.34); at the best S the cost is h p (high - low) / (2 (h + p)).

    Examples
    --------
    Example 9.6 of [1]_, in millions: S = 1.833, cost 6.25.

    >>> found = order_yield_uniform(15, 75, 1.5, -0.5, 0.5)
    >>> round(float(found.quantity), 3), float(found.cost)
    (1.833, 6.25)
    """
    above_zero(holding=holding, short=short, demand=demand)
    if not high > low:
        raise ValueError(f"low, high: expected low < high, got {low} and {high}.")
    share = holding / (holding + short)
    cost = holding * short * (high - low) / (2 * (holding + short))
    return LotSize(np.asarray(demand - (low + share * (high - low))), np.asarray(cost))
