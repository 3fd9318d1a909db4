"""Boosted trees on the residual over the leg-sum baseline, with open parcels in the likelihood.

An accelerated failure time model: ``log(hours) = log(usual) + f(x) + e``. While ``f`` is learnt,
``e`` is logistic, so that an open parcel contributes the chance of lasting longer; what ``e`` is
like is then read off rows that were kept aside.

References
----------
.. [1] Barnwal, Cho & Hocking (2022). Survival regression with accelerated failure time model in
       XGBoost. *Journal of Computational and Graphical Statistics* 31(4).
"""

from collections.abc import Callable
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import polars as pl

from lanecast.metrics.survival import kaplan_meier
from lanecast.tables.parcel import LEVELS

from .rows import Array, Durations, durations, number_columns, predictions, usual
from .vocabulary import Vocabulary, inputs_of, learn

TEXTS = ("moment", "status", "origin_region", "goal_region", "category", "payment")
MANY = 2000  # rows that are worth more than one thread
ASIDE = 10  # every tenth row shows how far off the trees are
Objective = Callable[[Array, lgb.Dataset], tuple[Array, Array]]


@dataclass(frozen=True)
class Boosted:
    """Trees for the median.

    ``half_life_d`` is the age at which a row counts half; ``spread`` the width of the logistic law
    that the likelihood assumes, against that of the log over the baseline: a wider one listens more
    to long durations, a narrower one is closer to the median.
    """

    rounds: int = 200
    learning_rate: float = 0.05
    leaves: int = 31
    half_life_d: float = 60
    spread: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        positive = min(self.half_life_d, self.spread, self.learning_rate) > 0
        if self.rounds < 1 or self.leaves < 2 or not positive:
            raise ValueError(
                "Expected rounds >= 1, leaves >= 2, and learning_rate > 0, half_life_d > 0 and "
                f"spread > 0, got {self}."
            )

    def fit(self, x: pl.DataFrame, y: pl.DataFrame) -> "FittedBoosted":
        """Maximise the weighted censored likelihood."""
        return self.learn(durations(x, y).enough())

    def learn(self, known: Durations) -> "FittedBoosted":
        """Return the model fitted to rows with their durations."""
        columns = number_columns(known.x)
        texts = learn(known.x, TEXTS)
        inputs = inputs_of(known.x, columns, texts)
        target = np.log(known.hours / usual(known.x))
        weight = known.weight(self.half_life_d)
        aside = np.arange(len(target)) % ASIDE == 0
        spread = self.spread * _width(target, known)
        settings = {
            "objective": _objective(
                target[~aside], known.ended[~aside], weight[~aside], spread[~aside]
            ),
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": 40,
            "min_sum_hessian_in_leaf": 0.0,
            "lambda_l2": 5.0,
            "feature_fraction": 0.6,
            "bagging_fraction": 0.7,
            "bagging_freq": 1,
            "seed": self.seed,
            "deterministic": True,
            "num_threads": 1,  # the same bits everywhere; many threads stall on small data
            "verbosity": -1,
        }
        data = lgb.Dataset(inputs[~aside], np.zeros((~aside).sum()))
        booster = lgb.train(settings, data, self.rounds)
        rest = target[aside] - booster.predict(inputs[aside], num_threads=1)
        moments = known.x["moment"].to_numpy()[aside]
        shape = {
            str(moment): _shape(rest[moments == moment], known.ended[aside][moments == moment])
            for moment in np.unique(moments)
        }
        return FittedBoosted(booster, columns, texts, shape, known.seen_h)


@dataclass(frozen=True)
class FittedBoosted:
    """The trees, the columns that they read, and by moment the log offsets of the quantiles."""

    booster: lgb.Booster
    numbers: tuple[str, ...]
    texts: Vocabulary
    shape: dict[str, Array]
    seen_h: float

    def median(self, x: pl.DataFrame) -> Array:
        """Return what the trees say [h], shape (n,)."""
        inputs = inputs_of(x, self.numbers, self.texts)
        threads = 0 if x.height > MANY else 1
        ratio = np.asarray(self.booster.predict(inputs, num_threads=threads))
        return np.asarray(usual(x) * np.exp(ratio))

    def hours(self, x: pl.DataFrame) -> Array:
        """Return quantiles [h], shape (n, n_levels)."""
        moments = x["moment"].to_numpy()
        wide = np.max(list(self.shape.values()), axis=0)  # for a moment never seen
        offset = np.tile(wide, (x.height, 1))
        for moment, shape in self.shape.items():
            offset[moments == moment] = shape
        return np.asarray(self.median(x)[:, None] * np.exp(offset))

    def predict(self, x: pl.DataFrame) -> pl.DataFrame:
        """Return rows of ``predictions``."""
        return predictions(x, self.hours(x), "boosted", f"{self.seen_h:.0f}")

    def drivers(self, x: pl.DataFrame) -> pl.DataFrame:
        """Return how much each input moves the median of each row of x.

        Returns
        -------
        DataFrame
            ``row``, ``feature``, ``value``, ``factor``: the median is the product of the factors
            of all features, the one named ``usual_h`` included (TreeSHAP on the log; Lundberg et
            al., 2020).
        """
        inputs = inputs_of(x, self.numbers, self.texts)
        parts = np.asarray(self.booster.predict(inputs, pred_contrib=True, num_threads=1))
        names = [*self.numbers, *self.texts.values, "usual_h"]
        parts[:, -1] += np.log(usual(x))
        wide = pl.DataFrame(np.exp(parts), schema=names, orient="row").with_row_index("row")
        values = x.select(names).cast(pl.String).with_row_index("row")
        return wide.unpivot(index="row", variable_name="feature", value_name="factor").join(
            values.unpivot(index="row", variable_name="feature", value_name="value"),
            on=["row", "feature"],
        )


def _sigmoid(z: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(z, -30, 30))))


def _shape(rest: Array, ended: Array) -> Array:
    """Return quantiles of what is left of the log, shape (n_levels,), by the product-limit law."""
    survival = kaplan_meier(rest, ended > 0)
    if not len(survival.time):
        return np.zeros(len(LEVELS))
    index = [int(np.argmax(survival.value <= 1 - level)) for level in LEVELS]
    never = survival.value[-1] > 1 - np.array(LEVELS)  # beyond what was seen: the furthest
    return np.where(never, survival.time[-1], survival.time[index])


def _width(target: Array, known: Durations) -> Array:
    """Return the scale of a logistic law with the quartiles of the row's moment, shape (n,)."""
    moments = known.x["moment"].to_numpy()
    scale = np.ones(len(target))
    for moment in np.unique(moments):
        mine = moments == moment
        ended = target[mine & (known.ended > 0)]
        if len(ended) > 1:
            low, high = np.quantile(ended, [0.25, 0.75])
            scale[mine] = max((high - low) / (2 * np.log(3)), 0.05)
    return scale


def _objective(target: Array, ended: Array, weight: Array, spread: Array) -> Objective:
    """Gradient and curvature in f: density for the delivered, chance to last for the open."""

    def objective(score: Array, _: lgb.Dataset) -> tuple[Array, Array]:
        s = _sigmoid((target - score) / spread)
        gradient = np.where(ended > 0, 1 - 2 * s, -s)
        curve = np.where(ended > 0, 2 * s * (1 - s), s * (1 - s))
        return weight * gradient / spread, weight * np.maximum(curve, 0.02) / spread**2

    return objective
