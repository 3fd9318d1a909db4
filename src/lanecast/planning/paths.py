"""Whole futures, not only single periods: what is high today tends to be high tomorrow.

The need of a lead time is a sum over periods, and its spread hangs on how their errors go together.
That is taken from rolling origins: where each period of a past future stood among its quantiles, as
one row of ranks. A path joins such a row with the quantiles of today, an empirical copula.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from .conformal import positions
from .forecast import LEVEL
from .panel import Floats

MOST = 4000  # rows of ranks that are kept
NORMAL = norm.ppf(LEVEL)


@dataclass(frozen=True)
class Ranks:
    """Rows of ranks in (0, 1) over the steps, shape (R, H)."""

    rank: npt.NDArray[np.float32]

    def draw(self, quantiles: Floats, count: int, seed: int = 0) -> Floats:
        """Return ``count`` paths per series, shape (N, count, H), of quantiles (N, H, L).

        Each step alone follows its quantiles; beyond the outermost ones the law goes on as a normal
        one would.

        Raises
        ------
        ValueError
            When the horizon is longer than that of the ranks.
        """
        n, horizon, _ = quantiles.shape
        if horizon > self.rank.shape[1]:
            raise ValueError(
                f"quantiles: expected a horizon up to {self.rank.shape[1]} periods, got {horizon}."
            )
        random = np.random.default_rng(seed)
        # every row is drawn about as often as any other, so that few paths are even too
        rows = np.stack([_spread(len(self.rank), count, random) for _ in range(n)])
        rank = self.rank[rows][:, :, :horizon]
        rank = np.clip(rank + (random.random(rank.shape) - 0.5) / len(LEVEL) / 50, 1e-4, 1 - 1e-4)
        return at_ranks(rank, quantiles)


def at_ranks(rank: npt.NDArray[np.floating], quantiles: Floats) -> Floats:
    """Return the values at ranks (N, count, H) of the laws with quantiles (N, H, L)."""
    z = norm.ppf(rank)
    right = np.clip(np.searchsorted(NORMAL, z), 1, len(NORMAL) - 1)
    n = np.arange(len(quantiles))[:, None, None]
    h = np.arange(quantiles.shape[1])[None, None, :]
    low, high = quantiles[n, h, right - 1], quantiles[n, h, right]
    share = (z - NORMAL[right - 1]) / (NORMAL[right] - NORMAL[right - 1])
    return np.asarray(low + share * (high - low))


def ranks(y: Floats, quantiles: Floats, seed: int = 0) -> Ranks | None:
    """Return the ranks of outcomes (R, H) among calibrated quantiles (R, H, L); None if none.

    Each step is spread evenly over (0, 1) once more, so that a path keeps the quantiles.
    """
    whole = np.flatnonzero(np.isfinite(y).all(axis=1))
    random = np.random.default_rng(seed)
    pick = np.sort(random.permutation(whole)[:MOST])
    if len(pick) < 2:
        return None
    flat = quantiles[pick].reshape(-1, len(LEVEL))
    z = positions(y[pick].ravel(), flat, random).reshape(len(pick), -1)
    order = z.argsort(axis=0, kind="stable").argsort(axis=0)
    return Ranks(((order + 0.5) / len(pick)).astype(np.float32))


def _spread(count: int, wanted: int, random: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return ``wanted`` rows of ``count``, each as often as any other, give or take one."""
    whole = [random.permutation(count) for _ in range(-(-wanted // count))]
    return np.concatenate(whole)[:wanted]
