"""Good sites for a p-median by exchange, a bound by multipliers, and sites that cannot be open.

References
----------
.. [1] Teitz & Bart (1968). Heuristic methods for estimating the generalized vertex median of a
   weighted graph. Operations Research 16(5).
.. [2] Narula, Ogbu & Samuelsson (1977). An algorithm for the p-median problem. Operations Research
   25(4): the Lagrangian relaxation of who serves whom.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .given import Array

ROUNDS = 1500
PATIENCE = 30  # rounds without a better bound, after which the step is halved
STARTS = 8
TINY = 1e-3


@dataclass(frozen=True)
class Bounds:
    """Sites that are open in the best plan found, its cost, and what no plan costs less than.

    ``possible`` (m,) are the sites that a plan cheaper than that one could open.
    """

    open: npt.NDArray[np.int64]
    cost: float
    bound: float
    possible: npt.NDArray[np.bool_]


def exchanged(cost: Array, start: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], float]:
    """Return sites, and their cost, after the best exchange of one site again and again [1]_.

    ``cost`` (n, m) is that of serving each customer from each site.
    """
    sites = start.copy()
    total = float(cost[:, sites].min(axis=1).sum())
    while True:
        near = np.sort(cost[:, sites], axis=1)
        first, second = near[:, 0], near[:, 1] if len(sites) > 1 else np.full(len(cost), np.inf)
        nearest = cost[:, sites].argmin(axis=1)
        best, swap = total, (-1, -1)
        gain = np.minimum(cost, first[:, None])  # with one more site
        for k in range(len(sites)):
            mine = nearest == k
            after = gain[~mine].sum(axis=0) + np.minimum(cost[mine], second[mine, None]).sum(axis=0)
            j = int(after.argmin())
            if after[j] < best - 1e-9:
                best, swap = float(after[j]), (k, j)
        if swap[0] < 0:
            return np.sort(sites), total
        sites[swap[0]], total = swap[1], best


def bounds(cost: Array, count: int, seed: int = 0, whole: bool = False) -> Bounds:
    """Return good sites, a bound, and which sites are possible, for ``cost`` (n, m) and ``count``.

    Parameters
    ----------
    whole
        Whether costs are whole numbers, so that a cheaper plan would be cheaper by one.

    Notes
    -----
    With multipliers l_i each site saves r_j = sum of min(0, c_ij - l_i), and the bound is the sum
    of l plus the ``count`` smallest r [2]_. A plan that opens site j costs at least the bound with
    j in place of the worst of those; where that is no less than the best plan, j is left out.
    """
    m = cost.shape[1]
    random = np.random.default_rng(seed)
    starts = [random.choice(m, count, replace=False) for _ in range(STARTS)]
    sites, best = min((exchanged(cost, start) for start in starts), key=lambda each: each[1])
    level = cost[:, sites].min(axis=1) + 1.0
    bound, step, stale = -np.inf, 1.0, 0
    possible = np.ones(m, bool)
    for _ in range(ROUNDS):
        less = np.minimum(cost - level[:, None], 0.0)
        saved = less.sum(axis=0)
        saved[~possible] = np.inf
        order = np.argpartition(saved, count - 1)[:count]
        now = float(level.sum() + saved[order].sum())
        worst = float(saved[order].max())
        limit = best - (1 - TINY if whole else 1e-9 * max(best, 1.0))
        keep = now - worst + saved <= limit
        keep[order] |= now <= limit
        possible &= keep
        if now > bound + 1e-9:
            bound, stale = now, 0
        else:
            stale += 1
        trial = float(cost[:, order].min(axis=1).sum())
        if trial < best - 1e-9:
            sites, best = exchanged(cost, order)
        if possible.sum() < count or (whole and bound > best - 1 + TINY):
            return Bounds(sites, best, best, possible)
        if stale > PATIENCE:
            step, stale = step / 2, 0
            if step < 1e-4:
                break
        served = (less[:, order] < 0).sum(axis=1)
        slope = 1.0 - served
        length = float(slope @ slope)
        if length == 0:
            break
        level = level + step * (1.02 * best - now) / length * slope
    return Bounds(sites, best, min(bound, best), possible)
