"""What-if, dependence, bottlenecks, statistics and distributions, against naive answers."""

import itertools
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanecast.graph.bins import bin_of, draws, quantiles
from lanecast.graph.bottlenecks import CUT_OFF_H, bottlenecks
from lanecast.graph.build import build
from lanecast.graph.facts import facts, neighbours
from lanecast.graph.flows import Flows, daily, under_way, ways
from lanecast.graph.handling import time_needed
from lanecast.graph.hubs import depends
from lanecast.graph.index import index
from lanecast.graph.journey import journey
from lanecast.graph.places import node_of
from lanecast.graph.roads import FEWEST
from lanecast.graph.route import routes
from lanecast.graph.search import earliest
from lanecast.graph.statistics import rates, times
from lanecast.graph.whatif import adding, closing, effect, slowing
from lanecast.tables.lake import Lake
from lanecast.tables.parcel import SCANS

from .conftest import NOW, START, facility, lane, ride, written
from .networks import AT, random_graph

seeds = st.integers(0, 10_000)


@pytest.fixture(scope="module")
def ix(graph):
    return index(graph)


def some_flows(many=8, places=12):
    pairs = list(itertools.islice(itertools.permutations(range(places), 2), 0, None, 15))[:many]
    start, goal = np.array(pairs).T
    at = AT.timestamp() + 3600.0 * np.arange(2)
    return Flows(start, goal, np.arange(1.0, many + 1), np.tile(at, (many, 1)))


@given(seeds)
@settings(max_examples=15)
def test_closing_affects_those_whose_way_leads_there_and_makes_nobody_faster(seed):
    ix, flows = index(random_graph(seed)), some_flows()
    before = ways(ix, flows)
    found = effect(ix, flows, closing(ix, 4))
    extra = lost = affected = 0.0
    for f, (a, b) in enumerate(zip(flows.start.tolist(), flows.goal.tolist(), strict=True)):
        for m, way in enumerate(before.lanes[f]):
            if not any(4 in (ix.roads.head[i], ix.roads.tail[i]) for i in way):
                continue
            affected += flows.weight[f] / 2
            after, _ = earliest(ix, a, b, flows.at[f, m], closing(ix, 4))
            if np.isinf(after):
                lost += flows.weight[f] / 2
            else:
                late = (after - flows.at[f, m]) / 3600 - before.hours[f, m]
                assert late >= -1e-9
                extra += flows.weight[f] / 2 * late
    assert found.affected == pytest.approx(affected) and found.cut_off == pytest.approx(lost)
    assert found.extra_h == pytest.approx(extra, abs=1e-6)
    assert (found.table["new_h"].is_null() | (found.table["new_h"] >= 0)).all()


@given(seeds, st.floats(0.5, 20))
@settings(max_examples=15)
def test_an_added_lane_makes_nobody_slower_and_cuts_nobody_off(seed, hours):
    ix, flows = index(random_graph(seed)), some_flows()
    found = effect(ix, flows, adding(0, 1, hours))
    assert found.cut_off == 0 and found.extra_h <= 1e-9
    direct = found.table.filter(pl.col("from") == "facility:000", pl.col("to") == "facility:001")
    if direct.height:
        assert direct["new_h"][0] <= hours + 1e-6


def test_slowing_a_lane_slows_the_distribution_of_those_who_ride_on_it(ix, graph):
    flows = daily(ix)
    busiest = graph.edges.filter(relation="lane").sort("parcels")["lane_id"][-1]
    found = effect(ix, flows, slowing(ix, busiest, 3.0))
    assert 0 < found.affected < found.parcels and found.cut_off == 0
    both = found.table.drop_nulls()
    assert (both["new_q50_h"] >= both["old_q50_h"] - 1e-9).all()
    assert both["new_q50_h"].sum() > both["old_q50_h"].sum()
    with pytest.raises(ValueError, match="is no lane"):
        slowing(ix, "lane:none", 2.0)
    with pytest.raises(ValueError, match="at least 1"):
        slowing(ix, busiest, float("nan"))
    with pytest.raises(ValueError, match="two places"):
        adding(1, 1, 3.0)
    with pytest.raises(ValueError, match="above 0"):
        adding(1, 2, -3.0)


