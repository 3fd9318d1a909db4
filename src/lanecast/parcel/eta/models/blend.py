"""Trees and net together, corrected by what happened lately: the model to use."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.tables.parcel import LEVELS

from .boosted import Boosted, FittedBoosted
from .deep import Deep, FittedDeep
from .lane import FittedLaneQuantiles, LaneQuantiles
from .recalibration import at_levels, inverse, rates, reached
from .rows import FEWEST, Array, Durations, durations, predictions

SHIFT = 0.5  # of the move that the earlier model saw: the later one has learnt some of it
SHAPE = 0.7  # of the correction as a whole: two weeks are a small sample of the tails
UNMEASURED = pl.DataFrame(schema={"slice": pl.String, "n": pl.Int64, "coverage_80": pl.Float64})
MEDIAN = LEVELS.index(0.5)
EDGES_OF_SLICES = (1 / 3, 2 / 3)  # short, middle and long ways, by their usual duration


@dataclass(frozen=True)
class Blend:
    """The net's distribution, moved towards the median of the trees, recalibrated per slice.

    Parameters
    ----------
    share
        How far the median of the net is moved towards that of the trees, on a log scale.
    window_d
        Days on which predictions are held against what happened, by models that had not seen it.
    worth
        Events that all slices of a moment are worth together against one slice alone.
    most
        Rows to learn from; of more, questions asked on the way are sampled.
    """

    boosted: Boosted = field(default_factory=Boosted)
    deep: Deep = field(default_factory=Deep)
    lanes: LaneQuantiles = field(default_factory=LaneQuantiles)
    share: float = 0.75
    window_d: float = 14
    worth: float = 100
    most: int = 200_000

    def __post_init__(self) -> None:
        positive = min(self.window_d, self.worth, self.most) > 0
        if not (0 <= self.share <= 1 and positive):
            raise ValueError(
                "Expected share in [0, 1], window_d > 0, worth > 0 and most > 0, got "
                f"{self.share=}, {self.window_d=}, {self.worth=}, {self.most=}."
            )

    def fit(self, x: pl.DataFrame, y: pl.DataFrame) -> "FittedBlend":
        """Learn up to the window, correct on the window, then learn from everything."""
        known = durations(x, y).enough()
        cut = known.seen_h - 24 * self.window_d
        past = known.before(cut)
        if past.ended.sum() < FEWEST:
            raise ValueError(
                f"Only {past.ended.sum():.0f} deliveries were known {self.window_d:g} days before "
                f"the fit; at least {FEWEST} are needed to hold a model against those days. Fit at "
                "a later moment, or on more parcels."
            )
        earlier = self._learn(past, {})
        correction = _correct(earlier, known, cut, self.worth)
        return self._learn(known, correction)

    def _learn(self, known: Durations, rates: Mapping[str, Array]) -> "FittedBlend":
        known = known.sample(self.most, self.boosted.seed)
        thirds = {
            moment: tuple(
                np.quantile(
                    known.x.filter(moment=moment)["usual_h"].to_numpy(), EDGES_OF_SLICES
                ).tolist()
            )
            for moment in known.x["moment"].unique().sort()
        }
        boosted, deep = self.boosted.learn(known), self.deep.learn(known)
        lanes = self.lanes.learn(known)
        parts = (boosted, deep, lanes, self.share)
        return FittedBlend(*parts, thirds, dict(rates), UNMEASURED, known.seen_h)


@dataclass(frozen=True)
class FittedBlend:
    """Both models, and per slice how much faster or slower things went than they say."""

    boosted: FittedBoosted
    deep: FittedDeep
    lanes: FittedLaneQuantiles
    share: float
    thirds: dict[str, tuple[float, ...]]
    rates: dict[str, Array]
    measured: pl.DataFrame
    seen_h: float

    def hours(self, x: pl.DataFrame) -> Array:
        """Return corrected quantiles [h], shape (n, n_levels)."""
        names = self.slices(x)
        level = np.tile(np.array(LEVELS), (x.height, 1))
        for name in self.rates.keys() & set(names.tolist()):
            level[names == name] = inverse(self.rates[name], shift=SHIFT, shape=SHAPE)
        return at_levels(self.raw(x), level)

    def raw(self, x: pl.DataFrame) -> Array:
        """Return quantiles [h] before the correction, shape (n, n_levels)."""
        net = self.deep.hours(x)
        middle = net[:, MEDIAN]
        return np.asarray(net * ((self.boosted.median(x) / middle) ** self.share)[:, None])

    def slices(self, x: pl.DataFrame) -> npt.NDArray[np.str_]:
        """Return the name of the slice of each row, for example ``checkout/long``."""
        out = np.full(x.height, "unseen", dtype="<U32")
        usual = x["usual_h"].fill_null(0.0).to_numpy()
        for moment, edges in self.thirds.items():
            mine = (x["moment"] == moment).to_numpy()
            part = np.array(["short", "middle", "long"])[np.searchsorted(edges, usual[mine])]
            out[mine] = np.char.add(f"{moment}/", part)
        return out

    def predict(self, x: pl.DataFrame) -> pl.DataFrame:
        """Return rows of ``predictions``, in the order of x.

        A row with nothing to compare with is answered by the lane, and says so in ``fallback``.
        """
        known = x["usual_h"].is_not_null().to_numpy()
        hours = np.full((x.height, len(LEVELS)), np.nan)
        if not known.all():
            hours[~known] = self.lanes.hours(x.filter(pl.Series(~known)))
        if known.any():
            hours[known] = self.hours(x if known.all() else x.filter(pl.Series(known)))
        slices = self.slices(x).tolist()
        coverage = dict(self.measured.select("slice", "coverage_80").iter_rows())
        return predictions(x, hours, "blend", f"{self.seen_h:.0f}").with_columns(
            slice=pl.Series(slices, dtype=pl.String),
            coverage_80=pl.Series([coverage.get(each) for each in slices], dtype=pl.Float64),
            fallback=pl.when(pl.Series(~known)).then(pl.lit("baseline")),
        )

    def drivers(self, x: pl.DataFrame) -> pl.DataFrame:
        """Return what moves the median of the trees, see ``FittedBoosted.drivers``."""
        return self.boosted.drivers(x)

    def with_coverage(self, scores: pl.DataFrame) -> "FittedBlend":
        """Return this model with the coverage that was measured on later data, by slice."""
        return replace(self, measured=scores.select("slice", "n", "coverage_80"))


def _correct(
    model: FittedBlend, known: Durations, since_h: float, worth: float
) -> dict[str, Array]:
    """Follow what was open since ``since_h`` on the model's own scale, slice by slice."""
    opened = np.maximum(since_h - (known.seen_h - known.age_h), 0.0)
    open_then = known.hours > opened
    # halfway between two beliefs: that whoever is open is late, and that the usual share is lost
    alive = np.sqrt(known.alive()[open_then])
    opened, at_risk = opened[open_then], known.only(open_then)
    raw = model.raw(at_risk.x)
    enter, leave = reached(raw, opened), reached(raw, at_risk.hours)
    names = model.slices(at_risk.x)
    moments = at_risk.x["moment"].to_numpy()
    corrected = {}
    for moment in np.unique(moments):
        mine = moments == moment
        whole = rates(enter[mine], leave[mine], at_risk.ended[mine], weight=alive[mine])
        for name in np.unique(names[mine]):
            part = names == name
            rows = (enter[part], leave[part], at_risk.ended[part])
            corrected[str(name)] = rates(*rows, whole, worth, alive[part])
    return corrected
