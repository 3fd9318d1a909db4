"""The blend beside the journey model: means of their log quantiles, where both were asked."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from lanecast.parcel.journey import FittedJourney, Sequences
from lanecast.tables.parcel import LEVELS, QUANTILES

from .blend import FittedBlend
from .rows import predictions

ASKED = ("parcel_id", "asof_h", "moment")


@dataclass(frozen=True)
class WithJourney:
    """Two fitted models of the same past, and the ``share`` of the journey model on a log scale.

    A question that the journey model was not asked, or the blend could not answer itself, is
    answered by the blend alone: ``fallback`` says so.
    """

    blend: FittedBlend
    journey: FittedJourney
    share: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError(f"share: expected a number in [0, 1], got {self.share}.")

    def predict(self, x: pl.DataFrame, past: Sequences) -> pl.DataFrame:
        """Return rows of ``predictions``, in the order of x.

        Parameters
        ----------
        x
            Rows of ``eta.features``.
        past
            The sequences of the same parcels; which of their steps are asked decides.
        """
        ours = self.blend.predict(x)
        said = self.journey.answer(past)
        row = x.select(ASKED).join(
            said.steps.select(ASKED).with_row_index("row"),
            on=list(ASKED),
            how="left",
            maintain_order="left",
        )["row"]
        both = (row.is_not_null() & ours["fallback"].is_null()).to_numpy()
        theirs = said.hours("end", np.array(LEVELS), "delivered")[row.fill_null(0).to_numpy()]
        hours = ours.select(QUANTILES).to_numpy().astype(np.float64)
        least = 1e-3  # hours, so that logs are finite
        log = (1 - self.share) * np.log(np.maximum(hours, least))
        log += self.share * np.log(np.maximum(theirs, least))
        hours = np.where(both[:, None], np.exp(log), hours)
        version = f"{self.blend.seen_h:.0f}+{self.journey.seen_h:.0f}"
        alone = pl.when(pl.Series(~both)).then(pl.lit("blend"))
        return predictions(x, hours, "blend+journey", version).with_columns(
            slice=ours["slice"], fallback=pl.coalesce(ours["fallback"], alone)
        )
