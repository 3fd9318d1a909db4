"""A replay of stock against a naive shop with a list of dated pieces."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanecast.optimize.cover import Price
from lanecast.optimize.stock_flow import run

seeds = st.integers(0, 10_000)


def shop(demand, lead, level, keeps, backorders, stock):
    """One item, piece by piece: order up to ``level`` each evening."""
    shelf, under, owed = [(0, stock)] if stock else [], {}, 0
    rows = []
    for day, want in enumerate(demand):
        if under.get(day):
            shelf.append((day, under.pop(day)))
        wasted = sum(units for came, units in shelf if keeps and day >= came + keeps)
        shelf = [(came, units) for came, units in shelf if not keeps or day < came + keeps]
        need = want + owed
        sold, rest = 0, []
        for came, units in shelf:
            used = min(units, need - sold)
            sold += used
            if units > used:
                rest.append((came, units - used))
        shelf = rest
        lost = need - sold
        owed = lost if backorders else 0
        hand = sum(units for _, units in shelf)
        order = max(level - hand - sum(under.values()) + owed, 0)
        if order:
            when = day + 1 + lead[day]
            under[when] = under.get(when, 0) + order
        rows.append((hand, sold, lost, wasted, order))
    return np.array(rows, float).T


@settings(max_examples=30)
@given(seeds, st.booleans())
def test_every_row_is_what_a_naive_shop_does(seed, backorders):
    random = np.random.default_rng(seed)
    n, days = 4, 25
    demand, lead = random.poisson(3, (n, days)), random.integers(0, 5, (n, days))
    level, stock = random.integers(5, 30, n), random.integers(0, 10, n)
    keeps = random.integers(0, 6, n)
    price = Price(np.full(n, 0.5), np.full(n, 3.0), np.full(n, 2.0))
    found = run(
        demand, lambda now: np.maximum(level - now.position, 0), lead, price, 1.5,
        stock=stock, keeps=keeps, backorders=backorders,
    )  # fmt: skip
    for i in range(n):
        hand, sold, lost, wasted, order = shop(
            demand[i], lead[i], level[i], keeps[i], backorders, stock[i]
        )
        for name, told in (("hand", hand), ("sold", sold), ("lost", lost), ("wasted", wasted),
                           ("ordered", order)):  # fmt: skip
            np.testing.assert_array_equal(getattr(found, name)[i], told, err_msg=name)
        paid = 0.5 * hand.sum() + 3 * lost.sum() + 2 * wasted.sum() + 1.5 * (order > 0).sum()
        assert found.total[i] == pytest.approx(paid)


@given(seeds)
def test_no_unit_appears_or_vanishes(seed):
    random = np.random.default_rng(seed)
    demand = random.poisson(4, (3, 30))
    price = Price(np.ones(3), np.ones(3), np.ones(3))
    found = run(demand, lambda now: np.full(3, 5.0), 2, price, 1.0, stock=7, keeps=4)
    came = np.zeros((3, 30))
    came[:, 3:] = found.ordered[:, :27]
    balance = 7 + came.cumsum(axis=1) - found.sold.cumsum(axis=1) - found.wasted.cumsum(axis=1)
    np.testing.assert_allclose(balance, found.hand)
    np.testing.assert_allclose(found.sold + found.lost, demand)


def test_days_before_the_count_cost_nothing():
    price = Price(np.ones(1), np.ones(1), np.ones(1))
    every = run(np.ones((1, 9)), lambda now: np.ones(1), 0, price, 2.0)
    late = run(np.ones((1, 9)), lambda now: np.ones(1), 0, price, 2.0, counted_from=4)
    assert every.total[0] - late.total[0] == 1 + 4 * 2.0  # the first unit is lost
    np.testing.assert_array_equal(every.hand, late.hand)


def test_a_policy_knows_no_later_demand():
    seen = []

    def watch(now):
        seen.append((now.day, now.sold.shape[1], float(now.sold.sum())))
        return np.full(1, 2.0)

    price = Price(np.ones(1), np.ones(1), np.ones(1))
    for later in (0.0, 9.0):
        demand = np.ones((1, 6))
        demand[:, 4:] = later
        run(demand, watch, 0, price, 1.0, stock=5)
    assert seen[:4] == seen[6:10]
    assert all(width == day + 1 for day, width, _ in seen)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"demand": [[1.0, np.nan]]}, "demand: expected .* got nan"),
        ({"lead": -1}, "lead: expected .* at least 0, got -1"),
        ({"fixed": -2.0}, "fixed: expected .* at least 0, got -2"),
        ({"policy": lambda now: np.array([-1.0])}, "policy: expected 1 numbers >= 0 on day 0"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(change, message):
    price = Price(np.ones(1), np.ones(1), np.ones(1))
    usual = {"demand": [[1.0, 2.0]], "policy": lambda now: np.ones(1), "lead": 0,
             "price": price, "fixed": 1.0}  # fmt: skip
    with pytest.raises(ValueError, match=message):
        run(**usual | change)
