from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from lanecast.nn.training import some_threads
from lanecast.sources.world import World, simulate
from lanecast.tables.lake import Lake

START = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Small nets gain nothing from more, and lose where others wait for the processor."""
    with some_threads():
        yield


@pytest.fixture(scope="session")
def company() -> World:
    """A company of a few hundred parcels."""
    return simulate(parcels=400, days=40, seed=1)


@pytest.fixture(scope="session")
def company_lake(company: World, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The tables of ``company``, for reading only."""
    lake = Lake(tmp_path_factory.mktemp("company") / "lake")
    company.write(lake)
    return Lake(lake.path)


@pytest.fixture(scope="session")
def company_days() -> tuple[datetime, datetime, datetime]:
    """A beginning, a middle and an end of what is asked of ``company``."""
    return START, datetime(2025, 1, 26, 18, tzinfo=UTC), datetime(2025, 2, 8, tzinfo=UTC)
