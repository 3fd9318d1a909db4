"""Boosted trees per event: open questions take part by belief, and later data put chances right."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from lanecast.tables.events import EVENTS

from .base_rates import BaseRates, FittedBaseRates
from .censoring import believed, seen, settled
from .inputs import Inputs, learn
from .recalibration import steady
from .rows import Answers, Array, answers, asked_of, events_of, predictions
from .trees import Trees, begin, begun, claimants, group, grow

LATER = 0.75  # of the questions come before those that put chances right
OF_BUYER = "not_received"  # the only event of which the buyer's own claims say anything
BY_MOMENT = ("late",)  # due at the promise, which is nearer at each scan
EVENTS_AT_A_TIME = 2  # LightGBM works outside of Python's lock


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
        wanted = [event for event in events_of(y) if event in self.events]
        with ThreadPoolExecutor(EVENTS_AT_A_TIME) as pool:
            found = list(pool.map(lambda event: self._event(x, y, event), wanted))
        trees = {event: each for event, each in zip(wanted, found, strict=True) if each}
        base = self.base.fit(x, y.filter(pl.col("event").is_in(list(self.events))))
        return FittedBoosted(trees, base, dict(self.moments), base.seen_h)

    def _event(self, x: pl.DataFrame, y: pl.DataFrame, event: str) -> Trees | None:
        """Put right an earlier model by what came later, then learn from everything."""
        known = answers(_at(x, self.moments.get(event)), y, event)
        if not known.enough():
            return None
        asked_h = known.seen_h - known.age_h
        cut_h = float(np.quantile(asked_h[known.known], LATER))
        past = known.before(cut_h)
        if not past.enough():
            return self._learn(known, event, None)
        earlier, lines = self._learn(past, event, None), dict[str, Array]()
        later = known.only(asked_h >= cut_h)
        chance = earlier.chance(later.x)
        hit, says = believed(later, chance, known, event in BY_MOMENT)
        weight, groups = says / later.same(), group(later.x)
        for name in np.unique(groups):
            mine = (groups == name) & (weight > 0)
            if mine.any():
                at_h = asked_h[asked_h >= cut_h][mine]
                lines[str(name)] = steady(chance[mine], hit[mine], weight[mine], at_h)
        return replace(self._learn(known, event, earlier), lines=lines)

    def _learn(self, known: Answers, event: str, earlier: Trees | None) -> Trees:
        """Learn from answers, and again with what is then believed of open questions.

        The first belief is that of an ``earlier`` model, where there is one.
        """
        kept, weight = known.weight(self.half_life_d, self.most, self.seed)
        sample, fair = known.only(kept), seen(known)[kept]
        inputs = learn(sample.x)
        array, done = inputs(sample.x), sample.known
        hit, says = np.nan_to_num(sample.hit), done.astype(np.float64)
        steps = self.steps if not done.all() else 0
        if earlier is None or not steps:
            first = done & settled(sample)
            own = np.where(first, weight / fair, 0.0)
            trees = self._grow(event, inputs, array, hit, own)
            chance = trees.chance(sample.x)
        else:
            chance = earlier.chance(sample.x, claims=False)
        for _ in range(steps):
            hit, says = believed(sample, chance, None, event in BY_MOMENT)
            both = np.concatenate([array, array[~done]])
            target = np.concatenate([np.where(done, hit, 1.0), np.zeros((~done).sum())])
            part = np.concatenate([np.where(done, 1.0, hit * says), ((1 - hit) * says)[~done]])
            own = part * np.concatenate([weight, weight[~done]])
            trees = self._grow(event, inputs, both, target, own)
            chance = trees.chance(sample.x)
        if event != OF_BUYER:
            return trees
        added = claimants(trees.raw(sample.x), sample.x, hit, says * weight)
        return replace(trees, claimants=added)

    def _grow(self, event: str, inputs: Inputs, array: Array, hit: Array, weight: Array) -> Trees:
        line = begin(event, inputs, array, hit, weight)
        start = None if line is None else begun(line, array, inputs, event)
        shape = self.rounds, self.learning_rate, self.leaves, self.seed
        return Trees(event, grow(array, hit, weight, start, *shape), line, None, inputs, {})


def _at(x: pl.DataFrame, moments: tuple[str, ...] | None) -> pl.DataFrame:
    """Return the questions of ``moments``; None: all."""
    return x if moments is None else x.filter(pl.col("moment").is_in(list(moments)))


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
        return self.trees[event].drivers(x)
