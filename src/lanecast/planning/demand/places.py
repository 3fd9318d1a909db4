"""Rows of sale by product, place and day: which stand together, and what is usual around a day."""

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
OWN_D = 3  # days to either side that a level leaves out, so that no day explains itself


class Places:
    """Where rows stand: their series, place, weekday and week."""

    def __init__(self, rows: pl.DataFrame) -> None:
        series = rows.select(pl.struct("product_id", "facility_id").rank("dense")).to_series()
        number = series.to_numpy()
        begun = np.flatnonzero(np.r_[True, number[1:] != number[:-1]])
        last = np.r_[begun[1:], len(number)]
        self.first, self.end = (np.repeat(each, last - begun) for each in (begun, last))
        day = rows["date"].cast(pl.Int32).to_numpy().astype(np.int64)
        self.week: Ints = (day - day.min()) // 7
        self.weekday: Ints = (day + 3) % 7
        self.place: Ints = rows["facility_id"].rank("dense").to_numpy().astype(np.int64) - 1

    def around(self, value: Floats, window: int) -> Floats:
        """Return the mean over the days around, the own ones left out, shrunk to the series'."""
        total = np.r_[0.0, np.cumsum(value)]
        at = np.arange(len(value))

        def part(low: Ints, high: Ints) -> tuple[Floats, Floats]:
            low, high = (np.clip(each, self.first, self.end) for each in (low, high))
            return total[high] - total[low], (high - low).astype(float)

        before, after = part(at - window, at - OWN_D), part(at + OWN_D + 1, at + window + 1)
        whole = (total[self.end] - total[self.first]) / (self.end - self.first)
        return np.asarray((before[0] + after[0] + 3 * whole) / (before[1] + after[1] + 3))
