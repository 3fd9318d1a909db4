"""Baseline and trees together, weighted by how they did on the last questions: the model to use."""

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from .boosted import Boosted, FittedBoosted, held_out
from .frequency import FittedFrequency, Frequency
from .rows import Array, Known, known, next_stops
from .spread import Spread, spread

SHARES = tuple(step / 10 for step in range(11))
ENOUGH = 100  # questions to choose a share on
WORTH = 300.0  # questions that the baseline is worth against what was measured


@dataclass(frozen=True)
class Blend:
    """Chances mixed linearly, times on a log scale.

    Trees are grown on all but the last ``held_out`` of the questions; there the shares of the trees
    are chosen, by the log score for the stop and by the absolute error in minutes for the time,
    and there the spread of times is measured. Then trees are grown on everything.
    """

    boosted: Boosted = field(default_factory=Boosted)
    frequency: Frequency = field(default_factory=Frequency)
    held_out: float = 0.3

    def __post_init__(self) -> None:
        if not 0 < self.held_out < 1:
            raise ValueError(f"Expected held_out in (0, 1), got {self.held_out}.")

    def fit(self, x: pl.DataFrame, y: pl.DataFrame) -> "FittedBlend":
        """Choose shares and spread on the last questions, then learn from everything."""
        rows = known(x, y).latest(self.boosted.most)
        earlier, later = held_out(rows, self.held_out)
        test = FittedBlend(self.frequency, self.boosted.learn(earlier), 1.0, 1.0, NOTHING)
        stop, leg = 0.0, 0.0
        if later.questions >= ENOUGH and test.boosted.stop is not None:
            stop = _stop_share(test, later)
        done = later.only(~np.isnan(later.took_h))
        if done.questions >= ENOUGH and test.boosted.leg is not None:
            leg = _leg_share(test, done)
        test = FittedBlend(self.frequency, test.boosted, stop, leg, NOTHING)
        rest = np.log(done.took_h) - test.log_hours(done.x)
        around = spread(rest, test.boosted.expected_size(done.x))
        return FittedBlend(self.frequency, self.boosted.learn(rows), stop, leg, around)


@dataclass(frozen=True)
class FittedBlend:
    """Both models, and the shares of the trees."""

    frequency: Frequency
    boosted: FittedBoosted
    stop_share: float
    leg_share: float
    around: Spread

    @property
    def seen_h(self) -> float:
        """Return the moment by which outcomes were seen, in hours since 1970 UTC."""
        return self.boosted.seen_h

    def chance(self, x: pl.DataFrame) -> Array:
        """Return the chance of each candidate, shape (n,); NaN where the plan alone knows it."""
        plain = FittedFrequency(self.frequency, self.around, self.seen_h).chance(x)
        return (1 - self.stop_share) * plain + self.stop_share * self.boosted.chance(x)

    def log_hours(self, x: pl.DataFrame) -> Array:
        """Return the log of the median time [h] to each candidate, shape (n,)."""
        usual = np.asarray(np.log(x["usual_h"].to_numpy()))
        return (1 - self.leg_share) * usual + self.leg_share * self.boosted.log_hours(x)

    def expected_size(self, x: pl.DataFrame) -> Array:
        """Return how far the log of the time may be off, shape (n,)."""
        return self.boosted.expected_size(x)

    def predict(self, x: pl.DataFrame) -> pl.DataFrame:
        """Return rows of ``next_stops``; where the trees have no share, it is said."""
        hours = self.around.hours(self.log_hours(x), self.expected_size(x))
        fallback = "frequency" if self.stop_share == 0 else None
        return next_stops(x, self.chance(x), hours, "blend", f"{self.seen_h:.0f}", fallback)


NOTHING = spread(np.zeros(0), np.zeros(0))


def _stop_share(model: FittedBlend, rows: Known) -> float:
    """Return the share of the trees with the best log score."""
    hit = (rows.hit > 0) & (rows.x["listed"] > 0).to_numpy()
    trees = model.boosted.chance(rows.x)[hit]
    plain = FittedFrequency(model.frequency, model.around, model.seen_h).chance(rows.x)[hit]
    loss = [-np.log(np.maximum(w * trees + (1 - w) * plain, 1e-9)).mean() for w in SHARES]
    return SHARES[int(np.argmin(loss))]


def _leg_share(model: FittedBlend, rows: Known) -> float:
    """Return the share of the trees with the least absolute error, shrunk to none."""
    trees, usual = model.boosted.log_hours(rows.x), np.log(rows.x["usual_h"].to_numpy())
    error = [np.abs(np.exp(w * trees + (1 - w) * usual) - rows.took_h).mean() for w in SHARES]
    return SHARES[int(np.argmin(error))] * rows.questions / (rows.questions + WORTH)
