"""Laws of building: day by day is at once, the future does not matter, scans prove edges."""

import shutil
from datetime import UTC, datetime, timedelta

import narwhals as nw
import polars as pl
import pytest

from lanecast.graph.build import build, extend
from lanecast.graph.known import known
from lanecast.graph.stays import rides, stays, usable
from lanecast.graph.store import load, save, stored
from lanecast.sources.world import simulate
from lanecast.tables.graph import TABLES
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import SCANS
from lanecast.tables.schema import check

from .conftest import NOW, START, facility, lane, ride, same, scan, written

END = datetime(2025, 2, 5, 7, tzinfo=UTC)  # within the forty days of the company below


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    lake = Lake(tmp_path_factory.mktemp("small") / "lake")
    simulate(parcels=600, days=40, seed=4).write(lake)
    return Lake(lake.path)


def test_building_day_by_day_is_building_at_once(small):
    grown = build(small, END - timedelta(days=6, hours=5))
    first = grown.days["n"].sum()
    while grown.asof < END:
        grown = extend(grown, small, min(grown.asof + timedelta(hours=29), END))
    assert same(grown, build(small, END))
    assert 0 < first < grown.days["n"].sum()


def test_what_is_recorded_later_changes_nothing(small, tmp_path):
    world = simulate(parcels=600, days=40, seed=4)
    at = END - timedelta(days=20)
    past = Lake(tmp_path / "past")
    for name, rows in world.tables.items():
        world.tables[name] = rows.filter(pl.col("recorded_at") <= at)
    world.write(past)
    assert same(build(Lake(past.path), at), build(small, at))
    assert not same(build(small, at), build(small, END))


def test_a_late_scan_takes_back_what_was_believed(tmp_path):
    places = [facility(name) for name in "ABC"]
    scans = ride("p", "A", "C", START, 9.0)
    scans[1]["recorded_at"] = scans[2]["recorded_at"] = START + timedelta(hours=10)
    late = scan("p", "arrived", "B", START + timedelta(hours=4))
    late["recorded_at"] = START + timedelta(days=2)
    lake = written(tmp_path, facilities=places, scans=[*scans, late])
    before, after = (build(lake, START + timedelta(days=day)) for day in (1, 3))

    def lanes(graph):
        rows = graph.edges.filter(pl.col("relation") == "lane").sort("edge_id")
        return list(zip(rows["head_id"], rows["tail_id"], strict=True))

    assert lanes(before) == [("facility:A", "facility:C")]
    assert lanes(after) == [("facility:A", "facility:B"), ("facility:B", "facility:C")]
    assert same(extend(before, lake, after.asof), after)


def test_a_corrected_timetable_is_counted_anew(tmp_path):
    places = [facility("A"), facility("B")]
    plan = lane("l1", "A", "B")
    later = lane("l1", "A", "B", first_departure_s=72000.0) | {
        "recorded_at": START + timedelta(days=2)
    }
    scans = ride("p", "A", "B", START + timedelta(hours=19), 2.0)
    lake = written(tmp_path, facilities=places, lanes=[plan, later], scans=scans)
    old = build(lake, START + timedelta(days=1))
    new = extend(old, lake, START + timedelta(days=3))
    assert same(new, build(lake, new.asof))
    assert not old.days.filter(measure="late").equals(new.days.filter(measure="late"))


def test_a_graph_cannot_go_back(small, graph):
    with pytest.raises(ValueError, match="knows 2025-04-01 00:00 already"):
        extend(graph, small, START)


def test_every_row_is_valid_and_every_reference_is_met(graph):
    frames = (graph.nodes, graph.edges, graph.days, graph.proofs)
    for table, rows in zip(TABLES, frames, strict=True):
        more = {"asof": graph.asof} | ({"holds": True} if "holds" in table.columns else {})
        check(table, nw.from_native(rows.with_columns(**{k: pl.lit(v) for k, v in more.items()})))
    ids = set(graph.nodes["node_id"])
    for end in ("head_id", "tail_id", "lane_id"):
        assert set(graph.edges[end].drop_nulls()) <= ids
    edges = set(graph.edges["edge_id"])
    assert set(graph.days["edge_id"]) | set(graph.proofs["edge_id"]) <= edges


def test_every_kind_and_every_relation_is_in_the_company(graph):
    kinds, relations = (TABLES[i].columns[n].allowed for i, n in ((0, "kind"), (1, "relation")))
    assert set(graph.nodes["kind"]) == set(kinds)
    assert set(graph.edges["relation"]) == set(relations)


def test_the_scans_that_prove_an_edge_exist_and_are_counted(graph, world_lake):
    events = set(collect(world_lake.asof(NOW).read(SCANS))["event_id"])
    assert set(graph.proofs["event_id"]) <= events
    counted = dict(graph.proofs["edge_id"].value_counts().iter_rows())
    own = graph.edges.filter(pl.col("relation").is_in(["lane", "serves", "flows_to"]))
    for edge, scans in own.select("edge_id", "scans").iter_rows():
        assert scans == counted.get(edge, 0)
    unplanned = own.filter(~pl.col("is_planned"))
    assert unplanned.height and unplanned["scans"].min() > 0


