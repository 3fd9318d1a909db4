"""Delete what was recorded later: nothing that was said before may change."""

from datetime import timedelta

import narwhals as nw
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lanecast.parcel import events
from lanecast.parcel.events.snapshot import KEYS
from lanecast.tables.lake import collect

from ..stories import cut
from .conftest import CUT

MIDDLE, LAST = CUT, CUT + timedelta(days=2)
CLOSE = {"rel_tol": 1e-12, "abs_tol": 1e-12}  # the order of a sum may differ in its last bit
ONE = ("asof_h", "parcel_id", "moment")


@pytest.fixture(scope="module")
def cut_lake(world, tmp_path_factory):
    """The lake as it would be had the world ended at MIDDLE."""
    return cut(world.tables, MIDDLE, tmp_path_factory.mktemp("cut") / "lake")


def test_context_knows_nothing_recorded_after_asof(world_lake, cut_lake):
    one, other = (events.context(lake, MIDDLE) for lake in (world_lake, cut_lake))
    assert one.keys() == other.keys()
    for name, rows in one.items():
        key = list(KEYS.get(name) or {"calendar": ("goal_region", "day")}.get(name, ()))
        key = key or (["buyer_id"] if name == "buyer" else rows.columns[:1])
        left, right = (collect(each.lazy()).sort(key) for each in (rows, other[name]))
        assert_frame_equal(left, right, **CLOSE)


def test_features_know_nothing_recorded_after_their_window(x, cut_lake):
    since = MIDDLE - timedelta(days=2)
    early = collect(events.features(cut_lake, since, MIDDLE).lazy()).sort(ONE)
    inside = pl.col("asof_h").is_between(
        since.timestamp() / 3600, MIDDLE.timestamp() / 3600, closed="left"
    )
    assert early.height > 300
    assert {"checkout", "shipped", "in_transit", "waiting", "delivered"} == set(early["moment"])
    assert_frame_equal(early, x.filter(inside).sort(ONE), **CLOSE)


def test_outcomes_know_nothing_recorded_after_asof(world_lake, cut_lake):
    full, short = (
        collect(events.outcomes(lake.asof(MIDDLE), MIDDLE)).sort("event", "parcel_id")
        for lake in (world_lake, cut_lake)
    )
    assert_frame_equal(full, short, check_exact=True)
    assert full["happened"].null_count() > 500


def test_a_row_of_a_request_is_the_row_of_the_batch(world_lake, x):
    context = {
        name: nw.from_native(collect(each.lazy()))
        for name, each in events.context(world_lake, MIDDLE).items()
    }
    rows = collect(events.asked(world_lake, MIDDLE, MIDDLE + timedelta(days=1))).sort(ONE)
    for i in (0, rows.height // 2, rows.height - 1):
        single = events.assemble(nw.from_native(rows[i : i + 1]), context).to_native()
        assert single.height == 1
        batch = x.join(single, on=ONE, how="semi")
        assert_frame_equal(single, batch.select(single.columns), **CLOSE)


def test_no_column_tells_the_date(x):
    days = x.with_columns(day=(pl.col("asof_h") / 24).floor())
    numbers = [n for n, t in x.schema.items() if t.is_numeric() and n != "asof_h"]
    spread = days.group_by("day").agg(pl.col(numbers).n_unique()).drop("day").max()
    empty = {name for name in numbers if x[name].n_unique() <= 1}
    same = {name for name in numbers if spread[name].item() <= 1} - empty
    assert not {name for name in same if "_area_" not in name}  # here all postal codes begin alike