@given(seeds)
@settings(max_examples=20)
def test_what_depends_on_a_hub_is_what_cannot_be_reached_without_it(seed):
    ix, flows = index(random_graph(seed, lanes=25)), some_flows()

    def reached(start, without):
        seen, waiting = set(), [start] if start != without else []
        while waiting:
            here = waiting.pop()
            seen.add(here)
            tails = ix.roads.tail[ix.roads.first[here] : ix.roads.first[here + 1]].tolist()
            waiting += [t for t in tails if t not in seen and t != without]
        return seen

    found = depends(ix, 4, flows)
    lost, places = 0.0, set()
    for a, b, weight in zip(flows.start, flows.goal, flows.weight, strict=True):
        cut = reached(int(a), None) - reached(int(a), 4) if a != 4 else set()
        places |= cut - {4}
        lost += weight * (int(b) in cut or 4 in (a, b))
    assert found.parcels == pytest.approx(lost)
    assert set(found.places) == {ix.names[i] for i in places}


def test_bottlenecks_cost_what_removing_them_one_by_one_costs():
    ix, flows = index(random_graph(7, lanes=60)), some_flows()
    found = bottlenecks(ix, flows, top=40)
    worst = found.filter(kind="facility").row(0, named=True)
    row = node_of(ix, worst["node_id"])
    inner = (flows.start != row) & (flows.goal != row)
    alone = effect(ix, flows.only(inner), closing(ix, row))
    assert worst["extra_h"] == pytest.approx(alone.extra_h)
    assert worst["cut_off"] == pytest.approx(alone.cut_off)
    total = alone.extra_h + CUT_OFF_H * alone.cut_off
    assert worst["criticality_h"] == pytest.approx(total) and total > 0
    assert found["criticality_h"].is_sorted(descending=True)


def test_under_way_are_those_without_an_end(ix, world_lake, world):
    found = under_way(ix, world_lake)
    scans = world.tables["scans"].filter(pl.col("recorded_at") <= NOW)
    ended = ["delivered", "returned", "lost", "cancelled", "returning"]
    over = set(scans.filter(pl.col("status").is_in(ended))["parcel_id"])
    known = set(scans.filter(pl.col("facility_id").is_not_null())["parcel_id"])
    assert set(found.parcel_id) and set(found.parcel_id) <= known - over


def test_neighbours_are_those_of_the_table(ix, graph):
    for name in ("facility:hub_us_ny_01", "carrier:norda", "region:DE-BE"):
        ends = pl.concat(
            [
                graph.edges.filter(head_id=name)["tail_id"].rename("n"),
                graph.edges.filter(tail_id=name)["head_id"].rename("n"),
            ]
        )
        row = node_of(ix, name)
        assert {ix.names[i] for i in neighbours(ix, row).tolist()} == set(ends)
        assert facts(ix, row).edges.height == ends.len()


def test_statistics_of_a_lane_lie_near_what_its_rides_took(ix, world_lake, graph):
    """The busiest lane has enough rides of its own for its type to weigh little."""
    lanes = ix.roads.lanes.filter(relation="lane", is_planned=True).sort("parcels")
    edge = lanes.row(-1, named=True)
    events = graph.proofs.filter(edge_id=edge["edge_id"])["event_id"].to_list()
    scans = Lake(world_lake.path).read(SCANS).collect().to_native()
    own = scans.filter(pl.col("event_id").is_in(events)).sort("parcel_id", "event_at")
    took = own.group_by("parcel_id").agg(
        h=(pl.col("event_at").last() - pl.col("event_at").first()).dt.total_seconds() / 3600,
        n=pl.len(),
    )
    took = took.filter(pl.col("n") == 2)["h"].to_numpy()
    whole = times(ix, edge["lane"]).filter(
        pl.col("measure") == "transit", pl.col("weekday").is_null()
    )
    row = whole.row(0, named=True)
    assert row["q50_h"] == pytest.approx(np.median(took), rel=0.08)
    assert row["q90_h"] == pytest.approx(np.quantile(took, 0.9), rel=0.15)
    assert row["q50_low_h"] <= row["q50_h"] <= row["q50_high_h"]


