"""What a forecast says after some waiting: the same distribution, given that nothing has come."""

import numpy as np
import numpy.typing as npt

from lanecast.tables.parcel import LEVELS

Array = npt.NDArray[np.float64]
HAZARD = -np.log1p(-np.array([0.0, *LEVELS]))  # cumulative, at each given quantile
TAIL = LEVELS.index(0.95) + 1  # beyond the last quantile the hazard is as from here to there


def left(quantiles: Array, waited_h: npt.ArrayLike) -> Array:
    """Return quantiles of the hours from now, given that nothing came in ``waited_h``.

    The residual life of survival analysis (Klein and Moeschberger, 2003, section 2.4): with
    cumulative hazard ``H``, straight between the given quantiles and beyond them, the quantile at
    level ``p`` is where ``H(t) = H(waited) - log(1 - p)``, less what was waited.

    Parameters
    ----------
    quantiles
        Hours from the question, shape (n, n_levels), at ``LEVELS``; rows of NaN stay so.
    waited_h
        Hours since the question, at least 0, shape (n,) or a number.
    """
    given = np.maximum.accumulate(np.asarray(quantiles, dtype=float), axis=1)
    waited = np.broadcast_to(np.asarray(waited_h, dtype=float), (len(given),))
    if (waited < 0).any():
        raise ValueError(f"waited_h: expected hours >= 0, got {waited.min()}.")
    times = np.column_stack([np.zeros(len(given)), given])
    slope = (HAZARD[-1] - HAZARD[TAIL]) / np.maximum(times[:, -1] - times[:, TAIL], 1e-6)
    out = np.full_like(given, np.nan)
    for i in np.flatnonzero(np.isfinite(given).all(axis=1)):  # a few thousand rows at most
        gone = np.interp(waited[i], times[i], HAZARD)
        gone += slope[i] * max(waited[i] - times[i, -1], 0.0)
        wanted = gone + HAZARD[1:]
        at = np.interp(wanted, HAZARD, times[i])
        at += np.maximum(wanted - HAZARD[-1], 0.0) / slope[i]
        out[i] = np.maximum(at - waited[i], 0.0)
    return out


def chance_by(quantiles: Array, hours: npt.ArrayLike) -> Array:
    """Return the chance that it comes within ``hours``, shape (n,); the same curve as ``left``."""
    given = np.maximum.accumulate(np.asarray(quantiles, dtype=float), axis=1)
    at = np.broadcast_to(np.asarray(hours, dtype=float), (len(given),))
    times = np.column_stack([np.zeros(len(given)), given])
    slope = (HAZARD[-1] - HAZARD[TAIL]) / np.maximum(times[:, -1] - times[:, TAIL], 1e-6)
    out = np.full(len(given), np.nan)
    for i in np.flatnonzero(np.isfinite(given).all(axis=1) & np.isfinite(at)):
        hazard = np.interp(max(at[i], 0.0), times[i], HAZARD)
        out[i] = -np.expm1(-hazard - slope[i] * max(at[i] - times[i, -1], 0.0))
    return out
