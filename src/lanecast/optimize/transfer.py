"""Scarce stock: which units to move between places so that lost sales and moves cost least."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from .given import Array, not_negative

PIECES = 40  # of the expected cost of a place, as straight lines


@dataclass(frozen=True)
class Moves:
    """Units moved from row to column, shape (m, m), stock afterwards (m,), and the cost.

    ``bound`` is the least that any moves could cost; ``price`` (m,) says what one more unit at each
    place would save at the margin, in the relaxation to parts of units.
    """

    units: Array
    stock: Array
    moving: float
    expected: float
    bound: float
    price: Array

    @property
    def cost(self) -> float:
        """Return the cost of the moves and of what is expected after them."""
        return self.moving + self.expected


def transfer(
    stock: npt.ArrayLike,
    demand: npt.ArrayLike,
    short: npt.ArrayLike,
    over: npt.ArrayLike,
    per_unit: npt.ArrayLike,
    per_move: npt.ArrayLike = 0.0,
    *,
    pack: int = 1,
    seconds: float = 20.0,
) -> Moves:
    """Return the moves of least expected cost: a MILP, by HiGHS.

    Parameters
    ----------
    stock
        Units at each place, shape (m,), >= 0.
    demand
        Drawn demand of each place until new stock comes, shape (m, P), >= 0.
    short, over
        What a unit lost and a unit left over costs, one number or shape (m,).
    per_unit, per_move
        What moving a unit, and any units at all, costs from row to column, shape (m, m); inf: no
        way. The diagonal is not used.
    pack
        Units are moved in multiples of it.
    seconds
        Time after which the best plan so far is returned with its bound.

    Raises
    ------
    ValueError
        When a number makes no sense or no plan was found in time.

    Notes
    -----
    The expected cost of a place, E[short (D - y)+ + over (y - D)+], is convex in its stock y. It is
    the greatest of its tangents at ``PIECES`` quantiles of demand, which makes the MILP's cost a
    bound from below; ``expected`` is the exact mean over the draws.
    """
    have, draws = np.asarray(stock, np.float64), np.asarray(demand, np.float64)
    not_negative(stock=have, demand=draws, short=short, over=over)
    m = have.size
    cost = np.array(np.broadcast_to(np.asarray(per_unit, np.float64), (m, m)))
    once = np.array(np.broadcast_to(np.asarray(per_move, np.float64), (m, m)))
    if have.shape != (m,) or draws.shape[:1] != (m,) or not (cost >= 0).all():
        raise ValueError(
            f"stock, demand, per_unit: expected {m} places and costs of at least 0, got shapes "
            f"{have.shape}, {draws.shape} and {cost.min()}."
        )
    if not (once >= 0).all() or pack < 1:
        raise ValueError(f"per_move, pack: expected at least 0 and 1, got {once.min()}, {pack}.")
    low, high = (np.broadcast_to(np.asarray(each, np.float64), (m,)) for each in (short, over))
    ways = np.isfinite(cost) & np.isfinite(once) & ~np.eye(m, dtype=bool)
    start, end = np.nonzero(ways & (have >= pack)[:, None])
    k = len(start)
    column = np.arange(k)
    one = np.full(k, float(pack))
    # variables: packs moved (k), whether a way is used (k), expected cost of each place (m)
    net = sparse.csr_array(
        (np.concatenate((one, -one)), (np.concatenate((end, start)), np.tile(column, 2))),
        shape=(m, 2 * k + m),
    )
    used = sparse.csr_array(
        (
            np.concatenate((np.ones(k), -np.floor(have[start] / pack))),
            (np.tile(column, 2), np.concatenate((column, k + column))),
        ),
        shape=(k, 2 * k + m),
    )
    slope, level = _tangents(draws, low, high)
    place = np.repeat(np.arange(m), slope.shape[1])
    rows = np.arange(len(place))
    tangent = net[place].multiply(slope.ravel()[:, None])
    tangent = sparse.csr_array(tangent) - sparse.csr_array(
        (np.ones(len(place)), (rows, 2 * k + place)), shape=(len(place), 2 * k + m)
    )
    at_most = -(level + slope * have[:, None]).ravel()
    objective = np.concatenate((cost[start, end] * pack, once[start, end], np.ones(m)))
    matrix = sparse.vstack((tangent, -net, used), format="csr")
    upper = np.concatenate((at_most, have, np.zeros(k)))
    bounds = Bounds(0, np.concatenate((np.full(k, np.inf), np.ones(k), np.full(m, np.inf))))
    whole = np.concatenate((np.ones(2 * k), np.zeros(m)))
    found = milp(
        objective, constraints=LinearConstraint(matrix, ub=upper), bounds=bounds,
        integrality=whole, options={"time_limit": seconds, "mip_rel_gap": 1e-9},
    )  # fmt: skip
    if found.x is None:
        raise ValueError(f"seconds: no plan was found in {seconds} s; expected more.")
    relaxed = linprog(
        objective, A_ub=matrix, b_ub=upper, bounds=np.column_stack((bounds.lb, bounds.ub)),
        method="highs",
    )  # fmt: skip
    marginal = relaxed.ineqlin.marginals
    risen = (marginal[: len(place)] * slope.ravel()).reshape(m, -1).sum(axis=1)
    price = risen - marginal[len(place) : len(place) + m]
    units = np.zeros((m, m))
    units[start, end] = pack * np.rint(found.x[:k])
    after = have + units.sum(axis=0) - units.sum(axis=1)
    moving = float((units[start, end] * cost[start, end]).sum() + once[units > 0].sum())
    lost = np.maximum(draws - after[:, None], 0).mean(axis=1)
    left = np.maximum(after[:, None] - draws, 0).mean(axis=1)
    told = float((low * lost + high * left).sum())
    return Moves(units, after, moving, told, min(_bound(found), moving + told), price)


def _tangents(draws: Array, short: Array, over: Array) -> tuple[Array, Array]:
    """Return slope and height at zero of tangents to each place's expected cost, shape (m, T)."""
    ordered = np.sort(draws, axis=1)
    share = np.linspace(0, 1, PIECES)
    at = np.quantile(ordered, share, axis=1, method="closest_observation").T
    below = (draws[:, None, :] <= at[:, :, None]).mean(axis=2)
    lost = np.maximum(draws[:, None, :] - at[:, :, None], 0).mean(axis=2)
    left = np.maximum(at[:, :, None] - draws[:, None, :], 0).mean(axis=2)
    p, h = short[:, None], over[:, None]
    slope = h * below - p * (1 - below)
    level = p * lost + h * left - slope * at
    first = np.broadcast_to(-p, (len(draws), 1))  # below every draw all is lost
    return (
        np.concatenate((first, slope), axis=1),
        np.concatenate((p * draws.mean(axis=1)[:, None], level), axis=1),
    )


def _bound(found: object) -> float:
    known = getattr(found, "mip_dual_bound", None)
    return float(known) if known is not None and np.isfinite(known) else float("-inf")
