"""When a parcel arrives by a given way: a distribution, sampled leg by leg."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .bins import Floats, draws
from .handling import time_needed
from .index import Index
from .search import UNCHANGED, Change

SAMPLES = 512
FAR = 1e12  # [s] later than everything


@dataclass(frozen=True)
class Journey:
    """A way and when it ends.

    ``lanes`` are rows of the index's lanes (added ones after them), ``usual`` [leg + 1] the
    instants [s since 1970] at which the places of the way are usually reached, and ``arrivals``
    [sample] those at the last of them; inf for a parcel that no departure takes within the horizon.
    """

    lanes: tuple[int, ...]
    usual: Floats
    arrivals: Floats

    def quantile(self, level: float) -> float:
        """Return an instant [s] by which the share ``level`` of parcels has arrived."""
        return float(np.quantile(self.arrivals, level, method="higher"))

    def chance(self, deadline: float) -> float:
        """Return the share of parcels that arrive until ``deadline`` [s]."""
        return float((self.arrivals <= deadline).mean())


def journey(
    index: Index,
    lanes: Sequence[int],
    at: float,
    change: Change = UNCHANGED,
    samples: int = SAMPLES,
    seed: int = 0,
) -> Journey:
    """Return when a parcel that stands at the head of the first lane at ``at`` [s] arrives.

    On each lane it needs a time to be ready, takes the first departure after that, or a later one
    where it is left behind, leaves late, and rides. Each is drawn from the lane's belief, and legs
    are independent given the clock: what two lanes have in common, such as weather, is not known.
    """
    roads, size = index.roads, len(index.roads.head)
    rng = np.random.default_rng(seed)
    now = np.full(samples, at)
    usual = [at]
    for lane in lanes:
        if lane >= size:
            seconds = change.added[lane - size][2]
            now = now + seconds * np.exp(0.15 * rng.standard_normal(samples))
            usual.append(usual[-1] + seconds)
            continue
        one = np.array([lane])
        factor = 1.0 if change.factor is None else float(change.factor[lane])
        extra = (factor - 1.0) * roads.ride_s[lane]
        usual.append(float(roads.arrival(one, np.array([usual[-1]]))[0] + extra))
        now = _leave(index, lane, now, rng) + factor * draws(
            roads.transit.belief(lane), _even(rng, samples)
        )
    return Journey(tuple(lanes), np.array(usual), np.where(now < FAR, now, np.inf))


def _leave(index: Index, lane: int, now: Floats, rng: np.random.Generator) -> Floats:
    """Return when parcels that came at ``now`` [s] leave by a lane."""
    roads, many = index.roads, len(now)
    if roads.lanes["relation"][lane] == "ships_to":
        return now
    if not roads.plan.scheduled[lane]:
        return now + draws(roads.dwell.belief(lane), _even(rng, many))
    ready, behind = roads.handling.of(lane)
    needed = np.maximum(time_needed(ready, _even(rng, many)), roads.plan.cutoff[lane])
    missed = rng.geometric(1.0 - behind, many) - 1
    planned = roads.plan.after(np.full(many, lane), now + needed, missed)
    return planned + draws(roads.late.belief(lane), _even(rng, many))


def _even(rng: np.random.Generator, many: int) -> Floats:
    """Return uniform levels, one from each of ``many`` equal parts, in random order."""
    levels: Floats = (rng.permutation(many) + rng.random(many)) / many
    return levels
