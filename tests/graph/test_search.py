"""Searching is exact: departures against a calendar walked by hand, arrivals against Dijkstra."""

import heapq
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanecast.graph.index import index
from lanecast.graph.journey import journey
from lanecast.graph.places import node_of, stand
from lanecast.graph.route import ALIKE, _shared, routes
from lanecast.graph.search import Change, earliest
from lanecast.graph.timetable import timetable

from .networks import AT, random_graph

seeds = st.integers(0, 10_000)


def next_naive(row, holidays, ready):
    """Return the first departure at or after ``ready`` by walking through the calendar."""
    if row["first_departure_s"] is None:
        return ready
    zone = ZoneInfo(row["zone"])
    found = []
    day = datetime.fromtimestamp(ready, zone).date() - timedelta(days=2)
    for _ in range(60):
        day += timedelta(days=1)
        if row["weekdays"][day.weekday()] != "1" or (row["region"], day) in holidays:
            continue
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001
        for k in range(row["departures_per_day"]):
            second = row["first_departure_s"] + k * row["headway_s"]
            local = midnight + timedelta(seconds=second)
            found.append(local.replace(tzinfo=zone).timestamp())
    return min((at for at in found if at >= ready), default=np.inf)


def dijkstra(ix, start, goal, at):
    """Return the earliest arrival, one label at a time."""
    lanes = ix.roads.lanes.rows(named=True)
    holidays = set(ix.graph.holidays.iter_rows())
    done, heap = set(), [(at, start)]
    while heap:
        now, here = heapq.heappop(heap)
        if here == goal:
            return now
        if here in done:
            continue
        done.add(here)
        for i in range(ix.roads.first[here], ix.roads.first[here + 1]):
            ready = now + ix.roads.usual[i, 0]
            leave = next_naive(lanes[i], holidays, ready)
            if np.isfinite(leave + ix.roads.ride_s[i]):
                heapq.heappush(heap, (leave + ix.roads.ride_s[i], int(ix.roads.tail[i])))
    return np.inf


@given(seeds, st.integers(0, 14 * 86_400))
@settings(max_examples=40)
def test_departures_are_those_of_the_calendar(seed, later):
    ix = index(random_graph(seed, lanes=12))
    ready = AT.timestamp() + later
    lanes = np.arange(12)
    got = ix.roads.plan.next(lanes, np.full(12, ready))
    holidays = set(ix.graph.holidays.iter_rows())
    naive = [next_naive(row, holidays, ready) for row in ix.roads.lanes.rows(named=True)]
    assert np.allclose(got, naive)


@given(seeds, st.integers(0, 7 * 86_400))
@settings(max_examples=40)
def test_the_next_departure_is_the_one_after_missing_none(seed, later):
    """The two formulas agree, also in the night in which clocks change."""
    plan = index(random_graph(seed, lanes=12)).roads.plan
    lanes, ready = np.arange(12), AT.timestamp() + later
    both = (plan.next(lanes, np.full(12, ready)), plan.after(lanes, np.full(12, ready), 0))
    assert np.allclose(*both, atol=1e-6)
    assert np.isinf(plan.next(lanes, np.full(12, 1e12))[plan.scheduled]).all()


@given(seeds)
@settings(max_examples=30)
def test_departures_are_numbered_in_order(seed):
    plan = index(random_graph(seed, lanes=12)).roads.plan
    lanes = np.flatnonzero(plan.scheduled & (plan.daily > 0))
    for number in (3, 20):
        at = plan.at(lanes, np.full(len(lanes), number))
        there = np.isfinite(at)
        of, when = lanes[there], at[there]
        assert (plan.before(of, when) == number).all()
        assert (plan.before(of, when + 1) == number + 1).all()


