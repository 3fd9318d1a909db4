"""The earliest arrival at a departure instant, over timetables, cut-offs and calendars.

Waiting never helps (who comes later leaves no earlier), so that labels can be corrected in any
order (Orda and Rom, 1990). Labels are expanded many at a time, those first that could arrive first:
the instant plus a lower bound on the rest of the way (A* with landmarks). What cannot beat the
best arrival so far is dropped, which keeps the answer exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .bins import Floats
from .evidence import Ints
from .index import Index

AT_ONCE = 512  # labels that are expanded together at first
GROWTH = 1.05  # by which there are more each time


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
    key = np.full(len(best), np.inf)  # earliest arrival at the goal that a label may still bring
    waits = np.zeros(len(best), bool)
    best[start], waits[start], key[start] = at, True, at
    corridors = roads.is_corridor[roads.first[start] : roads.first[start + 1]].any()
    pending, together = np.array([start]), float(AT_ONCE)
    while len(pending):
        now = key[pending]
        useful = now < best[goal]
        waits[pending[~useful]] = False
        pending, now = pending[useful], now[useful]
        if len(pending) > together:
            first = now <= np.partition(now, int(together))[int(together)]
            heads, pending = pending[first], pending[~first]
            together *= GROWTH
        else:
            heads, pending = pending, pending[:0]
        waits[heads] = False
        lane = _lanes_of(roads.first, heads)
        soonest = best[roads.head[lane]] + roads.least_s[lane]
        lane = lane[soonest < np.minimum(best[roads.tail[lane]], best[goal])]
        if corridors:
            lane = lane[(roads.head[lane] == start) & (roads.tail[lane] == goal)]
        arrive = _arrivals(index, lane, best[roads.head[lane]], change, slow)
        tail = roads.tail[lane]
        if change.added:
            lane, arrive, tail = _with_added(heads, best, change, lane, arrive, tail, size)
        better = arrive < np.minimum(best[tail], best[goal])
        lane, arrive, tail = lane[better], arrive[better], tail[better]
        order = np.argsort(-arrive)  # so that the earliest is written last
        best[tail[order]], via[tail[order]] = arrive[order], lane[order]
        tail = np.unique(tail)
        tail = tail[tail != goal]
        key[tail] = best[tail] + _bound(index, tail, goal, change)
        pending = np.concatenate([pending, tail[~waits[tail]]])
        waits[tail] = True
    way = _way(index, via, start, goal, change)
    return float(best[goal]), _direct(index, way, at, change, slow)


def _lanes_of(first: Ints, heads: Ints) -> Ints:
    """Return the lanes that begin at ``heads``."""
    begin, many = first[heads], first[heads + 1] - first[heads]
    offset = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    lanes: Ints = np.repeat(begin, many) + offset
    return lanes


def _arrivals(index: Index, lane: Ints, at: Floats, change: Change, slow: bool) -> Floats:
    arrive = index.roads.arrival(lane, at, slow)
    if change.factor is None:
        return arrive
    factor = change.factor[lane]
    ride = (index.roads.ride_slow_s if slow else index.roads.ride_s)[lane]
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


def _bound(index: Index, node: Ints, goal: int, change: Change) -> Floats:
    """Return lower bounds on the rest of the way; over an added lane there may be a shorter one."""
    bound = index.landmarks.bound(node, goal)
    for _ in change.added:  # once per lane, since a way may use them one after the other
        for head, tail, seconds in change.added:
            onward = 0.0 if tail == goal else index.landmarks.bound(np.array([tail]), goal)[0]
            over = index.landmarks.bound(node, head) + seconds + onward
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
