"""Trees and net together, corrected by what happened lately: the model to use."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.tables.parcel import LEVELS

from .boosted import Boosted, FittedBoosted
from .deep import Deep, FittedDeep
from .recalibration import at_levels, inverse, rates, reached
from .rows import Array, Durations, durations, predictions

EDGES_OF_SLICES = (1 / 3, 2 / 3)  # short, middle and long ways, by their usual duration


@dataclass(frozen=True)
class Blend:
    """Mean of the log quantiles of two models, recalibrated per slice on the last days.

    Parameters
    ----------
    share
        Weight of the trees.
    window_d
        Days on which predictions are held against what happened, by models that had not seen it.
    worth
        Events that all slices of a moment are worth together against one slice alone.
    """

    boosted: Boosted = field(default_factory=Boosted)
    deep: Deep = field(default_factory=Deep)
    share: float = 0.6
    window_d: float = 14
    worth: float = 100

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1 or self.window_d <= 0 or self.worth <= 0:
            raise ValueError(
                f"Expected share in [0, 1], window_d > 0 and worth > 0, got {self.share=}, "
                f"{self.window_d=}, {self.worth=}."
            )

    def fit(self, x: pl.DataFrame, y: pl.DataFrame) -> "FittedBlend":
        """Learn up to the window, correct on the window, then learn from everything."""
        known = durations(x, y)
        cut = known.seen_h - 24 * self.window_d
        earlier = self._learn(known.before(cut), {})
        correction = _correct(earlier, known, cut, self.worth)
        return self._learn(known, correction)

    def _learn(self, known: Durations, levels: Mapping[str, Array]) -> "FittedBlend":
        thirds = {
            moment: tuple(
                np.quantile(
                    known.x.filter(moment=moment)["usual_h"].to_numpy(), EDGES_OF_SLICES
                ).tolist()
            )
            for moment in known.x["moment"].unique().sort()
        }
        boosted, deep = self.boosted.learn(known), self.deep.learn(known)
        return FittedBlend(boosted, deep, self.share, thirds, dict(levels), known.seen_h)


@dataclass(frozen=True)
class FittedBlend:
    """Both models, and per slice the raw levels that are right after correction."""

    boosted: FittedBoosted
    deep: FittedDeep
    share: float
    thirds: dict[str, tuple[float, ...]]
    levels: dict[str, Array]
    seen_h: float

    def hours(self, x: pl.DataFrame) -> Array:
        """Return corrected quantiles [h], shape (n, n_levels)."""
        raw = self.raw(x)
        names = self.slices(x)
        level = np.tile(np.array(LEVELS), (x.height, 1))
        for name, corrected in self.levels.items():
            level[names == name] = corrected
        return at_levels(raw, level)

    def raw(self, x: pl.DataFrame) -> Array:
        """Return quantiles [h] before the correction, shape (n, n_levels)."""
        trees, net = np.log(self.boosted.hours(x)), np.log(self.deep.hours(x))
        return np.asarray(np.exp(self.share * trees + (1 - self.share) * net))

    def slices(self, x: pl.DataFrame) -> npt.NDArray[np.str_]:
        """Return the name of the slice of each row, for example ``checkout/long``."""
        out = np.full(x.height, "unseen", dtype="<U32")
        usual = x["usual_h"].to_numpy()
        for moment, edges in self.thirds.items():
            mine = (x["moment"] == moment).to_numpy()
            part = np.array(["short", "middle", "long"])[np.searchsorted(edges, usual[mine])]
            out[mine] = np.char.add(f"{moment}/", part)
        return out

    def predict(self, x: pl.DataFrame) -> pl.DataFrame:
        """Return rows of ``predictions``."""
        rows = predictions(x, self.hours(x), "blend", f"{self.seen_h:.0f}")
        return rows.with_columns(slice=pl.Series(self.slices(x)))

    def recalibrate(self, x: pl.DataFrame, y: pl.DataFrame, days: float = 14) -> "FittedBlend":
        """Return this model corrected by outcomes that it had not seen."""
        known = durations(x, y)
        return replace(self, levels=_correct(self, known, known.seen_h - 24 * days, 100))


def _correct(
    model: FittedBlend, known: Durations, since_h: float, worth: float
) -> dict[str, Array]:
    """Follow what was open in the window on the model's own scale, moment by moment."""
    opened = np.maximum(since_h - (known.seen_h - known.age_h), 0.0)
    at_risk = known.only(known.hours > opened)
    opened = opened[known.hours > opened]
    raw = model.raw(at_risk.x)
    enter, leave = reached(raw, opened), reached(raw, at_risk.hours)
    names = model.slices(at_risk.x)
    moments = at_risk.x["moment"].to_numpy()
    levels = {}
    for moment in np.unique(moments):
        mine = moments == moment
        whole = rates(enter[mine], leave[mine], at_risk.ended[mine])
        for name in np.unique(names[mine]):
            part = names == name
            rate = rates(enter[part], leave[part], at_risk.ended[part], whole, worth)
            levels[str(name)] = inverse(rate)
    return levels
