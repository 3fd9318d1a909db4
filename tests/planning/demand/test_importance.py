import pytest

from lanecast.planning.demand import Pooled
from lanecast.planning.demand.importance import importance

TREES = Pooled(rounds=50, leaves=15, rate=0.15, smallest=20, features=0.8, centre="zero", threads=1)


@pytest.fixture(scope="module")
def told(shop_panel):
    return importance(TREES, shop_panel, origins=6)


def test_what_drives_sales_is_needed_and_weather_is_not(told):
    found = dict(told.select("input", "found").iter_rows())
    rise = dict(told.select("input", "rise").iter_rows())
    assert found["price"] and found["seasonality"]
    assert not found["weather"] and abs(rise["weather"]) < 0.05
    assert rise["price"] > 0.2


def test_intervals_hold_the_rise_and_order_is_by_need(told):
    assert (told["low"] <= told["rise"]).all() and (told["rise"] <= told["high"]).all()
    assert told["rise"].is_sorted(descending=True)


def test_a_history_that_is_too_short_is_refused(shop_panel):
    with pytest.raises(ValueError, match="origins: expected 3 or more of 7 periods within 120"):
        importance(TREES, shop_panel, origins=20)
