"""Boosted trees for the median: what is going on now, and what settled in the end.

Half of the answer is an accelerated failure time model on the residual over the baseline:
``log(hours) = log(usual) + f(x) + e``. While ``f`` is learnt, ``e`` is logistic, so that an open
parcel contributes the chance of lasting longer: it follows the network, but a logistic law is not
that of two-peaked durations (delivered today, or tomorrow at the second attempt). The other half
is the plain median of ``log(hours)`` among questions so old that nearly all have their answer: it
needs no law, and it is late to follow. What is left is then read off rows that were kept aside.

References
----------
.. [1] Barnwal, Cho & Hocking (2022). Survival regression with accelerated failure time model in
       XGBoost. *Journal of Computational and Graphical Statistics* 31(4).
"""

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.metrics.survival import kaplan_meier
from lanecast.parcel.vocabulary import Vocabulary, learn
from lanecast.tables.parcel import LEVELS

from .likelihood import censored_logistic, width
from .rows import (
    FEWEST,
    Array,
    Durations,
    durations,
    inputs_of,
    number_columns,
    predictions,
    usual,
)

TEXTS = ("moment", "status", "origin_region", "goal_region", "category", "payment")
MANY = 2000  # rows that are worth more than one thread
ASIDE = 10  # every tenth row shows how far off the trees are
NEARLY_ALL = 0.99  # of the known deliveries came by the age at which a question counts as settled
PENDING = 0.05  # of settled questions may still be open; with more, history is too short for them
LONG = 0.6  # a parcel that usually takes twice as long weighs 2^0.6: its errors are larger in days


@dataclass(frozen=True)
class Boosted:
    """Trees for the median.

    ``half_life_d`` is the age at which a row counts half for the trees that follow the network;
    ``spread`` the width of the logistic law that their likelihood assumes, against that of the log
    over the baseline: a wider one listens more to long durations, a narrower one is closer to the
    median. ``settled`` is the share of the other trees, those of settled questions.
    """

    rounds: int = 200
    learning_rate: float = 0.05
    leaves: int = 31
    half_life_d: float = 60
    spread: float = 1.0
    settled: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        positive = min(self.half_life_d, self.spread, self.learning_rate) > 0
        if self.rounds < 1 or self.leaves < 2 or not positive or not 0 <= self.settled <= 1:
            raise ValueError(
                "Expected rounds >= 1, leaves >= 2, settled in [0, 1], and learning_rate > 0, "
                f"half_life_d > 0 and spread > 0, got {self}."
            )

    def fit(self, x: pl.DataFrame, y: pl.DataFrame) -> "FittedBoosted":
        """Maximise the weighted censored likelihood, and minimise the absolute error."""
        return self.learn(durations(x, y).enough())

    def learn(self, known: Durations) -> "FittedBoosted":
        """Return the model fitted to rows with their durations."""
        columns = (*number_columns(known.x), "usual_h")
        texts = learn(known.x, TEXTS)
        inputs = inputs_of(known.x, columns, texts)
        aside = np.arange(len(inputs)) % ASIDE == 0
        following = self._follow(inputs[~aside], known.only(~aside))
        rows, share = self._old_enough(known, ~aside)
        settled = self._settle(inputs[rows], known.hours[rows])
        trees = (following, settled, share)
        middle = _median(*trees, inputs[aside], usual(known.x)[aside], threads=1)
        rest = np.log(known.hours[aside] / middle)
        moments = known.x["moment"].to_numpy()[aside]
        shape = {
            str(moment): _shape(rest[moments == moment], known.ended[aside][moments == moment])
            for moment in np.unique(moments)
        }
        return FittedBoosted(*trees, columns, texts, shape, known.seen_h)

    def _follow(self, inputs: Array, known: Durations) -> lgb.Booster:
        """Learn the residual over the baseline from what is delivered and what is still open."""
        target = np.log(known.hours / usual(known.x))
        weight = known.weight(self.half_life_d) * usual(known.x) ** LONG
        spread = self.spread * width(target, known)
        settings = {
            "objective": censored_logistic(target, known.ended, weight / weight.mean(), spread),
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": 40,
            "min_sum_hessian_in_leaf": 0.0,
            "lambda_l2": 5.0,
            "feature_fraction": 0.6,
            "bagging_fraction": 0.7,
            "bagging_freq": 1,
        }
        data = lgb.Dataset(inputs, np.zeros(len(inputs)))
        return lgb.train(settings | self._always, data, self.rounds)

    def _settle(self, inputs: Array, hours: Array) -> lgb.Booster:
        """Learn the median of the log from what was delivered."""
        data = lgb.Dataset(inputs, np.log(hours))
        return lgb.train({"objective": "l1"} | self._always, data, 100)

    def _old_enough(
        self, known: Durations, used: npt.NDArray[np.bool_]
    ) -> tuple[npt.NDArray[np.bool_], float]:
        """Return the delivered among settled questions, and the share that they deserve.

        In a short history the slow are missing from them, so that their median is too short: then
        they deserve nothing, and all that is delivered stands in for them.
        """
        done = used & (known.ended > 0)
        old = used & (known.age_h > np.quantile(known.hours[done], NEARLY_ALL))
        pending = known.alive()[old & (known.ended == 0)].sum()
        if (old & done).sum() < FEWEST or pending > PENDING * old.sum():
            return done, 0.0
        return old & done, self.settled

    @property
    def _always(self) -> dict[str, object]:
        """Return settings that give the same bits everywhere; threads stall on small data."""
        return {"seed": self.seed, "deterministic": True, "num_threads": 1, "verbosity": -1}