def test_parts_of_the_week_are_shrunk_towards_the_lane(ix):
    table = times(ix, 12).filter(measure="transit")
    whole = table.filter(pl.col("weekday").is_null())["q50_h"][0]
    few = table.filter(pl.col("n") <= 3, pl.col("weekday").is_not_null())
    assert few.height and (few["q50_h"] / whole - 1).abs().max() < 0.15


def test_rates_are_counts_over_days_and_places(ix, graph):
    found = rates(ix)
    assert found.height == ix.roads.lanes.height
    row = found.filter(pl.col("utilisation").is_not_null()).sort("parcels")[-1].to_dicts()[0]
    edge = graph.edges.filter(relation="lane", lane_id=row["lane_id"]).to_dicts()[0]
    since = NOW.date() - timedelta(days=28)
    volume = graph.days.filter(
        pl.col("edge_id") == edge["edge_id"],
        pl.col("measure") == "volume",
        pl.col("date") >= since,
    )["n"].sum()
    assert row["parcels_per_day"] == pytest.approx(volume / 28)
    week = 28 / 7 * edge["weekdays"].count("1") * edge["departures_per_day"]
    used = volume / (week * edge["capacity_parcels"])
    assert row["utilisation"] == pytest.approx(used, rel=0.2)  # holidays
    assert row["parcels_low"] < row["parcels_per_day"] < row["parcels_high"]
    assert row["miss_low"] < row["miss_rate"] < row["miss_high"]


def test_a_lane_without_rides_behaves_as_its_type(tmp_path):
    places = [facility(name) for name in "ABC"]
    lanes = [lane("l1", "A", "B"), lane("l2", "B", "C", duration_s=14400.0)]
    scans = []
    for i in range(60):
        left = START + timedelta(days=i % 20, hours=17, minutes=i % 7)
        scans += ride(f"p{i}", "A", "B", left, 3.0)  # half again as long as planned
    ix = index(build(written(tmp_path, facilities=places, lanes=lanes, scans=scans), NOW))
    unseen = ix.roads.lanes["lane_id"].to_list().index("lane:l2")
    assert ix.roads.ride_s[unseen] == pytest.approx(1.5 * 14400, rel=0.15)
    belief = quantiles(ix.roads.transit.belief(unseen), [0.5])[0]
    assert belief == pytest.approx(1.5 * 14400, rel=0.12)


def test_a_missing_scan_makes_no_shortcut(tmp_path):
    places = [facility(name) for name in "ABC"]
    lanes = [lane("l1", "A", "B"), lane("l2", "B", "C")]
    scans = ride("p", "A", "C", START, 9.0)  # nobody scanned it at B
    graph = build(written(tmp_path, facilities=places, lanes=lanes, scans=scans), NOW)
    assert graph.edges.filter(relation="lane").height == 3
    assert index(graph).roads.lanes.filter(relation="lane").height == 2
    assert FEWEST > 1


def test_disconnected_hubs_and_lanes_that_never_leave_have_no_way(tmp_path):
    places = [facility(name) for name in ("A", "B", "单独")]
    lanes = [lane("l1", "A", "B", departures_per_day=0), lane("l2", "B", "A", weekdays="0000000")]
    ix = index(build(written(tmp_path, facilities=places, lanes=lanes), NOW))
    a, b, alone = (node_of(ix, name) for name in ("A", "B", "单独"))
    for start, goal in ((a, b), (b, a), (a, alone), (alone, a)):
        assert earliest(ix, start, goal, NOW.timestamp()) == (np.inf, [])
    assert facts(ix, alone).edges.height == 1  # its region


