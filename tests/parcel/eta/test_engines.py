"""The same numbers on Spark and on Polars."""

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
UNTIL = SINCE + timedelta(days=1, hours=6)
CLOSE = {"rel_tol": 1e-9, "abs_tol": 1e-9, "check_dtypes": False}


@pytest.fixture(scope="module")
def both(tmp_path_factory, spark):
    """A tiny lake, seen by each engine."""
    lake = Lake(tmp_path_factory.mktemp("tiny") / "lake")
    simulate(parcels=300, days=21, seed=3).write(lake)
    return Lake(lake.path), Lake(lake.path, engine="spark")


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


def test_context(both):
    polars, spark = (eta.context(lake, UNTIL) for lake in both)
    assert polars.keys() == spark.keys()
    for name, rows in polars.items():
        one, other = (collect(each.lazy()) for each in (rows, spark[name]))
        key = [c for c, dtype in one.schema.items() if dtype == pl.String] or one.columns[:1]
        key += ["day"] if name == "calendar" else []
        assert_frame_equal(one.sort(key), other.select(one.columns).sort(key), **CLOSE)


def test_features(both):
    agree(ASKED, *(eta.features(lake, SINCE, UNTIL) for lake in both))
