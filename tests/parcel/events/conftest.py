from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from lanecast.parcel import events
from lanecast.tables.lake import collect

START = datetime(2025, 2, 20, tzinfo=UTC)
CUT = START + timedelta(days=18)
END = START + timedelta(days=26)


@pytest.fixture(scope="session")
def x(world_lake):
    """Features of 26 days of the small company."""
    return collect(events.features(world_lake, START, END).lazy())


@pytest.fixture(scope="session")
def past(x):
    """What was asked before CUT."""
    return x.filter(pl.col("asof_h") < CUT.timestamp() / 3600)


@pytest.fixture(scope="session")
def y(world_lake):
    """What was known at CUT."""
    return collect(events.outcomes(world_lake.asof(CUT), CUT))


@pytest.fixture(scope="session")
def fitted(past, y):
    """Quick trees."""
    return events.Boosted(rounds=25, events=("late", "failed_first")).fit(past, y)
