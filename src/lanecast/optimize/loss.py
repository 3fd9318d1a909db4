"""Loss functions: how much a random demand is expected to exceed a stock.

``first`` is E[(D - x)+] and ``second`` is half of E[((D - x)+)^2], the integral of ``first`` from x
to infinity. What is left over, E[(x - D)+], is x - E[D] + E[(D - x)+].

References
----------
.. [1] Snyder & Shen (2019). *Fundamentals of Supply Chain Theory*, 2nd ed., appendix C.3.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from .given import Array, arrays, chances

ROOT_2PI = float(np.sqrt(2 * np.pi))


def normal_first(x: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike) -> Array:
    """Return E[(D - x)+] for D ~ N(mean, sd^2), in units of D, eq. (C.31) of [1]_."""
    at, mu, sigma = arrays(x, mean, sd)
    z = (at - mu) / sigma
    return np.asarray(sigma * (_density(z) - z * ndtr(-z)))


def normal_second(x: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike) -> Array:
    """Return E[((D - x)+)^2] / 2 for D ~ N(mean, sd^2), in squared units, eq. (C.33) of [1]_."""
    at, mu, sigma = arrays(x, mean, sd)
    z = (at - mu) / sigma
    return np.asarray(np.square(sigma) * ((z * z + 1) * ndtr(-z) - z * _density(z)) / 2)


def discrete_first(chance: npt.ArrayLike) -> Array:
    """Return E[(D - x)+] at x = 0, 1 ... K, for D with ``chance`` of 0, 1 ... K - 1.

    ``chance`` has shape (..., K), the result (..., K + 1): a sum of tails, eq. (C.36) of [1]_.
    """
    p = chances("chance", chance)
    over = np.maximum(1 - np.cumsum(p, axis=-1), 0)  # P(D > x)
    rest = np.cumsum(over[..., ::-1], axis=-1)[..., ::-1]
    return np.concatenate((rest, np.zeros((*p.shape[:-1], 1))), axis=-1)


def _density(z: Array) -> Array:
    return np.asarray(np.exp(-z * z / 2) / ROOT_2PI)
