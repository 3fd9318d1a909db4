"""Delete what was recorded later: nothing that was said before may change."""

import importlib
from datetime import UTC, datetime, timedelta

import narwhals as nw
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lanecast.parcel import trajectory
from lanecast.parcel.trajectory.models.rows import STOP_INPUTS
from lanecast.tables.lake import Lake, collect
from lanecast.tables.trajectory import LEG_PLANS

from ..stories import at, chaos, cut

features_module = importlib.import_module("lanecast.parcel.trajectory.features")
START = datetime(2025, 2, 20, 18, tzinfo=UTC)
MIDDLE, END = START + timedelta(days=2), START + timedelta(days=5)
CLOSE = {"rel_tol": 1e-9, "abs_tol": 1e-9}  # the order of a sum may differ in its last bits
ROW = ["parcel_id", "asof_h", "next_stop"]


def x_of(lake, since, until):
    return collect(trajectory.features(lake, since, until).lazy()).sort(ROW)


@pytest.fixture(scope="module")
def cut_lake(world, tmp_path_factory):
    return cut(world.tables, MIDDLE, tmp_path_factory.mktemp("cut") / "lake")


def test_features_know_nothing_recorded_after_their_window(world_lake, cut_lake):
    full, short = (x_of(lake, START, MIDDLE) for lake in (world_lake, cut_lake))
    assert full.height > 2000
    assert_frame_equal(full, short, **CLOSE)
    assert_frame_equal(full, x_of(world_lake, START, END).filter(in_middle()), **CLOSE)


def in_middle():
    return pl.col("asof_h") < MIDDLE.timestamp() / 3600


def test_contexts_and_outcomes_know_nothing_recorded_after_asof(world_lake, cut_lake):
    contexts = [trajectory.context(lake, MIDDLE) for lake in (world_lake, cut_lake)]
    for name, rows in contexts[0].items():
        full, short = (collect(each.lazy()) for each in (rows, contexts[1][name]))
        keys = [c for c, kind in full.schema.items() if kind == pl.String or "Int" in str(kind)]
        assert_frame_equal(full.sort(keys), short.sort(keys), **CLOSE)
    full, short = (collect(trajectory.outcomes(lake, MIDDLE)) for lake in (world_lake, cut_lake))
    order = ["parcel_id", "asof_h"]
    assert_frame_equal(full.sort(order), short.sort(order), check_exact=True)
    later = collect(trajectory.outcomes(world_lake, END))
    assert later["ended"].sum() > full["ended"].sum()


@pytest.mark.parametrize("seed", [3, 4])
def test_scans_in_any_order_tell_nothing_of_the_future(tmp_path, seed):
    lake = chaos(tmp_path / "lake", seed)
    tables = {each: _rows(lake, each) for each in ("parcels", "scans", "orders", "promises")}
    tables |= {each: _rows(lake, each) for each in ("merchants", "addresses")}
    until = at(250)
    short = cut(tables, until, tmp_path / "short")
    assert tables["scans"].filter(pl.col("recorded_at") > until).height > 50
    since = at(100)
    assert_frame_equal(x_of(lake, since, until), x_of(short, since, until), **CLOSE)


def _rows(lake, name):
    from ..stories import BY_NAME

    return collect(lake.read(BY_NAME[name])).select(list(BY_NAME[name].columns))


def test_the_plan_of_a_leg_does_not_tell_where_it_goes(trucks, tmp_path):
    """Plans that name another place change nothing that the models of the next stop read."""
    since, until = at(150), at(200)
    true = x_of(trucks, since, until)
    wrong = Lake(tmp_path / "lake")
    with wrong.batch("copy") as batch:
        for name in trucks.pinned.versions:
            table = next(t for t in _tables() if t.name == name)
            rows = collect(trucks.read(table)).select(list(table.columns))
            if table is LEG_PLANS:
                swapped = pl.col("to_facility_id").replace({"b": "c", "c": "b"})
                rows = rows.with_columns(to_facility_id=swapped, planned_s=pl.lit(77.0))
            batch.append(table, nw.from_native(rows))
    other = x_of(Lake(wrong.path), since, until)
    listed = pl.col("listed") > 0
    assert_frame_equal(
        true.filter(listed).select(*ROW, *STOP_INPUTS),
        other.filter(listed).select(*ROW, *STOP_INPUTS),
    )
    assert true["planned"].sum() > 0
    assert not true["planned"].equals(other["planned"])


def _tables():
    from lanecast.sources.world import TABLES
    from lanecast.tables.trajectory import LANE_HISTORY

    return (*TABLES, LANE_HISTORY, LEG_PLANS)
