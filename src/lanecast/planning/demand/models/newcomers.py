"""Series without a past, or with hardly any: what their siblings are expected to sell.

Siblings are the series with the same attributes: of all attributes, or, where too few share them,
of fewer, the most particular one left out first. A newcomer could be as any of them, so its law is
the mixture of theirs; what it has sold itself counts more with every period.
"""

import numpy as np
import numpy.typing as npt

from lanecast.metrics.quantile import cells
from lanecast.planning.forecast import LEVEL, Forecast
from lanecast.planning.panel import Floats, Panel

SIBLINGS = 3  # as many are needed
FEW = 3  # known periods below which siblings count too
OF_SIBLINGS = 0.5  # periods of its own that siblings count as much as
SAMPLE = 200  # siblings that are looked at
FROM_SIBLINGS, WITH_SIBLINGS = "siblings", "few_known_and_siblings"


def with_newcomers(forecast: Forecast, of: Panel) -> Forecast:
    """Return ``forecast`` with newcomers answered by their siblings, and said so in ``fallback``.

    One without siblings keeps its answer.
    """
    known = np.isfinite(of.y).sum(axis=1)
    new = np.flatnonzero(known < FEW)
    old = known >= FEW
    if not len(new) or not old.any():
        return forecast
    quantiles, fallback = forecast.quantiles.copy(), forecast.fallback.astype("<U32")
    for rows in _alike(of, new):
        among = _siblings(of, int(rows[0]), old)
        if not len(among):
            continue
        law = _mixture(forecast.quantiles[among])
        own = (known[rows] / (known[rows] + OF_SIBLINGS))[:, None, None]
        quantiles[rows] = own * quantiles[rows] + (1 - own) * law
        fallback[rows] = np.where(known[rows] == 0, FROM_SIBLINGS, WITH_SIBLINGS)
    return Forecast(quantiles, fallback)


def _alike(of: Panel, rows: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Return ``rows`` parted into those that have the same attributes."""
    if not of.attributes:
        return [rows]
    words = np.stack([values[rows] for values in of.attributes.values()], axis=1)
    number = np.unique(words, axis=0, return_inverse=True)[1].ravel()
    return [rows[number == i] for i in range(int(number.max()) + 1)]


def _siblings(of: Panel, row: int, old: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return the series with the same attributes as ``row``, as many of them as it takes."""
    same = {
        name: (values == values[row]) & old
        for name, values in of.attributes.items()
        if values[row] != ""
    }
    names = sorted(same, key=lambda name: int(same[name].sum()))
    for left_out in range(len(names)):
        among = np.flatnonzero(np.all([same[name] for name in names[left_out:]], axis=0))
        if len(among) >= SIBLINGS:
            return among[:: -(-len(among) // SAMPLE)]
    return np.empty(0, dtype=np.int64)


def _mixture(quantiles: Floats) -> Floats:
    """Return quantiles of the mixture of S laws, shape (H, L), of theirs, shape (S, H, L)."""
    count, horizon, _ = quantiles.shape
    values = np.moveaxis(quantiles, 1, 0).reshape(horizon, -1)
    mass = np.tile(cells(LEVEL), count) / count
    order = np.argsort(values, axis=1, kind="stable")
    values = np.take_along_axis(values, order, axis=1)
    share = np.cumsum(mass[order], axis=1) - mass[order] / 2
    return np.stack([np.interp(LEVEL, share[h], values[h]) for h in range(horizon)])
