"""The same numbers on Spark and on Polars: stock, work and demand."""

from datetime import UTC, datetime

import numpy as np
import pytest
from polars.testing import assert_frame_equal

from lanecast.planning import demand, workforce
from lanecast.planning.demand.latent import Latent
from lanecast.planning.inventory import features as stock
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake, collect

NOW = datetime(2025, 2, 24, tzinfo=UTC)  # some goods are due in whole days and a half
TODAY = int(NOW.timestamp() // 86400)
CLOSE = {"rel_tol": 1e-9, "abs_tol": 1e-9, "check_dtypes": False}
STOCK = {
    "items": stock.items,
    "arriving": stock.arriving,
    "lateness": stock.lateness,
    "sales": lambda lake, now: stock.sales(lake, now, 14),
    "tags": lambda lake, now: stock.tags(lake, now, TODAY - 7),
    "promotions": stock.promotions,
    "holidays": stock.holidays,
}
WORK = {
    "worked": workforce.worked,
    "outcomes": workforce.outcomes,
    "team": workforce.team,
    "cutoffs": workforce.cutoffs,
}


@pytest.fixture(scope="module")
def both(tmp_path_factory, spark):
    """A tiny lake, seen by each engine; compiling would take longer than computing."""
    for name in ("spark.sql.codegen.wholeStage", "spark.sql.adaptive.enabled"):
        spark.conf.set(name, "false")
    spark.conf.set("spark.sql.shuffle.partitions", "1")
    lake = Lake(tmp_path_factory.mktemp("tiny") / "lake")
    simulate(parcels=100, days=60, seed=3, products=10).write(lake)
    yield Lake(lake.path), Lake(lake.path, engine="spark")
    for name in ("spark.sql.codegen.wholeStage", "spark.sql.adaptive.enabled"):
        spark.conf.set(name, "true")
    spark.conf.set("spark.sql.shuffle.partitions", "4")


def agree(one, other):
    assert one.height > 0
    key = one.columns
    assert_frame_equal(one.sort(key), other.select(key).sort(key), **CLOSE)


@pytest.mark.parametrize("name", STOCK | WORK)
def test_stock_and_work(both, name):
    agree(*(collect((STOCK | WORK)[name](lake, NOW).lazy()) for lake in both))


def test_demand(both):
    """The panel holds days of sale, latent demand, and all that is known ahead."""
    one, other = (demand.context(lake, NOW, 7, Latent(turns=1, rounds=5)) for lake in both)
    assert len(one.ids) > 5 and {"log_price", "holiday", "eve"} <= set(one.covariates)
    assert list(one.ids) == list(other.ids) and one.first == other.first
    np.testing.assert_allclose(one.y, other.y, rtol=1e-9)
    assert one.covariates.keys() == other.covariates.keys()
    for name, known in one.covariates.items():
        np.testing.assert_allclose(known.values, other.covariates[name].values, rtol=1e-9)
    for name, value in one.attributes.items():
        assert list(value) == list(other.attributes[name])
