"""Boosted trees: which of the candidates is next, and how long the leg takes.

The next stop is a softmax over the candidates of a question: trees add to the log of the baseline's
share, so that with few examples the answer is the baseline (conditional logit; McFadden, 1974). The
time is the baseline's time multiplied by ``exp(f(x))``, where f is the median of the log ratio,
each leg weighted by how long it usually takes, as an error in minutes weighs it.
"""

from dataclasses import dataclass, field

import lightgbm as lgb
import numpy as np
import polars as pl

from .frequency import Frequency, shares
from .rows import (
    LEG_INPUTS,
    STOP_INPUTS,
    Array,
    Index,
    Known,
    inputs,
    known,
    next_stops,
    normalised,
    numbered,
)
from .spread import Spread, spread

FEWEST = 300  # answers to learn from
FLOOR = 1e-9
SMALLEST = 0.05  # expected size of what is left over of a log


@dataclass(frozen=True)
class Boosted:
    """Settings of the trees; ``most`` limits the questions to learn from to the last ones."""

    rounds: int = 60
    leaves: int = 8
    rate: float = 0.05
    leg_rounds: int = 200
    leg_leaves: int = 31
    leg_rate: float = 0.02
    weight_power: float = 0.5
    held_out: float = 0.3
    most: int = 40_000
    seed: int = 0
    frequency: Frequency = field(default_factory=Frequency)

    def __post_init__(self) -> None:
        counts = min(self.rounds, self.leg_rounds, self.most) >= 1
        leaves = min(self.leaves, self.leg_leaves) >= 2
        rates = min(self.rate, self.leg_rate) > 0 and max(self.rate, self.leg_rate) <= 1
        if not (counts and leaves and rates and 0 < self.held_out < 1 and self.weight_power >= 0):
            raise ValueError(
                "Expected rounds, leg_rounds and most of at least 1, leaves of at least 2, rates "
                f"in (0, 1], held_out in (0, 1) and weight_power >= 0, got {self}."
            )

    def fit(self, x: pl.DataFrame, y: pl.DataFrame) -> "FittedBoosted":
        """Learn from all answers; the spread of times is taken from trees that saw fewer."""
        rows = known(x, y)
        earlier, later = held_out(rows, self.held_out)
        test = self.learn(earlier)
        return self.learn(rows, spread(*test.left_over(later)))

    def learn(self, rows: Known, around: Spread | None = None) -> "FittedBoosted":
        """Return trees grown on ``rows``; none where there are too few."""
        rows = rows.latest(self.most)
        around = around or spread(np.zeros(0), np.zeros(0))
        stop = leg = size = None
        listed = rows.only((rows.x["listed"] > 0).to_numpy())
        if listed.questions >= FEWEST:
            stop = self._stop(listed)
        done = rows.only(~np.isnan(rows.took_h))
        if done.questions >= FEWEST:
            leg, size = self._leg(done)
        return FittedBoosted(self.frequency, stop, leg, size, around, rows.seen_h)

    def _stop(self, rows: Known) -> lgb.Booster:
        start = np.log(np.maximum(shares(rows.x, self.frequency), FLOOR))
        settings = self._settings(self.leaves) | {
            "objective": softmax(start, rows.hit, rows.group),
            "lambda_l2": 5.0,
        }
        data = lgb.Dataset(inputs(rows.x, STOP_INPUTS), rows.hit)
        return lgb.train(settings, data, self.rounds)

    def _leg(self, rows: Known) -> tuple[lgb.Booster, lgb.Booster]:
        usual = rows.x["usual_h"].to_numpy()
        values, weight = inputs(rows.x, LEG_INPUTS), usual**self.weight_power
        ratio = np.log(rows.took_h / usual)
        settings = self._settings(self.leg_leaves) | {
            "learning_rate": self.leg_rate,
            "min_data_in_leaf": 8,
            "objective": "quantile",
            "alpha": 0.5,
            "feature_fraction": 0.5,
            "bagging_fraction": 0.7,
            "bagging_freq": 1,
        }
        middle = lgb.train(settings, lgb.Dataset(values, ratio, weight=weight), self.leg_rounds)
        off = np.abs(ratio - np.asarray(middle.predict(values, num_threads=1)))
        wide = self._settings(self.leaves) | {"objective": "l2", "min_data_in_leaf": 40}
        return middle, lgb.train(wide, lgb.Dataset(values, off), self.rounds)

    def _settings(self, leaves: int) -> dict[str, object]:
        return {
            "num_leaves": leaves,
            "learning_rate": self.rate,
            "min_data_in_leaf": 15,
            "verbosity": -1,
            "num_threads": 1,
            "seed": self.seed,
            "deterministic": True,
            "force_row_wise": True,
        }


