"""Last year's weeks with feasts put where they are this year: Easter, a lunar new year, Ramadan.

What a feast does to a series is what its weeks have above the straight line from the weeks before
to those after, the mean over the years that are known. It is taken out of the weeks in which the
feast was a year before, and put into those in which it will be.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lanecast.planning.holidays import FARTHEST_D, distances
from lanecast.planning.panel import Floats, Panel

DAYS = 7
BEFORE, AFTER = 2, 1  # weeks beside a feast that it moves too
BESIDE = 2  # weeks before and after these that say what is usual
LONGEST = 6  # weeks of a feast
FAR = 99
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Feast:
    """Where a feast is: weeks since its first one, shape (T + H,), and how many it lasts."""

    since: Ints
    weeks: int

    @property
    def near(self) -> npt.NDArray[np.bool_]:
        """Return which weeks it moves, shape (T + H,)."""
        return (self.since >= -BEFORE) & (self.since < self.weeks + AFTER)


def moved(of: Panel, common: Floats, origin: int, at: Ints, target: Ints) -> Floats:
    """Return columns ``at`` of ``common`` (N, T), with feasts where they are in ``target``."""
    out, rest = common[:, at].copy(), common.copy()  # what no feast has explained yet
    for feast in feasts(of, origin):
        near, since = feast.near, feast.since
        if (near[at] == near[target]).all() and (since[at] == since[target])[near[at]].all():
            continue
        lifts = dict(_lifts(feast, rest, origin))
        if not lifts:
            continue
        for first, lift in lifts.items():
            rest[:, first - BEFORE : first - BEFORE + lift.shape[1]] -= lift
        mean = np.mean(list(lifts.values()), axis=0)
        for j, (then, now) in enumerate(zip(at, target, strict=True)):
            place = since[then] + BEFORE
            year = then - since[then]
            if since[then] == since[now] or (near[then] and year not in lifts):
                continue
            if near[then]:
                out[:, j] -= lifts[year][:, place]
            if near[now]:
                out[:, j] += mean[:, since[now] + BEFORE]
    return out


def feasts(of: Panel, origin: int) -> Iterator[Feast]:
    """Yield the feasts that common yes-or-no covariates tell ahead, then those of the calendar."""
    for each in of.covariates.values():
        known = np.where(each.recorded[0] <= origin, np.nan_to_num(each.values[0]), 0.0)
        if not each.ahead or (each.row != 0).any() or not np.isin(known, (0.0, 1.0)).all():
            continue
        on = known > 0
        first = np.flatnonzero(on & ~np.r_[False, on[:-1]])
        lasts = int(on.sum() / max(len(first), 1) + 0.5)
        if len(first) and lasts <= LONGEST:
            apart = np.arange(len(on))[:, None] - first
            nearest = np.abs(apart - (lasts - 1) / 2).argmin(axis=1)
            yield Feast(apart[np.arange(len(on)), nearest], lasts)
    for days in distances(of.ds(0, of.length + of.horizon)).values():
        weeks = np.round(days / DAYS).astype(np.int64)
        yield Feast(np.where(np.abs(days) < FARTHEST_D, weeks, FAR), 1)


def _lifts(feast: Feast, common: Floats, origin: int) -> Iterator[tuple[int, Floats]]:
    """Yield the first week of each feast that is known whole, and what it moves, shape (N, K)."""
    length = BEFORE + feast.weeks + AFTER
    for first in np.flatnonzero(feast.since[:origin] == 0):
        low, high = first - BEFORE, first - BEFORE + length
        if low < BESIDE or high + BESIDE > origin:
            continue
        left, right = (
            common[:, part].mean(axis=1, keepdims=True)
            for part in (slice(low - BESIDE, low), slice(high, high + BESIDE))
        )
        share = (np.arange(length) + (BESIDE + 1) / 2) / (length + BESIDE)
        yield int(first), np.nan_to_num(common[:, low:high] - left - share * (right - left))
