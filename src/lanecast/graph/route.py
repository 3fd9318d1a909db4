"""The fastest and the most reliable way between two places, and ways that differ from them."""

from dataclasses import dataclass

import numpy as np

from .index import Index
from .journey import Journey, journey
from .search import UNCHANGED, Change, earliest

PENALTY = 1.6  # by which the lanes of a way found become slower, so that the next way differs
ALIKE = 0.7  # share of riding time that two ways may have in common
TRIES = 4  # searches per way that is wanted
CANDIDATES = 6  # ways among which the most reliable is chosen


@dataclass(frozen=True)
class Routes:
    """Ways from a place to another at one moment; none where there is no way.

    ``ways`` begins with the fastest; ``reliable`` is the position of the one that arrives by
    ``deadline`` [s since 1970] with the greatest chance, or, without one, of the one whose 90 %
    quantile is the earliest.
    """

    start: int
    goal: int
    at: float
    deadline: float | None
    ways: tuple[Journey, ...]
    reliable: int | None


def routes(
    index: Index,
    start: int,
    goal: int,
    at: float,
    k: int = 3,
    deadline: float | None = None,
    change: Change = UNCHANGED,
    seed: int = 0,
) -> Routes:
    """Return up to ``k`` ways, of which no two have more than 70 % of their riding time in common.

    The most reliable one is added where it is none of them.

    The first is the fastest in usual times (exact); the others come from searches in which lanes
    that were used are slower (penalty method, Abraham et al., 2013). The most reliable one is the
    best of these, and of a search with the times that nine in ten keep: no exact answer, since
    reliability does not add up along a way. All are judged by sampled arrivals.

    Parameters
    ----------
    start, goal
        Rows of nodes; the same place is reached at once, by no lane.
    at, deadline
        Instants [s since 1970].
    k
        At least 1.
    """
    if start == goal:
        here = Journey((), np.array([at]), np.full(1, at))
        return Routes(start, goal, at, deadline, (here,), 0)
    first, lanes = earliest(index, start, goal, at, change)
    if not np.isfinite(first):
        return Routes(start, goal, at, deadline, (), None)
    found = [lanes]
    _, careful = earliest(index, start, goal, at, change, slow=True)
    for other in (careful, *_others(index, start, goal, at, lanes, max(k, CANDIDATES), change)):
        if other and all(_shared(index, other, known) <= ALIKE for known in found):
            found.append(other)
    judged = [journey(index, way, at, change, seed=seed) for way in found]
    best = min(range(len(judged)), key=lambda i: _unreliable(judged[i], deadline))
    kept = judged[:k] if best < k else [*judged[:k], judged[best]]
    return Routes(start, goal, at, deadline, tuple(kept), min(best, k))


def _unreliable(way: Journey, deadline: float | None) -> tuple[float, float]:
    late = way.quantile(0.9)
    return (0.0 if deadline is None else -way.chance(deadline), late)


def _others(
    index: Index, start: int, goal: int, at: float, lanes: list[int], k: int, change: Change
) -> list[list[int]]:
    """Return ways found while the lanes of those before are made slower, time after time."""
    size = len(index.roads.head)
    factor = np.ones(size) if change.factor is None else change.factor.copy()
    ways, last = [], lanes
    for _ in range(TRIES * (k - 1)):
        used = [lane for lane in last if lane < size]
        factor[used] *= PENALTY
        _, last = earliest(index, start, goal, at, Change(factor, change.added))
        if last not in ways and last != lanes:
            ways.append(last)
        if not last or len(ways) == k - 1:
            break
    return ways


def _shared(index: Index, way: list[int], other: list[int]) -> float:
    """Return the share of the shorter way's riding time that both have in common."""
    size = len(index.roads.head)
    ride = index.roads.ride_s

    def seconds(lanes: set[int]) -> float:
        return float(sum(ride[lane] if lane < size else 3600.0 for lane in lanes))

    return seconds({*way} & {*other}) / max(min(seconds({*way}), seconds({*other})), 1e-9)
