"""Forecasts of volumes as rows of the canonical table."""

import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.tables.parcel import LEVELS, QUANTILES

from .days import Days, hours_of

Floats = npt.NDArray[np.float64]
VERSION = "1"
QUIET = 0.02  # pieces an hour, below which nothing is expected


def forecast_rows(
    days: Days, hourly: Floats, said: Floats, seen: Floats, asof: object, model: str
) -> pl.DataFrame:
    """Return rows for ``hourly`` (N, H, 24) pieces; ``said`` and ``seen`` (N, n, 24) are past ones.

    An hour of mean m has the deviation sqrt(m + phi m^2), with phi of the series from the past, and
    the quantiles of what was seen less what was said, in such deviations.
    """
    horizon = hourly.shape[1]
    until = days.first + days.units.shape[1]
    rows = hours_of(days, until, horizon)
    number = {name: i for i, name in enumerate(days.ids)}
    row = np.array([number[name] for name in rows["unique_id"]])
    mean = hourly[row, rows["day"].to_numpy() - until, rows["hour"].to_numpy()]
    mean = np.where(mean < 1e-6, 0.0, mean)
    error, square = seen - said, (said**2).sum(axis=(1, 2))
    phi = np.maximum(((error**2).sum(axis=(1, 2)) - said.sum(axis=(1, 2))) / (square + 1e-9), 0.0)
    scale = np.sqrt(said + phi[:, None, None] * said**2)
    standard = np.where(said > QUIET, error / np.maximum(scale, 1e-9), np.nan)
    flat = standard.reshape(len(said), -1)
    known = np.any(np.isfinite(flat), axis=1, keepdims=True)
    flat = np.where(known, flat, 0.0)
    around = np.nanquantile(flat, LEVELS, axis=1).T[row]
    wide = around * np.sqrt(mean + phi[row] * mean**2)[:, None]
    quantiles = np.maximum(mean[:, None] + np.where(mean[:, None] > QUIET, wide, 0.0), 0.0)
    quantiles.sort(axis=1)
    stamp = (rows["hour_h"] * 3600).round(0).cast(pl.Int64)
    return pl.DataFrame(
        {
            "unique_id": rows["unique_id"],
            "ds": pl.from_epoch(stamp * 1_000_000, time_unit="us").dt.replace_time_zone("UTC"),
            "model": model,
            "version": VERSION,
            "asof": pl.Series([asof] * rows.height, dtype=pl.Datetime("us", "UTC")),
            "frequency": "h",
            "level": "facility_id/process",
            "mean": mean,
            **{name: quantiles[:, i] for i, name in enumerate(QUANTILES)},
            "fallback": pl.Series([None] * rows.height, dtype=pl.String),
        }
    )
