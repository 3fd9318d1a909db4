"""How sure is it that one forecast beats the other?"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .inputs import alike

CHUNK = 4_000_000  # numbers held at once


@dataclass(frozen=True)
class Difference:
    """A mean difference, its bootstrap interval at ``level``, and how many blocks it rests on."""

    estimate: float
    low: float
    high: float
    level: float
    blocks: int


def paired_bootstrap(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    block: npt.ArrayLike,
    *,
    length: int = 1,
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Difference:
    """Return the mean of ``a - b`` over rows, with a percentile interval.

    Rows of one block stay together (orders of one day, parcels of one order), since they share
    their luck. With ``length`` > 1 whole runs of consecutive blocks are drawn, wrapped round the
    end so that each block is as likely as any other: the moving-block bootstrap [1]_ for blocks
    that depend on their neighbours, such as days.

    Parameters
    ----------
    a, b
        Losses of two forecasts of the same rows, shape (n,); negative differences favour ``a``.
    block
        Identifier of the block of each row, shape (n,); its order is the order of the blocks.
    length
        Blocks in a run.
    draws
        Number of resamples.
    level
        Probability of the interval, in (0, 1).
    seed
        Seed; the same one gives the same interval.

    Raises
    ------
    ValueError
        When shapes differ, a loss is not finite, there are fewer than two blocks, or a setting is
        out of range.

    References
    ----------
    .. [1] Kuensch (1989). The jackknife and the bootstrap for general stationary observations.
           *Annals of Statistics* 17(3); circular form of Politis & Romano (1992).
    """
    a, b = alike(a=a, b=b)
    ids = np.asarray(block)
    if ids.shape != a.shape:
        raise ValueError(f"block: expected {a.size} identifiers, got shape {ids.shape}.")
    if not 0 < level < 1 or draws < 1:
        raise ValueError(f"Expected level in (0, 1) and draws >= 1, got {level=}, {draws=}.")
    names, where = np.unique(ids, return_inverse=True)
    count = names.size
    if count < 2 or not 1 <= length <= count:
        raise ValueError(
            f"block: expected two blocks at least and a length of 1 to their number, got {count} "
            f"blocks and {length=}."
        )
    total = np.bincount(where, a - b, count)
    rows = np.bincount(where, minlength=count).astype(np.float64)
    random = np.random.default_rng(seed)
    runs = -(-count // length)
    means = []
    for start in range(0, draws, step := max(1, CHUNK // count)):
        first = random.integers(0, count, (min(step, draws - start), runs, 1))
        drawn = ((first + np.arange(length)) % count).reshape(len(first), -1)[:, :count]
        means.append(total[drawn].sum(axis=1) / rows[drawn].sum(axis=1))
    low, high = np.quantile(np.concatenate(means), [(1 - level) / 2, (1 + level) / 2])
    return Difference(float((a - b).mean()), float(low), float(high), level, count)
