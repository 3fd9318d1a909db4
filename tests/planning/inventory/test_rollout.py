"""What an order list leads to: laws of the days after it."""

from dataclasses import replace

import numpy as np
import pytest

from lanecast.planning.inventory import Costs, Limits, Rolling, decide
from lanecast.planning.inventory.models import matched
from lanecast.planning.inventory.rollout import rollout, stretched

from .conftest import forecasts, items

COSTS = Costs(order=2.0, holding=0.25)


def traded(rows, days=14, policy=None, mean=(4.0, 9.0, 1.0)):
    said = forecasts(mean, days=42)
    limits, rule = Limits(rows), policy or Rolling()
    plan = decide(said, COSTS, limits, rule)
    return plan.table, rollout(said, COSTS, limits, rule, plan.table, days)


def test_pieces_are_neither_made_nor_lost():
    rows = items(3, on_hand=[30.0, 60.0, 5.0])
    table, found = traded(rows)
    assert found.height == 3 * 14 and found["date"].n_unique() == 14
    each = found.group_by("unique_id", maintain_order=True).sum()
    assert (each["sold"] + each["wasted"] <= rows["on_hand"] + each["received"] + 1e-9).all()
    first = found.filter(date=found["date"].min())
    assert first["received"].to_numpy() == pytest.approx(0)  # nothing can come before its time
    assert table["units"].sum() <= each["received"].sum() + 1e-9


class Never:
    """A policy that orders nothing."""

    def order(self, outlook):
        order = Rolling().order(outlook)
        return replace(order, units=0 * order.units)


def test_without_stock_and_without_orders_all_demand_is_lost():
    _, found = traded(items(3), policy=Never())
    assert found["sold"].sum() == 0 and found["received"].sum() == 0
    assert found["lost"].sum() == pytest.approx(14 * 14, rel=0.1)
    assert found["short"].sum() == pytest.approx(6 * found["lost"].sum())


def test_ordering_is_worth_it():
    money = ["order", "holding", "short", "waste"]
    _, ours = traded(items(3), days=28)
    _, none = traded(items(3), days=28, policy=Never())
    assert ours.select(money).to_numpy().sum() < 0.7 * none.select(money).to_numpy().sum()


def test_demand_beyond_the_last_day_is_the_last_week_again():
    drawn = np.arange(2 * 3 * 10, dtype=float).reshape(2, 3, 10)
    longer = stretched(drawn, 24)
    assert longer.shape == (2, 3, 24)
    assert (longer[:, :, :10] == drawn).all()
    assert (longer[:, :, 10:17] == drawn[:, :, 3:]).all()
    assert (longer[:, :, 17:24] == drawn[:, :, 3:]).all()


def test_a_plan_of_no_days_is_refused():
    said, limits = forecasts([2.0]), Limits(items(1))
    plan = decide(said, COSTS, limits)
    with pytest.raises(ValueError, match="days: expected 1 or more, got 0"):
        rollout(said, COSTS, limits, Rolling(), plan.table, 0)


@pytest.mark.parametrize("together", [0.0, 0.3])
def test_matched_draws_have_the_mean_the_width_and_the_correlation_of_the_forecast(together):
    mean, sd = np.full((1, 30), 40.0), 14.0
    low, high = mean - 1.2816 * sd, mean + 1.2816 * sd
    ways = matched(mean, low, high, together, 20_000, 1)[0]
    assert ways.mean() == pytest.approx(40, rel=0.01)
    assert ways.std(axis=0).mean() == pytest.approx(sd, rel=0.03)
    pair = np.corrcoef(ways, rowvar=False)[np.triu_indices(30, 1)].mean()
    assert pair == pytest.approx(together, abs=0.02)


def test_a_correlation_of_one_is_refused():
    one = np.ones((1, 2))
    with pytest.raises(ValueError, match=r"together: expected a correlation in \[0, 1\), got 1"):
        matched(one, one, one, 1.0, 10, 0)
