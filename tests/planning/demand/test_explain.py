import numpy as np
import polars as pl
import pytest

from lanecast.planning.demand import Ensemble, Pooled, SeasonalNaive
from lanecast.planning.demand.explain import PARTS, belongs, explain

TREES = Pooled(rounds=60, leaves=15, rate=0.15, smallest=20, features=0.8, centre="zero", threads=1)


@pytest.fixture(scope="module")
def explained(shop_panel):
    fitted = TREES.fit(shop_panel)
    both = Ensemble({"pooled": TREES, "naive": SeasonalNaive()}).fit(shop_panel)
    forecast = both.predict(shop_panel)
    return explain(fitted, forecast, shop_panel), forecast


def test_the_parts_add_up_to_the_forecast(explained):
    rows, forecast = explained
    np.testing.assert_allclose(rows.select(PARTS).sum_horizontal(), forecast.median.ravel())
    assert rows.height == 12 * 7


def test_a_lower_price_explains_more_sales(explained, shop_panel):
    rows, _ = explained
    price = np.array([shop_panel.covariates["price"].at(120, 120 + h) for h in range(7)]).T
    low = pl.Series(price.ravel() < 1)
    share = rows["price"] / rows["forecast"]
    assert share.filter(low).mean() > share.filter(~low).mean() + 0.2
    assert (rows["promotion"] == 0).all()  # there were none


def test_each_feature_belongs_to_one_part(shop_panel):
    expected = {
        "price_change": "price",
        "weather_last": "rest",
        "phase_7_0": "seasonality",
        "weekday": "seasonality",
        "easter_last_year": "holiday",
        "mean_28": "baseline",
    }
    assert {name: belongs(name, shop_panel, {}) for name in expected} == expected
    assert belongs("price_change", shop_panel, {"price": "promotion"}) == "promotion"


def test_a_part_that_is_none_is_refused(shop_panel):
    fitted = TREES.fit(shop_panel)
    with pytest.raises(ValueError, match=r"got 'price': 'luck'"):
        explain(fitted, fitted.predict(shop_panel), shop_panel, {"price": "luck"})