@given(seeds, st.integers(0, 7 * 86_400))
@settings(max_examples=60)
def test_the_earliest_arrival_is_that_of_dijkstra(seed, later):
    ix = index(random_graph(seed))
    rng = np.random.default_rng(seed)
    start, goal = (int(i) for i in rng.choice(12, 2, replace=False))
    at = AT.timestamp() + later
    arrive, way = earliest(ix, start, goal, at)
    assert arrive == pytest.approx(dijkstra(ix, start, goal, at), abs=1e-3)
    if way:
        ends = [(int(ix.roads.head[i]), int(ix.roads.tail[i])) for i in way]
        assert ends[0][0] == start and ends[-1][1] == goal
        assert all(one[1] == two[0] for one, two in pairwise(ends))
        now = at
        for lane in way:
            now = float(ix.roads.arrival(np.array([lane]), np.array([now]))[0])
        assert now == pytest.approx(arrive, abs=1e-3)
    else:
        assert np.isinf(arrive)


@given(seeds)
@settings(max_examples=30)
def test_leaving_later_never_arrives_earlier(seed):
    ix = index(random_graph(seed))
    arrivals = [earliest(ix, 0, 1, AT.timestamp() + 1800 * step)[0] for step in range(0, 300, 17)]
    assert all(a <= b for a, b in pairwise(arrivals))


@given(seeds)
@settings(max_examples=40)
def test_a_changed_network_is_searched_exactly(seed):
    """Slower and closed lanes, and an added one, as if the network had been made so."""
    graph = random_graph(seed)
    ix, at = index(graph), AT.timestamp()
    rng = np.random.default_rng(seed)
    factor = rng.choice([1.0, 1.7, np.inf], len(ix.roads.head))
    arrive, _ = earliest(ix, 0, 1, at, Change(factor))
    open_lanes = np.isfinite(factor)
    ride = np.where(open_lanes, ix.roads.ride_s * np.where(open_lanes, factor, 1.0), np.inf)
    usual = np.stack([ix.roads.usual[:, 0], ride], axis=1)
    changed = ix.roads.__class__(**{**vars(ix.roads), "usual": usual})
    other = ix.__class__(**{**vars(ix), "roads": changed})
    assert arrive == pytest.approx(dijkstra(other, 0, 1, at), abs=1e-3)
    over = earliest(ix, 0, 5, at)[0]
    on = [earliest(ix, 7, 1, over + 600.0)[0] if np.isfinite(over) else np.inf]
    with_lane, _ = earliest(ix, 0, 1, at, Change(None, [(5, 7, 600.0)]))
    assert with_lane == pytest.approx(min(earliest(ix, 0, 1, at)[0], *on), abs=1e-3)


@given(seeds)
@settings(max_examples=30)
def test_bounds_are_never_above_the_truth(seed):
    ix = index(random_graph(seed))
    for goal in (0, 5):
        bound = ix.landmarks.bound(goal)
        true = [earliest(ix, i, goal, AT.timestamp())[0] - AT.timestamp() for i in range(12)]
        assert (bound <= np.array(true) + 1e-6).all()
        assert bound.max() > 0 or np.isinf(true).sum() >= 11


def test_bounds_are_of_use():
    ix = index(random_graph(3, places=60, lanes=400))
    assert np.median(ix.landmarks.bound(0)[1:]) > 3600


@given(seeds)
@settings(max_examples=20)
def test_ways_differ_and_begin_with_the_fastest(seed):
    ix = index(random_graph(seed, places=10, lanes=70))
    found = routes(ix, 0, 1, AT.timestamp(), k=3)
    if not found.ways:
        assert np.isinf(earliest(ix, 0, 1, AT.timestamp())[0])
        return
    assert found.ways[0].usual[-1] == pytest.approx(earliest(ix, 0, 1, AT.timestamp())[0])
    for i, one in enumerate(found.ways):
        assert len(set(one.lanes)) == len(one.lanes)
        for other in found.ways[:i]:
            assert _shared(ix, list(one.lanes), list(other.lanes)) <= ALIKE
    assert found.reliable in range(len(found.ways))
    best = min(found.ways, key=lambda way: way.quantile(0.9))
    assert found.ways[found.reliable].quantile(0.9) == best.quantile(0.9)


