"""What a model answers about a panel: quantiles per series and period, and who answered."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.metrics.quantile import cells
from lanecast.tables.parcel import LEVELS, QUANTILES

from .panel import Floats, Panel

LEVEL = np.array(LEVELS)
MEDIAN = LEVELS.index(0.5)
LETTERS = {"hours": "h", "days": "d", "weeks": "w", "months": "m"}
LOW, HIGH = LEVELS.index(0.1), LEVELS.index(0.9)


@dataclass(frozen=True)
class Forecast:
    """Quantiles at ``LEVELS`` of N series over H periods, shape (N, H, L).

    ``fallback`` names what answered where the model could not, shape (N,), "" where it could.
    """

    quantiles: Floats
    fallback: npt.NDArray[np.str_]

    @property
    def median(self) -> Floats:
        """Return the point forecast, shape (N, H)."""
        return np.asarray(self.quantiles[:, :, MEDIAN])

    @property
    def mean(self) -> Floats:
        """Return the means of the laws, shape (N, H), each level standing for what is nearest."""
        return np.asarray(self.quantiles @ cells(LEVEL))

    def rows(self, of: Panel, model: str, version: str, level: str) -> pl.DataFrame:
        """Return rows of the canonical table of forecasts; demand below 0 becomes 0 there.

        Raises
        ------
        ValueError
            When the table has no name for the frequency.
        """
        letter = LETTERS.get(of.frequency.name)
        if letter is None:
            raise ValueError(
                f"frequency: forecasts are stored of {', '.join(LETTERS)}; got {of.frequency.name}."
            )
        count, flat = len(of.ids), self.quantiles.reshape(-1, len(LEVEL))
        ds = np.tile(of.ds(of.length, of.horizon), count)
        return pl.DataFrame(
            {
                "unique_id": np.repeat(of.ids, of.horizon),
                "ds": pl.Series(ds).dt.replace_time_zone("UTC"),
                "model": model,
                "version": version,
                "asof": of.asof,
                "frequency": letter,
                "level": level,
                "mean": np.maximum(self.mean, 0.0).ravel(),
                **{name: np.maximum(flat[:, i], 0.0) for i, name in enumerate(QUANTILES)},
                "fallback": pl.Series(np.repeat(self.fallback, of.horizon)).replace("", None),
            }
        )


def answered(quantiles: Floats, fallback: npt.NDArray[np.str_] | None = None) -> Forecast:
    """Return a forecast of ``quantiles``, put in order, so that none crosses another."""
    count = len(quantiles)
    none = np.full(count, "", dtype="<U32")
    return Forecast(np.sort(quantiles, axis=2), none if fallback is None else fallback)
