"""Stock models against trying everything, and against drawn demand."""

from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from lanecast.optimize import base_stock, loss, min_max, reorder_point
from lanecast.optimize.finite_horizon import finite_horizon
from lanecast.optimize.guaranteed_service import Tree, peel, place
from lanecast.optimize.joint import joint_replenishment
from lanecast.optimize.lot_size import (
    all_units_discount,
    eoq,
    eoq_backorders,
    epq,
    incremental_discount,
)
from lanecast.optimize.serial import Demand, newsvendor_bounds, serial
from lanecast.optimize.unreliable import (
    Failing,
    base_stock_disruptions,
    eoq_disruptions,
    order_yield_uniform,
)
from lanecast.optimize.wagner_whitin import wagner_whitin

seeds = st.integers(0, 10_000)


@given(st.floats(-20, 120), st.floats(1, 60), st.floats(1, 30))
def test_loss_functions_are_integrals_of_the_tail(x, mean, sd):
    law = norm(mean, sd)
    end = max(x, mean) + 12 * sd
    middle = [at for at in (mean - sd, mean, mean + sd) if x < at < end]
    first = quad(law.sf, x, end, points=middle)[0]
    second = quad(lambda y: (y - x) * law.sf(y), x, end, points=middle)[0]
    assert float(loss.normal_first(x, mean, sd)) == pytest.approx(first, abs=1e-7)
    assert float(loss.normal_second(x, mean, sd)) == pytest.approx(second, abs=1e-5)


@given(seeds)
def test_the_loss_of_a_table_of_chances_is_its_sum(seed):
    chance = np.random.default_rng(seed).dirichlet(np.ones(6), 3)
    units = np.arange(6)
    loop = [[sum(c * max(d - x, 0) for d, c in zip(units, row, strict=True)) for x in range(7)]
            for row in chance]  # fmt: skip
    np.testing.assert_allclose(loss.discrete_first(chance), loop, atol=1e-12)


@given(st.floats(1, 500), st.floats(0.01, 50), st.floats(0.1, 90), st.floats(1, 5000))
def test_no_other_lot_costs_less(fixed, holding, short, rate):
    found, waits = eoq(fixed, holding, rate), eoq_backorders(fixed, holding, short, rate)
    for q in float(found.quantity) * np.array([0.5, 0.9, 1.1, 2.0]):
        assert fixed * rate / q + holding * q / 2 >= float(found.cost) * (1 - 1e-12)
    assert float(waits.cost) <= float(found.cost) * (1 + 1e-12)
    assert float(epq(fixed, holding, rate, 1e9 * rate).quantity) == pytest.approx(
        float(found.quantity)
    )


@given(st.floats(1, 200), st.floats(100, 9000), st.floats(0.5, 1), st.floats(0.5, 1))
def test_discounts_are_the_best_of_a_fine_grid(fixed, rate, first, second):
    breaks, price = [0, 400, 1500], [2.0, 2.0 * first, 2.0 * first * second]
    q = np.geomspace(1, 200_000, 40_000)
    region = np.searchsorted(breaks, q, side="right") - 1
    cost = np.take(price, region)
    every = rate * cost + fixed * rate / q + 0.3 * cost * q / 2
    assert all_units_discount(fixed, 0.3, rate, breaks, price).cost <= every.min() + 1e-9
    paid = np.interp(q, [*breaks, 1e6], np.cumsum([0, 800, 1100 * price[1], 998_500 * price[2]]))
    every = rate * paid / q + fixed * rate / q + 0.3 * paid / 2
    assert incremental_discount(fixed, 0.3, rate, breaks, price).cost <= every.min() + 1e-9