@dataclass(frozen=True)
class FittedBoosted:
    """Trees for the stop, the time, and how far the time may be off; None where none were grown."""

    frequency: Frequency
    stop: lgb.Booster | None
    leg: lgb.Booster | None
    size: lgb.Booster | None
    around: Spread
    seen_h: float

    def chance(self, x: pl.DataFrame) -> Array:
        """Return the chance of each candidate, shape (n,); NaN where the plan alone knows it."""
        listed = x["listed"].to_numpy() > 0
        rows = x.filter(pl.Series(listed))
        chance = shares(rows, self.frequency)
        if self.stop is not None and rows.height:
            score = np.log(np.maximum(chance, FLOOR)) + np.asarray(
                self.stop.predict(inputs(rows, STOP_INPUTS), num_threads=1)
            )
            chance = normalised(score, numbered(rows))
        out = np.full(x.height, np.nan)
        out[listed] = chance
        return out

    def log_hours(self, x: pl.DataFrame) -> Array:
        """Return the log of the median time [h] to each candidate, shape (n,)."""
        usual = np.asarray(np.log(x["usual_h"].to_numpy()))
        if self.leg is None or x.is_empty():
            return usual
        ratio = self.leg.predict(inputs(x, LEG_INPUTS), num_threads=1)
        return np.asarray(usual + np.asarray(ratio))

    def expected_size(self, x: pl.DataFrame) -> Array:
        """Return how far the log of the time may be off, shape (n,)."""
        if self.size is None or x.is_empty():
            return np.ones(x.height)
        found = np.asarray(self.size.predict(inputs(x, LEG_INPUTS), num_threads=1))
        return np.asarray(np.maximum(found, SMALLEST))

    def left_over(self, rows: Known) -> tuple[Array, Array]:
        """Return what is left over of the log of times that are known, and its expected size."""
        done = rows.only(~np.isnan(rows.took_h))
        return np.log(done.took_h) - self.log_hours(done.x), self.expected_size(done.x)

    def predict(self, x: pl.DataFrame) -> pl.DataFrame:
        """Return rows of ``next_stops``; without trees the baseline answers, and it is said."""
        hours = self.around.hours(self.log_hours(x), self.expected_size(x))
        fallback = "frequency" if self.stop is None else None
        version = f"{self.seen_h:.0f}"
        return next_stops(x, self.chance(x), hours, "boosted", version, fallback)


def held_out(rows: Known, share: float) -> tuple[Known, Known]:
    """Return what was known before the last ``share`` of the questions were asked, and those."""
    if not rows.questions:
        return rows, rows
    cut = float(np.quantile(rows.x["asof_h"].to_numpy(), 1 - share))
    return rows.before(cut), rows.after(cut)


def softmax(start: Array, hit: Array, group: Index):  # type: ignore[no-untyped-def]
    """Return the objective of LightGBM: minus the log of the answer's share in its question."""

    def gradients(score: Array, data: lgb.Dataset) -> tuple[Array, Array]:
        chance = normalised(score + start, group)
        return chance - hit, np.maximum(chance * (1 - chance), 1e-3)

    return gradients
