"""What was counted on each lane, and what lanes of its type show where that is little.

A lane's histogram is its own counts plus ``WORTH`` parcels spread as those of its type are, and a
type's is its own plus ``WORTH`` parcels of all lanes together: a Dirichlet prior, whose weight is
its number of parcels (Gelman et al., Bayesian Data Analysis, 3rd ed. 2013, section 3.4). Rides are
compared as ratios to the plan, so that short lanes can lend to long ones.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lanecast.tables.graph import BIN_LOG, BINS

from .bins import MIDDLE_LOG

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
WORTH = 20.0  # parcels of the type that a lane is given to begin with


@dataclass(frozen=True)
class Evidence:
    """Counts of one measure on lanes, sparse by (lane, bin), and the prior of each lane.

    ``first`` [lane + 1] points into ``bin`` and ``n``; ``base`` [lane] is what a lane's logs are
    relative to [ln min], 0 where logs are taken as they are; ``kind`` [lane] is a row of ``prior``
    [kind, 2 BINS], shares by bin relative to the base, with bin ``BINS`` at the base itself.
    """

    first: Ints
    bin: Ints
    n: Floats
    base: Floats
    kind: Ints
    prior: Floats

    @property
    def total(self) -> Floats:
        """Return how much was counted on each lane."""
        summed: Floats = np.add.reduceat(np.append(self.n, 0.0), self.first[:-1])
        return np.where(np.diff(self.first) > 0, summed, 0.0)

    def counts(self, lane: int) -> Floats:
        """Return what was counted on a lane, by bin [BINS]."""
        found = np.zeros(BINS)
        part = slice(self.first[lane], self.first[lane + 1])
        np.add.at(found, self.bin[part], self.n[part])
        return found

    def belief(self, lane: int) -> Floats:
        """Return counts and prior of a lane together, by bin [BINS]."""
        return self.counts(lane) + WORTH * placed(self.prior[self.kind[lane]], self.base[lane])

    def moments(self) -> tuple[Floats, Floats]:
        """Return mean and standard deviation of the log [ln min] of every lane's belief."""
        lane = np.repeat(np.arange(len(self.base)), np.diff(self.first))
        own = MIDDLE_LOG[self.bin]
        size = len(self.base)
        middles = BIN_LOG * (np.arange(2 * BINS) - BINS + 0.5)
        mean = (self.prior @ middles)[self.kind] + self.base
        square = (self.prior @ middles**2)[self.kind]
        spread = np.maximum(square - (self.prior @ middles)[self.kind] ** 2, 0.0)
        weight = np.bincount(lane, self.n, size) + WORTH
        both = (np.bincount(lane, self.n * own, size) + WORTH * mean) / weight
        apart = np.bincount(lane, self.n * (own - both[lane]) ** 2, size)
        variance = (apart + WORTH * (spread + (mean - both) ** 2)) / weight
        return both, np.sqrt(variance)


def placed(prior: Floats, base: float) -> Floats:
    """Return shares by bin [BINS] of a ``prior`` relative to ``base`` [ln min]."""
    step = base / BIN_LOG
    whole = int(np.floor(step))
    part = step - whole
    found = np.zeros(BINS)
    for shift, weight in ((whole, 1 - part), (whole + 1, part)):
        at = np.clip(np.arange(2 * BINS) - BINS + shift, 0, BINS - 1)
        np.add.at(found, at, weight * prior)
    return found


def evidence(
    days: pl.DataFrame, measure: str, base: Floats | None, kind: Ints, usual: tuple[float, float]
) -> Evidence:
    """Return the evidence of ``measure`` on lanes.

    Parameters
    ----------
    days
        ``lane``, ``measure``, ``bin`` and ``n``.
    base
        What logs are relative to [ln min]; NaN for the lane's own mean. None for nothing.
    kind
        Type of each lane, from 0.
    usual
        Mean and standard deviation of the log [ln min], relative to the base, that one parcel in
        all is given, so that a graph without scans has an answer.
    """
    rows = days.filter(pl.col("measure") == measure).group_by("lane", "bin").agg(pl.col("n").sum())
    rows = rows.sort("lane", "bin")
    lane, at = (rows[name].cast(pl.Int64).to_numpy() for name in ("lane", "bin"))
    n, size = rows["n"].cast(pl.Float64).to_numpy(), len(kind)
    first = np.searchsorted(lane, np.arange(size + 1)).astype(np.int64)
    own = np.bincount(lane, n * MIDDLE_LOG[at], size) / np.maximum(np.bincount(lane, n, size), 1e-9)
    zero = np.zeros(size) if base is None else np.where(np.isnan(base), own, base)
    relative = np.clip(at - np.round(zero[lane] / BIN_LOG).astype(np.int64) + BINS, 0, 2 * BINS - 1)
    kinds = int(kind.max(initial=0)) + 1
    by_kind = np.zeros((kinds, 2 * BINS))
    np.add.at(by_kind, (kind[lane], relative), n)
    middles = BIN_LOG * (np.arange(2 * BINS) - BINS + 0.5)
    shape = np.exp(-0.5 * ((middles - usual[0]) / usual[1]) ** 2)
    whole = by_kind.sum(axis=0) + shape / shape.sum()
    prior = by_kind + WORTH * whole / whole.sum()
    return Evidence(first, at, n, zero, kind, prior / prior.sum(axis=1, keepdims=True))
