"""Texts as numbers: the values seen in training, by column; anything else is 0."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl


@dataclass(frozen=True)
class Vocabulary:
    """The values of each column, most frequent first; the code of a value is its place plus 1."""

    values: Mapping[str, tuple[str, ...]]

    @cached_property
    def _places(self) -> list[pl.Expr]:
        return [
            pl.col(name).cast(pl.Enum(list(values)), strict=False).to_physical()
            for name, values in self.values.items()
        ]

    @property
    def sizes(self) -> list[int]:
        """Return the number of codes of each column, 0 included."""
        return [len(values) + 1 for values in self.values.values()]

    def encode(self, x: pl.DataFrame) -> npt.NDArray[np.int64]:
        """Return codes, shape (n, n_columns)."""
        places = x.select(self._places).to_numpy()  # floats where a value is unknown, then NaN
        return np.nan_to_num(places + 1.0).astype(np.int64)


def learn(x: pl.DataFrame, columns: Sequence[str], at_least: int = 5) -> Vocabulary:
    """Return the values that occur in at least ``at_least`` rows of each column."""
    values = {}
    for name in columns:
        counted = x[name].drop_nulls().value_counts().filter(pl.col("count") >= at_least)
        ordered = counted.sort(["count", name], descending=[True, False])
        values[name] = tuple(ordered[name].to_list())
    return Vocabulary(values)
