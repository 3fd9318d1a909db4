"""Boosted trees per event: open questions take part by belief, and later data put chances right."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import lightgbm as lgb
import numpy as np
import polars as pl

from lanecast.tables.events import EVENTS

from .base_rates import BaseRates, FittedBaseRates
from .censoring import believed, seen, settled
from .inputs import Inputs, learn
from .recalibration import corrected, straight
from .rows import Answers, Array, answers, asked_of, events_of, predictions

LATER = 0.75  # of the questions come before those that put chances right
OF_CLAIMANT = ("buyer_claims", "buyer_parcels")
CLAIMANT_ROUNDS = 40
AS_IT_IS = np.array([0.0, 1.0])
BELIEVED = 0.5  # of a correction: the final model has learnt some of what it corrects


@dataclass(frozen=True)
class Boosted:
    """Trees on the log odds of each event.

    Parameters
    ----------
    half_life_d
        Age at which a question counts half.
    most
        Rows to learn an event from; of more, those without a hit are sampled.
    events
        The events to learn.
    moments
        By event, the only moments at which it is learnt and asked; all where none are named.
    steps
        How often open questions are believed anew; 0 leaves them out.
    """

    rounds: int = 200
    learning_rate: float = 0.03
    leaves: int = 15
    half_life_d: float = 400
    most: int = 60_000
    steps: int = 1
    events: tuple[str, ...] = EVENTS
    moments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    base: BaseRates = field(default_factory=BaseRates)
    seed: int = 0

    def __post_init__(self) -> None:
        positive = min(self.learning_rate, self.half_life_d, self.most) > 0
        unknown = set(self.events) - set(EVENTS)
        if self.rounds < 1 or self.leaves < 2 or self.steps < 0 or not positive or unknown:
            raise ValueError(
                "Expected rounds >= 1, leaves >= 2, steps >= 0, learning_rate, half_life_d and "
                f"most > 0, and events of {', '.join(EVENTS)}; got {self}."
            )

    def fit(self, x: pl.DataFrame, y: pl.DataFrame) -> "FittedBoosted":
        """Learn each event of which enough is known; of others the base rate answers."""
        trees = {}
        for event in events_of(y):
            if event in self.events:
                known = answers(_at(x, self.moments.get(event)), y, event)
                if known.enough():
                    trees[event] = self._fit(known)
        base = self.base.fit(x, y.filter(pl.col("event").is_in(list(self.events))))
        return FittedBoosted(trees, base, dict(self.moments), base.seen_h)

    def _fit(self, known: Answers) -> "Trees":
        """Put right an earlier model by what came later, then learn from everything."""
        asked_h = known.seen_h - known.age_h
        cut_h = float(np.quantile(asked_h[known.known], LATER))
        past, lines = known.before(cut_h), {}
        if past.enough():
            earlier = self._learn(past, self.steps)
            later = known.only(asked_h >= cut_h)
            chance = earlier.chance(later.x)
            hit, weight = believed(later, chance, known)
            moments = later.x["moment"].to_numpy()
            for moment in np.unique(moments):
                mine = moments == moment
                line = straight(chance[mine], hit[mine], weight[mine])
                lines[str(moment)] = AS_IT_IS + BELIEVED * (line - AS_IT_IS)
        return self._learn(known, self.steps).put_right(lines)

    def _learn(self, known: Answers, steps: int) -> "Trees":
        """Learn from answers, and again with what is then believed of open questions."""
        kept, weight = known.weight(self.half_life_d, self.most, self.seed)
        sample, fair = known.only(kept), seen(known)[kept]
        inputs = learn(sample.x)
        array, done = inputs(sample.x), sample.known
        first = done & settled(sample)
        trees = self._grow(array[first], sample.hit[first], (weight / fair)[first])
        hit, says = np.nan_to_num(sample.hit), done.astype(np.float64)
        for _ in range(steps if not done.all() else 0):
            hit, says = believed(sample, np.asarray(trees.predict(array, num_threads=1)))
            both = np.concatenate([array, array[~done]])
            target = np.concatenate([np.where(done, hit, 1.0), np.zeros((~done).sum())])
            part = np.concatenate([np.where(done, 1.0, hit * says), ((1 - hit) * says)[~done]])
            trees = self._grow(both, target, part * np.concatenate([weight, weight[~done]]))
        claimants = _claimants(trees, array, sample.x, hit, says * weight)
        return Trees(trees, claimants, inputs, {})

    def _grow(self, array: Array, hit: Array, weight: Array) -> lgb.Booster:
        settings = {
            "objective": "binary",
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": 60,
            "lambda_l2": 10.0,
            "feature_fraction": 0.4,
            "bagging_fraction": 0.7,
            "bagging_freq": 1,
            "seed": self.seed,
            "deterministic": True,
            "num_threads": 1,  # threads stall on small data
            "verbosity": -1,
        }
        heard = weight > 0
        data = lgb.Dataset(array[heard], hit[heard], weight=weight[heard])
        return lgb.train(settings, data, self.rounds)


def _at(x: pl.DataFrame, moments: tuple[str, ...] | None) -> pl.DataFrame:
    """Return the questions of ``moments``; None: all."""
    return x if moments is None else x.filter(pl.col("moment").is_in(list(moments)))


def _claimants(
    trees: lgb.Booster, array: Array, x: pl.DataFrame, hit: Array, weight: Array
) -> lgb.Booster | None:
    """Learn what the buyer's own claims add to what place, courier and goods say; None: nothing."""
    said = x.select(OF_CLAIMANT).cast(pl.Float32).to_numpy().astype(np.float64)
    sure = (weight > 0) & np.isin(hit, (0.0, 1.0))
    if not (np.nan_to_num(said[:, 0]) > 0).any():
        return None
    start = np.asarray(trees.predict(array, raw_score=True, num_threads=1))
    settings = {"objective": "binary", "learning_rate": 0.1, "num_leaves": 4, "verbosity": -1}
    settings |= {"min_data_in_leaf": 20, "lambda_l2": 5.0, "num_threads": 1, "seed": 0}
    data = lgb.Dataset(said[sure], hit[sure], weight=weight[sure], init_score=start[sure])
    return lgb.train(settings | {"deterministic": True}, data, CLAIMANT_ROUNDS)


