"""Whole numbers in three bytes where they fit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..gazetteer.strings import small


@dataclass(frozen=True)
class Halves:
    """Numbers as their lower 16 bits, and what is above in the smallest type."""

    low: NDArray[np.uint16]
    high: NDArray[np.unsignedinteger]

    @classmethod
    def of(cls, numbers: NDArray[np.integer]) -> "Halves":
        """Keep these numbers, all from 0 on."""
        return cls((numbers & 0xFFFF).astype(np.uint16), small(numbers >> 16))

    def take(self, places: NDArray[np.integer]) -> NDArray[np.int32]:
        """Return the numbers at these places."""
        high = self.high.take(places).astype(np.int32)
        return np.asarray(high << 16 | self.low.take(places))

    def between(self, first: int, last: int) -> NDArray[np.int32]:
        """Return the numbers from one place on, before another."""
        return np.asarray(self.high[first:last].astype(np.int32) << 16 | self.low[first:last])
