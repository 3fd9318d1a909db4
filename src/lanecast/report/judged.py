"""What was predicted beside what happened, and which of the models is ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from lanecast.experiment import Replay
from lanecast.parcel.eta.evaluate import matched
from lanecast.tables.parcel import QUANTILES

from .marks import Look

DAY_H = 24.0
FEW = 30  # parcels below which an average says too little to be drawn
NAMES = {"checkout": "At checkout", "shipped": "When shipped", "in_transit": "After a later scan"}


@dataclass(frozen=True)
class Judged:
    """Predictions of delivered parcels with ``days`` and ``error_days``; the models, ours first.

    ``rows`` has one row per question and model; ``scan`` counts a parcel's questions after
    checkout, null where its checkout is not among them.
    """

    rows: pl.DataFrame
    main: str
    baseline: str
    looks: Mapping[str, Look]

    def of(self, moment: str, model: str | None = None) -> pl.DataFrame:
        """Return the rows of a moment, of one model or all."""
        rows = self.rows.filter(moment=moment)
        return rows if model is None else rows.filter(model=model)

    def moments(self) -> list[str]:
        """Return the moments that were asked, in the order of a parcel's life."""
        asked = set(self.rows["moment"].unique())
        return [name for name in NAMES if name in asked]


def judge(replayed: Replay, main: str, baseline: str) -> Judged:
    """Keep what can be judged: answers with a number, of parcels that were delivered."""
    rows = matched(replayed.predictions, replayed.outcomes)
    later = pl.col("moment") != "checkout"
    per_parcel = "model", "parcel_id"
    scan = later.cast(pl.Int32).cum_sum().over(*per_parcel, order_by="asof")
    whole = (pl.col("moment") == "checkout").any().over(*per_parcel)
    rows = rows.with_columns(scan=pl.when(whole & later).then(scan))
    rows = rows.drop_nulls(["hours", "asof_to_delivered_h"]).with_columns(
        days=pl.col("hours") / DAY_H,
        error_days=(pl.col("asof_to_delivered_h") - pl.col("hours")).abs() / DAY_H,
    )
    others = sorted(set(rows["model"].unique()) - {main, baseline})
    order = [main] + [name for name in (baseline, *others) if name != main]
    return Judged(rows, main, baseline, {name: Look(name, i) for i, name in enumerate(order)})


def quantiles(rows: pl.DataFrame) -> np.ndarray:
    """Return the predicted quantiles [days], shape (n, 15); rows without them are left out."""
    return rows.drop_nulls(QUANTILES).select(QUANTILES).to_numpy() / DAY_H


def named(flat: Mapping[str, Any], figure: str) -> str:
    """Return the model whose error ``flat`` gives as ``figure``, by its number.

    Raises
    ------
    ValueError
        When no model or more than one has it; then say ``main`` and ``baseline``.
    """
    ends = "mae_", "_days"
    models = {
        key.removeprefix(ends[0]).removesuffix(ends[1]): value
        for key, value in flat.items()
        if key.startswith(ends[0]) and key.endswith(ends[1])
    }
    found = [name for name in models if name not in ("days", "baseline")]
    same = [name for name in found if models[name] == flat[figure]]
    if len(same) != 1:
        raise ValueError(f"{figure}: expected one model with {flat[figure]}, got {same or found}.")
    return same[0]
