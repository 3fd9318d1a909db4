"""What anybody would trace first: the parcel that is longest overdue; the peer of ``lost``."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from .rows import predictions

UNIT_H = 240.0  # of time over the promise; any unit gives the same order
NEVER_H = 1e9
EVENT, MOMENT = "lost", "waiting"


@dataclass(frozen=True)
class Overdue:
    """Orders what waits by the time since its promise; it learns nothing."""

    def fit(self, x: pl.DataFrame, y: pl.DataFrame) -> "FittedOverdue":
        """Return the rule; y says only when it was seen."""
        return FittedOverdue(0.0 if y.is_empty() else float(y["seen_h"].max()))  # type: ignore[arg-type]


@dataclass(frozen=True)
class FittedOverdue:
    """The rule. What it gives is an order between 0 and 1, and no chance."""

    seen_h: float

    def predict(self, x: pl.DataFrame) -> pl.DataFrame:
        """Return rows of ``risks`` for parcels that wait; without a promise, the last of all."""
        rows = x.filter(moment=MOMENT)
        over = -rows["to_promise_h"].fill_null(NEVER_H).to_numpy() / UNIT_H
        order = (1 + over / (1 + np.abs(over))) / 2
        return predictions(rows, EVENT, order, "overdue", f"{self.seen_h:.0f}")