@given(seeds)
def test_joint_replenishment_is_close_to_the_best_multiples(seed):
    random = np.random.default_rng(seed)
    fixed, flow = random.uniform(1, 90, 3), random.uniform(1, 90, 3)
    shared = float(random.uniform(5, 200))
    best = min(
        (2 * (shared + (fixed / m).sum()) * (flow * m).sum()) ** 0.5
        for m in map(np.array, product(range(1, 9), repeat=3))
    )
    found = joint_replenishment(shared, fixed, flow, np.ones(3))
    assert best - 1e-9 <= found.cost <= 1.1 * best


def every_plan(demand, fixed, holding, lost, first):
    """The least cost over all sets of periods in which a lot arrives."""
    periods, best = len(demand), np.inf
    for lots in product((0, 1), repeat=periods):
        cost, last = 0.0, None
        for t in range(periods):
            if lots[t] and t >= first:
                cost, last = cost + fixed, t
            stored = np.inf if last is None else holding * (t - last)
            cost += demand[t] * min(stored, lost) if demand[t] else 0.0
        best = min(best, cost)
    return best


@settings(max_examples=60)
@given(seeds, st.floats(0, 60), st.floats(0, 3), st.sampled_from([np.inf, 4.0, 1.0]))
def test_no_set_of_lots_costs_less(seed, fixed, holding, lost):
    random = np.random.default_rng(seed)
    demand = random.poisson(6, (3, 6)) * random.integers(0, 2, (3, 6))
    first = 0 if np.isinf(lost) else int(random.integers(0, 3))
    found = wagner_whitin(demand, fixed, holding, lost=lost, first=first)
    for row, cost, lots in zip(demand, found.cost, found.quantity, strict=True):
        assert cost == pytest.approx(every_plan(row, fixed, holding, lost, first))
        assert not lots[:first].any()
        # the lots that are told cost what is claimed
        stock, paid = 0.0, 0.0
        for t in range(6):
            stock += lots[t]
            paid += fixed * (lots[t] > 0)
            sold = min(stock, row[t])
            paid += (lost * (row[t] - sold) if row[t] > sold else 0.0) + holding * (stock - sold)
            stock -= sold
        assert paid == pytest.approx(cost)


@settings(max_examples=40)
@given(seeds, st.floats(0, 40))
def test_the_best_r_and_Q_are_the_best_of_all_pairs(seed, start):  # noqa: N802
    random = np.random.default_rng(seed)
    law = random.dirichlet(np.ones(8))
    y = np.arange(-30, 60)
    g = reorder_point.position_cost(1.0, random.uniform(1, 9), law, y)
    point, quantity, cost = reorder_point.on_grid(g[None], [start])
    best = min(
        (start + g[i : i + q].sum()) / q for i in range(len(y)) for q in range(1, len(y) - i + 1)
    )
    assert float(cost[0]) == pytest.approx(best)
    assert (start + g[point[0] : point[0] + quantity[0]].sum()) / quantity[0] == pytest.approx(best)


@settings(max_examples=10)
@given(seeds)
def test_the_best_s_and_S_are_the_best_of_all_pairs_of_each_row(seed):  # noqa: N802
    random = np.random.default_rng(seed)
    law, fixed = random.dirichlet(np.ones(5), 3), random.uniform(0, 12, 3)
    y = np.arange(-12, 22)
    g = reorder_point.position_cost([1.0, 2.0, 1.0], [4.0, 9.0, 20.0], law, y)
    found = min_max.optimal(fixed, law, g, -12)
    for i in range(3):
        best = min(
            min_max.cost(s, S, fixed[i], law[i], g[i], -12)
            for s in range(-9, 12)
            for S in range(s + 1, 21)
        )
        assert found.cost[i] == pytest.approx(best)


def test_the_cost_of_an_s_S_policy_is_that_of_a_long_simulation():  # noqa: N802
    random = np.random.default_rng(1)
    law = np.array([0.2, 0.3, 0.25, 0.15, 0.1])
    demand = random.choice(5, 40_000, p=law)
    stock, paid = 7, 0.0
    for units in demand:
        if stock <= 2:
            stock, paid = 7, paid + 6.0
        stock -= units
        paid += stock if stock > 0 else -5.0 * stock
    g = reorder_point.position_cost(1.0, 5.0, law, np.arange(-10, 20))
    assert paid / 40_000 == pytest.approx(min_max.cost(2, 7, 6.0, law, g, -10), rel=0.02)


