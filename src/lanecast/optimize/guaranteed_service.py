"""Where to hold safety stock in a tree of stages: guaranteed service.

Each stage quotes a service time S and is quoted SI by its suppliers; it holds stock for the net
time SI + T - S, T its own processing time. Symbols of [1]_: h_k [currency/unit/time], T_k [whole
periods], demand bound z sigma sqrt(time).

References
----------
.. [1] Snyder & Shen (2019). *Fundamentals of Supply Chain Theory*, 2nd ed., section 6.3.
.. [2] Graves & Willems (2000). Optimizing strategic safety stock placement in supply chains.
   Manufacturing & Service Operations Management 2(1).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .given import Array, above_zero, not_negative

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tree:
    """Stages and the arcs along which they supply each other.

    Parameters
    ----------
    holding
        h_k, shape (n,), > 0.
    time
        Processing time T_k [periods], whole, shape (n,); zero is valid.
    arc
        Pairs (supplier, customer) of stages, shape (m, 2).
    sd
        Deviation of the demand that a stage sees from outside [units/period], shape (n,); 0: none.
    bound
        z_k of the demand bound, shape (n,).
    quoted_in
        What suppliers outside quote to a stage [periods], shape (n,).
    quoted_out
        The most that may be quoted to customers outside, shape (n,); -1: no such customers.
    """

    holding: Array
    time: Whole
    arc: Whole
    sd: Array
    bound: Array
    quoted_in: Whole
    quoted_out: Whole

    def __post_init__(self) -> None:
        above_zero(holding=self.holding)
        not_negative(time=self.time, sd=self.sd, bound=self.bound, quoted_in=self.quoted_in)
        n = len(self.holding)
        for name in ("time", "sd", "bound", "quoted_in", "quoted_out"):
            if len(getattr(self, name)) != n:
                raise ValueError(
                    f"{name}: expected {n} numbers, one per stage, got {len(getattr(self, name))}."
                )
        if len(self.arc) and not (self.arc.min() >= 0 and self.arc.max() < n):
            raise ValueError(f"arc: expected stages 0 to {n - 1}, got {self.arc.tolist()}.")


@dataclass(frozen=True)
class Placement:
    """Quoted and incoming service time, net time [periods], units of safety stock, and cost."""

    quoted: Whole
    incoming: Whole
    net: Whole
    stock: Array
    cost: float


def place(tree: Tree) -> Placement:
    """Return the service times of least holding cost, by dynamic programming over the tree [2]_.

    Raises
    ------
    ValueError
        When the stages do not form one tree, or a customer outside has no bound.

    Notes
    -----
    Leaves are taken off one by one. A leaf k whose last neighbour is a customer leaves behind
    f_k(S), the least cost of its part of the tree if it quotes S; one whose neighbour is a supplier
    g_k(SI). Both are minima of c_k(S, SI) = h z sigma sqrt(SI + T - S) + sum of f_i(at most SI) +
    sum of g_j(at least S), eq. (6.38) to (6.41) of [1]_. Demand of a stage upstream has the
    variance of all that it serves.

    Examples
    --------
    Example 6.5 of [1]_: stages 1 -> 3 -> 2 and 4, cost 2 sqrt(2) + sqrt(6) + 3 = 8.278.
    """
    n = len(tree.holding)
    order, neighbour = peel(n, tree.arc)
    sd = _spread(tree, order)
    most = int(tree.time.sum() + tree.quoted_in.max(initial=0)) + 1
    clock = np.arange(most + 1)
    cost: list[Array] = [np.zeros((0, 0))] * n
    left: list[Array] = [np.zeros(0)] * n  # f_k or g_k
    downstream = _supplies(tree.arc)
    joined: list[list[int]] = [[] for _ in range(n)]
    for k in order:
        net = clock[None, :] + tree.time[k] - clock[:, None]  # rows S, columns SI
        c = tree.holding[k] * tree.bound[k] * sd[k] * np.sqrt(np.maximum(net, 0.0))
        c[(net < 0) | (clock[None, :] < tree.quoted_in[k])] = np.inf
        if tree.quoted_out[k] >= 0:
            c[clock > tree.quoted_out[k]] = np.inf
        for i in joined[k]:
            if (i, k) in downstream:
                c = c + np.minimum.accumulate(left[i])[None, :]
            else:
                c = c + np.minimum.accumulate(left[i][::-1])[::-1][:, None]
        cost[k] = c
        if (last := neighbour[k]) >= 0:
            left[k] = c.min(axis=1) if (k, last) in downstream else c.min(axis=0)
            joined[last].append(k)
    quoted, incoming = np.zeros(n, np.int64), np.zeros(n, np.int64)
    for k in reversed(order):
        c, last = cost[k], neighbour[k]
        if last < 0:
            quoted[k], incoming[k] = np.unravel_index(int(c.argmin()), c.shape)
        elif (k, last) in downstream:
            quoted[k] = int(left[k][: incoming[last] + 1].argmin())
            incoming[k] = int(c[quoted[k]].argmin())
        else:
            incoming[k] = quoted[last] + int(left[k][quoted[last] :].argmin())
            quoted[k] = int(c[:, incoming[k]].argmin())
    net = incoming + tree.time - quoted
    stock = tree.bound * sd * np.sqrt(net)
    return Placement(quoted, incoming, net, stock, float((tree.holding * stock).sum()))


def peel(count: int, arc: npt.ArrayLike) -> tuple[list[int], list[int]]:
    """Return stages leaf by leaf, and the neighbour that each then has left; -1 for the last.

    Parameters
    ----------
    count
        How many stages there are.
    arc
        Pairs (supplier, customer), shape (m, 2).

    Raises
    ------
    ValueError
        When they are not a tree: a cycle, a stage in two parts, or an arc given twice.
    """
    pairs = np.asarray(arc, np.int64).reshape(-1, 2)
    near: list[set[int]] = [set() for _ in range(count)]
    for one, other in pairs.tolist():
        near[one].add(other)
        near[other].add(one)
    if len(pairs) != count - 1 or sum(map(len, near)) != 2 * len(pairs):
        raise ValueError(
            f"arc: {count} stages with {len(pairs)} arcs are no tree; expected {count - 1} arcs "
            "between different pairs."
        )
    leaves = [k for k in range(count) if len(near[k]) == 1] or [0]
    order: list[int] = []
    neighbour = [-1] * count
    while leaves and len(order) < count:
        k = leaves.pop()
        order.append(k)
        for last in near[k]:
            neighbour[k] = last
            near[last].discard(k)
            if len(near[last]) == 1 or (not near[last] and len(order) == count - 1):
                leaves.append(last)
    if len(order) != count:
        stuck = sorted(set(range(count)) - set(order))
        raise ValueError(f"arc: stages {stuck} lie on a cycle; expected a tree.")
    return order, neighbour


def _spread(tree: Tree, order: Sequence[int]) -> Array:
    """Return the deviation of demand at each stage: variances add up against the arcs."""
    variance = np.square(np.asarray(tree.sd, np.float64))
    serves = np.bincount(tree.arc[:, 0], minlength=len(variance)) if len(tree.arc) else None
    if serves is None:
        return np.sqrt(variance)
    ready = [k for k in order if serves[k] == 0]
    while ready:
        k = ready.pop()
        for supplier in tree.arc[tree.arc[:, 1] == k, 0].tolist():
            variance[supplier] += variance[k]
            serves[supplier] -= 1
            if serves[supplier] == 0:
                ready.append(supplier)
    return np.asarray(np.sqrt(variance))


def _supplies(arc: Whole) -> set[tuple[int, int]]:
    return {(int(one), int(other)) for one, other in arc}
