"""How long a facility needs before a parcel can leave, learnt from departures caught and missed.

The time itself is never scanned: the timetable is between arrival and departure. But each parcel
was offered a first departure with some slack, and took it or not. The share that took it, as a
function of the slack, can only rise: isotonic regression (Barlow et al., 1972) gives the
distribution of the time needed. Its end below 1 is the share that is left behind however early it
came: the departure was full or cancelled, or the parcel was kept, in customs for example.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from lanecast.tables.graph import BINS

from .bins import EDGES_S, MIDDLE_LOG
from .evidence import Evidence

Floats = NDArray[np.float64]
WORTH = 3.0  # parcels per bin that a lane is given of its type
WORTH_BEHIND = 20.0  # the same for the share left behind
EARLY = 131  # bin of 12 hours: who came that early could have left
USUAL_LOG, USUAL_SPREAD = 4.4, 0.4  # 80 minutes, where nothing was ever seen
BEHIND = 0.02  # left behind, where nothing was ever seen


@dataclass(frozen=True)
class Handling:
    """Departures ``offered`` and ``taken`` by slack, per lane, and what types of place show.

    ``ready`` [kind, BINS] is the chance to be ready within the slack of a bin, and ``behind``
    [kind] the chance to be left behind although ready.
    """

    offered: Evidence
    taken: Evidence
    ready: Floats
    behind: Floats

    def of(self, lane: int) -> tuple[Floats, float]:
        """Return the chance of a lane's parcels to be ready [BINS], and to be left behind."""
        kind = self.offered.kind[lane]
        counts = self.taken.counts(lane), self.offered.counts(lane)
        return _fitted(*counts, self.ready[kind], float(self.behind[kind]))


def handling(offered: Evidence, taken: Evidence) -> Handling:
    """Return what places of each type need, from the counts of all their lanes."""
    usual = 1 / (1 + np.exp(-(MIDDLE_LOG - USUAL_LOG) / USUAL_SPREAD))
    kinds = len(offered.prior)
    seen, took = np.zeros((kinds, BINS)), np.zeros((kinds, BINS))
    for counts, of in ((seen, offered), (took, taken)):
        lane = np.repeat(np.arange(len(of.kind)), np.diff(of.first))
        np.add.at(counts, (of.kind[lane], of.bin), of.n)
    whole = _fitted(took.sum(axis=0), seen.sum(axis=0), usual, BEHIND)
    each = [_fitted(t, s, *whole) for t, s in zip(took, seen, strict=True)]
    return Handling(
        offered, taken, np.array([ready for ready, _ in each]), np.array([b for _, b in each])
    )


def time_needed(ready: Floats, uniform: Floats) -> Floats:
    """Return the time needed [s] at levels ``uniform`` of a rising ``ready`` [BINS]."""
    inside = np.minimum(uniform, 1 - 1e-9)  # at 1 the last bin of all would answer
    return np.asarray(np.interp(inside, np.concatenate([[0.0], ready]), EDGES_S))


def _fitted(taken: Floats, offered: Floats, prior: Floats, behind: float) -> tuple[Floats, float]:
    late = offered[EARLY:].sum() + WORTH_BEHIND
    left = 1 - (taken[EARLY:].sum() + WORTH_BEHIND * (1 - behind)) / late
    left = float(np.clip(left, 0.0, 0.9))
    share = (taken + WORTH * prior * (1 - left)) / (offered + WORTH)
    ready = isotonic_regression(share, weights=offered + WORTH).x / (1 - left)
    ready[EARLY:] = 1.0
    return np.clip(ready, 0.0, 1.0), left
