"""How a model is fitted for use: measured on later weeks first, then learnt from everything."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from lanecast.parcel import eta
from lanecast.parcel.eta.models import FittedBlend
from lanecast.tables.commerce import ADDRESSES, MERCHANTS, ORDERS
from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import CALENDARS
from lanecast.tables.parcel import LEVELS, PARCELS, PROMISES, QUANTILES, SCANS

LEARNT_FROM = (PARCELS, ORDERS, MERCHANTS, ADDRESSES, PROMISES, SCANS, CALENDARS)
MATURITY = timedelta(days=45)  # age of the questions that measure: nearly all are delivered
MEASURED = timedelta(days=14)  # questions that measure
FEWEST = 500  # rows to learn from


def blend(seed: int) -> eta.Blend:
    """Return the blend with this seed everywhere."""
    deep = eta.Deep(training=replace(eta.Deep().training, seed=seed))
    return eta.Blend(eta.Boosted(seed=seed), deep)


def train(
    lake: Lake,
    since: datetime,
    now: datetime,
    seed: int,
    say: Callable[[str, float], None],
) -> tuple[FittedBlend, dict[str, Any]]:
    """Return the blend fitted at ``now``, and how a blend fitted earlier did on later questions.

    Raises
    ------
    ValueError
        When there is too little history.
    """
    if since >= now:
        raise ValueError(
            f"--asof: {now:%Y-%m-%d} is within a week of the first parcel that was recorded; at "
            f"least {FEWEST} questions with a history before them are needed to learn from. Ingest "
            "some weeks of parcels, or choose a later moment."
        )
    say("features", 0.05)
    x = collect(eta.features(lake, since, now).lazy())
    usable = x.filter(pl.col("usual_h").is_not_null()).height
    if usable < FEWEST:
        raise ValueError(
            f"--asof: {usable} questions with a history were asked between {since:%Y-%m-%d} and "
            f"{now:%Y-%m-%d}; at least {FEWEST} are needed to learn from."
        )
    y = collect(eta.outcomes(lake, now).lazy())
    say("measuring on later weeks", 0.4)
    measured = _measure(lake, x, y, now - MATURITY, seed)
    say("fitting on everything", 0.7)
    try:
        fitted = blend(seed).fit(x, y)
    except ValueError as error:
        raise ValueError(f"--asof: too little was known by {now:%Y-%m-%d}: {error}") from error
    told = {"rows": x.height, "trained_from": since.isoformat()}
    if measured is None:
        return fitted, {**told, "slices": []}
    slices, held = measured
    return fitted.with_coverage(slices), {**told, "slices": slices.to_dicts(), "held_out": held}


def _measure(
    lake: Lake, x: pl.DataFrame, y: pl.DataFrame, cut: datetime, seed: int
) -> tuple[pl.DataFrame, dict[str, Any]] | None:
    """Return scores by slice of a blend fitted at ``cut``, and it beside the baseline.

    None when there was too little then.
    """
    asked = pl.col("asof_h")
    end = cut + MEASURED
    low, high = cut.timestamp() / 3600, end.timestamp() / 3600
    before, after = x.filter(asked < low), x.filter(asked >= low, asked < high)
    if before.filter(pl.col("usual_h").is_not_null()).height < FEWEST or after.is_empty():
        return None
    then = collect(eta.outcomes(lake.asof(cut), cut).lazy())
    try:
        ours = blend(seed).fit(before, then).predict(after)
        theirs = eta.LaneQuantiles().fit(before, then).predict(after)
    except ValueError:  # too few deliveries were known by then
        return None
    scores = eta.evaluate(ours, y, ["slice"])
    if "mae_days" not in scores.columns:
        return None
    names = ("slice", "n", "n_open", "mae_days", "bias_days", "coverage_80", "coverage_95")
    return scores.select(names), held_out(ours, theirs, y, cut, end)


def held_out(
    ours: pl.DataFrame, theirs: pl.DataFrame, y: pl.DataFrame, since: datetime, until: datetime
) -> dict[str, Any]:
    """Return how good predictions for questions of [since, until) were, beside the baseline's.

    Gates of promotion read it: ``loss`` is the CRPS [days], ``calibration`` the share of
    deliveries below each quantile.
    """
    mine, other = (eta.evaluate(each, y, ["model"]).row(0, named=True) for each in (ours, theirs))
    done = eta.matched(ours, y).drop_nulls("hours")
    below = done.select((pl.col("hours") <= pl.col(name)).mean().alias(name) for name in QUANTILES)
    return {
        "from": since.isoformat(),
        "to": until.isoformat(),
        "n": mine["n"],
        "loss": {"model": mine["crps_days"], "baseline": other["crps_days"]},
        "mae_days": {"model": mine["mae_days"], "baseline": other["mae_days"]},
        "coverage_80": mine["coverage_80"],
        "calibration": [
            {"level": level, "share": share}
            for level, share in zip(LEVELS, below.row(0), strict=True)
        ],
    }
