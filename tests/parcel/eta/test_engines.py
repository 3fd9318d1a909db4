"""The same numbers on Spark and on Polars."""

import inspect
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lanecast.parcel import eta
from lanecast.parcel.journeys import journeys
from lanecast.parcel.questions import ASKED, questions
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake, collect

SINCE = datetime(2025, 1, 14, tzinfo=UTC)
UNTIL = SINCE + timedelta(hours=20)
CLOSE = {"rel_tol": 1e-9, "abs_tol": 1e-9, "check_dtypes": False}

cuts_plans = pytest.mark.skipif(
    "Checkpoint" not in inspect.getsource(Lake.hold),
    reason="Lake.hold must cut the plan on Spark (localCheckpoint): with cache() every step plans "
    "all steps before it anew, and a context outgrows the driver's memory",
)


@pytest.fixture(scope="module")
def both(tmp_path_factory, spark):
    """A tiny lake, seen by each engine; compiling would take longer than computing."""
    for name in ("spark.sql.codegen.wholeStage", "spark.sql.adaptive.enabled"):
        spark.conf.set(name, "false")
    spark.conf.set("spark.sql.shuffle.partitions", "1")
    lake = Lake(tmp_path_factory.mktemp("tiny") / "lake")
    simulate(parcels=300, days=21, seed=3).write(lake)
    yield Lake(lake.path), Lake(lake.path, engine="spark")
    for name in ("spark.sql.codegen.wholeStage", "spark.sql.adaptive.enabled"):
        spark.conf.set(name, "true")
    spark.conf.set("spark.sql.shuffle.partitions", "4")


def agree(key, *rows):
    one, other = (collect(each.lazy()).sort(key) for each in rows)
    assert one.height > 0
    assert_frame_equal(one, other.select(one.columns), **CLOSE)


def test_questions(both):
    agree(ASKED, *(questions(lake, SINCE, UNTIL) for lake in both))


def test_journeys_and_outcomes(both):
    agree("parcel_id", *(journeys(lake.asof(UNTIL)) for lake in both))
    agree("parcel_id", *(eta.outcomes(lake, UNTIL) for lake in both))
    agree("parcel_id", *(eta.places(lake, SINCE, UNTIL) for lake in both))


@cuts_plans
def test_context(both):
    polars, spark = (eta.context(lake, UNTIL) for lake in both)
    assert polars.keys() == spark.keys()
    for name, rows in polars.items():
        one, other = (collect(each.lazy()) for each in (rows, spark[name]))
        key = [c for c, dtype in one.schema.items() if dtype == pl.String] or one.columns[:1]
        key += ["day"] if name == "calendar" else []
        assert_frame_equal(one.sort(key), other.select(one.columns).sort(key), **CLOSE)


@cuts_plans
def test_features(both):
    agree(ASKED, *(eta.features(lake, SINCE, UNTIL) for lake in both))
