"""Heads where work may wait until a cut-off: cheapest capacity that is never late."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import linprog

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Heads:
    """``heads`` [people] and ``waits`` [person-intervals left at the end] per interval.

    ``late`` are those that should have been done by then. ``cost`` is the least possible one.
    """

    heads: Array
    waits: Array
    late: Array
    cost: float


def may_wait(work: npt.ArrayLike, cutoff: npt.ArrayLike) -> Array:
    """Return how much work may be left at the end of each interval, [..., T].

    ``work`` [..., T] is what comes up in each interval; ``cutoff`` (T,) is true where, at the end
    of the interval, everything that came up *before* it must be done (what came up in it may wait
    for the next one). Without any cut-off, all may wait.
    """
    work, cutoff = np.asarray(work, np.float64), np.asarray(cutoff, bool)
    if cutoff.shape != work.shape[-1:]:
        raise ValueError(f"cutoff: expected shape {work.shape[-1:]}, got {cutoff.shape}.")
    came = np.cumsum(work, axis=-1)
    before = np.concatenate([np.zeros((*work.shape[:-1], 1)), came[..., :-1]], axis=-1)
    due = np.maximum.accumulate(np.where(cutoff, before, 0.0), axis=-1)
    return came - due


def staff(
    work: npt.ArrayLike, waits: npt.ArrayLike, wage: npt.ArrayLike, late: float,
    most: npt.ArrayLike = np.inf,
) -> Heads:  # fmt: skip
    """Return the cheapest heads per interval when work may wait.

    Parameters
    ----------
    work
        Work that comes up [person-intervals], shape (T,), >= 0.
    waits
        How much may be left at the end of each interval, shape (T,) or a number; see ``may_wait``.
    wage
        Cost of a person for an interval, shape (T,) or a number, >= 0.
    late
        Cost of a person-interval of work that is late at the end of an interval, >= 0.
    most
        People there can be, shape (T,) or a number.

    Notes
    -----
    A linear programme: left_t = left_(t-1) + work_t - heads_t + idle_t, left_t - late_t <=
    waits_t, with all of them >= 0, heads_t <= most_t. Work is done in order of its coming, which is
    the order of its cut-offs, so sums are enough.

    Raises
    ------
    ValueError
        When a number is negative; the message names it.
    """
    work = np.asarray(work, np.float64)
    size = len(work)
    given = {"work": work, "waits": waits, "wage": wage, "late": late, "most": most}
    wide = {name: np.broadcast_to(np.asarray(v, np.float64), size) for name, v in given.items()}
    for name, value in wide.items():
        if not (value >= 0).all():
            raise ValueError(f"{name}: expected numbers >= 0, got {value.min()}.")
    one = sparse.identity(size, format="csr")
    before = sparse.diags([np.ones(size - 1)], [-1], (size, size), format="csr")
    none = sparse.csr_matrix((size, size))
    flow = sparse.hstack([one, one - before, none])  # heads + left_t - left_(t-1) >= work
    limit = sparse.hstack([none, one, -one])
    solved = linprog(
        np.concatenate([wide["wage"], np.full(size, 1e-9), wide["late"]]),
        A_ub=sparse.vstack([-flow, limit]),
        b_ub=np.concatenate([-work, wide["waits"]]),
        bounds=[(0, m) for m in wide["most"]] + [(0, None)] * (2 * size),
        method="highs",
    )
    heads, left, over = solved.x[:size], solved.x[size : 2 * size], solved.x[2 * size :]
    cost = float(wide["wage"] @ heads + wide["late"] @ over)
    return Heads(heads, left, over, cost)
