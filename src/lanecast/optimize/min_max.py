"""Order up to S whenever the position is at s or below: the (s, S) policy.

Symbols of [1]_: fixed cost K [currency/order], G(y) the expected cost of a period that starts at
position y, demand of a period with ``chance`` of 0, 1, 2 ... units. An order is placed at a
position of at most s.

References
----------
.. [1] Snyder & Shen (2019). *Fundamentals of Supply Chain Theory*, 2nd ed., section 4.4.
.. [2] Zheng & Federgruen (1991). Finding optimal (s, S) policies is about as simple as evaluating a
   single policy. Operations Research 39(4).
.. [3] Ehrhardt & Mosier (1984). A revision of the power approximation for computing (s, S)
   policies. Management Science 30(5).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .given import Array, above_zero, chances, not_negative


@dataclass(frozen=True)
class MinMax:
    """Reorder level s and order-up-to level S [units], and the cost [currency/period]."""

    low: Array
    high: Array
    cost: Array


def renewals(chance: npt.ArrayLike, steps: int) -> Array:
    """Return m(0) ... m(steps - 1): how many periods are spent j units below S, shape (..., steps).

    m(0) = 1 / (1 - f(0)), m(j) = sum over l of f(l) m(j - l), eq. (4.98) of [1]_.

    Raises
    ------
    ValueError
        When demand is never above zero, so that no period ever ends.
    """
    f = chances("chance", chance)
    rest = 1 - f[..., 0]
    if not (rest > 0).all():
        raise ValueError("chance: expected demand above zero now and then, got none.")
    m = np.zeros((*f.shape[:-1], steps))
    m[..., 0] = 1 / rest
    width = f.shape[-1]
    for j in range(1, steps):
        back = min(j, width - 1)
        seen = m[..., j - back : j][..., ::-1]
        m[..., j] = (f[..., 1 : back + 1] * seen).sum(axis=-1) / rest
    return m


def cost(
    low: int, high: int, fixed: float, chance: npt.ArrayLike, period_cost: npt.ArrayLike, first: int
) -> float:
    """Return the average cost of a period under (s, S), eq. (4.101) of [1]_.

    ``period_cost`` is G at the positions ``first``, ``first`` + 1 ..., shape (Y,).

    (K + sum over d < S - s of m(d) G(S - d)) / sum of m(d).
    """
    g = np.asarray(period_cost, np.float64)
    if not first <= low < high < first + g.size:
        raise ValueError(
            f"low, high: expected {first} <= low < high < {first + g.size}, got {low} and {high}."
        )
    m = renewals(chance, high - low)
    below = g[low + 1 - first : high + 1 - first][::-1]
    return float((fixed + (m * below).sum()) / m.sum())


def optimal(
    fixed: npt.ArrayLike, chance: npt.ArrayLike, period_cost: npt.ArrayLike, first: int
) -> MinMax:
    """Return the policy of least average cost of each row, among all on the grid.

    Parameters
    ----------
    fixed
        K [currency/order], >= 0, one number or shape (n,).
    chance
        Probability of a demand of 0, 1, 2 ... units in a period, shape (n, K) or (K,).
    period_cost
        G at the positions ``first``, ``first`` + 1 ..., shape (n, Y) or (Y,), convex.
    first
        The lowest position on the grid.

    Raises
    ------
    ValueError
        When a best policy touches the edge of the grid, so that a wider one is needed.

    Notes
    -----
    All S and all widths S - s are tried, side by side over rows: sums over the width are added up
    one step at a time. The same optimum as the algorithm of [2]_, which visits fewer pairs.

    Examples
    --------
    Example 4.7 of [1]_: Poisson demand of 6, K = 5, h = 1, p = 4: s = 4, S = 10, cost 8.03.
    """
    not_negative(fixed=fixed)
    f, g = np.atleast_2d(chances("chance", chance)), np.atleast_2d(np.asarray(period_cost))
    rows, width = np.broadcast_shapes(f.shape[:1], g.shape[:1])[0], g.shape[1]
    f = np.broadcast_to(f, (rows, f.shape[1]))
    g = np.broadcast_to(g, (rows, width)).astype(np.float64)
    k = np.broadcast_to(np.asarray(fixed, np.float64), (rows,))[:, None]
    m = renewals(f, width - 1)
    best = np.full(rows, np.inf)
    top, wide = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    paid, time = np.broadcast_to(k, (rows, width)).copy(), np.zeros(rows)
    row = np.arange(rows)
    for d in range(width - 1):
        paid[:, d:] += m[:, d, None] * g[:, : width - d]  # S loses d units: G(S - d)
        time = time + m[:, d]
        average = paid[:, d + 1 :] / time[:, None]  # S from d + 1, so that s is on the grid
        at = average.argmin(axis=1)
        better = average[row, at] < best
        best = np.where(better, average[row, at], best)
        top, wide = np.where(better, at + d + 1, top), np.where(better, d + 1, wide)
    if ((top == width - 1) | (top - wide == 0)).any():
        raise ValueError(
            f"period_cost: a best policy lies at the edge of the positions {first} to "
            f"{first + width - 1}; expected a wider grid."
        )
    return MinMax((top - wide + first).astype(float), (top + first).astype(float), best)


def power_approximation(
    holding: npt.ArrayLike,
    short: npt.ArrayLike,
    fixed: npt.ArrayLike,
    mean: npt.ArrayLike,
    sd: npt.ArrayLike,
    lead: npt.ArrayLike = 0.0,
) -> MinMax:
    """Return the revised power approximation of [3]_, section 4.4.4.3 of [1]_; no cost.

    Q = 1.30 mu^0.494 (K / h)^0.506 (1 + s_L^2 / mu^2)^0.116, z = sqrt(Q / (s_L (p / h))),
    s = 0.973 mu_L + s_L (0.183 / z + 1.063 - 2.192 z), with mu_L and s_L the mean and deviation of
    the demand of L + 1 periods. The cap of [3]_ for Q / mu <= 1.5 is left out, as in the example.

    Examples
    --------
    Example 4.8 of [1]_: h = 0.18, p = 0.70, K = 2.5, N(50, 8^2): s = 40.19, S = 74.29.

    >>> found = power_approximation(0.18, 0.70, 2.5, 50, 8)
    >>> round(float(found.low), 2), round(float(found.high), 2)
    (40.19, 74.29)
    """
    above_zero(holding=holding, short=short, fixed=fixed, mean=mean, sd=sd)
    not_negative(lead=lead)
    h, p, k, mu, sigma, periods = (
        np.asarray(each, np.float64) for each in (holding, short, fixed, mean, sd, lead)
    )
    total, spread = mu * (periods + 1), sigma * np.sqrt(periods + 1)
    lot = 1.30 * mu**0.494 * (k / h) ** 0.506 * (1 + spread**2 / mu**2) ** 0.116
    z = np.sqrt(lot * h / (spread * p))
    low = 0.973 * total + spread * (0.183 / z + 1.063 - 2.192 * z)
    return MinMax(low, low + lot, np.full(lot.shape, np.nan))