def test_most_reliable_is_often_the_best_of_all_simple_ways():
    """Against every simple way of up to five lanes: what the short list of candidates loses."""
    lost = []
    for seed in range(25):
        ix = index(random_graph(seed, places=8, lanes=30))
        at = AT.timestamp()
        found = routes(ix, 0, 1, at, k=3)
        if not found.ways:
            continue
        ours = found.ways[found.reliable].quantile(0.9)
        every = [journey(ix, way, at).quantile(0.9) for way in _simple(ix, 0, 1, 5)]
        lost.append((ours - min(every)) / 3600)
    assert len(lost) > 10
    assert np.mean(np.array(lost) <= 0.5) >= 0.8 and min(lost) > -1e-6


def _simple(ix, here, goal, most, seen=()):
    if here == goal:
        yield []
    elif most:
        for i in range(ix.roads.first[here], ix.roads.first[here + 1]):
            tail = int(ix.roads.tail[i])
            if tail not in seen and tail != here:
                for rest in _simple(ix, tail, goal, most - 1, (*seen, here)):
                    yield [i, *rest]


def test_from_a_place_to_itself_takes_no_lane_and_no_time():
    ix = index(random_graph(1))
    assert earliest(ix, 3, 3, 5.0) == (5.0, [])
    found = routes(ix, 3, 3, 5.0)
    assert found.ways[0].lanes == () and found.ways[0].quantile(0.9) == 5.0


def test_a_deadline_decides_what_is_reliable():
    ix = index(random_graph(5, places=10, lanes=70))
    at = AT.timestamp()
    late = routes(ix, 0, 1, at, deadline=at + 40 * 86_400)
    chances = [way.chance(at + 40 * 86_400) for way in late.ways]
    assert chances[late.reliable] == max(chances)


def test_an_unknown_node_is_refused_with_the_nearest_names():
    ix = index(random_graph(1))
    with pytest.raises(ValueError, match=r"from: '03' is no node of the graph; the nearest are"):
        node_of(ix, "03", "from")
    assert node_of(ix, "003") == node_of(ix, "facility:003") == 3
    assert stand(ix, "003") == 3


def test_the_moment_of_the_clock_change_is_known():
    at = datetime(2025, 3, 30, 1, 30, tzinfo=UTC)  # an hour after the change in Berlin
    ix = index(random_graph(2))
    names = list(ix.roads.plan.clock.names)
    shift = ix.roads.plan.clock.shift(
        np.full(2, names.index("Europe/Berlin")),
        np.array([at.timestamp() - 3600, at.timestamp()]),
    )
    assert shift.tolist() == [3600.0, 7200.0]


def test_nobody_leaves_before_being_there_when_the_clock_shows_an_hour_twice():
    lanes = pl.DataFrame(
        {"zone": ["Europe/Berlin"], "region": ["R"], "weekdays": ["1111111"]}
        | {"first_departure_s": [9000.0], "headway_s": [3600.0], "cutoff_s": [0.0]}
        | {"departures_per_day": [1]}  # at half past two
    )
    day = datetime(2025, 10, 26, tzinfo=UTC)  # at 01:00 UTC three o'clock is two again
    none = pl.DataFrame(schema={"region": pl.String, "date": pl.Date})
    plan = timetable(lanes, none, int(day.timestamp() // 86_400) - 5, 20)
    minutes = np.arange(-60, 180, 10)
    leave = plan.next(np.zeros(len(minutes), np.int64), day.timestamp() + 60.0 * minutes)
    today, tomorrow = day.timestamp() + 1800.0, day.timestamp() + 86_400 + 5400.0
    assert leave.tolist() == [today if m <= 30 else tomorrow for m in minutes.tolist()]
