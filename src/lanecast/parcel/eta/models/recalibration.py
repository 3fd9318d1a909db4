"""Correct a distribution by what happened lately, also to those still on their way.

Every question that was open at some time in the last days is followed through those days on the
scale of its own predicted distribution: it enters at ``u0 = F(open when the window began)`` and
leaves at ``u1 = F(delivered, or open now)``. The left-truncated product-limit estimate over u,

    G(u) = 1 - prod over events u_i <= u of (1 - 1 / at risk at u_i),

is uniform when the distribution is right, so ``G(F(t))`` is the recalibrated one. No delivery has
to be waited for: a network that slows down today shows today. That is distributional conformal
prediction [1]_ on a period life table [2]_.

References
----------
.. [1] Chernozhukov, Wuethrich & Zhu (2021). Distributional conformal prediction. *PNAS* 118.
.. [2] Keiding (1990). Statistical inference in the Lexis diagram. *Phil. Trans. R. Soc. A* 332.
"""

import numpy as np
import numpy.typing as npt

from lanecast.tables.parcel import LEVELS

from .rows import Array

LEVEL = np.array(LEVELS)
LOGIT = np.log(LEVEL / (1 - LEVEL))
EDGES = np.concatenate([[0.0], 1 / (1 + np.exp(-np.linspace(-6, 6, 81))), [1.0]])
SPAN = np.diff(EDGES)
HAZARD = -np.log1p(-np.minimum(SPAN / (1 - EDGES[:-1]), 1 - 1e-9))  # of a uniform law, per cell


def reached(hours: Array, at: Array) -> Array:
    """Return the predicted chance of delivery by ``at``, shape (n,), from quantiles (n, n_levels).

    Between quantiles, and beyond them, the logit of the chance is linear in the log of time.
    """
    time = np.log(np.maximum(hours, 1e-3))
    time += np.arange(time.shape[1]) * 1e-9  # strictly increasing
    point = np.log(np.maximum(at, 1e-3))[:, None]
    index = np.clip((time <= point).sum(axis=1) - 1, 0, time.shape[1] - 2)
    rows = np.arange(len(time))
    low, high = time[rows, index], time[rows, index + 1]
    slope = (LOGIT[index + 1] - LOGIT[index]) / np.maximum(high - low, 1e-6)
    logit = LOGIT[index] + slope * (point[:, 0] - low)
    return np.asarray(np.where(at > 0, 1 / (1 + np.exp(-np.clip(logit, -30, 30))), 0.0))


def at_levels(hours: Array, level: Array) -> Array:
    """Return quantiles at other levels, shape (n_new,) or (n, n_new), from those at ``LEVELS``."""
    time = np.log(np.maximum(hours, 1e-3))
    logit = np.log(level / (1 - level))
    logit = np.broadcast_to(logit, (len(hours), logit.shape[-1]))
    index = np.clip(np.searchsorted(LOGIT, logit, side="right") - 1, 0, len(LOGIT) - 2)
    rows = np.arange(len(hours))[:, None]
    share = (logit - LOGIT[index]) / (LOGIT[index + 1] - LOGIT[index])
    return np.asarray(
        np.exp(time[rows, index] + share * (time[rows, index + 1] - time[rows, index]))
    )


def rates(
    enter: Array,
    leave: Array,
    ended: Array,
    usual: Array | None = None,
    worth: float = 2.0,
    weight: Array | None = None,
) -> Array:
    """Return observed over expected events in each cell of ``EDGES``, shape (n_cells,).

    Parameters
    ----------
    enter, leave
        Predicted chance of delivery when a row came under observation and when it left, (n,).
        Rows that leave before they enter are not at risk.
    ended
        1 where it left by a delivery, 0 where it is still open, shape (n,).
    usual
        Rates towards which thin cells are shrunk; None is 1, a distribution that is right.
    worth
        Events that ``usual`` is worth, over all cells together.
    weight
        Chance that a row can be delivered at all, shape (n,); None is 1.
    """
    used = leave > enter
    counts = np.ones(len(enter)) if weight is None else weight
    enter, leave, ended, counts = enter[used], leave[used], ended[used], counts[used]
    first, last = (
        np.clip(np.searchsorted(EDGES, at, side="right") - 1, 0, len(SPAN) - 1)
        for at in (enter, leave)
    )

    def passed(at: Array, cell: npt.NDArray[np.intp]) -> Array:
        """Count rows that are past each cell; one inside a cell counts by its share of it."""
        beyond = np.cumsum(np.bincount(cell, counts, len(SPAN))[::-1])[::-1]
        share = np.bincount(cell, counts * (at - EDGES[cell]) / SPAN[cell], len(SPAN))
        return np.asarray(np.append(beyond[1:], 0) + share)

    expected = (passed(leave, last) - passed(enter, first)) * HAZARD
    events = np.bincount(last, counts * ended, len(SPAN))
    prior = worth * SPAN
    toward = np.ones(len(SPAN)) if usual is None else usual
    return np.asarray((events + prior * toward) / (expected + prior))


def inverse(rate: Array, level: Array = LEVEL, shift: float = 1.0, shape: float = 1.0) -> Array:
    """Return the levels of the raw distribution that are ``level`` after the correction.

    ``G`` has ``rate`` times the hazard of a uniform law in each cell. ``shift`` is the part of the
    move of the median that is believed, for a model that has learnt since knows some of it, and
    ``shape`` the part of the whole correction, on the scale of logits.
    """
    hazard = np.cumsum(rate[:-1] * HAZARD[:-1])
    passed = np.clip(-np.expm1(-hazard), 1e-9, 1 - 1e-9)  # G at the inner edges
    moved = np.log(passed / (1 - passed)) + np.arange(len(passed)) * 1e-9
    inner = EDGES[1:-1]
    wanted = np.log(level / (1 - level))
    found = np.interp(np.append(wanted, 0.0), moved, np.log(inner / (1 - inner)))
    corrected = found[:-1] - (1 - shift) * found[-1]
    believed = wanted + shape * (corrected - wanted)
    return np.asarray(1 / (1 + np.exp(-believed)))
