"""Errors of point forecasts.

Each takes outcomes ``y`` and forecasts ``y_hat`` of shape (n,) in one unit and, where some rows
stand for others too (see ``survival.ipcw``), weights >= 0 of shape (n,). Weighted means are
divided by the sum of the weights (Hajek), so that a weight says only how rows compare.
"""

import numpy as np
import numpy.typing as npt

from .inputs import alike, weights


def mae(y: npt.ArrayLike, y_hat: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> float:
    """Return the mean absolute error in the unit of ``y``; the median minimises it.

    Raises
    ------
    ValueError
        When a number is not finite, shapes differ, or a weight is negative.

    Examples
    --------
    >>> mae([24.0, 48.0], [30.0, 48.0])
    3.0
    """
    y, y_hat = alike(y=y, y_hat=y_hat)
    return float(np.average(np.abs(y_hat - y), weights=weights(weight, y.size)))


def bias(y: npt.ArrayLike, y_hat: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> float:
    """Return the mean of forecast minus outcome, in the unit of ``y``; positive is too high.

    Raises
    ------
    ValueError
        As ``mae``.
    """
    y, y_hat = alike(y=y, y_hat=y_hat)
    return float(np.average(y_hat - y, weights=weights(weight, y.size)))


def rmse(y: npt.ArrayLike, y_hat: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> float:
    """Return the root mean squared error, pooled over rows; the mean minimises it.

    Raises
    ------
    ValueError
        As ``mae``.
    """
    y, y_hat = alike(y=y, y_hat=y_hat)
    return float(np.sqrt(np.average((y_hat - y) ** 2, weights=weights(weight, y.size))))


def within(
    y: npt.ArrayLike,
    y_hat: npt.ArrayLike,
    tolerance: float,
    weight: npt.ArrayLike | None = None,
) -> float:
    """Return the share of rows that miss by at most ``tolerance``, in [0, 1].

    Raises
    ------
    ValueError
        As ``mae``, and when ``tolerance`` is negative.
    """
    if not tolerance >= 0:
        raise ValueError(f"tolerance: expected a number >= 0 in the unit of y, got {tolerance}.")
    y, y_hat = alike(y=y, y_hat=y_hat)
    return float(np.average(np.abs(y_hat - y) <= tolerance, weights=weights(weight, y.size)))
