"""Policies that trade: no foresight, order among them, and the law that is known."""

from dataclasses import replace

import numpy as np
import pytest

from lanecast.optimize import min_max, reorder_point
from lanecast.optimize.base_stock import poisson_chances
from lanecast.optimize.cover import Price
from lanecast.planning.inventory import (
    MinMax,
    OrderUpTo,
    Recent,
    ReorderPoint,
    Rolling,
    Shop,
    compared,
    foresight,
    recent,
    trade,
    true,
)
from lanecast.planning.inventory.decide.classical import Rules, naive_order_up_to

from .conftest import make_shop


@pytest.fixture(scope="module")
def ledgers(shop):
    known, mean, spread = shop
    return {
        "true": trade(known, Rolling(), true(mean, spread, 30)),
        "rolling": trade(known, Rolling(), recent(known, Recent(), 30)),
        **{rule: trade(known, rule=rule) for rule in ("naive", "moving", "min_max")},
    }


def least(shop):
    known = shop[0]
    return foresight(
        known.demand, known.price, known.fixed, stock=known.stock,
        coming=np.zeros(known.demand.shape), first=1,
    )  # fmt: skip


def test_no_policy_beats_foresight(shop, ledgers):
    floor = least(shop)
    for each in ledgers.values():
        assert (each.total >= floor - 1e-9).all()


def test_rolling_is_close_to_the_true_law_and_far_below_closed_forms(ledgers):
    cost = {name: each.total.sum() for name, each in ledgers.items()}
    assert cost["rolling"] <= 1.08 * cost["true"]
    for rule, share in (("naive", 0.85), ("moving", 0.85), ("min_max", 0.95)):
        assert cost["rolling"] <= share * cost[rule]


def test_a_comparison_adds_up(shop, ledgers):
    rows = compared(ledgers, least(shop))
    parts = rows.select("order", "holding", "short", "waste").sum_horizontal()
    np.testing.assert_allclose(rows["cost"].to_numpy(), parts.to_numpy())
    assert (rows["regret"] >= 0).all()
    assert rows["served"].is_between(0, 1).all()


@pytest.mark.parametrize("name", ["rolling", "naive"])
def test_what_is_asked_for_later_changes_no_earlier_order(shop, name):
    known, _, _ = shop
    small = replace(known, demand=known.demand[:, :14], nights=known.nights[:, :14])
    other = replace(small, demand=np.where(np.arange(14) < 9, small.demand, 50.0))
    slower = replace(small, nights=small.nights + 3 * (np.arange(14) >= 9))
    orders = [
        (trade(each, Rolling(), recent(each, Recent(), 20)) if name == "rolling"
         else trade(each, rule=name)).ordered[:, :9]
        for each in (small, other, slower)
    ]  # fmt: skip
    np.testing.assert_array_equal(orders[0], orders[1])
    np.testing.assert_array_equal(orders[0], orders[2])


def test_when_an_order_comes_is_not_known_before(shop):
    """Two orders of one evening, one quick and one slow, look alike until the first has come."""
    known, mean, spread = shop
    small = replace(known, demand=known.demand[:, :8], nights=np.full_like(known.nights[:, :8], 6))
    slow = replace(small, nights=np.full_like(small.nights, 60))
    one, other = (trade(each, Rolling(), true(mean, spread, 20)).ordered for each in (small, slow))
    np.testing.assert_array_equal(one[:, :7], other[:, :7])


def steady(fixed, days=600, count=4):
    """A shop with Poisson demand of 3 a day, seen every day, two nights of lead time."""
    random = np.random.default_rng(5)
    one = np.ones(count)
    return Shop(
        sold=np.full((count, 14), 3.0), met=np.ones((count, 14), bool),
        demand=random.poisson(3.0, (count, days)).astype(float),
        nights=np.full((count, days), 2), leads=np.full((count, 10), 2),
        lead=np.full(count, 2), review=np.ones(count, int), phase=np.zeros(count, int),
        keeps=np.zeros(count, int), pack=one, price=Price(0.1 * one, 4.0 * one, 0 * one),
        fixed=fixed * one, stock=20 * one, coming=np.zeros((count, 1)),
    )  # fmt: skip


@pytest.mark.parametrize("policy", [Rolling(), MinMax(), ReorderPoint()], ids=str)
def test_a_stationary_law_costs_what_the_exact_s_S_policy_costs(policy):  # noqa: N802
    """Unmet demand waits here, so that the textbook's optimum is one."""
    known = steady(6.0, days=150)
    law = poisson_chances(9.0)  # the days until an order comes, and the one it is there for
    position = np.arange(-40, 80)
    g = reorder_point.position_cost(0.1, 4.0, law, position)
    exact = min_max.optimal(6.0, poisson_chances(3.0), g, -40)
    forecast = true(np.full((4, 400), 3.0), np.full(4, 1e-6), 40)
    found = trade(known, policy, forecast, backorders=True, horizon=40)
    assert found.total.sum() / (4 * 150) <= 1.1 * float(exact.cost[0])


def test_without_a_fixed_cost_base_stock_is_as_good_as_any():
    known = steady(0.0, days=80)
    forecast = true(np.full((4, 250), 3.0), np.full(4, 1e-6), 60)
    one = trade(known, OrderUpTo(), forecast, horizon=12)
    other = trade(known, Rolling(), forecast, horizon=12)
    np.testing.assert_allclose(one.total, other.total, rtol=0.02)


def test_the_naive_rule_is_a_loop_over_weekdays():
    random = np.random.default_rng(0)
    sold = random.poisson(5, (3, 42)).astype(float)
    rules = Rules(np.array([2.0, 0, 9]), np.array([1.0, 7, 7]), np.array([1.0, 4, 6]), np.zeros(3))
    units = naive_order_up_to(sold, np.array([3.0, 10, 0]), rules, np.full(3, 0.5))
    for i in range(3):
        level = sum(sold[i, 42 - 7 + k % 7] for k in range(int(rules.lead[i] + rules.review[i])))
        lacking = max(level - [3, 10, 0][i], 0)
        assert units[i] == np.ceil(lacking / rules.pack[i]) * rules.pack[i]


def test_a_shop_that_never_runs_dry_loses_nothing():
    known, mean, spread = make_shop(count=10, days=20, expiring=0.0)
    rich = replace(known, stock=known.stock + 1e6)
    found = trade(rich, Rolling(), true(mean, spread, 20))
    assert not found.lost.any()
    assert not found.ordered.any()


def test_a_policy_needs_a_forecast_and_a_rule_a_name(shop):
    with pytest.raises(ValueError, match="policy, forecast: expected both, or a rule"):
        trade(shop[0], Rolling())
    with pytest.raises(ValueError, match="rule: expected naive, moving or min_max, got 'best'"):
        trade(shop[0], rule="best")
