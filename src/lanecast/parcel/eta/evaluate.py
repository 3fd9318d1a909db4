"""How good was the forecast, and what was the promise worth?"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from lanecast.metrics.interval import Difference, paired_bootstrap
from lanecast.metrics.point import bias, mae, within
from lanecast.metrics.quantile import coverage, crps
from lanecast.tables.parcel import LEVELS, QUANTILES

DAY_H = 24.0
SCORES = ("mae_days", "bias_days", "crps_days", "coverage_80", "coverage_95", "within_1_day")
BY = ("model", "moment")


def matched(predictions: pl.DataFrame, outcomes: pl.DataFrame, zone: str = "UTC") -> pl.DataFrame:
    """Return predictions with ``hours``, from the question to the delivery; null while open."""
    asof_h = pl.col("asof").dt.epoch("us") / 3_600_000_000
    hours = pl.when(pl.col("ended") == 1).then(pl.col("end_h") - asof_h)
    return predictions.join(outcomes, on="parcel_id", how="inner", maintain_order="left").select(
        *predictions.columns,
        hours=hours.clip(0.0),
        month=pl.col("asof").dt.convert_time_zone(zone).dt.strftime("%Y-%m"),
    )


def evaluate(
    predictions: pl.DataFrame,
    outcomes: pl.DataFrame,
    by: Sequence[str] = BY,
    zone: str = "UTC",
) -> pl.DataFrame:
    """Return scores per group of ``by``: columns of ``predictions``, or the ``month`` of asking.

    Open parcels are counted, not scored: wait until nearly all have been delivered.

    Returns
    -------
    DataFrame
        ``by``; ``n`` delivered and ``n_open``; ``mae_days``, ``bias_days`` (mean of forecast minus
        delivery) and ``crps_days``; ``coverage_80`` and ``coverage_95``, the shares inside q100 to
        q900 and q025 to q975; ``within_1_day``.
    """
    rows = matched(predictions, outcomes, zone).sort(*by, "parcel_id")
    scores = []
    for group, part in rows.group_by(*by, maintain_order=True):
        done = part.drop_nulls("hours")
        scores.append(dict(zip(by, group, strict=True)) | _scores(done, part.height - done.height))
    return pl.DataFrame(scores)


def _scores(done: pl.DataFrame, n_open: int) -> dict[str, float | None]:
    if done.is_empty():
        return {"n": 0, "n_open": n_open} | dict.fromkeys(SCORES)
    days = done["hours"].to_numpy() / DAY_H
    point = done["asof_to_delivered_h"].to_numpy() / DAY_H
    quantiles = done.select(QUANTILES).to_numpy() / DAY_H
    at = {name: quantiles[:, i] for i, name in enumerate(QUANTILES)}
    return {
        "n": done.height,
        "n_open": n_open,
        "mae_days": mae(days, point),
        "bias_days": bias(days, point),
        "crps_days": float(np.mean(crps(days, quantiles, np.array(LEVELS)))),
        "coverage_80": _inside(days, at["q100"], at["q900"]),
        "coverage_95": _inside(days, at["q025"], at["q975"]),
        "within_1_day": within(days, point, 1.0),
    }


def lead(ours: pl.DataFrame, peer: pl.DataFrame, outcomes: pl.DataFrame) -> Difference:
    """Return our mean absolute error less that of a peer [days], with a 95 % interval.

    Both have answered the same questions. Whole weeks of asking are drawn, since the parcels of a
    week share the state of the network; below three weeks, days.
    """
    both = matched(ours, outcomes).join(
        peer.select("parcel_id", "moment", "asof", other="asof_to_delivered_h"),
        on=["parcel_id", "moment", "asof"],
        maintain_order="left",
    )
    done = both.drop_nulls("hours")
    day = done["asof"].dt.epoch("d").to_numpy()
    a, b = (
        np.abs(done[name].to_numpy() - done["hours"].to_numpy()) / DAY_H
        for name in ("asof_to_delivered_h", "other")
    )
    return paired_bootstrap(a, b, day, length=7 if len(np.unique(day)) >= 21 else 1)


def _inside(days: np.ndarray, low: np.ndarray, high: np.ndarray) -> float | None:
    """Return coverage; None for a model that gives one number and no range."""
    return float(coverage(days, low, high)) if (high > low).any() else None


def worth(
    plan: pl.DataFrame,
    outcomes: pl.DataFrame,
    per_day: float,
    late: float,
    per_late_day: float = 0.0,
) -> pl.DataFrame:
    """Return what promises cost once the parcels had arrived, beside perfect foresight.

    Parameters
    ----------
    plan
        Rows of ``plans``; those without a date are left out.
    per_day, late, per_late_day
        Costs [currency]: of each promised day, of a broken promise, of each day it is broken by.

    Returns
    -------
    DataFrame
        One row: ``n``, ``promised_days``, ``on_time``, ``cost`` per parcel, ``foresight`` (the
        least cost had the delivery been known: of the very day, or of a day before where being
        late is cheaper) and ``regret``, their difference.
    """
    dated = plan.filter(pl.col("promised_h").is_not_null())
    rows = matched(dated, outcomes).drop_nulls("hours")
    over_h = pl.col("hours") - pl.col("promised_h")
    days = pl.col("promised_h") / DAY_H
    cost = (
        per_day * days
        + late * (over_h > 0).cast(pl.Float64)
        + per_late_day * over_h.clip(0.0) / DAY_H
    )
    step = (pl.col("promised_h") / DAY_H).ceil().clip(lower_bound=1) - 1
    first = pl.col("promised_h") - step * DAY_H  # end of the day of asking
    same = (over_h / DAY_H).ceil() * DAY_H + pl.col("promised_h")  # of the day of delivery
    needed = pl.max_horizontal(same, first)

    def late_at(end: pl.Expr) -> pl.Expr:
        broken = (per_day * end + per_late_day * (pl.col("hours") - end)) / DAY_H + late
        return pl.when((end >= first) & (end < pl.col("hours"))).then(broken)

    best = pl.min_horizontal(per_day * needed / DAY_H, late_at(first), late_at(needed - DAY_H))
    return rows.select(
        n=pl.len(),
        promised_days=days.mean(),
        on_time=(over_h <= 0).mean(),
        cost=cost.mean(),
        foresight=best.mean(),
    ).with_columns(regret=pl.col("cost") - pl.col("foresight"))
