"""How much to plan for each period, where being over and being under cost differently.

What is planned on a forecast of demand alone (production, capacity, a space in a flyer) has no
stock and no second chance, so it is the newsvendor of each series and period. What depends on stock
at hand, lead times and packs is decided in ``planning.inventory``.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from lanecast.optimize.distribution import Array, excess
from lanecast.optimize.newsvendor import newsvendor
from lanecast.optimize.plan import Plan
from lanecast.tables.parcel import LEVELS, QUANTILES


@dataclass(frozen=True)
class Costs:
    """Cost of a unit planned too much, and of one too little [currency]."""

    over: float = 1.0
    under: float = 3.0

    def __post_init__(self) -> None:
        for name in ("over", "under"):
            value = getattr(self, name)
            if not 0 < value < np.inf:
                raise ValueError(f"{name}: expected a finite cost above 0, got {value}.")
        if not LEVELS[0] <= self.fractile <= LEVELS[-1]:
            raise ValueError(
                f"over, under: expected under / (under + over) from {LEVELS[0]} to {LEVELS[-1]}, "
                f"beyond which a forecast says nothing; got {self.fractile:.4f}."
            )

    @property
    def fractile(self) -> float:
        """Return the share of days on which what is planned is enough."""
        return self.under / (self.under + self.over)


def decide(predictions: pl.DataFrame, costs: Costs) -> Plan[pl.DataFrame]:
    """Say how much to plan of each series in each period.

    Parameters
    ----------
    predictions
        Rows of ``demand_forecasts``: ``unique_id, ds, mean`` and the quantiles.

    Returns
    -------
    Plan
        ``table`` has ``unique_id, ds, units, cost`` and ``cost_of_mean``, what planning the mean
        would cost; ``parts`` are the cost of ``over`` and ``under``, and ``saved`` against planning
        the mean. The quantity is optimal, so ``bound`` is the objective. ``skipped`` names periods
        without quantiles, or of which nothing is known.
    """
    told = pl.sum_horizontal(pl.col(name).is_null() | pl.col(name).is_nan() for name in QUANTILES)
    unknown = pl.col("fallback") == "nothing_known" if "fallback" in predictions.columns else False
    unsaid = pl.when(unknown).then(pl.lit("nothing is known of it"))
    reason = pl.when(told > 0).then(pl.lit("no quantiles")).otherwise(unsaid)
    rows = predictions.sort("unique_id", "ds").with_columns(reason=reason)
    skipped = rows.filter(pl.col("reason").is_not_null()).select("unique_id", "ds", "reason")
    todo = rows.filter(pl.col("reason").is_null())
    if todo.is_empty():
        return Plan(pl.DataFrame(schema=TABLE), 0.0, {}, 0.0, "empty", skipped)
    quantile = todo.select(QUANTILES).to_numpy().astype(float)
    units = newsvendor(LEVELS, quantile, costs.under, costs.over)
    mean = np.asarray(excess(LEVELS, quantile, np.zeros((len(quantile), 1))))[:, 0]
    short, long = _expected(quantile, units, mean)
    short_of_mean, over_mean = _expected(quantile, mean, mean)
    plain = costs.under * short_of_mean + costs.over * over_mean
    cost = costs.under * short + costs.over * long
    table = todo.select("unique_id", "ds").with_columns(
        units=pl.Series(units), cost=pl.Series(cost), cost_of_mean=pl.Series(plain)
    )
    total = float(cost.sum())
    parts = {
        "over": float((costs.over * long).sum()),
        "under": float((costs.under * short).sum()),
        "saved": float(plain.sum()) - total,
    }
    return Plan(table.cast(pl.Schema(TABLE)), total, parts, total, "optimal", skipped)


def _expected(quantile: Array, units: Array, mean: Array) -> tuple[Array, Array]:
    """Return the units that one expects to be short, and to have over."""
    short = np.asarray(excess(LEVELS, quantile, units[:, None]))[:, 0]
    return short, units - mean + short


TABLE = {
    "unique_id": pl.String(),
    "ds": pl.Datetime("us", "UTC"),
    "units": pl.Float64(),
    "cost": pl.Float64(),
    "cost_of_mean": pl.Float64(),
}
