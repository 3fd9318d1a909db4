from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from lanecast.planning.demand.models.design import Design
from lanecast.planning.panel import longest, outcomes, panel
from lanecast.tables.frequency import HOUR, WEEK, Frequency

from .conftest import DAY, START, shop, stored

ORIGIN = START + 100 * DAY


def test_deleting_the_future_changes_nothing_of_what_was_known(shop_lake, tmp_path):
    tables = {name: rows.filter(pl.col("recorded_at") <= ORIGIN) for name, rows in shop().items()}
    cut = panel(stored(tables, tmp_path / "lake"), ORIGIN, 7)
    whole = panel(shop_lake, ORIGIN, 7)
    np.testing.assert_array_equal(cut.y, whole.y)
    for steps in ([1], [3, 7]):
        a, b = (Design(each).x(100, np.array(steps))[0] for each in (cut, whole))
        np.testing.assert_array_equal(a, b)


def test_what_a_training_row_sees_is_what_was_known_at_its_origin(shop_lake):
    """Features of an earlier origin are those of a panel made then."""
    later, then = panel(shop_lake, ORIGIN, 7), panel(shop_lake, ORIGIN - 20 * DAY, 7)
    for steps in ([1], [5]):
        a, names = Design(later).x(80, np.array(steps))
        b, _ = Design(then).x(80, np.array(steps))
        np.testing.assert_allclose(a, b, rtol=1e-5, err_msg=str(names))


def test_a_planned_price_is_known_ahead_and_weather_is_not(shop_lake):
    known = panel(shop_lake, ORIGIN, 7)
    assert known.covariates["price"].ahead
    assert np.isfinite(known.covariates["price"].at(100, 106)).all()
    assert not known.covariates["weather"].ahead
    assert np.isnan(known.covariates["weather"].at(100, 100)).all()
    far = panel(shop_lake, ORIGIN, 28)  # the plan ends after 14 days
    assert not far.covariates["price"].ahead


def test_a_price_that_was_not_recorded_by_an_earlier_origin_is_not_known_there(shop_lake):
    price = panel(shop_lake, ORIGIN, 7).covariates["price"]
    assert np.isfinite(price.at(60, 74)).all()
    assert np.isnan(price.at(60, 76)).all()


def test_a_panel_of_before_is_the_panel_made_then(shop_lake):
    before = panel(shop_lake, ORIGIN, 7).before(80)
    then = panel(shop_lake, ORIGIN - 20 * DAY, 7)
    np.testing.assert_array_equal(before.y, then.y)
    assert before.asof == then.asof
    for name, each in then.covariates.items():
        for column in range(70, 87):
            mine = before.covariates[name].at(80, column)
            np.testing.assert_array_equal(mine, each.at(80, column))


def test_outcomes_are_what_came_and_nothing_else(shop_lake):
    known = panel(shop_lake, ORIGIN, 7)
    came = outcomes(shop_lake, known)
    rows = shop()["series"].filter(pl.col("ds").is_between(ORIGIN, ORIGIN + 6 * DAY))
    np.testing.assert_array_equal(came.ravel(), rows.sort("unique_id", "ds")["y"].to_numpy())
    late = panel(shop_lake, START + 148 * DAY, 7)
    assert np.isfinite(outcomes(shop_lake, late)).sum() == 12 * 2


def test_the_order_of_rows_does_not_matter(tmp_path):
    mixed = {name: rows.sample(fraction=1, shuffle=True, seed=1) for name, rows in shop().items()}
    a = panel(stored(mixed, tmp_path / "a"), ORIGIN, 7)
    b = panel(stored(shop(), tmp_path / "b"), ORIGIN, 7)
    np.testing.assert_array_equal(a.y, b.y)
    np.testing.assert_array_equal(
        Design(a).x(100, np.array([2]))[0], Design(b).x(100, np.array([2]))[0]
    )


def test_an_origin_within_a_period_forecasts_that_period_first(shop_lake):
    noon = panel(shop_lake, ORIGIN + timedelta(hours=12), 7)
    np.testing.assert_array_equal(noon.y, panel(shop_lake, ORIGIN, 7).y)
    assert noon.ds(noon.length)[0] == np.datetime64(ORIGIN.replace(tzinfo=None), "us")


def test_a_horizon_of_nothing_and_an_origin_before_everything_are_refused(shop_lake):
    with pytest.raises(ValueError, match="horizon: expected periods from 1, got 0"):
        panel(shop_lake, ORIGIN, 0)
    with pytest.raises(ValueError, match="nothing was recorded by 2023"):
        panel(shop_lake, START - DAY, 7)


def test_ten_years_are_the_most_that_can_be_forecast_and_of_hours_one(shop_lake):
    with pytest.raises(ValueError, match="horizon: expected 1 to 3660 periods of days, got 3661"):
        panel(shop_lake, ORIGIN, 3661)
    of = {"hours": Frequency(HOUR), "weeks": Frequency(WEEK), "quarters": Frequency(0, 3)}
    of |= {"months": Frequency(0, 1), "years": Frequency(0, 12)}
    most = {name: longest(frequency) for name, frequency in of.items()}
    assert most == {"hours": 8784, "weeks": 522, "quarters": 40, "months": 120, "years": 10}
