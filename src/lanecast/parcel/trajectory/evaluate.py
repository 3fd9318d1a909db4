"""How good were the answers: where it went, and when it got there?"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from lanecast.metrics.placing import reciprocal_rank, top_k
from lanecast.metrics.point import bias, mae
from lanecast.metrics.quantile import coverage
from lanecast.tables.trajectory import SOMEWHERE_NEW

HOUR_MIN = 60.0
QUESTION = ("model", "parcel_id", "asof_h")
BY = ("model", "status")
LEAST = 1e-6  # chance that an answer which was not told is scored with


def matched(
    predictions: pl.DataFrame, outcomes: pl.DataFrame, zone: str = "UTC"
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return one row per question, and the answers about the stop that it was.

    Returns
    -------
    tuple
        Questions: ``QUESTION``, ``status``, ``step``, ``day`` of asking in ``zone``; ``stop``, the
        truth, null while open; ``rank`` of it among the stops that were named, and ``chance``. And
        answers to the truth, with ``hours`` and the quantiles.
    """
    micros = pl.col("asof").dt.epoch("us")
    local = pl.col("asof").dt.convert_time_zone(zone)
    rows = predictions.with_columns(
        micros=micros, day=local.dt.strftime("%Y-%m-%d"), month=local.dt.strftime("%Y-%m")
    )
    truth = outcomes.with_columns(
        micros=(pl.col("asof_h") * 3_600_000_000).round().cast(pl.Int64),
        hours=pl.when(pl.col("ended") == 1).then((pl.col("end_h") - pl.col("asof_h")).clip(0.0)),
    )
    keys = ["parcel_id", "micros"]
    rows = rows.join(
        truth.select(*keys, "asof_h", "hours", truth="stop"), on=keys, maintain_order="left"
    )
    named = (pl.col("stop") != SOMEWHERE_NEW) & pl.col("probability").is_not_null()
    rows = rows.with_columns(
        place=pl.when(named).then(pl.col("rank")).rank().over(*QUESTION),
        is_it=pl.col("stop") == pl.col("truth"),
    )
    kept = [c for c in (*QUESTION, "status", "step", "day", "month") if c in rows.columns]
    questions = rows.group_by(*kept, maintain_order=True).agg(
        stop=pl.col("truth").first(),
        rank=pl.col("place").filter(pl.col("is_it")).first(),
        chance=pl.col("probability").filter(pl.col("is_it")).first(),
        new=pl.col("probability").filter(pl.col("stop") == SOMEWHERE_NEW).first(),
        likeliest_h=pl.col("asof_to_arrived_h").filter(pl.col("place") == 1).first(),
        hours=pl.col("hours").first(),
    )
    return questions, rows.filter("is_it")


def evaluate(
    predictions: pl.DataFrame,
    outcomes: pl.DataFrame,
    by: Sequence[str] = BY,
    zone: str = "UTC",
) -> pl.DataFrame:
    """Return scores per group of ``by``: ``model``, ``status``, ``step``, ``day`` or ``month``.

    Open questions are counted, not scored.

    Returns
    -------
    DataFrame
        ``by``; ``n`` answered and ``n_open``; ``next_top1``, ``next_top3``: the stop is among the
        first one or three that were named; ``next_mrr``; ``log_loss``, of the truth, or of
        somewhere new where it was not named; ``leg_mae_min`` and ``leg_bias_min``: error of the
        time to the stop that it was, and ``coverage_80``, the share inside its q100 to q900;
        ``n_leg`` of them; ``arrival_mae_min``: error of the time to the likeliest stop, whatever
        it was.
    """
    questions, answers = matched(predictions, outcomes, zone)
    keys = list(by)
    parts = dict(answers.group_by(*keys, maintain_order=True))
    scores = []
    for group, part in questions.sort(*keys).group_by(*keys, maintain_order=True):
        done = part.drop_nulls("hours")
        legs = parts.get(group, answers.clear()).drop_nulls("hours")
        scores.append(
            dict(zip(by, group, strict=True))
            | {"n": done.height, "n_open": part.height - done.height}
            | _stops(done)
            | _legs(legs)
        )
    return pl.DataFrame(scores)


def _stops(done: pl.DataFrame) -> dict[str, float | None]:
    names = ("next_top1", "next_top3", "next_mrr", "log_loss", "arrival_mae_min")
    if done.is_empty():
        return dict.fromkeys(names)
    rank = done["rank"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    chance = done.select(pl.coalesce("chance", "new", pl.lit(LEAST)).clip(LEAST)).to_series()
    timed = done.drop_nulls("likeliest_h")
    likeliest, hours = timed["likeliest_h"].to_numpy(), timed["hours"].to_numpy()
    error = mae(hours, likeliest) * HOUR_MIN if timed.height else None
    values = (top_k(rank, 1), top_k(rank, 3), reciprocal_rank(rank))
    return dict(zip(names, (*values, float(-np.log(chance.to_numpy()).mean()), error), strict=True))


def _legs(legs: pl.DataFrame) -> dict[str, float | int | None]:
    if legs.is_empty():
        return {"n_leg": 0} | dict.fromkeys(("leg_mae_min", "leg_bias_min", "coverage_80"))
    hours, point = legs["hours"].to_numpy(), legs["asof_to_arrived_h"].to_numpy()
    inside = coverage(hours, legs["q100"].to_numpy(), legs["q900"].to_numpy())
    return {
        "n_leg": legs.height,
        "leg_mae_min": mae(hours, point) * HOUR_MIN,
        "leg_bias_min": bias(hours, point) * HOUR_MIN,
        "coverage_80": float(inside),
    }


def figures(
    predictions: pl.DataFrame,
    outcomes: pl.DataFrame,
    main: str,
    baseline: str,
    by: str = "day",
    zone: str = "UTC",
) -> dict[str, Any]:
    """Return the scores of ``main`` as one flat object, beside the baseline, and a list by ``by``.

    Every other model's ``next_top1`` and ``leg_mae_min`` stand under ``..._{model}``.
    """
    taken = ("next_top1", "next_top3", "leg_mae_min", "coverage_80", "log_loss", "n", "n_open")

    def of(scores: pl.DataFrame) -> dict[str, Any]:
        rows = {row["model"]: row for row in scores.iter_rows(named=True)}
        out = {name: rows[main][name] for name in (*taken, "leg_bias_min", "arrival_mae_min")}
        for name in ("next_top1", "next_top3", "leg_mae_min"):
            out[f"{name}_baseline"] = rows[baseline][name]
            out |= {f"{name}_{model}": row[name] for model, row in rows.items() if model != main}
        return out

    whole = evaluate(predictions, outcomes, ["model"], zone)
    if whole.is_empty():
        raise ValueError("predictions: no question of the period has an outcome to score with.")
    parts = evaluate(predictions, outcomes, [by, "model"], zone)
    return of(whole) | {
        f"{by}s": [
            {by: name} | of(part) for (name,), part in parts.group_by(by, maintain_order=True)
        ]
    }
