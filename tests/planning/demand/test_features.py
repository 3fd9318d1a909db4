from datetime import UTC, datetime, timedelta

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from lanecast.planning.demand import context, outcomes
from lanecast.planning.demand.latent import Latent
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import CALENDARS, FACILITIES
from lanecast.tables.planning import ASSORTMENT, PRICES, PROMOTIONS, SALES, SIGNALS

READ = (SALES, PRICES, PROMOTIONS, SIGNALS, ASSORTMENT, CALENDARS, FACILITIES)
QUICK = Latent(1, rounds=10)


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    lake = Lake(tmp_path_factory.mktemp("company") / "lake")
    simulate(parcels=200, days=150, seed=4, products=10).write(lake)
    return Lake(lake.path)


def test_deleting_the_future_of_a_company_changes_nothing_of_what_was_known(company, tmp_path):
    at = datetime(2025, 4, 20, tzinfo=UTC)
    cut = Lake(tmp_path / "lake")
    with cut.batch("test") as batch:
        for table in READ:
            rows = collect(company.versions(table).select(*table.columns))
            batch.append(table, nw.from_native(rows.filter(pl.col("recorded_at") <= at).lazy()))
    whole, then = (context(lake, at, 14, QUICK) for lake in (company, Lake(cut.path)))
    np.testing.assert_array_equal(whole.y, then.y)
    assert whole.covariates.keys() == then.covariates.keys()
    for name, each in whole.covariates.items():
        np.testing.assert_array_equal(each.values, then.covariates[name].values, err_msg=name)
        np.testing.assert_array_equal(each.recorded, then.covariates[name].recorded)


def test_prices_are_known_ahead_and_visits_are_not(company):
    known = context(company, datetime(2025, 4, 20, tzinfo=UTC), 14, QUICK)
    assert known.covariates["log_price"].ahead and known.covariates["holiday"].event
    assert not known.covariates["visits"].ahead
    assert set(known.attributes) == {"category", "facility_id", "product_id", "region"}


def test_a_day_without_stock_to_its_end_is_not_scored(company):
    at = datetime(2025, 4, 20, tzinfo=UTC)
    known = context(company, at, 14, QUICK)
    came = outcomes(company, known)
    inside = pl.col("date").is_between(at.date(), (at + timedelta(days=13)).date())
    rows = collect(company.read(SALES)).filter(inside)
    whole = rows.filter(in_stock_share=1.0)
    assert whole.height < rows.height
    assert np.isfinite(came).sum() == whole.height
    assert np.nansum(came) == whole["units"].sum()


def test_a_lake_without_series_and_sales_is_refused(tmp_path):
    with pytest.raises(ValueError, match="neither series nor sales"):
        context(Lake(tmp_path), datetime(2025, 1, 1, tzinfo=UTC), 7)
