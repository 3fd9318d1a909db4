"""Histories without gaps, which models of one series ask for."""

import numpy as np
import numpy.typing as npt

from lanecast.planning.panel import Floats


def begin(y: Floats) -> npt.NDArray[np.int64]:
    """Return the first known column of each series, shape (N,); T where nothing is known."""
    seen = np.isfinite(y)
    return np.asarray(np.where(seen.any(axis=1), np.argmax(seen, axis=1), y.shape[1]))


def filled(y: Floats) -> Floats:
    """Return ``y`` with gaps bridged by straight lines and the last value carried to the end.

    What is before the first value stays NaN.
    """
    out = y.copy()
    columns = np.arange(y.shape[1])
    for i in np.flatnonzero(np.isnan(y).any(axis=1) & np.isfinite(y).any(axis=1)):
        seen = np.isfinite(y[i])
        start = int(np.argmax(seen))
        out[i, start:] = np.interp(columns[start:], columns[seen], y[i, seen])
    return out


def intermittent(y: Floats, recent: int) -> npt.NDArray[np.bool_]:
    """Return which series had no sale in a third or more of their last known periods."""
    last = y[:, -recent:]
    seen = np.isfinite(last).sum(axis=1)
    return np.asarray((seen > 0) & ((last == 0).sum(axis=1) >= seen / 3))
