"""What trees read: numbers, and texts as the codes of values seen in training."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from lanecast.parcel.vocabulary import Vocabulary
from lanecast.parcel.vocabulary import learn as learn_texts

from .rows import Array

AT_LEAST = 20  # rows that a value occurs in, to have a code of its own
NOT_NUMBERS = ("asof_h", "buyer_claims", "buyer_parcels")
TEXTS = (
    *("moment", "status", "origin_region", "goal_region", "category", "payment"),
    *("goal_kind", "carrier_id", "service", "scan_code"),
)


@dataclass(frozen=True)
class Inputs:
    """The numeric columns, and the values of the texts."""

    numbers: tuple[str, ...]
    texts: Vocabulary

    @property
    def names(self) -> list[str]:
        """Return the names of the inputs, numbers first."""
        return [*self.numbers, *self.texts.values]

    def __call__(self, x: pl.DataFrame) -> Array:
        """Return an array, shape (n, n_inputs); what is missing is NaN.

        Numbers are rounded to single precision: sums over groups differ in their last bits from
        run to run, and the same seed must give the same model.
        """
        there = [
            (pl.col(name) if name in x.columns else pl.lit(None).alias(name)).cast(pl.Float32)
            for name in self.numbers  # a lake without a calendar has no working days
        ]
        numbers = x.select(there).to_numpy()
        return np.column_stack([numbers.astype(np.float64), self.texts.encode(x)])


def learn(x: pl.DataFrame, only: Sequence[str] | None = None) -> Inputs:
    """Return the inputs that say anything in x; ``only`` limits them."""
    wanted = [name for name in x.columns if only is None or name in only]
    numbers = tuple(
        name
        for name in wanted
        if x.schema[name].is_numeric()
        and name not in NOT_NUMBERS
        and x[name].null_count() < x.height
    )
    return Inputs(numbers, learn_texts(x, [name for name in TEXTS if name in wanted], AT_LEAST))
