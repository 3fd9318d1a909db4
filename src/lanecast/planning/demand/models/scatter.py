"""How counts scatter about their mean: the negative binomial law and its quantiles, fast."""

import numpy as np
from scipy.stats import nbinom

from lanecast.planning.forecast import LEVEL
from lanecast.planning.panel import Floats

SMALL = 40  # counts up to which chances are added up; beyond it scipy finds the quantile
NONE = 1e-6  # an excess below it is that of Poisson's law


def law_of_counts(mean: Floats, excess: Floats) -> Floats:
    """Return negative binomial quantiles, shape (N, H, L), of means (N, H).

    The variance is the mean and ``excess``, shape (N,), times its square; of no excess it is
    Poisson's law.
    """
    mu = mean.ravel()
    size = 1 / np.maximum(np.repeat(excess, mean.shape[1]), NONE)
    lost = mu / (size + mu)
    chance = np.exp(size * np.log1p(-lost))
    total = chance.copy()
    out = np.zeros((len(mu), len(LEVEL)))
    for count in range(SMALL):
        out += total[:, None] < LEVEL
        chance = chance * (size + count) / (count + 1) * lost
        total += chance
    far = np.flatnonzero((out == SMALL).any(axis=1))
    if len(far):
        out[far] = nbinom.ppf(LEVEL, size[far, None], 1 - lost[far, None])
    return out.reshape(*mean.shape, len(LEVEL))
