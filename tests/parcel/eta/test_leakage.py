"""Delete what was recorded later: nothing that was said before may change."""

import importlib
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import narwhals as nw
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lanecast.parcel import eta
from lanecast.parcel.eta import snapshot
from lanecast.parcel.questions import ASKED, questions
from lanecast.sources.world import TABLES
from lanecast.tables.lake import Lake, collect

from ..stories import at, chaos, cut, number

features_module = importlib.import_module("lanecast.parcel.eta.features")
START = datetime(2025, 2, 20, 18, tzinfo=UTC)
MIDDLE, END = START + timedelta(days=3), START + timedelta(days=8)
CLOSE = {"rel_tol": 1e-12, "abs_tol": 1e-12}  # the order of a sum may differ in its last bit


def x_of(lake, since, until):
    return collect(eta.features(lake, since, until).lazy()).sort(ASKED)


def frames(context):
    return {name: collect(rows.lazy()) for name, rows in context.items()}


def same(one, other):
    assert one.keys() == other.keys()
    for name, rows in one.items():
        key = list(snapshot.KEYS.get(name, ("goal_region", "day")))
        assert_frame_equal(rows.sort(key), other[name].sort(key), **CLOSE)


@pytest.fixture(scope="module")
def whole(world_lake):
    """Features of eight days, made in one run."""
    return x_of(world_lake, START, END)


@pytest.fixture(scope="module")
def cut_lake(world, tmp_path_factory):
    """The lake as it would be had the world ended at MIDDLE."""
    return cut(world.tables, MIDDLE, tmp_path_factory.mktemp("cut") / "lake")


def test_something_was_recorded_later(world, cut_lake):
    later = world.tables["scans"].filter(pl.col("recorded_at") > MIDDLE)
    assert later.height > 1000
    assert (later["recorded_at"] - later["event_at"]).max() > timedelta(hours=12)
    with_tables = ("parcels", "scans", "promises", "orders")
    assert all(
        pl.scan_delta(str(cut_lake.path / name)).select("recorded_at").max().collect().item()
        <= MIDDLE
        for name in with_tables
    )


def test_context_knows_nothing_recorded_after_asof(world_lake, cut_lake):
    same(frames(eta.context(world_lake, MIDDLE)), frames(eta.context(cut_lake, MIDDLE)))


def test_features_know_nothing_recorded_after_their_window(world_lake, cut_lake):
    assert_frame_equal(x_of(world_lake, START, MIDDLE), x_of(cut_lake, START, MIDDLE), **CLOSE)


def test_outcomes_know_nothing_recorded_after_asof(world_lake, cut_lake):
    full, short = (collect(eta.outcomes(lake, MIDDLE)) for lake in (world_lake, cut_lake))
    assert_frame_equal(full.sort("parcel_id"), short.sort("parcel_id"), check_exact=True)
    later = collect(eta.outcomes(world_lake, END)).filter(pl.col("ended") == 1)
    assert later.height > full.filter(pl.col("ended") == 1).height


def test_features_of_a_longer_run_are_the_same_day_by_day(world_lake, whole):
    days = [START + timedelta(days=day) for day in range(9)]
    for since, until in pairwise(days[::3]):
        inside = pl.col("asof_h").is_between(number(since), number(until), closed="left")
        assert_frame_equal(x_of(world_lake, since, until), whole.filter(inside), **CLOSE)


@pytest.mark.parametrize("seed", range(2))
def test_a_chaotic_past_looks_the_same_from_later(tmp_path, seed):
    """Scans in any order, on the hour, twice, and after the end; parcels placed at snapshots."""
    lake = chaos(tmp_path / "lake", seed)
    tables = {each.name: collect(lake.read(each)).select(list(each.columns)) for each in TABLES
              if lake.has(each)}  # fmt: skip
    long = x_of(lake, at(132), at(324))
    for since, until in ((132, 180), (156, 228)):
        inside = pl.col("asof_h").is_between(number(at(since)), number(at(until)), closed="left")
        assert_frame_equal(x_of(lake, at(since), at(until)), long.filter(inside), **CLOSE)
        short = cut(tables, at(until), tmp_path / f"cut{since}")
        assert_frame_equal(x_of(short, at(since), at(until)), long.filter(inside), **CLOSE)
    x = long.filter(pl.col("asof_h").is_between(number(at(300)), number(at(300)) + 24, "left"))
    context = frames(eta.context(lake, at(300)))
    rows = collect(questions(lake, at(300), at(324)))
    by_hand = eta.assemble(nw.from_native(rows), {k: nw.from_native(v) for k, v in context.items()})
    assert_frame_equal(by_hand.to_native().sort(ASKED), x, **CLOSE)


