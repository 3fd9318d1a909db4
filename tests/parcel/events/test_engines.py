"""The same numbers on Spark and on Polars."""

from datetime import UTC, datetime, timedelta

import pytest
from polars.testing import assert_frame_equal

from lanecast.parcel import events
from lanecast.parcel.events.snapshot import RATES
from lanecast.parcel.questions import ASKED
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake, collect

SINCE = datetime(2025, 1, 14, tzinfo=UTC)
UNTIL = SINCE + timedelta(hours=20)
CLOSE = {"rel_tol": 1e-9, "abs_tol": 1e-9, "check_dtypes": False}


@pytest.fixture(scope="module")
def both(tmp_path_factory, spark):
    """A tiny lake, seen by each engine; compiling would take longer than computing."""
    for name in ("spark.sql.codegen.wholeStage", "spark.sql.adaptive.enabled"):
        spark.conf.set(name, "false")
    spark.conf.set("spark.sql.shuffle.partitions", "1")
    lake = Lake(tmp_path_factory.mktemp("tiny") / "lake")
    simulate(parcels=250, days=21, seed=3).write(lake)
    yield Lake(lake.path), Lake(lake.path, engine="spark")
    for name in ("spark.sql.codegen.wholeStage", "spark.sql.adaptive.enabled"):
        spark.conf.set(name, "true")
    spark.conf.set("spark.sql.shuffle.partitions", "4")


def agree(key, *rows):
    one, other = (collect(each.lazy()).sort(key) for each in rows)
    assert one.height > 0
    assert_frame_equal(one, other.select(one.columns), **CLOSE)


def test_questions_and_outcomes(both):
    agree(ASKED, *(events.asked(lake, SINCE, UNTIL) for lake in both))
    agree(("parcel_id", "event"), *(events.outcomes(lake.asof(UNTIL), UNTIL) for lake in both))


def test_features(both, monkeypatch):
    """They hold the tables of the context. Two rates stand for all: they differ in a column."""
    for event in ("returned", "lost", "not_received"):
        monkeypatch.delitem(RATES, event)
    one, other = (collect(events.features(lake, SINCE, UNTIL).lazy()).sort(ASKED) for lake in both)
    assert one.height > 5 and {"checkout", "in_transit", "delivered"} <= set(one["moment"])
    assert one["missing_usual"].null_count() == 0
    assert_frame_equal(one, other.select(one.columns), **CLOSE)
