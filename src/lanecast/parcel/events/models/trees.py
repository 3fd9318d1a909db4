"""The trees of one event, what the buyer's claims add, and the line that puts chances right."""

from collections.abc import Mapping
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import polars as pl

from .inputs import Inputs
from .recalibration import corrected, log_odds, straight
from .rows import Array

OF_CLAIMANT = ("buyer_claims", "buyer_parcels")
CLAIMANT_ROUNDS = 40
LEAST = 1e-3  # share that trees start with
START = {"lost": "missing_usual"}  # the share that the trees of an event begin with
ASIDE = "waiting"  # the moment that has a line of its own: few and slow parcels, asked again


@dataclass(frozen=True)
class Trees:
    """Trees on the log odds of one event; ``lines`` by ``group`` of moments put chances right.

    ``start`` is the line, shift and slope, on the log odds of the input that ``START`` names.
    """

    event: str
    trees: lgb.Booster
    start: Array | None
    claimants: lgb.Booster | None
    inputs: Inputs
    lines: Mapping[str, Array]

    def raw(self, x: pl.DataFrame) -> Array:
        """Return log odds, shape (n,), before claims and lines."""
        array = self.inputs(x)
        raw = np.asarray(self.trees.predict(array, raw_score=True, num_threads=1))
        return (
            raw if self.start is None else raw + begun(self.start, array, self.inputs, self.event)
        )

    def chance(self, x: pl.DataFrame, claims: bool = True) -> Array:
        """Return chances, shape (n,), with or without what the buyer's own claims add."""
        raw = self.raw(x)
        if self.claimants is not None and claims:
            raw = raw + np.asarray(self.claimants.predict(said(x), raw_score=True, num_threads=1))
        chance = 1 / (1 + np.exp(-raw))
        groups = group(x)
        for name, line in self.lines.items():
            mine = groups == name
            chance[mine] = corrected(chance[mine], line)
        return np.asarray(chance)

    def drivers(self, x: pl.DataFrame) -> pl.DataFrame:
        """Return how many log odds each input adds, per row of x; see ``FittedBoosted.drivers``."""
        array = self.inputs(x)
        parts = np.asarray(self.trees.predict(array, pred_contrib=True, num_threads=1))[:, :-1]
        if self.start is not None:
            moved = begun(self.start, array, self.inputs, self.event)
            parts[:, self.inputs.names.index(START[self.event])] += moved
        wide = pl.DataFrame(parts, schema=self.inputs.names, orient="row")
        if self.claimants is not None:
            added = self.claimants.predict(said(x), pred_contrib=True, num_threads=1)
            for i, name in enumerate(OF_CLAIMANT):
                wide = wide.with_columns(pl.Series(name, np.asarray(added)[:, i]))
        wide = wide.with_row_index("row")
        return wide.unpivot(index="row", variable_name="feature", value_name="log_odds")


def group(x: pl.DataFrame) -> Array:
    """Return which line each row of x goes by, shape (n,)."""
    aside = pl.col("moment") == ASIDE
    of = pl.when(aside).then(pl.lit(ASIDE)).otherwise(pl.lit("usual"))
    return np.asarray(x.select(of).to_series().to_numpy())


def begin(event: str, inputs: Inputs, array: Array, hit: Array, weight: Array) -> Array | None:
    """Return the line from which the trees of ``event`` start; None: from the mean.

    Trees cut a share into steps, and with few hits they miss that it tells most where it is
    highest.
    """
    if START.get(event) not in inputs.numbers:
        return None
    return straight(_share(array, inputs, event), hit, weight)


def begun(start: Array, array: Array, inputs: Inputs, event: str) -> Array:
    """Return the log odds from which trees start, shape (n,)."""
    return np.asarray(start[0] + start[1] * log_odds(_share(array, inputs, event)))


def _share(array: Array, inputs: Inputs, event: str) -> Array:
    """Return the share that the trees of ``event`` start with; where none is known, the least."""
    share = array[:, inputs.names.index(START[event])]
    return np.asarray(np.clip(np.nan_to_num(share), LEAST, 1 - LEAST))


def grow(
    array: Array,
    hit: Array,
    weight: Array,
    start: Array | None,
    rounds: int,
    learning_rate: float,
    leaves: int,
    seed: int,
) -> lgb.Booster:
    """Grow trees on rows of weight above zero, from log odds ``start``, shape (n,), if given."""
    settings = {
        "objective": "binary",
        "learning_rate": learning_rate,
        "num_leaves": leaves,
        "min_data_in_leaf": 60,
        "lambda_l2": 10.0,
        "feature_fraction": 0.4,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "seed": seed,
        "deterministic": True,
        "num_threads": 1,  # threads stall on small data
        "verbosity": -1,
    }
    heard = weight > 0
    begin = None if start is None else start[heard]
    data = lgb.Dataset(array[heard], hit[heard], weight=weight[heard], init_score=begin)
    return lgb.train(settings, data, rounds)


def said(x: pl.DataFrame) -> Array:
    """Return what the buyer disputed beyond the usual and received before, shape (n, 2)."""
    return np.asarray(x.select(OF_CLAIMANT).cast(pl.Float32).to_numpy().astype(np.float64))


def claimants(raw: Array, x: pl.DataFrame, hit: Array, weight: Array) -> lgb.Booster | None:
    """Learn what the buyer's own claims add to what place, courier and goods say; None: nothing."""
    history = said(x)
    sure = (weight > 0) & np.isin(hit, (0.0, 1.0))
    if not (np.nan_to_num(history[:, 0]) > 0).any():  # nobody disputed more than is usual
        return None
    settings = {"objective": "binary", "learning_rate": 0.1, "num_leaves": 4, "verbosity": -1}
    settings |= {"min_data_in_leaf": 20, "lambda_l2": 5.0, "num_threads": 1, "seed": 0}
    data = lgb.Dataset(history[sure], hit[sure], weight=weight[sure], init_score=raw[sure])
    return lgb.train(settings | {"deterministic": True}, data, CLAIMANT_ROUNDS)
