"""How far a distribution has moved since another time."""

import numpy as np
import numpy.typing as npt

from .inputs import Array, finite

LEAST = 1e-4  # share that an empty cell counts as


def psi(before: npt.ArrayLike, now: npt.ArrayLike) -> float:
    """Return the population stability index of counts per cell: symmetric Kullback-Leibler.

    The sum of (q - p) log(q / p) over cells with shares p before and q now. Below 0.1 counts as
    the same and above 0.25 as another population (Siddiqi, Credit Risk Scorecards, 2006); without
    any change, samples of n and m show (cells - 1) (1 / n + 1 / m) by luck.

    Raises
    ------
    ValueError
        When a count is negative or not finite, all are 0, or the cells differ.

    Examples
    --------
    >>> round(psi([50, 50], [60, 40]), 4)
    0.0405
    """
    p, q = _shares("before", before), _shares("now", now)
    if p.size != q.size:
        raise ValueError(f"before, now: expected the same cells, got {p.size} and {q.size}.")
    return float(np.sum((q - p) * np.log(q / p)))


def psi_of(before: npt.ArrayLike, now: npt.ArrayLike, cells: int = 10) -> float:
    """Return ``psi`` of two samples, shapes (n,) and (m,), in cells that ``before`` fills evenly.

    What is missing (NaN) has a cell of its own.

    Raises
    ------
    ValueError
        When a sample is empty, or ``cells`` is below 2.
    """
    if cells < 2:
        raise ValueError(f"cells: expected at least 2, got {cells}.")
    p, q = (np.asarray(each, np.float64) for each in (before, now))
    if not p.size or not q.size:
        raise ValueError(f"before, now: expected numbers, got {p.size} and {q.size}.")
    there = p[~np.isnan(p)]
    inner = np.quantile(there, np.linspace(0, 1, cells + 1)[1:-1]) if there.size else np.array([])
    edges = np.unique(inner)

    def counts(x: Array) -> Array:
        known = x[~np.isnan(x)]
        found = np.bincount(np.searchsorted(edges, known), minlength=edges.size + 1)
        return np.append(found, x.size - known.size).astype(np.float64)

    return psi(counts(p), counts(q))


def _shares(name: str, counts: npt.ArrayLike) -> Array:
    array = finite(name, counts)
    if (array < 0).any() or not array.sum():
        raise ValueError(f"{name}: expected counts from 0, some above; got {array.min()} at least.")
    return np.asarray(np.maximum(array / array.sum(), LEAST))
