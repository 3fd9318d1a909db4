"""How models that have learnt forecast what came later, beside each other, and held out."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from lanecast.planning.panel import Panel
from lanecast.tables.frequency import Frequency
from lanecast.tables.lake import Lake, collect
from lanecast.tables.planning import SALES
from lanecast.tables.series import SERIES

from .evaluate import Asked, evaluate
from .features import context, outcomes
from .models import SeasonalNaive

ORIGINS = 2  # that are replayed: each forecasts every series


def later(
    lake: Lake, fitted: Sequence[Any], horizon: int, since: datetime, until: datetime
) -> tuple[int, list[float]]:
    """Return how many values of [since, until) were scored, and the scaled pinball loss of each.

    All forecast from the same origins, a horizon apart, the last two whose horizon ends by
    ``until``; none of them before ``since``.

    Parameters
    ----------
    lake
        With what came.
    fitted
        Models that had learnt nothing after ``since``.
    """
    nothing = 0, [float("nan")] * len(fitted)
    frequency = context(lake, since, horizon).frequency
    first, end = (
        frequency.first_from(since),
        min(frequency.first_from(until), over(lake, frequency)),
    )
    numbers = range(end - horizon, first - 1, -horizon)[:ORIGINS]
    if not numbers:
        return nothing
    asked = []
    for number in sorted(numbers):
        known = context(lake, start_of(frequency, number), horizon)
        answers = {str(i): each.predict(known) for i, each in enumerate(fitted)}
        asked.append(Asked(known, outcomes(lake, known), answers))
    n = sum(int(np.isfinite(each.outcomes).sum()) for each in asked)
    if not n:
        return nothing
    scores = evaluate(asked)
    return n, [scores[str(i)]["scaled_pinball"] for i in range(len(fitted))]


def held_out(
    lake: Lake, known: Panel, until: datetime, model: Callable[[Panel], Any]
) -> dict[str, Any] | None:
    """Return how a model that knew a horizon less forecast the last one, beside the baseline.

    Gates of promotion read it. None where the history is too short to learn from without it.

    Parameters
    ----------
    known
        What is known at ``until``.
    model
        Returns the model of a panel, not fitted yet.
    """
    end = min(known.first + known.length, known.frequency.first_from(until))
    origin = end - known.horizon
    if origin - known.first < max(2 * known.horizon, 2):
        return None
    since, stop = (start_of(known.frequency, each) for each in (origin, end))
    try:
        early = context(lake, since, known.horizon)
        fitted = [model(early).fit(early), SeasonalNaive().fit(early)]
    except ValueError:  # too little was recorded by then
        return None
    n, (ours, theirs) = later(lake, fitted, known.horizon, since, stop)
    if not n:
        return None
    return {
        "from": since.isoformat(),
        "to": stop.isoformat(),
        "n": n,
        "loss": {"model": ours, "baseline": theirs},
    }


def over(lake: Lake, frequency: Frequency) -> int:
    """Return the number of the period after the last in which anything was observed."""
    if lake.has(SERIES):
        last = collect(lake.read(SERIES).select(nw.col("ds").max())).item()
    else:
        last = collect(lake.read(SALES).select(nw.col("date").max())).item()
        last = datetime(last.year, last.month, last.day, tzinfo=UTC)
    return frequency.holding(last) + 1


def start_of(frequency: Frequency, number: int) -> datetime:
    """Return when a period begins."""
    at: datetime = pl.Series([int(frequency.start(number))]).cast(pl.Datetime("us"))[0]
    return at.replace(tzinfo=UTC)
