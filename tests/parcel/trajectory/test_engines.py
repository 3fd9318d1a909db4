"""The same numbers on Spark and on Polars: walks, contexts, candidates, and what came of them."""

from datetime import UTC, datetime, timedelta

import narwhals as nw
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lanecast.parcel import trajectory
from lanecast.parcel.trajectory.walk import walk
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake, collect
from lanecast.tables.trajectory import LEG_PLANS

from .conftest import history

SINCE = datetime(2025, 1, 16, tzinfo=UTC)
UNTIL = SINCE + timedelta(hours=5)  # one snapshot
CLOSE = {"rel_tol": 1e-9, "abs_tol": 1e-9, "check_dtypes": False}


@pytest.fixture(scope="module")
def both(tmp_path_factory, spark):
    """A tiny lake, seen by each engine; compiling would take longer than computing."""
    for name in ("spark.sql.codegen.wholeStage", "spark.sql.adaptive.enabled"):
        spark.conf.set(name, "false")
    spark.conf.set("spark.sql.shuffle.partitions", "1")
    path = tmp_path_factory.mktemp("tiny") / "lake"
    simulate(parcels=150, days=17, seed=3).write(Lake(path))
    lake = history(Lake(path), {("hub_us_ny_01", "hub_us_il_01"): (9, 30.0)})
    _plan(lake)
    yield Lake(path), Lake(path, engine="spark")
    for name in ("spark.sql.codegen.wholeStage", "spark.sql.adaptive.enabled"):
        spark.conf.set(name, "true")
    spark.conf.set("spark.sql.shuffle.partitions", "4")


def _plan(lake):
    """Plan every leg: where it went truly, in twenty hours."""
    rows = collect(walk(lake)).filter(~pl.col("next_stop").is_in(["no_further"]))
    legs = rows.drop_nulls("here").unique(["parcel_id", "here"], keep="first", maintain_order=True)
    known = pl.from_epoch((pl.col("asof_h") * 3600).cast(pl.Int64)).dt.replace_time_zone("UTC")
    plans = legs.select(
        "parcel_id",
        from_facility_id="here",
        to_facility_id="next_stop",
        planned_s=pl.lit(72_000.0),
        recorded_at=known,
    )
    assert plans.height > 100
    Lake(lake.path).write(LEG_PLANS, nw.from_native(plans))


def agree(key, *rows):
    one, other = (collect(each.lazy()).sort(key) for each in rows)
    assert one.height > 0
    assert_frame_equal(one, other.select(one.columns), **CLOSE)


def test_questions_with_their_walks_and_outcomes(both):
    key = ["parcel_id", "asof_h"]
    agree(key, *(trajectory.asked(lake, SINCE, UNTIL) for lake in both))
    agree(key, *(trajectory.outcomes(lake, UNTIL) for lake in both))
    agree("here", *(trajectory.clocks(lake, UNTIL) for lake in both))


def test_contexts(both):
    polars, spark = (trajectory.context(lake, UNTIL) for lake in both)
    assert polars.keys() == spark.keys()
    for name, rows in polars.items():
        one, other = (collect(each.lazy()) for each in (rows, spark[name]))
        text = [c for c, dtype in one.schema.items() if not dtype.is_float()]
        key = text or one.columns[:1]
        assert_frame_equal(one.sort(key), other.select(one.columns).sort(key), **CLOSE)


def test_features(both):
    key = ["parcel_id", "asof_h", "listed", "next_stop"]
    agree(key, *(trajectory.features(lake, SINCE, UNTIL) for lake in both))
