"""What many series have in common, apart from the noise of each: singular values, shrunk.

Series that move together are a matrix of low rank and noise. Noise lengthens every singular value;
below a bound there is nothing but noise, and above it the shrinkage of Gavish and Donoho [1]_ has
the least squared error of all, with the size of the noise read off the median singular value. So
no rank has to be chosen.

References
----------
.. [1] Gavish & Donoho (2017). Optimal shrinkage of singular values. *IEEE Transactions on
       Information Theory* 63(4).
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from lanecast.planning.panel import Floats

ROUNDS = 3  # in which unknown values are put in
FEWEST = 10  # series of a group, and periods, that have something in common
GRID = 4001


def shrunk(y: Floats, scale: Floats, group: npt.NDArray[np.int64]) -> Floats:
    """Return ``y`` without the noise of each series, shape (N, T), NaN where it is not known.

    Parameters
    ----------
    scale
        How large the noise of each series is, in its unit, shape (N,), above 0.
    group
        Number of the group that a series moves with, shape (N,). Small groups are left as they are.
    """
    out = y.copy()
    order = np.argsort(group, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        if min(len(rows), y.shape[1]) < FEWEST:
            continue
        unit = scale[rows, None]
        known = np.isfinite(y[rows])
        x = np.where(known, y[rows] / unit, 0.0)
        whole = known.any(axis=0)
        x = np.where(known, x, x.sum(axis=0) / np.maximum(known.sum(axis=0), 1))
        for _ in range(ROUNDS if not known[:, whole].all() else 1):
            u, size, v = np.linalg.svd(x, full_matrices=False)
            common = (u * _shrink(size, *x.shape)) @ v
            x = np.where(known, x, common)
        out[rows] = np.where(known, common * unit, np.nan)
    return out


def _shrink(size: Floats, rows: int, columns: int) -> Floats:
    """Return singular values without the noise, shape (K,)."""
    ratio = min(rows, columns) / max(rows, columns)
    noise = max(float(np.median(size)) / np.sqrt(_median(ratio)), 1e-12)
    z = size / noise
    square = np.maximum((z**2 - ratio - 1) ** 2 - 4 * ratio, 0.0)
    kept = z > 1 + np.sqrt(ratio)
    return np.asarray(np.where(kept, np.sqrt(square) / np.maximum(z, 1e-12), 0.0) * noise)


@lru_cache(maxsize=256)
def _median(ratio: float) -> float:
    """Return the median of the squared singular values of noise (Marchenko and Pastur's law)."""
    low, high = (1 - np.sqrt(ratio)) ** 2, (1 + np.sqrt(ratio)) ** 2
    turn = (np.arange(GRID) + 0.5) / GRID * np.pi / 2  # smooth where ``low`` is 0
    at = low + (high - low) * np.sin(turn) ** 2
    mass = np.cumsum((np.sin(turn) * np.cos(turn)) ** 2 / at)
    return float(np.interp(0.5, mass / mass[-1], at))