@settings(max_examples=20)
@given(seeds, st.floats(0, 10), st.floats(0.8, 1))
def test_a_finite_horizon_agrees_with_the_plain_recursion(seed, fixed, discount):
    random = np.random.default_rng(seed)
    law = random.dirichlet(np.ones(4))

    @cache
    def least(t, stock):
        if t == 4:
            return 1.5 * max(stock, 0) + 7.0 * max(-stock, 0)
        return min(
            2.0 * (y - stock) + fixed * (y > stock)
            + sum(
                p * (max(y - d, 0) + 6.0 * max(d - y, 0) + discount * least(t + 1, y - d))
                for d, p in enumerate(law)
            )
            for y in range(stock, 13)
        )  # fmt: skip

    found = finite_horizon(
        4, law, holding=1, short=6, price=2, fixed=fixed, end_holding=1.5, end_short=7,
        discount=discount, start=1,
    )  # fmt: skip
    assert found.cost == pytest.approx(least(0, 1))


def random_tree(seed, n=5):
    random = np.random.default_rng(seed)
    arc = []
    for k in range(1, n):
        other = int(random.integers(0, k))
        arc.append((other, k) if random.random() < 0.5 else (k, other))
    arc = np.array(arc)
    ends = ~np.isin(np.arange(n), arc[:, 0])
    return Tree(
        holding=random.uniform(0.5, 4, n),
        time=random.integers(0, 3, n),
        arc=arc,
        sd=np.where(ends, random.uniform(1, 4, n), 0.0),
        bound=np.full(n, 1.6),
        quoted_in=random.integers(0, 2, n),
        quoted_out=np.where(ends, random.integers(0, 3, n), -1),
    )


def tried(tree):
    """The least cost over all service times."""
    n, most = len(tree.time), int(tree.time.sum()) + 2
    variance, best = tree.sd**2, np.inf
    reach = np.eye(n, dtype=bool)
    for _ in range(n):
        for one, other in tree.arc:
            reach[one] |= reach[other]
    sd = np.sqrt(reach @ variance)
    for quoted in product(range(most), repeat=n):
        incoming = tree.quoted_in.copy()
        for one, other in tree.arc:
            incoming[other] = max(incoming[other], quoted[one])
        net = incoming + tree.time - np.array(quoted)
        limit = (tree.quoted_out < 0) | (np.array(quoted) <= tree.quoted_out)
        if (net >= 0).all() and limit.all():
            best = min(best, float((tree.holding * tree.bound * sd * np.sqrt(net)).sum()))
    return best


@settings(max_examples=12)
@given(seeds)
def test_no_service_times_in_a_tree_cost_less(seed):
    tree = random_tree(seed, n=4)
    assert place(tree).cost == pytest.approx(tried(tree))


@pytest.mark.parametrize(
    ("count", "arc", "message"),
    [
        (3, [(0, 1), (1, 2), (2, 0)], "3 stages with 3 arcs are no tree"),
        (4, [(0, 1), (1, 2), (2, 0)], r"stages \[.*\] lie on a cycle"),
        (3, [(0, 1), (1, 0)], "no tree"),
        (2, [], "no tree"),
    ],
)
def test_what_is_no_tree_is_refused(count, arc, message):
    with pytest.raises(ValueError, match=message):
        peel(count, arc)


def test_a_stage_alone_is_a_tree():
    assert peel(1, []) == ([0], [-1])


def test_one_stage_in_a_row_is_the_newsvendor():
    found = serial([2.0], [3.0], 18.0, Demand(5, 1))
    alone = base_stock.normal(2.0, 18.0, 15.0, 3**0.5)
    assert found.echelon[0] == pytest.approx(float(alone.level), abs=1e-3)
    assert found.cost == pytest.approx(float(alone.cost), rel=1e-4)


