"""How good forecasts of work and of hands were."""

import numpy as np
import polars as pl

from lanecast.metrics.quantile import pinball
from lanecast.tables.parcel import LEVELS, QUANTILES


def evaluate(
    predictions: pl.DataFrame, outcomes: pl.DataFrame, by: tuple[str, ...] = ("model",)
) -> pl.DataFrame:
    """Return scores of hourly volumes: ``wape``, ``pinball`` [units], ``coverage_80``, ``bias``.

    Hours without work count as 0. ``outcomes`` has ``unique_id``, ``hour_h`` and ``y``.
    """
    rows = predictions.with_columns(
        hour_h=pl.col("ds").dt.epoch("s") / 3600,
        process=pl.col("unique_id").str.split("/").list.last(),
    ).join(outcomes, on=["unique_id", "hour_h"], how="left")
    rows = rows.with_columns(pl.col("y").fill_null(0.0))
    loss = pinball(rows["y"].to_numpy(), rows.select(QUANTILES).to_numpy(), np.array(LEVELS))
    rows = rows.with_columns(loss=loss.mean(axis=1) if loss.ndim == 2 else loss)
    return (
        rows.group_by(by)
        .agg(
            wape=(pl.col("mean") - pl.col("y")).abs().sum() / pl.col("y").sum(),
            bias=(pl.col("mean") - pl.col("y")).sum() / pl.col("y").sum(),
            pinball=pl.col("loss").mean(),
            coverage_80=pl.col("y").is_between("q100", "q900").mean(),
            n=pl.len(),
        )
        .sort(by)
    )


def speed(predicted: pl.DataFrame, by: tuple[str, ...] = ("process",)) -> pl.DataFrame:
    """Return scores of pieces per hour on later records: ``wape``, ``bias``, ``coverage_80``.

    Each record counts by the pieces it had; ranges are for records of half an hour and more.
    """
    said = pl.col("units_per_h") * pl.col("hours")
    inside = (pl.col("units") / pl.col("hours")).is_between("q100", "q900")
    return (
        predicted.group_by(by)
        .agg(
            wape=(said - pl.col("units")).abs().sum() / pl.col("units").sum(),
            bias=(said - pl.col("units")).sum() / pl.col("units").sum(),
            coverage_80=inside.filter(pl.col("hours") >= 0.5).mean(),
            n=pl.len(),
        )
        .sort(by)
    )