def test_rides_are_those_that_truly_happened(world, world_lake):
    """Nearly all rides that the scans show are legs of the truth, and nearly all are found."""
    facts = known(world_lake, NOW)
    names = {"lane_id": "lane_id", "a": "from_facility_id", "b": "to_facility_id"}
    lanes = facts.lanes.select(**names)
    true = world.truth["legs"].filter(pl.col("arrived_at") < NOW - timedelta(days=2))
    true = true.join(lanes, on="lane_id").select("parcel_id", "a", "b")
    found = rides(stays(usable(facts.scans))).select(
        "parcel_id", a="from_facility_id", b="to_facility_id"
    )
    found = found.filter(~pl.col("b").str.starts_with("pup"))
    assert true.join(found, on=["parcel_id", "a", "b"], how="semi").height > 0.995 * true.height
    all_true = world.truth["legs"].join(lanes, on="lane_id").select("parcel_id", "a", "b")
    wrong = found.join(all_true, on=["parcel_id", "a", "b"], how="anti")
    assert wrong.height < 0.005 * found.height


def test_stays_and_rides_equal_a_naive_loop(world_lake):
    events = usable(known(world_lake, NOW).scans)
    got = rides(stays(events)).select("parcel_id", "from_facility_id", "to_facility_id").rows()
    inside = ("picked_up", "arrived", "departed", "customs", "on_hold", "delayed")
    inside += ("out_for_delivery", "ready_for_pickup")
    naive, here = [], {}
    for row in events.iter_rows(named=True):
        if row["facility_id"] is None or row["status"] not in inside:
            continue
        last = here.get(row["parcel_id"])
        if last is not None and last != row["facility_id"]:
            naive.append((row["parcel_id"], last, row["facility_id"]))
        here[row["parcel_id"]] = row["facility_id"]
    extra = len(naive) - len(got)
    assert set(got) <= set(naive) and 0 <= extra <= 0.002 * len(naive)  # wrong clocks


def test_scans_from_the_future_twice_and_after_the_return_do_not_count(tmp_path):
    good = ride("p", "A", "B", START, 2.0)
    twice = good[1] | {"event_id": "again", "recorded_at": START + timedelta(hours=1)}
    future = scan("p", "arrived", "C", START + timedelta(hours=9))
    future["recorded_at"] = START + timedelta(hours=3)
    back = [
        scan("p", "returning", "B", START + timedelta(hours=5)),
        scan("p", "arrived", "A", START + timedelta(hours=8)),
    ]
    places = [facility(name) for name in "ABC"]
    whole = written(tmp_path / "a", facilities=places, scans=[*good, twice, future, *back])
    clean = written(tmp_path / "b", facilities=places, scans=good)
    assert same(build(whole, NOW), build(clean, NOW))


def test_a_lake_without_lanes_gets_them_from_its_scans(tmp_path):
    lake = written(tmp_path, scans=ride("p", "仓库", "B", START, 2.0))
    graph = build(lake, NOW)
    edge = graph.edges.row(by_predicate=pl.col("relation") == "lane", named=True)
    assert edge["head_id"] == "facility:仓库" and not edge["is_planned"]
    assert (edge["scans"], edge["parcels"], edge["lane_id"]) == (2, 1, "lane:仓库>B:c1")
    assert same(extend(build(lake, START), lake, NOW), graph)


def test_an_empty_lake_makes_an_empty_graph(tmp_path):
    graph = build(Lake(tmp_path), NOW)
    assert graph.nodes.height == graph.edges.height == graph.days.height == 0


def test_a_lake_gives_back_what_was_saved_for_each_moment(small, tmp_path):
    lake = Lake(shutil.copytree(small.path, tmp_path / "lake"))
    old = build(lake, END - timedelta(days=1))
    assert stored(lake) is None and save(old, lake) > 0
    new = extend(load(Lake(lake.path)), Lake(lake.path), END)
    written_rows = save(new, Lake(lake.path))
    assert 0 < written_rows < new.days.height / 2
    lake = Lake(lake.path)
    assert same(load(lake), build(small, END)) and stored(lake) == END
    assert same(load(lake.asof(END - timedelta(hours=1))), old)
    assert save(load(lake), lake) == 0
    with pytest.raises(ValueError, match="expected a moment not before it"):
        save(old, lake)


def test_what_is_gone_is_gone_from_the_lake_too(tmp_path):
    scans = ride("p", "A", "C", START, 9.0)
    late = scan("p", "arrived", "B", START + timedelta(hours=4))
    late["recorded_at"] = START + timedelta(days=2)
    lake = written(tmp_path, facilities=[facility(n) for n in "ABC"], scans=[*scans, late])
    for day in (1, 3):
        save(build(lake, START + timedelta(days=day)), lake)
        lake = Lake(lake.path)
    assert same(load(lake), build(lake, START + timedelta(days=3)))


def test_a_lake_without_a_graph_says_so(tmp_path):
    with pytest.raises(ValueError, match="lanecast graph build"):
        load(Lake(tmp_path))
