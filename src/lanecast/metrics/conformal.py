"""Intervals that keep their word: offsets learnt from what was missed before.

Split conformal prediction takes rows that the model has not seen, looks how far the outcome lay
beyond the quantile, and moves the quantile by the finite-sample rank of those misses. If past and
future rows are exchangeable, the share that falls inside is at least the nominal one, whatever the
model.
"""

import numpy as np
import numpy.typing as npt

from .inputs import Array, alike, finite, weights
from .quantile import fitting

ROUNDING = 1e-9  # (n + 1) * level is meant exactly: 0.7 * 10 is 7


def rank_quantile(
    score: npt.ArrayLike,
    level: float,
    weight: npt.ArrayLike | None = None,
    new_weight: float = 1.0,
) -> float:
    """Return the smallest score with at least ``level`` of the weight at or below it.

    The row to come counts as one more, with an infinite score. Without weights that is the score
    of rank ``ceil((n + 1) * level)``.

    Parameters
    ----------
    score
        Misses, shape (n,).
    level
        Share of new rows that may not miss by more, in (0, 1).
    weight
        Weights >= 0, shape (n,): how likely each row is among the new ones [1]_, or those of
        ``survival.ipcw``, which are 1 on average.
    new_weight
        Weight of the row to come, on the scale of ``weight``.

    Returns
    -------
    float
        In the unit of ``score``; infinite when there are too few rows for that level.

    Raises
    ------
    ValueError
        When a score is not finite, shapes differ, or ``level`` is outside (0, 1).

    References
    ----------
    .. [1] Tibshirani, Barber, Candes & Ramdas (2019). Conformal Prediction Under Covariate Shift.
           *NeurIPS*, eq. 8.

    Examples
    --------
    >>> rank_quantile([1, 2, 3, 4, 5, 6, 7, 8, 9], 0.9), rank_quantile([1, 2], 0.9)
    (9.0, inf)
    """
    if not 0 < level < 1 or not 0 <= new_weight < np.inf:
        raise ValueError(f"Expected level in (0, 1) and new_weight >= 0; {level=}, {new_weight=}.")
    score = finite("score", score)
    weight = weights(weight, score.size)
    order = np.argsort(score, kind="stable")
    reached = np.cumsum(weight[order])
    needed = level * (reached[-1] + new_weight) * (1 - ROUNDING)
    rank = int(np.searchsorted(reached, needed))
    return float(score[order[rank]]) if rank < score.size else float("inf")


def offsets(
    y: npt.ArrayLike,
    q: npt.ArrayLike,
    level: npt.ArrayLike,
    scale: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
) -> Array:
    """Return by how much each quantile has to move, shape (L,): the new one is ``q + scale * it``.

    Each tail on its own [1]_: a level from 0.5 upwards becomes an upper bound that new outcomes
    keep with at least that probability, one below 0.5 a lower bound that they undercut with at
    most that probability. Two levels give an interval.

    Parameters
    ----------
    y
        Outcomes, shape (n,).
    q
        Their predicted quantiles, shape (n, L).
    level
        Levels in (0, 1), shape (L,), increasing.
    scale
        How uncertain each row is, > 0, shape (n,), so that wide forecasts move further; None
        moves all by the same.
    weight
        As in ``rank_quantile``.

    Returns
    -------
    Array
        Offsets in units of ``scale`` (of ``y`` without it); infinite, with the sign of the tail,
        where there are too few rows: a level needs ``level / (1 - level)`` of them, 99 for 0.99.

    Raises
    ------
    ValueError
        When a number is not finite, shapes do not fit, or a scale is not > 0.

    References
    ----------
    .. [1] Romano, Patterson & Candes (2019). Conformalized Quantile Regression. *NeurIPS*,
           theorem 2.
    """
    y, q, level = fitting(y, q, level)
    miss = (y[:, None] - q) / _scale(scale, y.size)[:, None]
    moved = [
        rank_quantile(miss[:, i], at, weight)
        if at >= 0.5
        else -rank_quantile(-miss[:, i], 1 - at, weight)
        for i, at in enumerate(level)
    ]
    return np.array(moved)


def widening(
    y: npt.ArrayLike,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    alpha: float,
    scale: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
) -> float:
    """Return by how much both ends of an interval move outwards, the same on each side [1]_.

    ``[low - scale * it, high + scale * it]`` holds a new outcome with at least ``1 - alpha``;
    negative narrows. Parameters and errors as in ``offsets``.

    References
    ----------
    .. [1] Romano, Patterson & Candes (2019). Conformalized Quantile Regression. *NeurIPS*,
           theorem 1.
    """
    y, low, high = alike(y=y, low=low, high=high)
    miss = np.maximum(low - y, y - high) / _scale(scale, y.size)
    return rank_quantile(miss, 1 - alpha, weight)


def adapt(
    alpha: npt.ArrayLike,
    missed: npt.ArrayLike,
    rows: npt.ArrayLike,
    target: float,
    step: float = 0.01,
) -> Array:
    """Return the miss rate to ask for next, per slice: adaptive conformal inference [1]_.

    ``alpha + step * (target - missed)``. Over time the share of misses goes to ``target`` even if
    the world changes. The result may leave [0, 1]: at or below 0 the interval is everything, at or
    above 1 it is empty; cutting it off would void the guarantee.

    Parameters
    ----------
    alpha
        Miss rate that was asked for, shape (slices,).
    missed
        Share of rows outside, in [0, 1], shape (slices,); not looked at where ``rows`` is 0.
    rows
        How many outcomes became known, shape (slices,); a slice without any stays as it is.
    target
        Wanted miss rate, in (0, 1).
    step
        How fast to react, > 0.

    Raises
    ------
    ValueError
        When shapes differ, or a number is out of range.

    References
    ----------
    .. [1] Gibbs & Candes (2021). Adaptive Conformal Inference Under Distribution Shift. *NeurIPS*,
           eq. 2; proposition 4.1 bounds the error by ``(max(alpha, 1 - alpha) + step) / (T step)``.
    """
    if not 0 < target < 1 or not 0 < step < np.inf:
        raise ValueError(f"Expected target in (0, 1) and step > 0, got {target=}, {step=}.")
    alpha, rows = alike(alpha=alpha, rows=rows)
    missed = np.where(rows > 0, missed, target)
    if missed.shape != alpha.shape or not ((missed >= 0) & (missed <= 1)).all():
        raise ValueError(f"missed: expected {alpha.size} shares in [0, 1], got {missed}.")
    return alpha + step * (target - missed)


def _scale(scale: npt.ArrayLike | None, size: int) -> Array:
    if scale is None:
        return np.ones(size)
    array = finite("scale", scale)
    if array.size != size or (array <= 0).any():
        raise ValueError(
            f"scale: expected {size} numbers > 0, got {array.size} from {array.min():g}."
        )
    return array