@settings(max_examples=15)
@given(seeds)
def test_serial_levels_lie_between_the_newsvendor_bounds(seed):
    random = np.random.default_rng(seed)
    h, lead = random.uniform(0.2, 3, 3).tolist(), random.uniform(0.3, 2, 3).tolist()
    low, high = newsvendor_bounds(h, lead, 20.0, Demand(6, 2))
    found = serial(h, lead, 20.0, Demand(6, 2))
    assert (found.echelon >= low - 0.02).all()
    assert (found.echelon <= high + 0.02).all()


def test_a_lead_time_of_zero_is_valid():
    whole = serial([1.0, 1.0, 1.0], [1.0, 0.0, 2.0], 20.0, Demand(6, 2))
    assert whole.local.min() >= 0
    assert serial([1.0], [0.0], 20.0, Demand(6, 2)).cost == 0
    now = base_stock.normal(1.0, 9.0, 6.0, 2.0, lead=0.0)
    assert float(now.level) < float(base_stock.normal(1.0, 9.0, 6.0, 2.0, lead=1.0).level)


def test_a_supplier_that_never_fails_is_the_plain_lot():
    found = eoq_disruptions(Failing(8, 0.225, 5, 1300, 1e-9, 14))
    assert float(found.quantity) == pytest.approx(float(eoq(8, 0.225, 1300).quantity), rel=1e-5)
    assert float(base_stock_disruptions(1, 9, 5, 1e-9, 1).quantity) == 5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: eoq(8, -0.2, 1300), "holding: expected a finite number above 0, got -0.2"),
        (lambda: eoq(8, 1, float("nan")), "rate: expected a finite number above 0, got nan"),
        (lambda: epq(8, 1, 10, 9), "production: expected a rate above"),
        (lambda: all_units_discount(8, 1, 10, [0, 5], [2.0]), "breaks: expected one per price"),
        (lambda: all_units_discount(8, 1, 10, [0, 5], [2.0, 3.0]), "price: expected prices"),
        (lambda: base_stock.normal(1, 9, 5, 2, lead=-1), "lead: expected .* at least 0, got -1"),
        (lambda: base_stock.normal(1, -9, 5, 2), "short: expected .* above 0, got -9"),
        (lambda: base_stock.discrete(1, 9, [0.5, 0.6]), "sum to 1, got 1.1"),
        (lambda: base_stock.discrete(1, 9, [np.nan, 1]), "chance: expected probabilities"),
        (lambda: wagner_whitin([1, np.nan], 1, 1), "demand: expected .* got nan"),
        (lambda: wagner_whitin([1, 2], 1, 1, lost=-1), "lost: expected a cost"),
        (lambda: wagner_whitin([1, 2], 1, 1, first=1), "first: demand before period 1"),
        (lambda: min_max.renewals([1.0], 3), "expected demand above zero now and then"),
        (lambda: min_max.optimal(5, [0.5, 0.5], np.zeros(9), 0), "wider grid"),
        (lambda: min_max.cost(3, 3, 1, [0.5, 0.5], np.zeros(9), 0), "expected 0 <= low < high"),
        (lambda: reorder_point.on_grid(np.zeros((1, 4)), [9.0]), "wider than the grid"),
        (lambda: serial([1], [1, 2], 9, Demand(1)), "expected one number per stage"),
        (lambda: serial([1, 0], [1, 2], 9, Demand(1)), "echelon_holding: expected"),
        (lambda: finite_horizon(2, [1.0], holding=1, short=1, discount=1.1), "discount: expected"),
        (lambda: order_yield_uniform(1, 1, 5, 2, 2), "low, high: expected low < high"),
        (lambda: base_stock.normal_profit(1, 2, 0, 5, 1), "price > cost > salvage"),
        (lambda: joint_replenishment(1, [1, 2], [1], [1]), "one number per item"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
