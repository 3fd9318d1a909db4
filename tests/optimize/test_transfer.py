"""Moves of scarce stock against trying all of them."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanecast.optimize.transfer import transfer

seeds = st.integers(0, 10_000)


def told(after, demand, short, over):
    lost = np.maximum(demand - after[:, None], 0).mean(axis=1)
    left = np.maximum(after[:, None] - demand, 0).mean(axis=1)
    return (short * lost + over * left).sum()


@settings(max_examples=10)
@given(seeds)
def test_no_other_moves_cost_less(seed):
    random = np.random.default_rng(seed)
    stock, demand = random.integers(0, 5, 3), random.poisson(2, (3, 8))
    way, once = random.uniform(0.1, 1, (3, 3)), random.uniform(0, 2, (3, 3))
    best = np.inf
    pairs = [(i, j) for i in range(3) for j in range(3) if i != j]
    for plan in product(range(3), repeat=6):
        units = np.zeros((3, 3))
        for (i, j), moved in zip(pairs, plan, strict=True):
            units[i, j] = moved
        after = stock + units.sum(axis=0) - units.sum(axis=1)
        if (units.sum(axis=1) <= stock).all():
            paid = (units * way).sum() + once[units > 0].sum()
            best = min(best, paid + told(after, demand, 5.0, 0.5))
    found = transfer(stock, demand, 5.0, 0.5, way, once)
    assert found.cost <= best + 1e-9
    assert found.bound <= found.cost + 1e-9
    assert (found.units.sum(axis=1) <= stock).all()
    assert found.stock.sum() == stock.sum()


def test_units_go_where_they_are_short_and_not_where_there_is_no_way():
    way = np.array([[0, 1.0, np.inf], [1, 0, 1], [1, 1, 0]])
    demand = np.array([[0.0], [4.0], [6.0]])
    found = transfer([10, 0, 0], demand, 9.0, 0.1, way)
    assert found.units.tolist() == [[0, 4, 0], [0, 0, 0], [0, 0, 0]]
    assert found.cost == pytest.approx(4 + 6 * 9 + 6 * 0.1)


def test_moves_are_whole_packs():
    found = transfer([12, 0], [[0.0], [10.0]], 9.0, 0.1, np.ones((2, 2)), pack=6)
    assert found.units[0, 1] == 12


def test_a_shadow_price_is_what_one_more_unit_would_save():
    random = np.random.default_rng(3)
    demand, way = random.poisson(40, (3, 400)), np.full((3, 3), 0.5)
    stock = np.array([30.0, 40.0, 20.0])
    found = transfer(stock, demand, 9.0, 0.2, way)
    for i in range(3):
        more = stock.copy()
        more[i] += 1
        saved = found.cost - transfer(more, demand, 9.0, 0.2, way).cost
        assert found.price[i] == pytest.approx(saved, abs=0.15)
    assert abs(found.cost - found.bound) < 0.02 * found.cost


def test_a_unit_where_nobody_buys_is_worth_a_sale_elsewhere_less_the_way():
    found = transfer([2, 0], [[0.0], [10.0]], 9.0, 0.1, np.ones((2, 2)))
    assert found.stock.tolist() == [0, 2]
    assert found.price.tolist() == pytest.approx([8.0, 9.0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stock": [-1, 2]}, "stock: expected .* at least 0, got -1"),
        ({"demand": [[np.nan], [1.0]]}, "demand: expected .* got nan"),
        ({"per_unit": -1.0}, "costs of at least 0"),
        ({"pack": 0}, "per_move, pack: expected at least 0 and 1, got 0.0, 0"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(change, message):
    usual = {"stock": [1, 2], "demand": [[1.0], [2.0]], "short": 1.0, "over": 1.0, "per_unit": 1.0}
    with pytest.raises(ValueError, match=message):
        transfer(**usual | change)
