"""Durations in fixed bins whose counts add up, and back."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from lanecast.tables.graph import BIN_LOG, BINS, HOURS

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
EDGES_S = 60.0 * np.exp(BIN_LOG * np.arange(BINS + 1))  # [s] lower end of each bin
MIDDLE_LOG = BIN_LOG * (np.arange(BINS) + 0.5)  # [ln min]


def bin_of(seconds: pl.Expr) -> pl.Expr:
    """Return the bin of a duration [s]; what is shorter than a minute is in the first."""
    log = (seconds / 60.0).clip(1.0).log() / BIN_LOG
    return log.floor().clip(0, BINS - 1).cast(pl.Int16)


def day_and_hour(at: pl.Expr, offset_min: pl.Expr) -> dict[str, pl.Expr]:
    """Return the local ``date`` of an instant, and the ``hour`` at which its part of day began."""
    local = at + pl.duration(minutes=offset_min)
    width = HOURS[1] - HOURS[0]
    return {
        "date": local.dt.date(),
        "hour": (local.dt.hour().cast(pl.Int16) // width * width).cast(pl.Int16),
    }


def quantiles(counts: Floats, levels: Sequence[float] | Floats) -> Floats:
    """Return quantiles [s] of durations from ``counts`` [..., bin]: log-linear within a bin.

    The result is [..., level], NaN where nothing was counted.
    """
    weights = np.asarray(counts, float)
    total = weights.sum(axis=-1, keepdims=True)
    shape = weights.shape[:-1]
    flat = np.cumsum(weights, axis=-1).reshape(-1, weights.shape[-1])
    wanted = np.asarray(levels, float) * total.reshape(-1, 1)
    found = np.empty(wanted.shape)
    for column in range(wanted.shape[1]):
        goal = np.maximum(wanted[:, column], 1e-12)
        at = np.minimum((flat < goal[:, None]).sum(axis=1), flat.shape[1] - 1)
        below = np.where(at > 0, flat[np.arange(len(at)), at - 1], 0.0)
        inside = flat[np.arange(len(at)), at] - below
        share = np.clip((goal - below) / np.where(inside > 0, inside, 1.0), 0.0, 1.0)
        found[:, column] = 60.0 * np.exp(BIN_LOG * (at + share))
    found[total.reshape(-1) <= 0] = np.nan
    result: Floats = found.reshape(*shape, wanted.shape[1])
    return result


def draws(counts: Floats, uniform: ArrayLike) -> Floats:
    """Return durations [s] at the levels ``uniform`` of one histogram ``counts`` [bin]."""
    cumulative = np.concatenate([[0.0], np.cumsum(counts)])
    if cumulative[-1] <= 0:
        return np.zeros(np.shape(uniform))
    at = np.interp(
        np.asarray(uniform, float), cumulative / cumulative[-1], np.arange(len(cumulative))
    )
    result: Floats = 60.0 * np.exp(BIN_LOG * at)
    return result
