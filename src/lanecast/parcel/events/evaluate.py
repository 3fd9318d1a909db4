"""How well was what happened ranked, how true were the chances, and how early was it known?"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.metrics.calibration import ece, ece_by_luck, ece_debiased
from lanecast.metrics.detection import (
    Measure,
    average_precision,
    bootstrap,
    lift_at,
    recall_at,
    roc_auc,
)

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
BY = ("model", "event", "moment")
RISKIEST = 0.02
OURS = "boosted"
ASKED = {  # figure of a back-test: the event, the moments at which it is asked
    "late": ("late", ("checkout",)),
    "undelivered": ("lost", ("waiting",)),
    "undelivered_handover": ("lost", ("shipped",)),
    "dnr": ("not_received", ("delivered",)),
}


def matched(predictions: pl.DataFrame, outcomes: pl.DataFrame, zone: str = "UTC") -> pl.DataFrame:
    """Return predictions with ``happened`` (null: open), and the ``month`` of asking in ``zone``.

    What was known when it was asked is left out: nothing was predicted.
    """
    asof_h = pl.col("asof").dt.epoch("us") / 3_600_000_000
    ends = outcomes.select("parcel_id", "event", "happened", "known_h")
    return (
        predictions.join(ends, on=["parcel_id", "event"], how="inner", maintain_order="left")
        .filter(pl.col("known_h").is_null() | (pl.col("known_h") > asof_h))
        .select(
            *predictions.columns,
            "happened",
            month=pl.col("asof").dt.convert_time_zone(zone).dt.strftime("%Y-%m"),
        )
    )


def evaluate(
    predictions: pl.DataFrame,
    outcomes: pl.DataFrame,
    by: Sequence[str] = BY,
    zone: str = "UTC",
) -> pl.DataFrame:
    """Return scores per group of ``by``: columns of ``predictions``, or the ``month`` of asking.

    Open questions are counted, not scored: wait until nearly all are answered.

    Returns
    -------
    DataFrame
        ``by``; ``n`` answered, ``n_open``, ``hits``; ``roc_auc``, ``pr_auc``; ``recall_1`` and
        ``recall_5``, shares of the hits among the riskiest 1 and 5 %; ``lift_2``, of the riskiest
        2 %; ``brier``, ``ece`` and ``ece_debiased``, and what true chances would show on the same
        rows, ``ece_luck`` in the mean and below ``ece_luck_hi`` in 97.5 % of cases. Null where
        nothing happened, or no chance was given.
    """
    rows = matched(predictions, outcomes, zone)
    parts = rows.sort(*by, "parcel_id").group_by(*by, maintain_order=True)
    return pl.DataFrame(
        [dict(zip(by, group, strict=True)) | _scores(part) for group, part in parts],
        infer_schema_length=None,
    )


def _scores(part: pl.DataFrame) -> dict[str, Any]:
    done = part.drop_nulls(["happened", "chance"])
    counts = {"n": done.height, "n_open": part["happened"].null_count()}
    chance = done["chance"].to_numpy()
    hit = done["happened"].to_numpy() > 0
    ranks: dict[str, Measure] = {
        "roc_auc": roc_auc,
        "pr_auc": average_precision,
        "recall_1": partial(recall_at, budget=0.01),
        "recall_5": partial(recall_at, budget=0.05),
        "lift_2": partial(lift_at, budget=RISKIEST),
    }
    both = 0 < hit.sum() < len(hit)
    scores: dict[str, Any] = {k: m(chance, hit) if both else None for k, m in ranks.items()}
    scores["brier"] = float(np.mean((chance - hit) ** 2)) if len(hit) else None
    scores |= _calibration(chance, hit, done["parcel_id"].to_numpy())
    return {**counts, "hits": int(hit.sum()), **scores}


def _calibration(chance: Array, hit: Flags, parcel: Any) -> dict[str, float | None]:
    if not len(hit):
        return dict.fromkeys(("ece", "ece_debiased", "ece_luck", "ece_luck_hi"))
    mean, _, high = ece_by_luck(chance, parcel)
    figures = {"ece": ece(chance, hit), "ece_debiased": ece_debiased(chance, hit)}
    return {**figures, "ece_luck": mean, "ece_luck_hi": high}


def ahead(predictions: pl.DataFrame, at: pl.DataFrame, lead_h: float) -> pl.DataFrame:
    """Return the last prediction of each parcel that was made at least ``lead_h`` hours before.

    Parameters
    ----------
    at
        ``parcel_id`` and ``at``, the instant before which it had to be known, such as the round.
    """
    due = predictions.join(at, on="parcel_id").filter(
        pl.col("asof") <= pl.col("at") - pl.duration(microseconds=round(lead_h * 3.6e9))
    )
    last = due.sort("asof", "moment").unique(
        ["parcel_id", "event", "model"], keep="last", maintain_order=True
    )
    return last.select(predictions.columns)


def headline(
    predictions: pl.DataFrame,
    outcomes: pl.DataFrame,
    zone: str = "UTC",
    draws: int = 400,
) -> dict[str, Any]:
    """Return the figures of a back-test as one flat object, each with its 95 % interval.

    ``late_auc`` and ``ece_late`` are of ``boosted`` at checkout, ``late_auc_baseline`` of
    ``plain``. ``undelivered_lift_2pct`` is about ``lost``, asked weekly of parcels under way,
    ``..._baseline`` of ``overdue``, who takes the longest overdue first;
    ``undelivered_handover_lift_2pct`` is about ``lost``, asked once, at the hand-over.
    ``dnr_lift_2pct`` is about ``not_received``, asked at the recorded delivery. Parcels are
    resampled whole. Null where nothing happened.
    """
    rows = matched(predictions, outcomes, zone).drop_nulls(["happened", "chance"])

    def of(which: str, model: str, measure: Measure, name: str) -> dict[str, Any]:
        event, moments = ASKED[which]
        part = rows.filter(pl.col("moment").is_in(moments), event=event, model=model).sort(
            "parcel_id", "asof"
        )
        if part.is_empty() or not 0 < (hits := part["happened"].sum()) < part.height:
            return dict.fromkeys((name, f"{name}_lo", f"{name}_hi"))
        found = bootstrap(
            measure,
            part["chance"].to_numpy(),
            part["happened"].to_numpy() > 0,
            part["parcel_id"].rank("dense").to_numpy(),
            draws=draws,
        )
        sizes = {f"{which}_n": part.height, f"{which}_hits": int(hits)} if model == OURS else {}
        return {name: found.estimate, f"{name}_lo": found.low, f"{name}_hi": found.high} | sizes

    lift = partial(lift_at, budget=RISKIEST)
    return {
        **of("late", OURS, roc_auc, "late_auc"),
        **of("late", "plain", roc_auc, "late_auc_baseline"),
        **of("late", OURS, ece, "ece_late"),
        **of("undelivered", OURS, lift, "undelivered_lift_2pct"),
        **of("undelivered", "overdue", lift, "undelivered_lift_2pct_baseline"),
        **of("undelivered_handover", OURS, lift, "undelivered_handover_lift_2pct"),
        **of("dnr", OURS, lift, "dnr_lift_2pct"),
    }
