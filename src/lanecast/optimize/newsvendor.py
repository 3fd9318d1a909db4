"""Single-period stock."""

import numpy as np
import numpy.typing as npt

from .distribution import Array, checked


def newsvendor(
    level: npt.ArrayLike,
    demand: npt.ArrayLike,
    short: npt.ArrayLike,
    over: npt.ArrayLike,
) -> Array:
    """Stock that minimises the expected cost of being short or over.

    Parameters
    ----------
    level
        Quantile levels in (0, 1), shape (L,), increasing.
    demand
        Quantiles of demand [units], shape (n, L), increasing along the row.
    short
        Cost of one unit short [currency/unit], > 0; one for all rows or shape (n,).
    over
        Cost of one unit left [currency/unit], > 0; one for all rows or shape (n,).

    Returns
    -------
    Array
        Stock [units], shape (n,).

    Raises
    ------
    ValueError
        When a cost is not positive, quantiles cross, or a critical ratio lies outside ``level``
        (a forecast says nothing beyond its outermost quantiles).

    Notes
    -----
    The optimum is the quantile of demand at ``short / (short + over)`` [1]_. Example 4.3 there:
    demand N(50, 8^2), short 0.70, over 0.18, gives a ratio of 0.795 and a stock of 56.6.

    References
    ----------
    .. [1] Snyder & Shen (2019). *Fundamentals of Supply Chain Theory*, 2nd ed., section 4.3.
    """
    level, demand = checked(level, demand)
    short, over = np.asarray(short, np.float64), np.asarray(over, np.float64)
    if not ((short > 0) & (over > 0) & np.isfinite(short + over)).all():
        raise ValueError(f"Expected short > 0 and over > 0, got short={short}, over={over}.")
    rows = demand.shape[0]
    try:
        ratio = np.broadcast_to(short / (short + over), (rows,))
    except ValueError as error:
        raise ValueError(
            f"short, over: expected one number or {rows}, got {short.shape} and {over.shape}."
        ) from error
    if rows and not (level[0] <= ratio.min() and ratio.max() <= level[-1]):
        far = ratio.min() if ratio.min() < level[0] else ratio.max()
        raise ValueError(f"Critical ratio {far:.3f} outside [{level[0]}, {level[-1]}].")
    right = np.clip(np.searchsorted(level, ratio), 1, level.size - 1)
    part = (ratio - level[right - 1]) / (level[right] - level[right - 1])
    row = np.arange(rows)
    low, high = demand[row, right - 1], demand[row, right]
    return np.asarray(low + part * (high - low))
