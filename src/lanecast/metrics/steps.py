"""The surest step of a series that also drifts.

Values of slow series drift, so that a test for any difference finds one nearly everywhere. What is
asked instead is whether there was a *step* of more than ``relevant`` (a relevant change [1]_) in ::

    y(x) = a + f(x) + s 1(x > cut) + e,     t = (|s| - relevant) / se(s)

with ``f`` a Gaussian process that is worth ``drift`` and turns within ``turns`` [2]_. Where the
series varies more than that says, ``se`` grows by as much.

References
----------
.. [1] Dette & Wied (2016). Detecting relevant changes in time series models. *JRSS B* 78(2).
.. [2] Rasmussen & Williams (2006). *Gaussian Processes for Machine Learning*, section 2.7.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_triangular
from scipy.stats import t as student

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Step:
    """A step: ``first`` value after it, ``size`` and standard ``error``, ``p`` of its own cut.

    ``p`` is the least of ``cuts`` tries; multiply by them (Bonferroni) to judge the series.
    """

    first: int
    size: float
    error: float
    p: float
    cuts: int


def surest_step(
    x: Floats, y: Floats, noise: npt.ArrayLike, drift: float, turns: float, least: int,
    relevant: float = 0.0,
) -> Step:  # fmt: skip
    """Return the surest step of values ``y`` at ``x``, both of shape (n,), in order of ``x``.

    Parameters
    ----------
    noise
        Standard deviation of each value, one number or shape (n,).
    drift, turns
        Standard deviation of the slow part, and the distance in ``x`` in which it turns.
    least
        Values that either side must have.

    Raises
    ------
    ValueError
        When there are fewer than ``2 * least`` values.
    """
    many = len(x)
    if many < 2 * least:
        raise ValueError(f"y: expected {2 * least} values at least, got {many}.")
    slow = drift**2 * np.exp(-0.5 * ((x[:, None] - x) / turns) ** 2)
    root = np.linalg.cholesky(slow + np.diag(np.broadcast_to(np.square(noise), many)))
    last = np.arange(least - 1, many - least)  # the last value before each cut
    after = (np.arange(many)[:, None] > last).astype(float)
    white = solve_triangular(root, np.column_stack([np.ones(many), y, after]), lower=True)
    level = white[:, 0] / np.linalg.norm(white[:, 0])
    white = white[:, 1:] - np.outer(level, level @ white[:, 1:])
    value, steps = white[:, 0], white[:, 1:]
    square: Floats = (steps**2).sum(axis=0)
    size: Floats = steps.T @ value / square
    rest = (value @ value - size**2 * square) / (many - 2)
    error = np.sqrt(np.maximum(rest, 1.0) / square)
    p = np.minimum(2 * student.sf((np.abs(size) - relevant) / error, many - 3), 1.0)
    best = int(np.argmin(p))
    return Step(int(last[best]) + 1, float(size[best]), float(error[best]), float(p[best]), len(p))
