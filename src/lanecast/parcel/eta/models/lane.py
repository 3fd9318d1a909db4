"""Quantiles of the lane, shrunk to its region and to the whole: the baseline to beat."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from lanecast.metrics.survival import ipcw
from lanecast.tables.parcel import LEVELS, QUANTILES

from .rows import Array, Durations, durations, predictions

PLACE = pl.when(pl.col("facility_id") != "").then("facility_id").otherwise("origin_region")
STAGES: tuple[tuple[str, ...], ...] = (
    ("moment",),
    ("moment", "status", "goal_region"),
    ("moment", "status", "place", "goal_region"),
)


@dataclass(frozen=True)
class LaneQuantiles:
    """Empirical quantiles of recent durations, weighted for censoring.

    Parameters
    ----------
    days
        Only questions asked in the last days count.
    worth
        How many rows the coarser level is worth when a finer one is thin.
    """

    days: float = 90
    worth: float = 30

    def __post_init__(self) -> None:
        if self.days <= 0 or self.worth <= 0:
            raise ValueError(f"Expected days > 0 and worth > 0, got {self}.")

    def fit(self, x: pl.DataFrame, y: pl.DataFrame) -> "FittedLaneQuantiles":
        """Take weighted quantiles per level; an open parcel counts through the weights of others.

        Each delivered row is weighted by one over the chance of not being censored before its
        delivery (inverse probability of censoring weighting; Robins & Rotnitzky, 1992).
        """
        return self.learn(durations(x, y).enough())

    def learn(self, known: Durations) -> "FittedLaneQuantiles":
        """Return the quantiles of rows with their durations."""
        known = known.only(known.age_h <= 24 * self.days)
        keys = known.x.select("moment", "status", "goal_region", place=PLACE)
        weight = np.zeros(len(known.hours))
        for moment in keys["moment"].unique():
            same = (keys["moment"] == moment).to_numpy()
            weight[same] = ipcw(known.hours[same], known.ended[same] > 0).weight
        rows = keys.with_columns(hours=known.hours, weight=weight, alive=known.alive())
        return FittedLaneQuantiles(
            tuple(_quantiles(rows, stage) for stage in STAGES), self.worth, known.seen_h
        )


@dataclass(frozen=True)
class FittedLaneQuantiles:
    """One table per level, coarse to fine: its keys, quantiles and the rows they rest on."""

    stages: tuple[pl.DataFrame, ...]
    worth: float
    seen_h: float

    def hours(self, x: pl.DataFrame) -> Array:
        """Return quantiles [h], shape (n, n_levels)."""
        rows = x.select("moment", "status", "goal_region", place=PLACE)
        out = np.full((x.height, len(LEVELS)), np.nan)
        for stage, table in zip(STAGES, self.stages, strict=True):
            found = rows.join(table, on=list(stage), how="left", maintain_order="left")
            n = found["n"].fill_null(0.0).to_numpy()[:, None]
            value = found.select(QUANTILES).fill_null(0.0).to_numpy()
            share = np.where(np.isnan(out), 1.0, n / (n + self.worth))
            mixed = share * value + (1 - share) * np.nan_to_num(out)
            out = np.where(n == 0, out, mixed)
        return out

    def predict(self, x: pl.DataFrame) -> pl.DataFrame:
        """Return rows of ``predictions``."""
        return predictions(x, self.hours(x), "lane_quantiles", f"{self.seen_h:.0f}")


def _quantiles(rows: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Take quantiles per group; what lasts beyond all that was seen has the longest time seen.

    Weights add up to the part of the rows that is known. The rest lasts longer, unless it is lost.
    """
    known = pl.col("weight").sum()
    beyond = (pl.len() - known).clip(0.0) * pl.col("alive").min()
    share = pl.col("weight").cum_sum().over(key) / (known + beyond).over(key)
    ordered = rows.sort("hours").with_columns(share=share)
    return ordered.group_by(key).agg(
        n=pl.len().cast(pl.Float64),
        **{
            name: pl.col("hours")
            .filter(pl.col("share") >= level - 1e-9)
            .min()
            .fill_null(pl.col("hours").max())
            for name, level in zip(QUANTILES, LEVELS, strict=True)
        },
    )