def test_a_lake_of_merchants_and_regions_has_corridors(ix):
    """Between regions all that counts is the time from hand-over to delivery."""
    start, goal = node_of(ix, "region:US-NY"), node_of(ix, "region:US-CA")
    arrive, way = earliest(ix, start, goal, NOW.timestamp())
    assert ix.roads.lanes["relation"][way[0]] == "ships_to" and len(way) == 1
    assert [len(each.lanes) for each in routes(ix, start, goal, NOW.timestamp()).ways] == [1]
    assert 24 < (arrive - NOW.timestamp()) / 3600 < 24 * 12
    spread = journey(ix, way, NOW.timestamp())
    assert spread.quantile(0.1) < spread.quantile(0.5) < spread.quantile(0.9)


def test_arrivals_are_distributed_as_truth_has_them(world, world_lake):
    """Way and moment of each leg are given; predicted quantiles cover the later rides."""
    cut = datetime(2025, 3, 1, tzinfo=UTC)
    ix = index(build(world_lake, cut))
    lanes = ix.roads.lanes.with_columns(pl.col("lane_id").str.strip_prefix("lane:"))
    number = dict(zip(lanes["lane_id"], lanes["lane"], strict=True))
    legs = world.truth["legs"].sort("parcel_id", "departed_at")
    came = pl.col("arrived_at").shift().over("parcel_id")
    later = legs.with_columns(came=came).filter(
        pl.col("came") > cut, pl.col("arrived_at") < NOW - timedelta(days=2)
    )
    levels = []
    for row in later.sample(300, seed=0).iter_rows(named=True):
        way = [number[row["lane_id"]]]
        found = journey(ix, way, row["came"].timestamp(), samples=256)
        levels.append((found.arrivals <= row["arrived_at"].timestamp()).mean())
    inside = np.mean((np.array(levels) > 0.1) & (np.array(levels) < 0.9))
    assert 0.70 < inside < 0.90
    assert abs(np.mean(levels) - 0.5) < 0.08


@given(st.lists(st.floats(1, 1e5), min_size=1, max_size=200))
@settings(max_examples=30)
def test_quantiles_of_bins_are_within_a_bin_of_the_truth(minutes):
    rows = pl.DataFrame({"s": [60.0 * m for m in minutes]})
    bins = rows.select(bin_of(pl.col("s"))).to_series().to_numpy()
    counts = np.bincount(bins, minlength=256).astype(float)
    for level in (0.1, 0.5, 0.9):
        true = np.quantile(rows["s"].to_numpy(), level, method="inverted_cdf")
        assert quantiles(counts, [level])[0] == pytest.approx(true, rel=0.0513)
    drawn = draws(counts, np.linspace(0.001, 0.999, 50))
    assert drawn.min() >= 59.9 and drawn.max() <= rows["s"].max() * 1.052


def test_an_empty_graph_answers_that_nothing_is_there(tmp_path):
    ix = index(build(Lake(tmp_path), NOW))
    assert not len(daily(ix).start) and rates(ix).is_empty()
    with pytest.raises(ValueError, match="the graph is empty"):
        node_of(ix, "anything")


def test_who_is_left_behind_waits_for_the_next_departure(tmp_path):
    """Every other parcel came a day early and was left behind all the same."""
    places = [facility(name) for name in "AB"]
    scans = []
    for i in range(120):
        leaves = START + timedelta(days=i % 24 + 2, hours=17, minutes=i % 5)
        came = leaves - timedelta(hours=14 if i % 2 else 38)
        scans += [*ride(f"p{i}", "A", "B", leaves, 2.0)]
        scans[-3] |= {"event_at": came, "recorded_at": came}
    lanes = [lane("l1", "A", "B")]
    ix = index(build(written(tmp_path, facilities=places, lanes=lanes, scans=scans), NOW))
    ready, behind = ix.roads.handling.of(0)
    assert 0.35 < behind < 0.55
    assert time_needed(ready, np.array([1.0]))[0] <= 12.3 * 3600
    came = NOW.timestamp()  # 02:00 in Berlin; the next departure is at 18:00
    found = journey(ix, [0], came)
    hours = (found.arrivals - came) / 3600
    assert 0.4 < (hours < 24).mean() < 0.65
    assert 0.15 < ((hours > 24) & (hours < 48)).mean() < 0.35
