"""Series that often sell nothing: boosted trees for the mean, and a law of counts around it.

A quantile head has nothing to say of an item of which most quantiles are 0. Here trees learn the
mean of all such series with the deviance of Tweedie's compound Poisson laws [1]_, which takes zeros
as they are; how far counts scatter about it is a number of each series, drawn towards that of all.

References
----------
.. [1] Jorgensen (1987). Exponential dispersion models. *JRSS B* 49(2).
"""

from dataclasses import dataclass, field

import lightgbm as lgb
import numpy as np

from lanecast.planning.forecast import Forecast, answered
from lanecast.planning.panel import Floats, Panel
from lanecast.planning.weighing import Weighing

from .boosting import settings
from .design import Design
from .examples import Examples, examples
from .pooled import together
from .scatter import law_of_counts
from .seasonal import SeasonalNaive
from .weights import kinds

SHRUNK = 30.0  # outcomes of a series that count as much as those of all
LEAST_MEAN = 1e-4


@dataclass(frozen=True)
class Counts:
    """Trees for the mean of intermittent series, with negative binomial quantiles.

    Parameters
    ----------
    power
        Of the variance of Tweedie's law, between 1 (Poisson) and 2 (gamma).
    """

    power: float = 1.1
    rounds: int = 150
    leaves: int = 15
    rate: float = 0.06
    smallest: int = 60
    features: float = 0.5
    rows: float = 0.5
    most: int = 150_000
    back: int | None = None
    weighing: Weighing = field(default_factory=Weighing)
    seed: int = 0
    threads: int = 1

    def __post_init__(self) -> None:
        if not 1 < self.power < 2:
            raise ValueError(f"power: expected a number between 1 and 2, got {self.power}.")

    def fit(self, past: Panel) -> "FittedCounts":
        """Learn from the intermittent series, if there are any and none was ever below 0."""
        rare = np.flatnonzero(kinds(past) == 1)
        if not len(rare) or (past.y < 0).any():
            return FittedCounts(self, None, {})
        part = past.of(rare)
        design = Design(part)
        rows = examples(design, Examples(self.most, self.back, self.weighing, self.seed))
        if rows is None:
            return FittedCounts(self, None, {})
        data = lgb.Dataset(rows.x, rows.y, weight=rows.weight, feature_name=list(rows.names))
        trees = lgb.train(self._settings(), data, self.rounds)
        mean = trees.predict(rows.x, num_threads=self.threads) * rows.scale
        excess = _excess(rows.y * rows.scale, np.asarray(mean), rows.series, len(rare))
        named = dict(zip(part.ids.tolist(), excess.tolist(), strict=True))
        return FittedCounts(self, trees, named)

    def _settings(self) -> dict[str, object]:
        return settings(
            self.leaves,
            self.rate,
            self.smallest,
            self.features,
            self.rows,
            self.seed,
            self.threads,
            objective="tweedie",
            tweedie_variance_power=self.power,
        )


@dataclass(frozen=True)
class FittedCounts:
    """The trees, and how much more each series scatters than Poisson's law: by its name."""

    how: Counts
    trees: lgb.Booster | None
    excess: dict[str, float]

    def predict(self, of: Panel) -> Forecast:
        """Return quantiles of the series that were learnt; others are said to be no counts."""
        plain = SeasonalNaive().fit(of).predict(of)
        fallback = np.where(plain.fallback == "", "no_counts", plain.fallback)
        known = np.array([str(name) in self.excess for name in of.ids])
        rows = np.flatnonzero(known & (plain.fallback == ""))
        if self.trees is None or not len(rows):
            return Forecast(plain.quantiles, fallback)
        part = of.of(rows)
        design, origin = Design(part), of.length
        mean = np.empty((len(rows), of.horizon))
        for steps in together(len(rows), of.horizon):
            x, _ = design.x(origin, steps)
            answer = np.asarray(self.trees.predict(x, num_threads=self.how.threads))
            mean[:, steps - 1] = answer.reshape(len(rows), len(steps))
        mean = np.maximum(mean * design.scale(origin)[:, None], LEAST_MEAN)
        excess = np.array([self.excess[str(name)] for name in part.ids])
        quantiles = plain.quantiles.copy()
        quantiles[rows] = law_of_counts(mean, excess)
        fallback[rows] = ""
        return answered(quantiles, fallback)


def _excess(y: Floats, mean: Floats, series: np.ndarray, count: int) -> Floats:
    """Return the excess of the variance over the mean, in squares of the mean, shape (N,)."""
    more = np.bincount(series, (y - mean) ** 2 - mean, count)
    square = np.bincount(series, mean**2, count)
    whole = max(more.sum() / max(square.sum(), 1e-9), 0.0)
    usual = SHRUNK * square.sum() / max(len(y), 1)
    return np.asarray(np.maximum((more + usual * whole) / np.maximum(square + usual, 1e-9), 0.0))
