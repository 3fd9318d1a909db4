"""Scores of forecasts of many series at once.

``y`` are outcomes and ``y_hat`` point forecasts, shape (N, H); ``q`` quantiles, shape (N, H, L);
NaN in ``y`` is not scored. ``past`` is what was known, shape (N, T), NaN where nothing was.
"""

import numpy as np
import numpy.typing as npt

from .inputs import Array


def wape(y: npt.ArrayLike, y_hat: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> float:
    """Return the sum of absolute errors over the sum of absolute outcomes; NaN if that is 0.

    Examples
    --------
    >>> wape([[10.0, 30.0]], [[12.0, 28.0]])
    0.1
    """
    y, y_hat = np.asarray(y, float), np.asarray(y_hat, float)
    w = np.ones_like(y) if weight is None else np.broadcast_to(np.asarray(weight, float), y.shape)
    whole = np.nansum(w * np.abs(y))
    return float(np.nansum(w * np.abs(y - y_hat)) / whole) if whole else float("nan")


def weighted_error(y: npt.ArrayLike, y_hat: npt.ArrayLike, weight: npt.ArrayLike) -> float:
    """Return the weighted mean absolute error; weights broadcast to the shape of ``y``.

    Examples
    --------
    >>> weighted_error([[10.0, 30.0]], [[12.0, 26.0]], [[1.0, 3.0]])
    3.5
    """
    y, y_hat = np.asarray(y, float), np.asarray(y_hat, float)
    w = np.where(np.isnan(y), 0.0, np.broadcast_to(np.asarray(weight, float), y.shape))
    total = w.sum()
    return float(np.nansum(w * np.abs(y - y_hat)) / total) if total else float("nan")


def naive_scale(past: npt.ArrayLike, season: int) -> Array:
    """Return the mean absolute difference of the past to one season before, shape (N,).

    A series that knows no such pair takes the difference to the period before; one that has
    neither, or whose differences are all 0, has no scale: NaN.

    Examples
    --------
    >>> naive_scale([[1.0, 2.0, 3.0, 6.0]], 2).tolist()
    [3.0]
    """
    past = np.asarray(past, float)
    out = np.full(len(past), np.nan)
    for lag in (season, 1):
        if past.shape[1] <= lag:
            continue
        difference = np.abs(past[:, lag:] - past[:, :-lag])
        count = np.isfinite(difference).sum(axis=1)
        mean = np.nansum(difference, axis=1) / np.maximum(count, 1)
        out = np.where(np.isnan(out) & (count > 0), mean, out)
    return np.where(out > 0, out, np.nan)


def mase(y: npt.ArrayLike, y_hat: npt.ArrayLike, scale: npt.ArrayLike) -> float:
    """Return the mean over series of the mean absolute error over ``scale``, shape (N,) [1]_.

    References
    ----------
    .. [1] Hyndman & Koehler (2006). Another look at measures of forecast accuracy.
           *International Journal of Forecasting* 22(4).
    """
    error = np.abs(np.asarray(y, float) - np.asarray(y_hat, float))
    return _over_series(error / np.asarray(scale, float)[:, None])


def scaled_pinball(
    y: npt.ArrayLike, q: npt.ArrayLike, level: npt.ArrayLike, scale: npt.ArrayLike
) -> float:
    """Return the mean pinball loss over ``scale``: over levels, periods, then series [1]_.

    References
    ----------
    .. [1] Makridakis et al. (2022). The M5 uncertainty competition.
           *International Journal of Forecasting* 38(4).
    """
    miss = np.asarray(y, float)[..., None] - np.asarray(q, float)
    level = np.asarray(level, float)
    loss = np.maximum(level * miss, (level - 1) * miss).mean(axis=-1)
    return _over_series(loss / np.asarray(scale, float)[:, None])


def covered(y: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike) -> float:
    """Return the share of outcomes in ``[low, high]``, bounds included."""
    y, low, high = (np.asarray(each, float) for each in (y, low, high))
    seen = np.isfinite(y)
    return float(((low <= y) & (y <= high))[seen].mean()) if seen.any() else float("nan")


def smape(y: npt.ArrayLike, y_hat: npt.ArrayLike) -> float:
    """Return the mean over series of 200 |error| / (|y| + |forecast|), as in M4; 0 / 0 is 0."""
    y, y_hat = np.asarray(y, float), np.asarray(y_hat, float)
    size = np.abs(y) + np.abs(y_hat)
    return _over_series(200 * np.abs(y - y_hat) / np.where(size == 0, 1.0, size))


def naive2(past: npt.ArrayLike, season: int, horizon: int) -> Array:
    """Return the last value, seasonally adjusted where a test finds a season, shape (N, H) [1]_.

    The test is on the autocorrelation at lag ``season`` at 90 %; indices are those of the classical
    multiplicative decomposition.

    References
    ----------
    .. [1] Makridakis, Spiliotis & Assimakopoulos (2020). The M4 competition.
           *International Journal of Forecasting* 36(1).
    """
    past = np.asarray(past, float)
    return np.stack([_naive2(row[np.isfinite(row)], season, horizon) for row in past])


def _naive2(row: Array, season: int, horizon: int) -> Array:
    if not len(row):
        return np.full(horizon, np.nan)
    if season <= 1 or not _seasonal(row, season):
        return np.full(horizon, row[-1])
    index = _indices(row, season)
    at = np.arange(len(row), len(row) + horizon) % season
    return np.asarray(row[-1] / index[(len(row) - 1) % season] * index[at])


def _seasonal(row: Array, season: int) -> bool:
    if len(row) < 3 * season:
        return False
    centred = row - row.mean()
    power = float(centred @ centred)
    if power == 0:
        return False
    acf = np.array([centred[k:] @ centred[:-k] / power for k in range(1, season + 1)])
    limit = 1.645 * np.sqrt((1 + 2 * (acf[:-1] ** 2).sum()) / len(row))
    return bool(abs(acf[-1]) > limit)


def _indices(row: Array, season: int) -> Array:
    """Return the seasonal indices, shape (season,), with mean 1."""
    weights = np.ones(season) if season % 2 else np.r_[0.5, np.ones(season - 1), 0.5]
    trend = np.convolve(row, weights / season, "valid")
    edge = (len(row) - len(trend)) // 2
    ratio = row[edge : edge + len(trend)] / np.where(trend == 0, np.nan, trend)
    at = np.arange(edge, edge + len(trend)) % season
    index = np.array([np.nanmean(ratio[at == phase]) for phase in range(season)])
    index = index / index.mean()
    return np.asarray(np.where(np.isfinite(index) & (np.abs(index) > 1e-9), index, 1.0))


def owa(y: npt.ArrayLike, y_hat: npt.ArrayLike, past: npt.ArrayLike, season: int) -> float:
    """Return the overall weighted average of M4: sMAPE and MASE, each over that of Naive 2."""
    past, horizon = np.asarray(past, float), np.asarray(y).shape[1]
    plain, scale = naive2(past, season, horizon), naive_scale(past, season)
    parts = smape(y, y_hat) / smape(y, plain), mase(y, y_hat, scale) / mase(y, plain, scale)
    return float(np.mean(parts))


def _over_series(each: Array) -> float:
    """Return the mean over series of their means; series without a number are left out."""
    seen = np.isfinite(each)
    count = seen.sum(axis=1)
    mean = np.where(seen, each, 0.0).sum(axis=1)[count > 0] / count[count > 0]
    return float(mean.mean()) if mean.size else float("nan")