@dataclass(frozen=True)
class FittedBoosted:
    """The trees, the columns that they read, and by moment the log offsets of the quantiles."""

    following: lgb.Booster
    settled: lgb.Booster
    share: float
    numbers: tuple[str, ...]
    texts: Vocabulary
    shape: dict[str, Array]
    seen_h: float

    def median(self, x: pl.DataFrame) -> Array:
        """Return what the trees say [h], shape (n,)."""
        inputs = inputs_of(x, self.numbers, self.texts)
        threads = 0 if x.height > MANY else 1
        return _median(self.following, self.settled, self.share, inputs, usual(x), threads)

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
        following, settled = (
            np.asarray(trees.predict(inputs, pred_contrib=True, num_threads=1))
            for trees in (self.following, self.settled)
        )
        following[:, -1] += np.log(usual(x))
        parts = (1 - self.share) * following + self.share * settled
        names = [*self.numbers, *self.texts.values]
        parts[:, names.index("usual_h")] += parts[:, -1]  # what all start from
        wide = pl.DataFrame(np.exp(parts[:, :-1]), schema=names, orient="row").with_row_index("row")
        values = x.select(names).cast(pl.String).with_row_index("row")
        return wide.unpivot(index="row", variable_name="feature", value_name="factor").join(
            values.unpivot(index="row", variable_name="feature", value_name="value"),
            on=["row", "feature"],
        )


def _median(
    following: lgb.Booster,
    settled: lgb.Booster,
    share: float,
    inputs: Array,
    usual: Array,
    threads: int,
) -> Array:
    """Return the weighted geometric mean of both medians [h], shape (n,)."""
    ratio = np.asarray(following.predict(inputs, num_threads=threads))
    log_hours = np.asarray(settled.predict(inputs, num_threads=threads))
    return np.asarray(np.exp((1 - share) * (np.log(usual) + ratio) + share * log_hours))


def _shape(rest: Array, ended: Array) -> Array:
    """Return quantiles of what is left of the log, shape (n_levels,), by the product-limit law."""
    survival = kaplan_meier(rest, ended > 0)
    if not len(survival.time):
        return np.zeros(len(LEVELS))
    index = [int(np.argmax(survival.value <= 1 - level)) for level in LEVELS]
    never = survival.value[-1] > 1 - np.array(LEVELS)  # beyond what was seen: the furthest
    return np.where(never, survival.time[-1], survival.time[index])
