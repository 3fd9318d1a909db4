"""Forecasts of sums of series, by an attribute, that agree with those of the series.

How far series move together is what the forecast of their sum has to know, so the sums are forecast
as series of their own. Then their means and those of the series are made to agree: of a difference
each takes as much as it is unsure of, which is MinT with independent errors [1]_ on two levels.

References
----------
.. [1] Wickramasuriya, Athanasopoulos & Hyndman (2019). Optimal forecast reconciliation for
       hierarchical and grouped time series through trace minimization. *JASA* 114.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lanecast.planning.forecast import HIGH, LOW, Forecast, answered
from lanecast.planning.panel import Floats, Panel

from .hierarchy import TOTAL, Tree, aggregated

NAMES = {"warehouse": "facility_id", "product": "product_id"}  # as people say it
SURE = 1e-9


@dataclass(frozen=True)
class Level:
    """The nodes of a level, ``ids`` of shape (G,), and the node of each series, shape (N,)."""

    ids: npt.NDArray[np.str_]
    node: npt.NDArray[np.int64]

    def sums(self, values: Floats) -> Floats:
        """Return the sums over the series of each node, shape (G, ...), of values (N, ...)."""
        out = np.zeros((len(self.ids), *values.shape[1:]))
        np.add.at(out, self.node, values)
        return out


def level(of: Panel, name: str) -> Level:
    """Return the nodes of a level: an attribute of the series, or ``"total"``.

    Raises
    ------
    ValueError
        When the series have no such attribute, or it is not known of one.
    """
    if name == TOTAL:
        return Level(np.array([TOTAL]), np.zeros(len(of.ids), np.int64))
    values = of.attributes.get(NAMES.get(name, name))
    if values is None:
        known = ", ".join((TOTAL, *of.attributes))
        raise ValueError(f"level: expected one of {known}; got {name!r}.")
    if (lost := values == "").any():
        raise ValueError(f"level: {name} of {of.ids[lost][0]!r} is not known.")
    ids, node = np.unique(values, return_inverse=True)
    return Level(ids, node)


def nodes(of: Panel, by: Level) -> Panel:
    """Return the panel of the nodes: sums of their series, means of what goes with them."""
    member = (by.node[None, :] == np.arange(len(by.ids))[:, None]).astype(float)
    return aggregated(of, Tree(by.ids, member, np.zeros(len(by.ids), np.int64)))


def agreeing(above: Forecast, below: Forecast, by: Level) -> tuple[Forecast, Forecast]:
    """Return both forecasts, of the nodes and of the series, with means that add up.

    Quantiles go up and down with their mean, by a factor. Nothing is below 0.
    """
    own, mean = above.mean, np.maximum(below.mean, 0.0)
    unsure = [((f.quantiles[:, :, HIGH] - f.quantiles[:, :, LOW]) / 2) ** 2 for f in (above, below)]
    miss = own - by.sums(mean)
    rest = by.sums(unsure[1])
    gain = (miss / np.maximum(unsure[0] + rest, SURE))[by.node] * unsure[1]
    series = np.maximum(mean + gain, 0.0)
    return _moved(above, by.sums(series)), _moved(below, series)


def _moved(of: Forecast, mean: Floats) -> Forecast:
    """Return a forecast with another mean."""
    old = of.mean
    factor = np.where(old > SURE, mean / np.maximum(old, SURE), 1.0)
    quantiles = of.quantiles * factor[:, :, None]
    quantiles += np.where(old > SURE, 0.0, mean - old)[:, :, None]
    return answered(np.maximum(quantiles, 0.0), of.fallback)
