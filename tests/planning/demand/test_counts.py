import dataclasses
import warnings

import numpy as np
import pytest
from scipy.stats import nbinom, poisson

from lanecast.metrics import series as metrics
from lanecast.planning.demand import SeasonalNaive, Statistical
from lanecast.planning.demand.models.counts import Counts
from lanecast.planning.demand.models.scatter import law_of_counts
from lanecast.planning.forecast import LEVEL

QUICK = Counts(rounds=60, leaves=7, smallest=20, most=20_000)


@pytest.fixture(scope="module")
def rare(shop_panel):
    """The shop with sales of a third of a piece a day, more of them when the price is low."""
    random = np.random.default_rng(0)
    level = random.uniform(0.1, 0.6, (12, 1))
    price = np.nan_to_num(
        np.stack([shop_panel.covariates["price"].at(120, c) for c in range(127)], axis=1), nan=1.0
    )
    mean = level * price**-4.0
    y = random.poisson(mean).astype(float)
    return dataclasses.replace(shop_panel, y=y[:, :120]), y[:, 120:], mean[:, 120:]


@pytest.mark.parametrize("excess", [0.0, 0.3, 4.0])
def test_quantiles_of_counts_are_those_of_scipy(excess):
    mean = np.random.default_rng(0).gamma(0.5, 20, (20, 3))
    ours = law_of_counts(mean, np.full(20, excess))
    if excess:
        theirs = nbinom.ppf(LEVEL, 1 / excess, 1 / (1 + excess * mean[:, :, None]))
    else:
        theirs = poisson.ppf(LEVEL, mean[:, :, None])
    np.testing.assert_array_equal(ours, theirs)


def test_trees_of_counts_find_the_price_and_beat_the_models_of_one_series(rare):
    known, came, mean = rare
    answer = QUICK.fit(known).predict(known)
    assert (answer.fallback == "").all()
    assert np.corrcoef(answer.mean.ravel(), mean.ravel())[0, 1] > 0.6
    scale = np.ones(12)
    others = [model.fit(known).predict(known) for model in (Statistical(), SeasonalNaive())]
    ours, pool, naive = (
        metrics.scaled_pinball(came, each.quantiles, LEVEL, scale) for each in (answer, *others)
    )
    assert ours < pool < naive


def test_a_constant_goes_on_and_no_warning_of_others_is_heard(shop_panel):
    y = shop_panel.y.copy()
    y[0], y[1, 60:] = 8.0, 3.0
    flat = dataclasses.replace(shop_panel, y=y)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        answer = Statistical(most=60).fit(flat).predict(flat)
    assert [str(each.message) for each in heard] == []
    assert (answer.fallback == "").all()
    np.testing.assert_array_equal(answer.quantiles[0], 8.0)
    np.testing.assert_array_equal(answer.median[1], 3.0)
    assert (np.ptp(answer.quantiles[2:], axis=2) > 0).all()


def test_series_that_sell_every_day_are_left_to_others(shop_panel):
    answer = QUICK.fit(shop_panel).predict(shop_panel)
    assert set(answer.fallback) == {"no_counts"}


def test_a_power_that_is_no_law_is_refused():
    with pytest.raises(ValueError, match="between 1 and 2"):
        Counts(power=2.5)
