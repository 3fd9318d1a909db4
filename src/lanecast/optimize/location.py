"""Which sites to open so that customers are served at least cost, by HiGHS."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp

from .given import Array, above_zero, not_negative
from .median_bounds import bounds

FEW = 20  # sites to open, up to which most sites can be ruled out before
FIRST = 12  # nearest distinct distances per customer that a first model holds


@dataclass(frozen=True)
class Sites:
    """Which sites are open, what each serves, the cost, and the least that any plan could cost.

    ``open`` has shape (m,); ``share`` (n, m) is the part of each customer's demand that each site
    serves.
    """

    open: npt.NDArray[np.bool_]
    share: Array
    cost: float
    bound: float


def p_median(
    distance: npt.ArrayLike, count: int, weight: npt.ArrayLike = 1.0, seconds: float = 60.0
) -> Sites:
    """Open ``count`` sites so that the weighted distance of customers to the nearest is least.

    Parameters
    ----------
    distance
        From customers to sites, finite, >= 0, shape (n, m).
    count
        p, from 1 to m.
    weight
        Of each customer, > 0, one number or shape (n,).
    seconds
        Time after which the best plan so far is returned with its bound.

    Raises
    ------
    ValueError
        When a number makes no sense, or no plan was found in time.

    Notes
    -----
    Variables are the sites, and per customer and distinct distance whether the nearest open site is
    farther [1]_. Only the nearest distances are in the model at first; a customer whose last one is
    not enough gets more until none wants more [2]_. Leaving distances out only lowers the cost, so
    the bound holds. Of up to ``FEW`` sites that model is weak: there a plan by exchange and a
    Lagrangian bound come first, and the model holds only the sites that a cheaper plan could open
    (``median_bounds``).

    References
    ----------
    .. [1] Elloumi (2010). A tighter formulation of the p-median problem. Journal of Combinatorial
       Optimization 19.
    .. [2] Garcia, Labbe & Marin (2011). Solving large p-median problems with a radius formulation.
       INFORMS Journal on Computing 23(4).
    """
    d, w = _distances(distance, weight)
    m = d.shape[1]
    if not 1 <= count <= m:
        raise ValueError(f"count: expected a number of sites from 1 to {m}, got {count}.")
    if count > FEW or m <= 2 * count:
        return _median(d, w, count, seconds)
    cost = d * w[:, None]
    known = bounds(cost, count, whole=bool((cost == np.rint(cost)).all()))
    chosen = np.zeros(m, bool)
    chosen[known.open] = True
    total, least = known.cost, known.bound
    if least < total - 1e-9:
        possible = np.flatnonzero(known.possible | chosen)
        rest = _median(d[:, possible], w, count, seconds)
        least = max(least, min(rest.bound, total))
        if rest.cost < total - 1e-9:
            total = rest.cost
            chosen = np.zeros(m, bool)
            chosen[possible[rest.open]] = True
    return _sites(chosen, d, w, least)


def _median(d: Array, w: Array, count: int, seconds: float) -> Sites:
    """Solve the radius model."""
    m = d.shape[1]
    nearest = np.sort(d, axis=1)
    distinct = [np.unique(row[: m - count + 1]) for row in nearest]
    held = np.array([min(FIRST, len(each)) for each in distinct])
    while True:
        cost, rows = _radius(d, w, distinct, held, count)
        relaxed = milp(cost, constraints=rows, bounds=Bounds(0, 1))
        if not _widened(relaxed.x[m:], held, distinct):
            break
    whole = np.zeros(len(cost))
    whole[:m] = 1
    while True:
        found = milp(
            cost, constraints=rows, bounds=Bounds(0, 1), integrality=whole,
            options={"time_limit": seconds, "mip_rel_gap": 1e-9},
        )  # fmt: skip
        if found.x is None:
            raise ValueError(f"seconds: no plan was found in {seconds} s; expected more.")
        if not _widened(found.x[m:], held, distinct):
            break
        cost, rows = _radius(d, w, distinct, held, count)
        whole = np.concatenate((np.ones(m), np.zeros(len(cost) - m)))
    chosen = found.x[:m] > 0.5
    chosen[np.argsort(-found.x[:m])[:count]] = True
    return _sites(chosen, d, w, _bound(found) + float((w * nearest[:, 0]).sum()))


def _sites(chosen: npt.NDArray[np.bool_], d: Array, w: Array, bound: float) -> Sites:
    """Return open sites with every customer at the nearest."""
    each = np.arange(len(d))
    near = np.where(chosen, d, np.inf).argmin(axis=1)
    share = np.zeros(d.shape)
    share[each, near] = 1
    total = float((w * d[each, near]).sum())
    return Sites(chosen, share, total, min(bound, total))


def capacitated(
    fixed: npt.ArrayLike,
    capacity: npt.ArrayLike,
    demand: npt.ArrayLike,
    cost: npt.ArrayLike,
    seconds: float = 60.0,
) -> Sites:
    """Open sites of limited capacity and split customers' demand over them at least cost.

    Parameters
    ----------
    fixed, capacity
        Of each site [currency], [units], >= 0, shape (m,).
    demand
        Of each customer [units], > 0, shape (n,).
    cost
        Of serving the whole demand of a customer from a site [currency], shape (n, m).
    seconds
        Time after which the best plan so far is returned with its bound.

    Raises
    ------
    ValueError
        When a number makes no sense, all sites together are too small, or no plan was found.

    Notes
    -----
    The strong formulation: a customer is served only by open sites, one row each, and a site serves
    at most its capacity [1]_.

    References
    ----------
    .. [1] Snyder & Shen (2019). *Fundamentals of Supply Chain Theory*, 2nd ed., section 8.3.1.
    """
    not_negative(fixed=fixed, capacity=capacity)
    above_zero(demand=demand)
    f, room, need = (np.asarray(each, np.float64) for each in (fixed, capacity, demand))
    c, _ = _distances(cost, 1.0)
    n, m = c.shape
    if f.shape != (m,) or room.shape != (m,) or need.shape != (n,):
        raise ValueError(
            f"fixed, capacity, demand: expected {m}, {m} and {n} numbers as in cost, got "
            f"{f.size}, {room.size} and {need.size}."
        )
    if room.sum() < need.sum():
        raise ValueError(f"capacity: expected {need.sum():g} in all, got {room.sum():g}.")
    x = np.arange(n * m)  # customer-major, after the m sites
    site, customer, one = x % m, x // m, np.ones(n * m)
    only_open = sparse.csr_array(
        (np.concatenate((one, -one)), (np.tile(x, 2), np.concatenate((m + x, site))))
    )
    served = sparse.csr_array((one, (customer, m + x)))
    used = sparse.csr_array(
        (
            np.concatenate((need[customer], -room)),
            (np.concatenate((site, np.arange(m))), np.concatenate((m + x, np.arange(m)))),
        )
    )
    found = milp(
        np.concatenate((f, c.ravel())),
        constraints=[
            LinearConstraint(only_open, ub=0),
            LinearConstraint(served, 1, 1),
            LinearConstraint(used, ub=0),
        ],
        integrality=np.concatenate((np.ones(m), np.zeros(n * m))),
        bounds=Bounds(0, 1),
        options={"time_limit": seconds, "mip_rel_gap": 1e-9},
    )
    if found.x is None:
        raise ValueError(f"seconds: no plan was found in {seconds} s; expected more.")
    chosen = found.x[:m] > 0.5
    total = float(f[chosen].sum() + found.x[m:] @ c.ravel())
    return Sites(chosen, found.x[m:].reshape(n, m), total, min(_bound(found), total))


def _radius(
    d: Array, weight: Array, distinct: list[Array], held: npt.NDArray[np.int64], count: int
) -> tuple[Array, list[LinearConstraint]]:
    """Return cost and rows of the radius model; variables: m sites, then ``held`` per customer.

    z_ik = 1: no open site within the k-th distance of customer i. z_ik + sites at that distance >=
    z_i(k-1), and z_i0 = 1; going from the k-th distance to the next costs their difference.
    """
    n, m = d.shape
    start = m + np.concatenate(([0], np.cumsum(held)[:-1]))
    total = int(m + held.sum())
    cost, low = np.zeros(total), np.zeros(total - m)
    row, column, value = [], [], []
    for i in range(n):
        step, k = distinct[i], np.arange(held[i])
        own = start[i] + k
        after = np.append(step, step[-1] + 1)[1 : held[i] + 1]
        cost[own] = weight[i] * (after - step[: held[i]])
        rank = np.searchsorted(step, d[i])
        near = np.flatnonzero((rank < held[i]) & (d[i] <= step[-1]))
        row += [own - m, own[1:] - m, start[i] + rank[near] - m]
        column += [own, own[:-1], near]
        value += [np.ones(held[i]), -np.ones(held[i] - 1), np.ones(len(near))]
        low[start[i] - m] = 1
    rows = sparse.csr_array(
        (np.concatenate(value), (np.concatenate(row), np.concatenate(column))),
        shape=(total - m, total),
    )
    opened = sparse.csr_array(np.concatenate((np.ones(m), np.zeros(total - m)))[None, :])
    return cost, [LinearConstraint(rows, low, np.inf), LinearConstraint(opened, count, count)]


def _widened(z: Array, held: npt.NDArray[np.int64], distinct: list[Array]) -> bool:
    """Give more distances to customers that are served beyond their last one; say if any is."""
    last = z[np.cumsum(held) - 1] > 1e-6
    size = np.array([len(each) for each in distinct])
    more = last & (held < size)
    held[more] = np.minimum(2 * held[more], size[more])
    return bool(more.any())


def _distances(distance: npt.ArrayLike, weight: npt.ArrayLike) -> tuple[Array, Array]:
    d = np.asarray(distance, np.float64)
    if d.ndim != 2 or not d.size or not (np.isfinite(d) & (d >= 0)).all():
        raise ValueError(f"distance, cost: expected finite numbers >= 0, shape (n, m), got {d}.")
    above_zero(weight=weight)
    return d, np.broadcast_to(np.asarray(weight, np.float64), d.shape[:1])


def _bound(found: OptimizeResult) -> float:
    known = found.mip_dual_bound
    return float(known) if known is not None and np.isfinite(known) else float("-inf")
