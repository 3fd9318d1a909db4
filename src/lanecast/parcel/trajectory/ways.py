"""Whole ways: stop after stop, with times, until the parcel ends or leaves what is known.

A way is drawn by asking the question of this problem again at each stop that was drawn, as it would
be asked there and then. So a way goes over lanes that somebody has taken: feasible by construction.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import narwhals as nw
import numpy as np
import polars as pl

from lanecast.tables.trajectory import ANSWERS

from .features import assemble
from .models.rows import LONGEST_H, SHORTEST_H, Array, Index, numbered
from .models.spread import Spread

BATCH = 6000  # states that are asked about at once
LEVELS = {"q100": 0.1, "q500": 0.5, "q900": 0.9}
WHOSE = ["parcel_id", "draw"]


class Walker(Protocol):
    """A fitted model that ways can be drawn from."""

    @property
    def around(self) -> Spread:
        """Return how times spread."""

    def chance(self, x: pl.DataFrame) -> Array:
        """Return the chance of each candidate, shape (n,)."""

    def log_hours(self, x: pl.DataFrame) -> Array:
        """Return the log of the median time [h] to each candidate, shape (n,)."""

    def expected_size(self, x: pl.DataFrame) -> Array:
        """Return how far the log of the time may be off, shape (n,)."""


def ways(
    fitted: Walker,
    rows: pl.DataFrame,
    context: Mapping[str, Any],
    clocks: pl.DataFrame,
    now_h: float | None = None,
    draws: int = 64,
    most: int = 24,
    seed: int = 0,
) -> pl.DataFrame:
    """Draw ways of parcels from their last question on.

    Parameters
    ----------
    rows
        Of ``asked``, one per parcel.
    clocks
        ``here`` and ``offset_min``, of ``clocks``.
    now_h
        Moment [h since 1970 UTC] until which nothing more was heard of these parcels: answers that
        would be known by then are less likely by as much. None is the moment of each question.
    draws
        Ways per parcel. All parcels use the same luck, so that a parcel's ways are the same alone
        as among others; sums over parcels are not draws of their sum.
    most
        Stops after which a way is cut off.

    Returns
    -------
    DataFrame
        ``parcel_id``, ``draw``, ``step`` from 1, ``stop`` (a facility; or last ``no_further``, or
        ``somewhere_new``, where the way leaves what is known) and ``at_h`` [h since 1970 UTC].

    Raises
    ------
    ValueError
        When ``draws`` or ``most`` is not positive, or a parcel has two rows.
    """
    if min(draws, most) < 1:
        raise ValueError(f"Expected draws >= 1 and most >= 1, got {draws=}, {most=}.")
    if twice := rows["parcel_id"].filter(rows["parcel_id"].is_duplicated()).to_list():
        raise ValueError(f"rows: expected one question per parcel, got two or more of {twice[0]}.")
    luck = np.random.default_rng(seed).random((most, draws, 2))
    rows = rows.sort("parcel_id")
    size = max(1, BATCH // draws)
    parts = [_drawn(fitted, each, context, clocks, now_h, luck) for each in rows.iter_slices(size)]
    schema = {"parcel_id": pl.String, "draw": pl.Int64, "step": pl.Int32, "stop": pl.String}
    nothing = pl.DataFrame(schema=schema | {"at_h": pl.Float64})
    return pl.concat([nothing, *parts]).sort(*WHOSE, "step")


def likeliest(drawn: pl.DataFrame, k: int) -> pl.DataFrame:
    """Return the ``k`` ways that were drawn most often of each parcel.

    Returns
    -------
    DataFrame
        ``parcel_id``, ``rank`` from 1, ``stops``, a list, ``chance``, and quantiles ``q100``,
        ``q500`` and ``q900`` of when the way ends [h since 1970 UTC], if it is the one.
    """
    steps = likely_stops(drawn, k)
    end = pl.col("step") == pl.col("step").max().over("parcel_id", "rank")
    lists = steps.group_by("parcel_id", "rank", maintain_order=True).agg(stops="stop")
    ends = steps.filter(end).select("parcel_id", "rank", "chance", *LEVELS)
    return lists.join(ends, on=["parcel_id", "rank"], maintain_order="left")


def likely_stops(drawn: pl.DataFrame, k: int) -> pl.DataFrame:
    """Return the stops of the ``k`` likeliest ways, one row each.

    Returns
    -------
    DataFrame
        ``parcel_id``, ``rank``, ``chance`` of the way, ``step``, ``stop``, and quantiles of the
        arrival [h since 1970 UTC], if it is the way.
    """
    rows = drawn.sort(*WHOSE, "step")
    whole = pl.col("stop").str.join("\n").over(WHOSE)  # no name holds a line end
    counted = rows.with_columns(way=whole, draws=pl.col("draw").n_unique().over("parcel_id"))
    steps = counted.group_by("parcel_id", "way", "step").agg(
        pl.col("stop").first(), chance=pl.len() / pl.col("draws").first(), **_quantiles()
    )
    order = pl.struct(pl.col("chance").neg(), "way").rank("dense").over("parcel_id")
    ranked = steps.with_columns(rank=order.cast(pl.Int32)).filter(pl.col("rank") <= k)
    names = ("parcel_id", "rank", "chance", "step", "stop", *LEVELS)
    return ranked.select(names).sort("parcel_id", "rank", "step")


def arrivals(drawn: pl.DataFrame) -> pl.DataFrame:
    """Return how likely each stop is on the way, and when the parcel gets there.

    Returns
    -------
    DataFrame
        ``parcel_id``, ``stop``, ``visit`` (1, or more where a way comes back), ``step``, its usual
        place on the way, ``chance``, and quantiles of the arrival [h since 1970 UTC], if it comes.
    """
    draws = drawn.group_by("parcel_id").agg(draws=pl.col("draw").n_unique())
    visit = pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(*WHOSE, "stop", order_by="step")
    met = (
        drawn.with_columns(visit=visit)
        .group_by("parcel_id", "stop", "visit")
        .agg(n=pl.len(), step=pl.col("step").median(), **_quantiles())
    )
    told = met.join(draws, on="parcel_id").with_columns(chance=pl.col("n") / pl.col("draws"))
    names = ("parcel_id", "stop", "visit", "step", "chance", *LEVELS)
    return told.select(names).sort("parcel_id", "q500", "stop")


def _quantiles() -> dict[str, pl.Expr]:
    return {
        name: pl.col("at_h").quantile(level, "linear").alias(name) for name, level in LEVELS.items()
    }


def _drawn(
    fitted: Walker,
    rows: pl.DataFrame,
    context: Mapping[str, Any],
    clocks: pl.DataFrame,
    now_h: float | None,
    luck: Array,
) -> pl.DataFrame:
    """Draw the ways of one batch; the first step is the same question for all draws of a parcel."""
    most, draws, _ = luck.shape
    waited = np.zeros(rows.height) if now_h is None else now_h - rows["asof_h"].to_numpy()
    shared = np.broadcast_to(luck[0], (rows.height, draws, 2))
    stop, took = _next(fitted, rows, context, shared, np.maximum(waited, 0.0))
    state = rows.rename({"parcel_id": "whose"}).join(
        pl.DataFrame({"draw": np.arange(draws)}), how="cross"
    )
    told = []
    for step in range(1, most + 1):
        state = state.with_columns(
            stop=pl.Series(stop.ravel(), dtype=pl.String), at_h=pl.col("asof_h") + took.ravel()
        )
        told.append(state.select("draw", "stop", "at_h", parcel_id="whose", step=pl.lit(step)))
        state = _there(state.filter(~pl.col("stop").is_in(ANSWERS)), clocks)
        if state.is_empty() or step == most:
            break
        lucky = luck[step, state["draw"].to_numpy()][:, None]
        asked = state.with_columns(parcel_id=pl.format("{}#{}", "whose", "draw"))
        stop, took = _next(fitted, asked, context, lucky, np.zeros(state.height))
    return pl.concat(told).select(*WHOSE, pl.col("step").cast(pl.Int32), "stop", "at_h")


def _next(
    fitted: Walker, rows: pl.DataFrame, context: Mapping[str, Any], luck: Array, waited: Array
) -> tuple[Any, Array]:
    """Draw the next stop of n questions and the time [h] to it, both of shape (n, draws).

    Parameters
    ----------
    luck
        Numbers in [0, 1), shape (n, draws, 2).
    waited
        Time [h] in which nothing was heard after each question, shape (n,).
    """
    at = rows.with_row_index("row").select("row", "parcel_id")
    asked = nw.from_native(rows.select(pl.exclude("whose", "draw")), eager_only=True)
    told: pl.DataFrame = assemble(asked, context).to_native()
    x = told.join(at, on="parcel_id", how="left").sort("row", "listed", "next_stop")
    group: Index = numbered(x)
    middle, size = fitted.log_hours(x), fitted.expected_size(x)
    gone = fitted.around.below(middle, size, waited[group])
    chance = np.nan_to_num(fitted.chance(x)) * np.maximum(1 - gone, 1e-9)
    total = np.cumsum(chance)
    last = np.append(np.flatnonzero(np.diff(group)), len(group) - 1)
    before = np.append(0.0, total[last[:-1]])
    wanted = before[:, None] + luck[..., 0] * (total[last] - before)[:, None]
    first = np.append(0, last[:-1] + 1)[:, None]
    index = np.clip(np.searchsorted(total, wanted, side="right"), first, last[:, None])
    left = gone[index] + luck[..., 1] * (1 - gone[index])
    took = fitted.around.drawn(middle[index], size[index], left)
    took = np.clip(np.maximum(took, waited[:, None] + SHORTEST_H), SHORTEST_H, None)
    return x["next_stop"].to_numpy()[index], np.minimum(took, waited[:, None] + LONGEST_H)


def _there(state: pl.DataFrame, clocks: pl.DataFrame) -> pl.DataFrame:
    """Return the questions that would be asked on the arrival at ``stop``."""
    known = pl.col("first").is_not_null()
    moved = state.with_columns(
        prev2=pl.col("prev"),
        prev=pl.col("here"),
        first=pl.when(known).then("first").otherwise("stop"),
        left_h=pl.when(pl.col("status") == "departed").then("event_h"),
        stops=pl.col("stops").fill_null(0.0) + 1,
        scans=pl.col("scans") + pl.when(pl.col("status") == "departed").then(1).otherwise(2),
        here=pl.col("stop"),
        status=pl.lit("arrived"),
        plan_to=pl.lit(None, pl.String),
        plan_h=pl.lit(None, pl.Float64),
        **{name: pl.col("at_h") for name in ("asof_h", "event_h", "entered_h")},
    )
    local = moved.drop("stop", "at_h").join(clocks, on="here", how="left", maintain_order="left")
    own = pl.coalesce("offset_min_right", "offset_min")
    return local.with_columns(offset_min=own).drop("offset_min_right")