@dataclass(frozen=True)
class Trees:
    """The trees of one event, what the buyer's claims add, and lines that put chances right."""

    trees: lgb.Booster
    claimants: lgb.Booster | None
    inputs: Inputs
    lines: Mapping[str, Array]

    def put_right(self, lines: Mapping[str, Array]) -> "Trees":
        """Return these trees with other lines."""
        return Trees(self.trees, self.claimants, self.inputs, dict(lines))

    def chance(self, x: pl.DataFrame, claims: bool = True) -> Array:
        """Return chances, shape (n,), with or without what the buyer's own claims add."""
        raw = np.asarray(self.trees.predict(self.inputs(x), raw_score=True, num_threads=1))
        if self.claimants is not None and claims:
            said = x.select(OF_CLAIMANT).cast(pl.Float32).to_numpy().astype(np.float64)
            raw = raw + np.asarray(self.claimants.predict(said, raw_score=True, num_threads=1))
        chance = 1 / (1 + np.exp(-raw))
        moments = x["moment"].to_numpy()
        for moment, line in self.lines.items():
            mine = moments == moment
            chance[mine] = corrected(chance[mine], line)
        return np.asarray(chance)


@dataclass(frozen=True)
class FittedBoosted:
    """Trees per event, and base rates for what trees could not be learnt of."""

    trees: Mapping[str, Trees]
    base: FittedBaseRates
    moments: Mapping[str, tuple[str, ...]]
    seen_h: float

    def predict(self, x: pl.DataFrame) -> pl.DataFrame:
        """Return rows of ``risks``: per question one for each event that can still happen."""
        parts, version = [], f"{self.seen_h:.0f}"
        for event in (name for name in self.base.rates if "/" not in name):
            rows = asked_of(_at(x, self.moments.get(event)), event)
            if rows.is_empty():
                continue
            if event not in self.trees:
                chance = self.base.chance(rows, event)
                said = predictions(rows, event, chance, "boosted", version, fallback="base_rates")
                parts.append(said)
                continue
            trees = self.trees[event]
            chance = trees.chance(rows)
            claimant = chance - trees.chance(rows, claims=False) if trees.claimants else None
            parts.append(predictions(rows, event, chance, "boosted", version, claimant))
        return pl.concat(parts) if parts else predictions(x.clear(), EVENTS[0], np.zeros(0), "", "")

    def drivers(self, x: pl.DataFrame, event: str) -> pl.DataFrame:
        """Return how many log odds each input adds, per row of x (TreeSHAP; Lundberg, 2020).

        Returns
        -------
        DataFrame
            ``row``, ``feature``, ``log_odds``; before later data put the chance right.

        Raises
        ------
        ValueError
            When no trees were learnt of ``event``.
        """
        if event not in self.trees:
            raise ValueError(f"event: {event!r} was not learnt; expected {', '.join(self.trees)}.")
        own = self.trees[event]
        array = own.inputs(x)
        parts = np.asarray(own.trees.predict(array, pred_contrib=True, num_threads=1))[:, :-1]
        wide = pl.DataFrame(parts, schema=own.inputs.names, orient="row").with_row_index("row")
        return wide.unpivot(index="row", variable_name="feature", value_name="log_odds")
