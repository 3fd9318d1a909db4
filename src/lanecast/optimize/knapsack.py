"""At most one option per row, under capacities of options and a budget: what is worth most?"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

Array = npt.NDArray[np.float64]
NONE = -1


@dataclass(frozen=True)
class Choice:
    """The ``option`` of each row, shape (n,), -1 for none; what it is worth; and what limits it.

    ``bound`` is at least the worth of any choice. ``capacity_price`` (k,) and ``budget_price`` say
    what one more place of an option, and one more unit of budget, would be worth at the margin, in
    the relaxation to parts of options.
    """

    option: npt.NDArray[np.int64]
    value: float
    bound: float
    capacity_price: Array
    budget_price: float


def choose(
    value: npt.ArrayLike,
    cost: npt.ArrayLike,
    capacity: npt.ArrayLike,
    budget: float = np.inf,
    seconds: float = 30.0,
) -> Choice:
    """Return the choice of most value: a multiple-choice knapsack, by HiGHS.

    Parameters
    ----------
    value
        What each option of each row is worth, shape (n, k); -inf where it is not possible. Options
        that are worth nothing are never chosen.
    cost
        What each option takes from the budget, shape (k,) or (n, k), >= 0.
    capacity
        How many rows may take each option, shape (k,); inf for no limit.
    budget
        Sum of costs that may be spent.
    seconds
        Time after which the best choice so far is returned, with its bound.

    Raises
    ------
    ValueError
        When shapes differ, or a number is negative or not a number.

    References
    ----------
    .. [1] Kellerer, Pferschy & Pisinger (2004). *Knapsack Problems*, chapter 11.
    """
    worth = np.asarray(value, np.float64)
    if worth.ndim != 2 or np.isnan(worth).any() or (worth == np.inf).any():
        raise ValueError(f"value: expected numbers, shape (n, k), got shape {worth.shape}.")
    n, k = worth.shape
    places = np.asarray(capacity, np.float64)
    price = np.asarray(cost, np.float64)
    if places.shape != (k,) or not (places >= 0).all():
        raise ValueError(f"capacity: expected {k} numbers >= 0, got {places.tolist()}.")
    if price.shape not in ((k,), (n, k)) or not ((price >= 0) & np.isfinite(price)).all():
        raise ValueError(f"cost: expected finite numbers >= 0, shape ({k},) or ({n}, {k}).")
    if not budget >= 0:
        raise ValueError(f"budget: expected a number >= 0, got {budget}.")
    price = np.broadcast_to(price, (n, k))
    row, option = np.nonzero((worth > 0) & (price <= budget) & (places >= 1)[None, :])
    nothing = np.full(n, NONE, np.int64)
    if not len(row):
        return Choice(nothing, 0.0, 0.0, np.zeros(k), 0.0)
    limits, upper, which = _limits(row, option, price[row, option], n, places, budget)
    gain = worth[row, option]
    relaxed = linprog(-gain, A_ub=limits, b_ub=upper, bounds=(0, 1), method="highs")
    marginal = -relaxed.ineqlin.marginals
    prices = np.zeros(k + 1)
    prices[which] = marginal[len(upper) - len(which) :]
    whole = milp(
        -gain,
        constraints=LinearConstraint(limits, ub=upper),
        integrality=np.ones(len(gain)),
        bounds=Bounds(0, 1),
        options={"time_limit": seconds, "mip_rel_gap": 1e-9},
    )
    taken = whole.x > 0.5 if whole.x is not None else np.zeros(len(gain), bool)
    nothing[row[taken]] = option[taken]
    total = float(gain[taken].sum())
    known = -whole.mip_dual_bound if whole.mip_dual_bound is not None else np.inf
    bound = max(min(float(known), float(-relaxed.fun)), total)
    return Choice(nothing, total, bound, prices[:k], float(prices[k]))


def _limits(
    row: npt.NDArray[np.int64],
    option: npt.NDArray[np.int64],
    price: Array,
    n: int,
    places: Array,
    budget: float,
) -> tuple[sparse.csr_array, Array, npt.NDArray[np.int64]]:
    """Return rows of ``A x <= b``, and which capacities (k: the budget) the last ones stand for."""
    size, k = len(row), len(places)
    one, column = np.ones(size), np.arange(size)
    parts = [sparse.csr_array((one, (row, column)), (n, size))]
    upper, which = [np.ones(n)], np.flatnonzero(np.isfinite(places))
    capacities = sparse.csr_array((one, (option, column)), (k, size))
    parts.append(capacities[which])
    upper.append(np.floor(places[which]))
    if np.isfinite(budget):
        parts.append(sparse.csr_array(price[None, :]))
        upper.append(np.array([budget]))
        which = np.append(which, k)
    return sparse.vstack(parts, format="csr"), np.concatenate(upper), which
