"""Drawn demand with the mean and the width of a forecast, and a tail that counts can have.

An order for a dear shortage hangs on the far end of the law, where a forecast of quantiles has seen
next to nothing. There a negative binomial law is a better guide than a straight line.
"""

import numpy as np

from .recent import Array, drawn

WIDTH = 2.563  # standard deviations between the 10 % and the 90 % quantile of a normal law
LEAST = 1e-3


def matched(mean: Array, low: Array, high: Array, together: float, draws: int, seed: int) -> Array:
    """Return draws (n, P, H) with means (n, H) and 80 % ranges from ``low`` to ``high`` (n, H).

    Parameters
    ----------
    together
        Correlation of the errors of two days of one series, in [0, 1): the share of the variance
        that is a doubt of the level, the same for all days of a draw.

    Notes
    -----
    The variance of an item beyond Poisson, s m^2, is what its ranges ask for over all its days;
    ``together`` of the whole variance is put into the level and the rest into days.

    Raises
    ------
    ValueError
        When the correlation is outside [0, 1).
    """
    if not 0 <= together < 1:
        raise ValueError(f"together: expected a correlation in [0, 1), got {together}.")
    m = np.maximum(mean, 1e-6)
    variance = np.square((high - low) / WIDTH)
    beyond = np.maximum((variance - m).sum(axis=1), 0) / np.square(m).sum(axis=1)
    level = together * (1 / m.mean(axis=1) + beyond)
    spread = np.maximum(beyond - level, LEAST)
    return drawn(m, spread, draws, seed, drift=np.sqrt(level))
