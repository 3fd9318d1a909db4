"""Exact against trying everything, and what a bound and a shadow price promise."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanecast.optimize.knapsack import NONE, choose


def brute(value, cost, capacity, budget):
    n, k = value.shape
    best = 0.0
    for options in product(range(-1, k), repeat=n):
        taken = [(i, a) for i, a in enumerate(options) if a >= 0]
        counts = np.bincount([a for _, a in taken], minlength=k)
        spent = sum(cost[a] for _, a in taken)
        if (counts <= capacity).all() and spent <= budget + 1e-9:
            best = max(best, sum(value[i, a] for i, a in taken))
    return best


@settings(max_examples=60)
@given(st.integers(0, 10_000))
def test_nothing_within_the_limits_is_worth_more(seed):
    random = np.random.default_rng(seed)
    n, k = 5, 3
    value = random.integers(-4, 12, (n, k)).astype(float)
    cost = random.integers(0, 5, k).astype(float)
    capacity, budget = random.integers(0, 4, k), float(random.integers(0, 12))
    found = choose(value, cost, capacity, budget)
    assert found.value == pytest.approx(brute(value, cost, capacity, budget))
    taken = found.option[found.option != NONE]
    assert (np.bincount(taken, minlength=k) <= capacity).all()
    assert cost[taken].sum() <= budget + 1e-9
    assert found.bound >= found.value - 1e-9


def test_a_worked_example():
    found = choose([[10.0, 6.0], [9.0, 1.0]], [1.0, 1.0], [1, 1])
    assert found.option.tolist() == [1, 0]  # 6 + 9 is more than 10 + 1
    assert found.value == found.bound == 15


def test_a_shadow_price_is_what_one_more_place_is_worth():
    value = np.random.default_rng(3).random((40, 2))
    few, more = (choose(value, [1, 1], [places, 40]) for places in (7, 8))
    assert few.capacity_price[0] == pytest.approx(more.value - few.value, abs=0.02)
    assert few.capacity_price[1] == 0


def test_more_room_is_never_worth_less():
    value = np.random.default_rng(4).random((30, 3))
    worth = [choose(value, [1, 2, 3], [9, 9, 9], budget).value for budget in range(0, 40, 4)]
    assert worth == sorted(worth)
    assert worth[0] == 0


def test_what_is_worth_nothing_or_impossible_is_not_chosen():
    found = choose([[0.0, -1.0], [-np.inf, 2.0]], [0.0, 0.0], [np.inf, np.inf])
    assert found.option.tolist() == [NONE, 1]
    assert choose(np.zeros((0, 2)), [1, 1], [1, 1]).value == 0


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("value", {"value": [[np.nan]]}),
        ("value", {"value": [1.0]}),
        ("cost", {"cost": [-1.0]}),
        ("cost", {"cost": [1.0, 2.0]}),
        ("capacity", {"capacity": [-1]}),
        ("capacity", {"capacity": [np.nan]}),
        ("budget", {"budget": float("nan")}),
    ],
)
def test_nonsense_is_refused_by_name(name, given):
    usual = {"value": [[1.0]], "cost": [1.0], "capacity": [1]}
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        choose(**usual | given)
