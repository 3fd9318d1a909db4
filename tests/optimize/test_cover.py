"""One order on drawn ways of demand, against a loop that lives through every day."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanecast.optimize.cover import Price, best, expected, for_service, window

seeds = st.integers(0, 10_000)


def drawn(seed, n=3, p=20, horizon=9):
    random = np.random.default_rng(seed)
    first = random.integers(0, 4, (n, p))
    return {
        "stock": random.integers(0, 12, n),
        "coming": random.integers(0, 4, (n, horizon)) * (random.random((n, horizon)) < 0.2),
        "demand": random.poisson(3, (n, p, horizon)),
        "first": first,
        "last": first + random.integers(1, 5, (n, p)),
        "keeps": random.integers(2, 6, n) * random.integers(0, 2, n),
    }


def lived(given, price, units, i):
    """The mean cost of an order for row i, day by day, in each draw."""
    cost = []
    for k in range(given["demand"].shape[1]):
        first, last = given["first"][i, k], given["last"][i, k]
        asked, hand = given["demand"][i, k], float(given["stock"][i])
        for day in range(first):
            hand = max(hand + given["coming"][i, day] - asked[day], 0)
        hand += units + given["coming"][i, first:last].sum()
        have, held = hand, 0.0
        for day in range(first, last):
            held += max(hand - asked[day], 0)
            hand -= asked[day]
        paid = price.holding[i] * held + price.short[i] * max(-hand, 0)
        if age := given["keeps"][i]:
            seen = asked[first : first + age]
            paid += price.waste[i] * max(have - seen.sum() * age / len(seen), 0)
        cost.append(paid)
    return np.mean(cost)


@settings(max_examples=40)
@given(seeds, st.floats(0, 20))
def test_a_window_costs_what_living_through_it_costs(seed, units):
    given, price = drawn(seed), Price(np.full(3, 0.3), np.full(3, 4.0), np.full(3, 2.0))
    found = expected(window(**given), price, np.full(3, units))
    loop = [lived(given, price, units, i) for i in range(3)]
    np.testing.assert_allclose(found.total, loop)


@settings(max_examples=40)
@given(seeds, st.floats(0.01, 2), st.floats(0.1, 30))
def test_no_other_order_costs_less(seed, holding, short):
    of, price = window(**drawn(seed)), Price(*(np.full(3, x) for x in (holding, short, 1.5)))
    units = best(of, price)
    least = expected(of, price, units).total
    for other in np.linspace(0, 40, 161):
        assert (least <= expected(of, price, np.full(3, other)).total + 1e-4).all()


@given(seeds)
def test_dearer_shortage_never_orders_less_and_dearer_waste_never_more(seed):
    of = window(**drawn(seed))

    def units(short, waste):
        return best(of, Price(np.full(3, 0.5), np.full(3, short), np.full(3, waste)))

    assert (units(8.0, 1.0) >= units(4.0, 1.0) - 1e-6).all()
    assert (units(8.0, 6.0) <= units(8.0, 1.0) + 1e-6).all()


@given(seeds, st.floats(0.05, 0.95))
def test_an_order_for_service_is_the_least_that_gives_it(seed, share):
    of = window(**drawn(seed))
    units = for_service(of, share)
    assert ((of.need <= of.left + units[:, None] + 1e-9).mean(axis=1) >= share - 1e-9).all()
    fewer = np.maximum(units - 1e-6, 0)
    less = (of.need <= of.left + fewer[:, None]).mean(axis=1) < share
    assert (less | (units == 0)).all()


def test_an_order_that_comes_the_next_morning_is_valid():
    of = window([0.0], np.zeros((1, 3)), np.full((1, 5, 3), 2.0), 0, 1)
    price = Price(np.array([1.0]), np.array([9.0]), np.array([0.0]))
    assert best(of, price)[0] == pytest.approx(2.0, abs=1e-6)


def test_an_order_is_no_more_than_what_may_be_ordered():
    of = window([0.0], np.zeros((1, 3)), np.full((1, 5, 3), 4.0), 0, 3)
    price = Price(np.array([0.1]), np.array([9.0]), np.array([0.0]))
    assert best(of, price, most=[5.0])[0] == pytest.approx(5.0)


@pytest.mark.parametrize(("first", "last"), [(2, 2), (0, 4), (-1, 2)])
def test_a_window_that_is_not_drawn_is_refused(first, last):
    with pytest.raises(ValueError, match="first, last: expected 0 <= first < last <= 3"):
        window([0.0], np.zeros((1, 3)), np.ones((1, 2, 3)), first, last)


def test_negative_costs_and_wrong_shares_are_refused():
    with pytest.raises(ValueError, match=r"short: expected .* at least 0, got -4"):
        Price(np.ones(1), np.array([-4.0]), np.ones(1))
    of = window([0.0], np.zeros((1, 3)), np.ones((1, 2, 3)), 0, 1)
    with pytest.raises(ValueError, match=r"share: expected probabilities in \(0, 1\), got 1.5"):
        for_service(of, 1.5)
