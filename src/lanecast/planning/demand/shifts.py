"""When did the demand of a series change for good?

A new rival, a new listing or a lost customer moves the level of a series from one week to the next.
Plain days are compared, without promotion and holiday and as far as stock lasted, week by week, and
beside all other series of the category: so neither a campaign nor a season is taken for a change.
A change is told only where a step explains more than slow drift does (``metrics.steps``). The false
discovery rate over all series is bounded, whatever hangs together among them (``clustered``).
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from lanecast.metrics.steps import surest_step

from .clustered import adjusted

LEAST = 5  # weeks that a side of a step must have
DRIFT, TURNS_W = 0.06, 26.0  # deviation of the log by drift, and weeks in which it turns
RELEVANT = 0.03  # steps of the log that nobody needs to know
FEW = 4.0  # units a week, below which a series says too little
HEAVY, LONELY = 50.0, 20.0  # units a week beyond which a series counts no more, and of no change
LEAST_SPREAD = 0.1  # of the log between weeks, beside that of counts


def shifts(
    rows: pl.DataFrame,
    elasticity: Mapping[str, float] | None = None,
    rate: float = 0.1,
    relevant: float = RELEVANT,
) -> pl.DataFrame:
    """Return the surest lasting change of each series that can be judged, the surest first.

    Parameters
    ----------
    rows
        Days of sale, as ``sales.days`` gives them.
    elasticity
        Power of the price by category (see ``factors``), so that a new price is no change.
    rate
        Largest share of false ones among those that are ``found``.
    relevant
        Steps of the log up to this are no change.

    Returns
    -------
    ``product_id, facility_id, since`` (first day of the first week after it), ``effect`` (log of
    the factor), ``low, high`` (90 %), ``p, q, found``.
    """
    weeks = _weeks(rows, elasticity or {})
    of_series = ["product_id", "facility_id"]
    enough = (pl.col("units").mean().over(of_series) >= FEW) & (
        pl.len().over(of_series) >= 2 * LEAST
    )
    found = [
        dict(zip(of_series, name, strict=True)) | _step(each, relevant)
        for name, each in weeks.filter(enough)
        .partition_by(of_series, as_dict=True, maintain_order=True)
        .items()
    ]
    if not found:
        return pl.DataFrame(schema=TOLD)
    told = pl.DataFrame(found).sort("p", *of_series)
    q = pl.Series(adjusted(told["p"].to_numpy()))
    return told.with_columns(q=q).with_columns(found=pl.col("q") <= rate).cast(pl.Schema(TOLD))


def _weeks(rows: pl.DataFrame, elasticity: Mapping[str, float]) -> pl.DataFrame:
    """Return ``units`` of plain days by series and week, and what was ``usual`` of its category."""
    plain = rows.filter(
        pl.sum_horizontal("discount", "display", "campaign", "holiday", "eve") == 0,
        pl.col("in_stock_share") > 0,
    ).with_columns(week=pl.col("date").dt.truncate("1w"), weekday=pl.col("date").dt.weekday())
    power = pl.col("category").replace_strict(
        dict(elasticity), default=0.0, return_dtype=pl.Float64
    )
    share, units = pl.col("in_stock_share"), pl.col("units")
    rhythm = (units.sum() / share.sum()).over("category", "weekday")
    level = (units.sum() / share.sum()).over("category")
    weeks = (
        plain.with_columns(worth=share * rhythm / level * (power * pl.col("log_price")).exp())
        .group_by("product_id", "facility_id", "category", "week")
        .agg(pl.col("units", "worth").sum())
        .filter(pl.col("worth") > 0)
    )
    of_series = ["product_id", "facility_id"]
    mean = pl.col("worth") * (pl.col("units").sum() / pl.col("worth").sum()).over(of_series)
    weeks = weeks.with_columns(mean=mean).with_columns(weight=pl.col("mean").clip(0, HEAVY))
    beside = ["category", "week"]
    ratio = (pl.col("units") + 0.5) / (pl.col("mean") + 0.5)
    weight, moved = pl.col("weight"), ratio.log() * pl.col("weight")
    others = (moved.sum().over(beside) - moved) / (weight.sum().over(beside) - weight + LONELY)
    return weeks.with_columns(y=ratio.log() - others).sort(*of_series, "week")


TOLD = {
    "product_id": pl.String(),
    "facility_id": pl.String(),
    "since": pl.Date(),
    "effect": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "p": pl.Float64(),
    "q": pl.Float64(),
    "found": pl.Boolean(),
}


def _step(of: pl.DataFrame, relevant: float) -> dict[str, object]:
    """Return the surest step of one series; a week of few units is known less well."""
    x = of["week"].dt.epoch("d").cast(pl.Float64).to_numpy() / 7
    y, thin = of["y"].to_numpy(), 1 / (of["mean"].to_numpy() + 0.5)
    spread = 1.4826 / np.sqrt(2) * float(np.median(np.abs(np.diff(y))))
    noise = np.sqrt(thin + max(spread**2 - float(np.median(thin)), LEAST_SPREAD**2))
    step = surest_step(x, y, noise, DRIFT, TURNS_W, LEAST, relevant)
    wide = 1.6449 * step.error
    return {
        "since": of["week"][step.first],
        "effect": step.size,
        "low": step.size - wide,
        "high": step.size + wide,
        "p": min(step.p * step.cuts, 1.0),
    }
