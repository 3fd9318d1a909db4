"""The forecast at hand: laws that are known are found again."""

import numpy as np
import pytest

from lanecast.planning.inventory.models import Recent
from lanecast.planning.inventory.models.recent import drawn

COUNT = 60
LEVEL = np.linspace(1, 20, COUNT)
WEEK = np.array([1.4, 1.0, 0.7, 0.8, 1.0, 1.3, 0.8])


def sales(days=140, seed=0, spread=0.15):
    mean = LEVEL[:, None] * WEEK[np.arange(days) % 7]
    return drawn(mean, np.full(COUNT, spread), 1, seed)[:, 0]


def test_level_weekdays_and_spread_are_found_again():
    fitted = Recent(half_life_d=60).fit(sales(), np.ones((COUNT, 140), bool))
    assert (fitted.level / LEVEL).mean() == pytest.approx(1, abs=0.03)
    np.testing.assert_allclose(fitted.season.mean(axis=0), WEEK, atol=0.06)
    assert fitted.spread.mean() == pytest.approx(0.15, abs=0.03)


def test_a_week_ahead_is_the_mean_by_weekday():
    fitted = Recent().fit(sales(139), np.ones((COUNT, 139), bool))
    ahead = fitted.mean(14)
    np.testing.assert_allclose(ahead[:, :7], ahead[:, 7:])
    assert ahead[:, 0].sum() == pytest.approx(LEVEL.sum() * WEEK[139 % 7], rel=0.1)


def test_days_on_which_stock_ran_out_are_no_evidence_of_small_demand():
    asked = sales(seed=3)
    stock = np.ceil(LEVEL[:, None] * np.random.default_rng(4).uniform(0.6, 1.6, asked.shape))
    sold, met = np.minimum(asked, stock), asked <= stock
    assert met.mean() < 0.75
    naive = Recent().fit(sold, np.ones_like(met)).level.sum() / LEVEL.sum() - 1
    aware = Recent().fit(sold, met).level.sum() / LEVEL.sum() - 1
    assert naive < -0.1
    assert abs(aware) < 0.01


def test_draws_have_the_mean_and_the_spread_that_was_asked_for():
    mean = np.array([[0.3, 5.0, 40.0]])
    paths = drawn(mean, np.array([0.2]), 60_000, 1)[0]
    np.testing.assert_allclose(paths.mean(axis=0), mean[0], rtol=0.03)
    np.testing.assert_allclose(paths.var(axis=0), mean[0] + 0.2 * mean[0] ** 2, rtol=0.05)


def test_doubt_about_the_level_hangs_together_over_days():
    mean = np.full((1, 10), 20.0)
    sure, doubtful = (drawn(mean, np.array([0.01]), 4000, 1, n)[0] for n in (np.inf, 3.0))
    assert doubtful.sum(axis=1).std() > 1.5 * sure.sum(axis=1).std()


def test_a_series_that_never_sold_is_forecast_at_nothing():
    sold = sales()
    sold[0] = 0
    fitted = Recent().fit(sold, np.ones_like(sold, bool))
    assert fitted.mean(7)[0].max() < 1e-6
    assert np.isfinite(fitted.paths(7, 10, 0)).all()


@pytest.mark.parametrize(
    "sold", [np.ones((2, 6)), np.full((2, 20), -1.0), np.full((2, 20), np.nan), np.ones(20)]
)
def test_sales_that_make_no_sense_are_refused(sold):
    with pytest.raises(ValueError, match="sold: expected sales of at least 0 on 7 days or more"):
        Recent().fit(sold, np.ones(sold.shape, bool))


def test_hyper_parameters_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="half_life_d, weeks, days: expected above 0"):
        Recent(half_life_d=0)