def test_each_row_comes_from_the_last_snapshot_before_it(world_lake, whole):
    assert whole["snapshot_age_h"].is_between(0, features_module.SNAPSHOT_H, closed="left").all()
    day = START + timedelta(days=4)
    rows = collect(questions(world_lake, day, day + timedelta(days=1)))
    context = {name: nw.from_native(each) for name, each in
               frames(eta.context(world_lake, day)).items()}  # fmt: skip
    by_hand = eta.assemble(nw.from_native(rows), context).to_native().sort(ASKED)
    inside = pl.col("asof_h").is_between(number(day), number(day) + 24, closed="left")
    assert_frame_equal(by_hand, whole.filter(inside), **CLOSE)


def test_what_a_snapshot_forgets_does_not_depend_on_the_run(world_lake, monkeypatch):
    for module in (snapshot, features_module):
        monkeypatch.setattr(module, "MEMORY_H", 24.0 * 10)
    since, until = START, START + timedelta(days=1)
    inside = pl.col("asof_h").is_between(number(since), number(until), closed="left")
    long = x_of(world_lake, since, until + timedelta(days=4)).filter(inside)
    assert_frame_equal(x_of(world_lake, since, until), long, **CLOSE)


def test_a_row_does_not_know_its_own_outcome(world, world_lake, whole, tmp_path):
    """Every delivery of the questions asked last is made three days later."""
    asked = whole.filter(pl.col("asof_h") >= number(MIDDLE))
    late = pl.col("parcel_id").is_in(asked["parcel_id"].unique().to_list())
    known = pl.col("recorded_at") > MIDDLE
    final = pl.col("status") == "delivered"
    moved = [
        pl.when(late & known & final).then(pl.col(c) + pl.duration(days=30)).otherwise(c).alias(c)
        for c in ("event_at", "recorded_at")
    ]
    tables = world.tables | {"scans": world.tables["scans"].with_columns(moved)}
    other = cut(tables, datetime(2026, 1, 1, tzinfo=UTC), tmp_path / "lake")
    first = pl.col("asof_h") < number(MIDDLE) + 24
    changed = x_of(other, MIDDLE, MIDDLE + timedelta(days=1))
    again = whole.filter(first, pl.col("asof_h") >= number(MIDDLE))
    met = changed.join(again, on=ASKED, how="semi").sort(ASKED)
    assert_frame_equal(met, again, **CLOSE)
    y, y_moved = (collect(eta.outcomes(lake, END)) for lake in (world_lake, other))
    pair = y.join(y_moved, on="parcel_id").filter(late)
    assert (pair["end_h"] != pair["end_h_right"]).sum() > 50


def test_a_calendar_that_is_corrected_later_was_not_known_before(world, whole, tmp_path):
    days = world.tables["calendars"]
    strike = days.filter(pl.col("date") > MIDDLE.date(), pl.col("date") <= END.date()).with_columns(
        is_working=~pl.col("is_working"), recorded_at=pl.lit(MIDDLE + timedelta(hours=12))
    )
    tables = world.tables | {"calendars": pl.concat([days, strike])}
    lake = cut(tables, datetime(2026, 1, 1, tzinfo=UTC), tmp_path / "lake")
    x = x_of(lake, START, END)
    told = pl.col("asof_h") >= number(MIDDLE) + 24
    assert_frame_equal(x.filter(~told), whole.filter(~told), **CLOSE)
    day = told & (pl.col("asof_h") < number(MIDDLE) + 48)
    assert (x.filter(day)["working_7d"] != whole.filter(day)["working_7d"]).all()


def test_deleting_rows_of_the_delta_tables_themselves(world, tmp_path):
    """The same as above where the lake keeps its history: only the commit is moved on."""
    from deltalake import DeltaTable

    from lanecast.tables import commits

    lake = Lake(tmp_path / "lake")
    world.write(lake)
    lake = Lake(lake.path)
    before = frames(eta.context(lake, MIDDLE))
    versions = dict(lake.pinned.versions)
    for name in ("orders", "parcels", "promises", "scans"):
        table = DeltaTable(lake.path / name)
        gone = table.delete(f"recorded_at > '{MIDDLE.isoformat()}'")
        assert gone["num_deleted_rows"] > 0
        versions[name] = table.version()
    with commits.locked(lake.path):
        now = commits.Commit(lake.pinned.number + 1, versions, "test", MIDDLE.isoformat(), {})
        commits.publish(lake.path, now)
    same(frames(eta.context(Lake(lake.path), MIDDLE)), before)
