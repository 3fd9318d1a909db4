"""Scores of quantile forecasts.

``y`` are outcomes, shape (n,); ``q`` predicted quantiles in the unit of ``y``, shape (n, L);
``level`` their levels in (0, 1), shape (L,), increasing.
"""

import numpy as np
import numpy.typing as npt

from .inputs import Array, alike, finite, levels, weights


def pinball(y: npt.ArrayLike, q: npt.ArrayLike, level: npt.ArrayLike) -> Array:
    """Return the pinball loss, shape (n, L); its mean is minimal at the true quantiles.

    Raises
    ------
    ValueError
        When a number is not finite, shapes do not fit, or levels do not increase in (0, 1).

    References
    ----------
    .. [1] Koenker & Bassett (1978). Regression Quantiles. *Econometrica* 46(1).

    Examples
    --------
    >>> pinball([10.0], [[8.0, 12.0]], [0.1, 0.9]).round(3).tolist()
    [[0.2, 0.2]]
    """
    y, q, level = fitting(y, q, level)
    miss = y[:, None] - q
    return np.maximum(level * miss, (level - 1) * miss)


def crps(y: npt.ArrayLike, q: npt.ArrayLike, level: npt.ArrayLike) -> Array:
    """Return the continuous ranked probability score, in the unit of ``y``, shape (n,).

    The score is twice the integral of the pinball loss over all levels [1]_. Between levels it is
    integrated by trapezoids, so a level weighs half the distance between its neighbours; the
    outermost ones stand for the tails as well (their cell reaches to 0 and 1). Each quantile is
    judged at its own level only, hence the sum stays proper for the quantiles, and the weights
    add up to one: a forecast of the median alone gets its absolute error.

    Raises
    ------
    ValueError
        As ``pinball``.

    References
    ----------
    .. [1] Laio & Tamea (2007). Verification tools for probabilistic forecasts of continuous
           hydrological variables. *Hydrology and Earth System Sciences* 11, eq. 7.

    Examples
    --------
    >>> crps([10.0], [[13.0]], [0.5]).tolist()
    [3.0]
    """
    loss = pinball(y, q, level)
    return 2 * loss @ cells(np.asarray(level, dtype=np.float64))


def cells(level: Array) -> Array:
    """Return the share of (0, 1) that is nearest to each level, shape (L,); they add up to 1."""
    edges = np.concatenate(([0.0], (level[1:] + level[:-1]) / 2, [1.0]))
    return np.diff(edges)


def coverage(
    y: npt.ArrayLike,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    weight: npt.ArrayLike | None = None,
) -> float:
    """Return the share of outcomes in ``[low, high]``, bounds included.

    Raises
    ------
    ValueError
        When a number is not finite, shapes differ, or a weight is negative.
    """
    y, low, high = alike(y=y, low=low, high=high)
    return float(np.average((low <= y) & (y <= high), weights=weights(weight, y.size)))


def below(y: npt.ArrayLike, q: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> Array:
    """Return the share of outcomes at or below each quantile, shape (L,); ideally its level.

    Raises
    ------
    ValueError
        As ``coverage``.
    """
    y, q, _ = fitting(y, q)
    return np.asarray(np.average(y[:, None] <= q, axis=0, weights=weights(weight, y.size)))


def interval_score(
    y: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike, alpha: float
) -> Array:
    """Return width plus ``2 / alpha`` times what lies outside, in the unit of ``y``, shape (n,).

    It is the Winkler score, minimal for the central interval of probability ``1 - alpha`` [1]_,
    and equals ``2 / alpha`` times the sum of the pinball losses of its two ends.

    Raises
    ------
    ValueError
        When a number is not finite, shapes differ, ``alpha`` is outside (0, 1), or a lower end
        lies above its upper end.

    References
    ----------
    .. [1] Gneiting & Raftery (2007). Strictly Proper Scoring Rules, Prediction, and Estimation.
           *JASA* 102, eq. 43.

    Examples
    --------
    >>> interval_score([10.0], [2.0], [9.0], alpha=0.2).tolist()
    [17.0]
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha: expected a number in (0, 1), got {alpha}.")
    y, low, high = alike(y=y, low=low, high=high)
    if (low > high).any():
        row = int(np.argmax(low > high))
        raise ValueError(f"low: expected low <= high, got {low[row]} > {high[row]} in row {row}.")
    miss = np.maximum(low - y, 0) + np.maximum(y - high, 0)
    return np.asarray(high - low + 2 / alpha * miss)


def crossings(q: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return how many neighbouring quantiles of each row stand in the wrong order, shape (n,).

    Raises
    ------
    ValueError
        When a number is not finite, or ``q`` has not two axes.
    """
    return np.asarray((np.diff(finite("q", q, 2), axis=1) < 0).sum(axis=1), dtype=np.int64)


def fitting(
    y: npt.ArrayLike, q: npt.ArrayLike, level: npt.ArrayLike | None = None
) -> tuple[Array, Array, Array]:
    """Return the three as floats whose shapes fit; no levels give an empty third.

    Raises
    ------
    ValueError
        As ``pinball``.
    """
    y, q = finite("y", y), finite("q", q, 2)
    if q.shape[0] != y.size:
        raise ValueError(f"q: expected one row per outcome, {y.size}, got shape {q.shape}.")
    return y, q, np.empty(0) if level is None else levels(level, q.shape[1])
