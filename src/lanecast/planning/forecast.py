"""What a model answers about a panel: quantiles per series and period, and who answered."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.tables.parcel import LEVELS, QUANTILES

from .panel import Floats, Panel

LEVEL = np.array(LEVELS)
MEDIAN = LEVELS.index(0.5)
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

    def rows(self, of: Panel, model: str, version: str) -> pl.DataFrame:
        """Return rows of the canonical table of forecasts."""
        count = len(of.ids)
        ds = of.ds(of.length, of.horizon)
        known = {"h": 1, "d": 24, "w": 168}
        hours = of.frequency.us / 3.6e9
        letter = next((name for name, size in known.items() if hours == size), None)
        if letter is None and of.frequency.months == 1:
            letter = "m"
        flat = self.quantiles.reshape(count * of.horizon, len(LEVELS))
        return pl.DataFrame(
            {
                "unique_id": np.repeat(of.ids, of.horizon),
                "ds": pl.Series(np.tile(ds, count)).dt.replace_time_zone("UTC"),
                "model": model,
                "version": version,
                "asof": of.asof,
                "frequency": letter or of.frequency.name,
                "level": "unique_id",
                **{name: flat[:, i] for i, name in enumerate(QUANTILES)},
                "fallback": pl.Series(np.repeat(self.fallback, of.horizon)).replace("", None),
            }
        )


def answered(quantiles: Floats, fallback: npt.NDArray[np.str_] | None = None) -> Forecast:
    """Return a forecast of ``quantiles``, put in order, so that none crosses another."""
    count = len(quantiles)
    none = np.full(count, "", dtype="<U32")
    return Forecast(np.sort(quantiles, axis=2), none if fallback is None else fallback)
