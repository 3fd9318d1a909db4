"""The earliest arrival at a departure instant, over timetables, cut-offs and calendars.

Waiting never helps (who comes later leaves no earlier), so that labels can be corrected in any
order (Orda and Rom, 1990). Labels are expanded many at a time. At first greedily, those that seem
nearest to the goal, until one way is known; then those that could arrive first: the instant plus a
lower bound on the rest of the way (A* with landmarks). What cannot beat the best arrival so far is
dropped, which keeps the answer exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .bins import Floats
from .evidence import Ints
from .index import Index

GREEDY, EAGER = 128, 3.0  # labels expanded together, and weight of the bound, without a way yet
AT_ONCE, GROWTH = 1024, 1.2  # the same once there is one, and by how much there are more each time


@dataclass(frozen=True)
class Change:
    """What is different from the graph.

    ``factor`` [lane] multiplies usual riding times: at least 1, inf for closed lanes. ``added`` are
    lanes that the graph lacks, as (head, tail, seconds), without timetable.
    """

    factor: Floats | None = None
    added: Sequence[tuple[int, int, float]] = field(default_factory=tuple)


UNCHANGED = Change()


def earliest(
    index: Index, start: int, goal: int, at: float, change: Change = UNCHANGED, slow: bool = False
) -> tuple[float, list[int]]:
    """Return the earliest arrival [s since 1970] at ``goal``, and the lanes that reach it.

    Lane numbers from the number of the graph's lanes on are ``change.added``. From a place to
    itself the arrival is ``at``, by no lane; inf and no lane where there is no way.

    Parameters
    ----------
    start, goal
        Rows of nodes.
    at
        When the parcel stands in ``start`` [s since 1970 UTC].
    slow
        Whether to calculate with the times that nine in ten keep, instead of the usual ones.
    """
    roads, size = index.roads, len(index.roads.head)
    best = np.full(index.graph.nodes.height, np.inf)
    via = np.full(len(best), -1, np.int64)
    waits = np.zeros(len(best), bool)
    rest = _bound(index, goal, change)
    lost = np.isinf(rest)
    if lost[start]:
        return np.inf, []
    best[lost], rest[lost] = -np.inf, 0.0  # from there no way leads on: no label is wanted
    best[start] = at
    corridors = roads.is_corridor[roads.first[start] : roads.first[start + 1]].any()
    pending, together = np.array([start]), float(AT_ONCE)
    while len(pending):
        if np.isinf(best[goal]):
            heads, pending = _foremost(pending, best[pending] + EAGER * rest[pending], GREEDY)
        else:
            key = best[pending] + rest[pending]
            useful = key < best[goal]
            waits[pending[~useful]] = False
            heads, pending = _foremost(pending[useful], key[useful], int(together))
            together *= GROWTH
        waits[heads] = False
        lane, left = _lanes_of(roads.first, heads, best)
        tail = roads.tail[lane]
        until = np.minimum(best[tail], best[goal] - rest[tail])  # later than that is of no use
        some = np.flatnonzero(left + roads.least_s[lane] < until)
        if corridors:
            some = some[(roads.head[lane[some]] == start) & (tail[some] == goal)]
        lane, tail, until = lane[some], tail[some], until[some]
        arrive = _arrivals(index, lane, left[some], change, slow)
        if change.added:
            lane, arrive, tail = _with_added(heads, best, change, lane, arrive, tail, size)
            until = np.minimum(best[tail], best[goal] - rest[tail])
        better = arrive < until
        lane, arrive, tail = lane[better], arrive[better], tail[better]
        np.minimum.at(best, tail, arrive)
        first = arrive == best[tail]
        lane, tail = lane[first], tail[first]
        via[tail] = lane
        fresh = tail[(via[tail] == lane) & ~waits[tail] & (tail != goal)]
        pending = np.concatenate([pending, fresh])
        waits[fresh] = True
    way = _way(index, via, start, goal, change)
    return float(best[goal]), _direct(index, way, at, change, slow)


def _foremost(pending: Ints, key: Floats, many: int) -> tuple[Ints, Ints]:
    """Return some ``many`` nodes with the smallest keys, and the others."""
    if len(pending) <= many:
        return pending, pending[:0]
    first = key <= np.partition(key, many)[many]
    return pending[first], pending[~first]


def _lanes_of(first: Ints, heads: Ints, best: Floats) -> tuple[Ints, Floats]:
    """Return the lanes that begin at ``heads``, and when a parcel stands at the head of each."""
    begin, many = first[heads], first[heads + 1] - first[heads]
    end = np.cumsum(many)
    lanes: Ints = np.repeat(begin + many - end, many) + np.arange(many.sum())
    return lanes, np.repeat(best[heads], many)


def _arrivals(index: Index, lane: Ints, at: Floats, change: Change, slow: bool) -> Floats:
    arrive = index.roads.arrival(lane, at, slow)
    if change.factor is None:
        return arrive
    factor = change.factor[lane]
    ride = (index.roads.slow if slow else index.roads.usual)[lane, 1]
    with np.errstate(invalid="ignore"):
        result: Floats = np.where(np.isinf(factor), np.inf, arrive + (factor - 1.0) * ride)
    return result


def _with_added(
    heads: Ints, best: Floats, change: Change, lane: Ints, arrive: Floats, tail: Ints, size: int
) -> tuple[Ints, Floats, Ints]:
    new = [(size + i, best[a] + s, b) for i, (a, b, s) in enumerate(change.added) if a in heads]
    lanes, times, tails = (np.array([each[k] for each in new]) for k in range(3))
    return (
        np.concatenate([lane, lanes.astype(np.int64)]),
        np.concatenate([arrive, times.astype(float)]),
        np.concatenate([tail, tails.astype(np.int64)]),
    )


def _bound(index: Index, goal: int, change: Change) -> Floats:
    """Return lower bounds on the way from every node [s]; over added lanes there may be shorter."""
    bound = index.landmarks.bound(goal)
    for _ in change.added:  # once per lane, since a way may use them one after the other
        for head, tail, seconds in change.added:
            over = index.landmarks.bound(head) + seconds + (0.0 if tail == goal else bound[tail])
            bound = np.minimum(bound, over)
    return bound


def _way(index: Index, via: Ints, start: int, goal: int, change: Change) -> list[int]:
    way, here = [], goal
    while here != start:
        lane = int(via[here])
        if lane < 0:
            return []
        way.append(lane)
        here = _ends(index, lane, change)[0]
    return way[::-1]


def _direct(index: Index, way: list[int], at: float, change: Change, slow: bool) -> list[int]:
    """Return a way with fewer lanes that arrives as early, where one lane can replace several.

    Who comes early to a place often waits there for the same departure as who comes late.
    """
    times = _times(index, way, at, change, slow)
    for i in range(len(way) - 1):
        for j in range(len(way), i + 1, -1):
            head, tail = _ends(index, way[i], change)[0], _ends(index, way[j - 1], change)[1]
            lanes = np.arange(index.roads.first[head], index.roads.first[head + 1])
            lanes = lanes[index.roads.tail[lanes] == tail]
            if not len(lanes):
                continue
            arrive = _arrivals(index, lanes, np.full(len(lanes), times[i]), change, slow)
            shorter = [*way[:i], int(lanes[np.argmin(arrive)]), *way[j:]]
            if _times(index, shorter, at, change, slow)[-1] <= times[-1]:
                return _direct(index, shorter, at, change, slow)
    return way


def _ends(index: Index, lane: int, change: Change) -> tuple[int, int]:
    size = len(index.roads.head)
    if lane < size:
        return int(index.roads.head[lane]), int(index.roads.tail[lane])
    return change.added[lane - size][0], change.added[lane - size][1]


def _times(index: Index, way: list[int], at: float, change: Change, slow: bool) -> list[float]:
    """Return when each place of a way is reached, the first at ``at``."""
    size, times = len(index.roads.head), [at]
    for lane in way:
        if lane >= size:
            times.append(times[-1] + change.added[lane - size][2])
        else:
            one, now = np.array([lane]), np.array([times[-1]])
            times.append(float(_arrivals(index, one, now, change, slow)[0]))
    return times
