"""What an error counts: in units of the series or of its own variation, more in some periods."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from lanecast.metrics.series import naive_scale

from .panel import Floats, Panel


@dataclass(frozen=True)
class Weighing:
    """How errors of different series and periods compare.

    Parameters
    ----------
    by
        ``"scaled"``: an error counts in units of the mean seasonal difference of its series, so
        that series count alike; ``"units"``: it counts as it is, so that large series count more.
    event, times
        Name of an event whose periods count ``times`` as much; "" for none.
    """

    by: Literal["scaled", "units"] = "scaled"
    event: str = ""
    times: float = 1.0

    def __post_init__(self) -> None:
        if self.by not in ("scaled", "units") or not self.times > 0:
            raise ValueError(f"Expected by scaled or units and times above 0, got {self}.")

    def series(self, of: Panel) -> Floats:
        """Return the weight of each series, shape (N,); one without any scale counts 0."""
        if self.by == "units":
            return np.ones(len(of.ids))
        scale = naive_scale(of.y, next(iter(of.frequency.seasons), 1))
        return np.nan_to_num(1 / scale)

    def periods(self, of: Panel) -> Floats:
        """Return the weight of each column, shape (T + H,)."""
        out = np.ones(of.length + of.horizon)
        if self.event in of.covariates:
            held = np.nan_to_num(of.covariates[self.event].values).max(axis=0)
            out[held > 0] = self.times
        return out
