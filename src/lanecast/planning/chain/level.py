"""Means of a forecast put right on days that are known: quantiles may be right and their mean not.

Quantiles are calibrated series by series, each counting as much as any other; the pieces that a
place handles are a sum, and most of it are a few days of a few series. What came over what would
have been said, on the last weeks and apart for days with and without an event (a promotion, a
holiday), is the factor of the means.
"""

import numpy as np
import numpy.typing as npt

from lanecast.planning.demand.models import FittedEnsemble
from lanecast.planning.panel import Floats, Panel

ORIGINS = 3
SPAN = 14  # periods between two of them, and that are compared at each
MOST = 2.0  # factor that is believed
LEAST_UNITS = 200.0  # said, below which a factor is drawn towards 1


def levelled(factor: tuple[float, float], panel: Panel, mean: Floats) -> Floats:
    """Return ``mean`` (N, H) of ``panel`` times the factor of its kind of day (see ``factors``)."""
    event = eventful(panel, panel.length, mean.shape[1])
    return np.asarray(np.where(event, factor[1], factor[0]) * mean)


def factors(model: FittedEnsemble, panel: Panel) -> tuple[float, float]:
    """Return what came over what would have been said, on plain days and on days with an event."""
    said, came = np.zeros(2), np.zeros(2)
    for back in range(1, ORIGINS + 1):
        origin = panel.length - back * SPAN
        if origin < 2 * SPAN:
            break
        mean = model.predict(panel.before(origin)).mean[:, :SPAN]
        y = panel.y[:, origin : origin + mean.shape[1]]
        event = eventful(panel, origin, mean.shape[1])
        for kind in (0, 1):
            of = np.isfinite(y) & (event == bool(kind))
            said[kind] += mean[of].sum()
            came[kind] += y[of].sum()
    found = np.clip((came + LEAST_UNITS) / (said + LEAST_UNITS), 1 / MOST, MOST)
    return float(found[0]), float(found[1])


def eventful(panel: Panel, origin: int, count: int) -> npt.NDArray[np.bool_]:
    """Return on which of ``count`` periods from ``origin`` an event was known then, (N, count)."""
    out = np.zeros((len(panel.ids), count), bool)
    for each in panel.covariates.values():
        if each.event:
            for step in range(count):
                out[:, step] |= each.at(origin, origin + step) > 0
    return out
