"""From forecasts in tables to drawn ways of demand."""

import numpy as np
import polars as pl
from scipy.special import ndtr, ndtri

from lanecast.optimize.distribution import Array, inverse
from lanecast.tables.parcel import LEVELS, QUANTILES

DRAWS = 200
CORRELATION = 0.2  # of the normal scores of one day and the next, where only quantiles are given
SEED = 20  # the same draws for every item, so that two items differ by their forecasts alone


def of_forecasts(rows: pl.DataFrame, horizon: int, draws: int = DRAWS) -> Array:
    """Return drawn demand of each item and day, shape (n, P, H), sorted by ``unique_id`` and day.

    Parameters
    ----------
    rows
        ``unique_id``, ``ds`` and either ``paths`` (a list of P draws per day, the k-th of each day
        belonging together) or the quantile columns; ``horizon`` rows for each item, sorted.
    horizon
        Days per item, H.
    draws
        P, where quantiles are given.

    Notes
    -----
    From quantiles, days are drawn with a Gaussian copula whose scores have ``CORRELATION`` from one
    day to the next, falling off geometrically. Sample paths know better how days hang together.
    """
    if "paths" in rows.columns:
        paths = np.array(rows["paths"].to_list(), np.float64)
        return np.maximum(paths.reshape(-1, horizon, paths.shape[1]).transpose(0, 2, 1), 0)
    quantile = np.maximum(rows.select(QUANTILES).to_numpy().astype(np.float64), 0)
    score = scores(draws, horizon)
    each = np.tile(ndtr(score).T, (len(quantile) // horizon, 1))  # (n H, P)
    found = inverse(LEVELS, np.maximum.accumulate(quantile, axis=1), np.clip(each, 0, 1 - 1e-9))
    return np.maximum(found.reshape(-1, horizon, draws).transpose(0, 2, 1), 0)


def scores(draws: int, horizon: int, correlation: float = CORRELATION) -> Array:
    """Return standard normal scores, shape (P, H): of each day exact quantiles in random order."""
    random = np.random.default_rng(SEED)
    score = np.zeros((draws, horizon))
    fresh = random.standard_normal((draws, horizon))
    score[:, 0] = fresh[:, 0]
    for day in range(1, horizon):
        score[:, day] = correlation * score[:, day - 1]
        score[:, day] += np.sqrt(1 - correlation**2) * fresh[:, day]
    rank = score.argsort(axis=0).argsort(axis=0)
    return np.asarray(ndtri((rank + 0.5) / draws))


def of_leads(leads: pl.DataFrame, hours_per_day: float, draws: int) -> tuple[Array, Array]:
    """Return two independent drawn lead times of each row [d], shape (n, P), from quantiles [h]."""
    random = np.random.default_rng(SEED + 1)
    quantile = np.maximum(leads.select(QUANTILES).to_numpy().astype(np.float64), 0)
    found = []
    for _ in range(2):
        share = (random.permutation(draws) + 0.5) / draws
        found.append(inverse(LEVELS, quantile, np.tile(share, (len(quantile), 1))))
    return found[0] / hours_per_day, found[1] / hours_per_day
