"""When to order and up to what, period by period until an end: stochastic dynamic programming."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .given import Array, above_zero, chances, not_negative


@dataclass(frozen=True)
class Horizon:
    """s and S of each period [units], shape (T,), and the expected cost from the start stock."""

    low: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]
    cost: float


def finite_horizon(
    periods: int,
    chance: npt.ArrayLike,
    *,
    holding: float,
    short: float,
    price: float = 0.0,
    fixed: float = 0.0,
    end_holding: float = 0.0,
    end_short: float = 0.0,
    discount: float = 1.0,
    start: int = 0,
    period_cost: Callable[[Array], Array] | None = None,
) -> Horizon:
    """Return the best policy of each period, on whole units, with backorders.

    Parameters
    ----------
    periods
        T, >= 1.
    chance
        Probability of a demand of 0, 1, 2 ... units in a period, shape (K,).
    holding, short
        h and p [currency/unit/period], of what is left or waits at its end.
    price, fixed
        c [currency/unit] and K [currency/order].
    end_holding, end_short
        What a unit left or waiting after the last period costs [currency/unit].
    discount
        gamma in (0, 1].
    start
        Stock before the first period [units].
    period_cost
        Expected holding and stock-out cost at positions y [units]; None takes it from ``chance``.
        The law itself gives it where ``chance`` is a continuous law cut into whole units.

    Raises
    ------
    ValueError
        When a number makes no sense.

    Notes
    -----
    H_t(y) = c y + h E[(y - D)+] + p E[(D - y)+] + gamma E[theta_{t+1}(y - D)], and theta_t(x) is
    the least of H_t(x) and K + H_t(y), y > x, less c x: eq. (4.86) to (4.88) of [1]_. S is where
    H_t is least, s the highest x at which ordering pays; where K is 0 they are equal.

    References
    ----------
    .. [1] Snyder & Shen (2019). *Fundamentals of Supply Chain Theory*, 2nd ed., sections 4.3.3 and
       4.4.3; problems 4.29 (cost 234.8, S = 23) and 4.30 (cost 519.4, s = 17, S = 42).
    """
    f = chances("chance", chance)
    above_zero(periods=periods, discount=discount)
    not_negative(holding=holding, short=short, price=price, fixed=fixed)
    not_negative(end_holding=end_holding, end_short=end_short)
    if discount > 1:
        raise ValueError(f"discount: expected a factor in (0, 1], got {discount}.")
    most = len(f) - 1
    mean = float(f @ np.arange(len(f)))
    top = int(np.ceil(most + min(periods * mean, np.sqrt(2 * fixed * mean / max(holding, 1e-9)))))
    low, high = min(start, 0) - most * 2, max(top, start) + 1
    x = np.arange(low, high + 1)  # stock before ordering; y is on the same grid
    value = end_holding * np.maximum(x, 0) + end_short * np.maximum(-x, 0)
    demand = np.arange(len(f))
    left = x[:, None] - demand
    if period_cost is not None:
        now = np.asarray(period_cost(x.astype(np.float64)))
    else:
        now = (holding * np.maximum(left, 0) + short * np.maximum(-left, 0)) @ f
    rule: list[tuple[int, int]] = []
    slope = end_short  # of the value below the grid: first what waits at the end, then a purchase
    for _ in range(periods):
        ahead = price * x + now + discount * _later(value, f, slope)
        after = np.minimum.accumulate(ahead[::-1])[::-1]  # best of all y >= x
        orders = fixed + after < ahead
        best = int(ahead.argmin())
        pays = np.flatnonzero(orders[: best + 1])
        rule.append((int(x[pays[-1]]) if fixed > 0 and pays.size else int(x[best]), int(x[best])))
        value, slope = np.where(orders, fixed + after, ahead) - price * x, price
    rule.reverse()
    lows, highs = (np.array(each, np.int64) for each in zip(*rule, strict=True))
    return Horizon(lows, highs, float(value[start - low]))


def _later(value: Array, chance: Array, slope: float) -> Array:
    """Return E[theta(y - D)], theta going on in a straight line below the grid."""
    most = len(chance) - 1
    below = value[0] + slope * np.arange(most, 0, -1)
    return np.convolve(np.concatenate((below, value)), chance)[most : most + len(value)]
