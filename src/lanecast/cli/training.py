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
from lanecast.tables.parcel import PARCELS, PROMISES, SCANS

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
    slices = _measure(lake, x, y, now - MATURITY, seed)
    say("fitting on everything", 0.7)
    try:
        fitted = blend(seed).fit(x, y)
    except ValueError as error:
        raise ValueError(f"--asof: too little was known by {now:%Y-%m-%d}: {error}") from error
    if slices is not None:
        fitted = fitted.with_coverage(slices)
    return fitted, {
        "rows": x.height,
        "trained_from": since.isoformat(),
        "slices": [] if slices is None else slices.to_dicts(),
    }


def _measure(
    lake: Lake, x: pl.DataFrame, y: pl.DataFrame, cut: datetime, seed: int
) -> pl.DataFrame | None:
    """Return scores by slice of a blend fitted at ``cut``; None when there was too little then."""
    asked = pl.col("asof_h")
    low, high = cut.timestamp() / 3600, (cut + MEASURED).timestamp() / 3600
    before, after = x.filter(asked < low), x.filter(asked >= low, asked < high)
    if before.filter(pl.col("usual_h").is_not_null()).height < FEWEST or after.is_empty():
        return None
    try:
        earlier = blend(seed).fit(before, collect(eta.outcomes(lake.asof(cut), cut).lazy()))
    except ValueError:  # too few deliveries were known by then
        return None
    scores = eta.evaluate(earlier.predict(after), y, ["slice"])
    names = ("slice", "n", "n_open", "mae_days", "bias_days", "coverage_80", "coverage_95")
    return scores.select(names) if "mae_days" in scores.columns else None
