from datetime import UTC, date, datetime, timedelta

import pytest

from lanecast.planning import demand
from lanecast.planning.chain import Learnt
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake

NOW = datetime(2025, 3, 20, 23, tzinfo=UTC)
SITE = "whs_us_ny_01"


@pytest.fixture(scope="session")
def company(tmp_path_factory):
    """A small company that sells ten products, with ten days after ``NOW``."""
    lake = Lake(tmp_path_factory.mktemp("chain") / "lake")
    days = (NOW.date() - date(2025, 1, 1)).days + 11
    simulate(150, days, 6, products=10).write(lake)
    return Lake(lake.path)


@pytest.fixture(scope="session")
def learnt(company):
    """A model of demand that is learnt in no time."""
    panel = demand.context(company, NOW - timedelta(days=1), 21)
    return Learnt(demand.Ensemble({"naive": demand.SeasonalNaive()}).fit(panel), 21)
