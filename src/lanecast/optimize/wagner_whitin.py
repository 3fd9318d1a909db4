"""When to order how much for demand that is known and changes: dynamic lot sizing."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .given import Array, not_negative


@dataclass(frozen=True)
class Lots:
    """Units that arrive, per row and period, shape (n, T), and the least cost, shape (n,)."""

    quantity: Array
    cost: Array


def wagner_whitin(
    demand: npt.ArrayLike,
    fixed: npt.ArrayLike,
    holding: npt.ArrayLike,
    *,
    price: npt.ArrayLike = 0.0,
    lost: npt.ArrayLike = np.inf,
    first: int = 0,
) -> Lots:
    """Return the cheapest lots of each row, solved side by side.

    Parameters
    ----------
    demand
        d_t [units], shape (n, T) or (T,), known from the start.
    fixed, holding
        K [currency/order] and h [currency/unit/period], one number or shape (n,); what arrives and
        is used in the same period is not held.
    price
        c_t [currency/unit], one number or shape (T,).
    lost
        What one unit of unmet demand costs [currency/unit], one number or (n,); inf: all is met.
    first
        The first period in which something can arrive; before it demand is lost.

    Raises
    ------
    ValueError
        When a number is negative or not a number, or demand before ``first`` may not be lost.

    Notes
    -----
    theta_t = min over s of theta_s + K + sum_{t <= j < s} (c_t + h (j - t)) d_j, eq. (3.42) of
    [1]_: a lot serves whole periods up to the next one. With lost sales a unit is served only where
    that costs less than ``lost``, and a period may be skipped; this is exact since each unit is
    then paid for alone.

    Examples
    --------
    Example 3.9 of [1]_: order 210 and 150, cost 1380.

    >>> lots = wagner_whitin([90, 120, 80, 70], fixed=500, holding=2)
    >>> lots.quantity.tolist(), lots.cost.tolist()
    ([[210.0, 0.0, 150.0, 0.0]], [1380.0])

    References
    ----------
    .. [1] Snyder & Shen (2019). *Fundamentals of Supply Chain Theory*, 2nd ed., section 3.7.
    """
    need = np.atleast_2d(np.asarray(demand, np.float64))
    n, periods = need.shape
    not_negative(demand=need, fixed=fixed, holding=holding, price=price, first=first)
    dear = np.broadcast_to(np.asarray(lost, np.float64), (n,))
    if not (dear >= 0).all():
        raise ValueError(f"lost: expected a cost of at least 0, or inf, got {dear}.")
    k, h = (np.broadcast_to(np.asarray(each, np.float64), (n,)) for each in (fixed, holding))
    each = np.broadcast_to(np.asarray(price, np.float64), (periods,))
    if np.isinf(dear).any() and need[np.isinf(dear), :first].any():
        raise ValueError(f"first: demand before period {first} cannot be met; give lost.")
    to_go = np.zeros((n, periods + 1))
    until = np.full((n, periods), -1)  # where the lot of a period ends; -1: none arrives
    with np.errstate(invalid="ignore"):
        skip = np.where(need > 0, dear[:, None] * need, 0.0)
    for t in range(periods - 1, -1, -1):
        best = skip[:, t] + to_go[:, t + 1]
        if t >= first:
            age = np.arange(periods - t)
            unit = np.minimum(each[t] + h[:, None] * age, dear[:, None])
            lot = k[:, None] + np.cumsum(unit * need[:, t:], axis=1) + to_go[:, t + 1 :]
            end = lot.argmin(axis=1)
            value = np.take_along_axis(lot, end[:, None], axis=1)[:, 0]
            until[:, t] = np.where(value < best, t + 1 + end, -1)
            best = np.minimum(best, value)
        to_go[:, t] = best
    return Lots(_lots(need, until, each, h, dear), to_go[:, 0])


def _lots(
    need: Array, until: npt.NDArray[np.int64], price: Array, holding: Array, lost: Array
) -> Array:
    """Walk forward: which lots are used, and which units each of them serves."""
    n, periods = need.shape
    quantity = np.zeros((n, periods))
    free = np.zeros(n, np.int64)  # the period from which the next lot may come
    period = np.arange(periods)
    for t in range(periods):
        here = (free == t) & (until[:, t] >= 0)
        served = (period >= t) & (period < until[:, t, None])
        worth = price[t] + holding[:, None] * np.maximum(period - t, 0) < lost[:, None]
        quantity[:, t] = np.where(here, (need * (served & worth)).sum(axis=1), 0.0)
        free = np.where(here, until[:, t], np.maximum(free, t + 1))
    return quantity
