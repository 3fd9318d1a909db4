"""How often it happens on this lane: shares of a group, shrunk towards the whole; the baseline."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from .censoring import counted
from .rows import Array, answers, asked_of, events_of, predictions

GROUP = ("moment", "origin_region", "goal_region", "carrier_id")


@dataclass(frozen=True)
class BaseRates:
    """Shares per moment, lane and carrier; ``worth`` rows of a group count as much as the whole."""

    worth: float = 100
    half_life_d: float = 120

    def __post_init__(self) -> None:
        if not (self.worth > 0 and self.half_life_d > 0):
            raise ValueError(f"Expected worth > 0 and half_life_d > 0, got {self}.")

    def fit(self, x: pl.DataFrame, y: pl.DataFrame) -> "FittedBaseRates":
        """Count; a question that is open counts by inverse probability of being known."""
        rates, seen_h = {}, 0.0
        for event in events_of(y):
            known = answers(x, y, event)
            weight = counted(known, self.half_life_d)
            if not weight.any():
                continue
            seen_h = known.seen_h
            hits = pl.Series(weight * np.nan_to_num(known.hit))
            rows = known.x.select(*GROUP).with_columns(hit=hits, weight=pl.Series(weight))
            total = pl.col("hit").sum() / pl.col("weight").sum()
            whole = rows.filter(pl.col("weight") > 0).group_by("moment").agg(whole=total)
            groups = rows.group_by(*GROUP).agg(pl.col("hit", "weight").sum())
            shrunk = (pl.col("hit") + self.worth * pl.col("whole")) / (
                pl.col("weight") + self.worth
            )
            joined = groups.join(whole, on="moment").with_columns(rate=shrunk)
            rates[event] = joined.select(*GROUP, "rate").sort(GROUP)
            rates[f"{event}/whole"] = whole.sort("moment")
        return FittedBaseRates(rates, seen_h)


@dataclass(frozen=True)
class FittedBaseRates:
    """Per event a table of shares by group, and one by moment (``{event}/whole``)."""

    rates: Mapping[str, pl.DataFrame]
    seen_h: float

    def chance(self, x: pl.DataFrame, event: str) -> Array:
        """Return chances, shape (n,); NaN at a moment never seen."""
        found = x.join(self.rates[event], on=list(GROUP), how="left", maintain_order="left")
        found = found.join(
            self.rates[f"{event}/whole"], on="moment", how="left", maintain_order="left"
        )
        rate = pl.coalesce("rate", "whole").cast(pl.Float64)
        return np.asarray(found.select(rate).to_series().to_numpy(), np.float64)

    def predict(self, x: pl.DataFrame) -> pl.DataFrame:
        """Return rows of ``risks``."""
        parts = []
        for event in (name for name in self.rates if "/" not in name):
            rows = asked_of(x, event)
            chance = self.chance(rows, event)
            parts.append(predictions(rows, event, chance, "base_rates", f"{self.seen_h:.0f}"))
        return pl.concat(parts)
