"""Stocks in a tree against a queue of orders, and against trying all levels."""

import heapq
import json

import numpy as np
import pytest

from lanecast.optimize.base_stock import discrete, poisson_chances
from lanecast.optimize.distribution_tree import Stocks, evaluate, optimize

SMALL = Stocks([-1, 0, 0], [1.0, 0.5, 1.5], [0.5, 1.0, 1.0], [0, 2.0, 1.0], [0, 9.0, 20.0])


def queued(stocks, level, until=20_000.0):
    """Mean stock on hand and waiting units, by living through each customer, first come first."""
    random = np.random.default_rng(0)
    n = len(level)
    hand, waiting = list(level), [[] for _ in range(n)]
    area, queue, clock, count = np.zeros((2, n)), [], 0.0, 0

    def ask(k, at):
        """A unit is asked of stock k, for its customer or for the stock below."""
        nonlocal count
        up = stocks.parent[k]
        if up < 0:
            count += 1
            heapq.heappush(queue, (at + stocks.lead[k], count, k))
        else:
            take(up, at, k)

    def take(k, at, below):
        nonlocal count
        if hand[k] > 0:
            hand[k] -= 1
            send(below, at)
        else:
            waiting[k].append(below)
        ask(k, at)

    def send(below, at):
        nonlocal count
        if below >= 0:
            count += 1
            heapq.heappush(queue, (at + stocks.lead[below], count, below))

    customers = [
        (at, k) for k in range(n) if stocks.rate[k]
        for at in np.cumsum(random.exponential(1 / stocks.rate[k], int(until * stocks.rate[k])))
    ]  # fmt: skip
    for at, k in [*sorted(customers), (until, -1)]:
        while queue and queue[0][0] <= at:
            when, _, where = heapq.heappop(queue)
            area += (when - clock) * np.array([hand, [len(w) for w in waiting]])
            clock = when
            if waiting[where]:
                send(waiting[where].pop(0), when)
            else:
                hand[where] += 1
        area += (at - clock) * np.array([hand, [len(w) for w in waiting]])
        clock = at
        if k >= 0:
            take(k, at, -1)
    return area / clock


def test_stock_and_waiting_are_those_of_a_queue_of_orders():
    level = [2, 2, 3]
    found = evaluate(SMALL, level)
    stock, waiting = queued(SMALL, level)
    np.testing.assert_allclose(found.stock, stock, atol=0.03)
    np.testing.assert_allclose(found.waiting, waiting, atol=0.03)
    paid = 0.5 * stock[0] + stock[1] + stock[2] + 9 * waiting[1] + 20 * waiting[2]
    assert found.cost == pytest.approx(paid, rel=0.04)


def test_no_other_levels_cost_less():
    found = optimize(SMALL)
    every = [
        evaluate(SMALL, [a, b, c]).cost for a in range(7) for b in range(1, 6) for c in range(1, 7)
    ]
    assert found.cost == pytest.approx(min(every))


def test_a_stock_alone_is_the_newsvendor():
    found = optimize(Stocks([-1], [2.0], [1.0], [3.0], [9.0]))
    alone = discrete(1.0, 9.0, poisson_chances(6.0))
    assert found.level[0] == alone.level
    assert found.cost == pytest.approx(float(alone.cost))


def test_a_lead_time_of_zero_is_valid():
    plan = Stocks([-1, 0], [0.0, 1.0], [1.0, 2.0], [0, 4.0], [0, 9.0])
    assert evaluate(plan, [0, 5]).cost == pytest.approx(
        evaluate(Stocks([-1], [1.0], [2.0], [4.0], [9.0]), [5]).cost
    )


def test_oracle_of_rong_atan_and_snyder_no_level_that_is_one_off_costs_less(inventory_dir):
    """Figure 1(a) of the paper, as Poisson demand (its variance is its mean): no value printed."""
    data = json.loads((inventory_dir / "textbook_instances.json").read_text())["instances"]
    (nodes,) = (
        each["data"]["_nodes"] for each in data if each["name"] == "rong_atan_snyder_figure_1a"
    )
    nodes = sorted(nodes, key=lambda node: node["_index"])
    rate = [n["demand_source"]["mean"] if n["demand_source"]["type"] else 0.0 for n in nodes]
    plan = Stocks(
        parent=[(n["_predecessor_indices"] or [-1])[0] for n in nodes],
        lead=[n["shipment_lead_time"] for n in nodes],
        holding=[n["local_holding_cost"] for n in nodes],
        rate=rate,
        short=[n["stockout_cost"] if r else 0.0 for n, r in zip(nodes, rate, strict=True)],
    )
    found = optimize(plan)
    assert found.level[1] == found.level[2]
    assert len(set(found.level[3:].tolist())) == 1
    for k in range(len(nodes)):
        for shift in (-1, 1):
            other = found.level.copy()
            other[k] += shift
            assert evaluate(plan, other.tolist()).cost > found.cost
    stock, waiting = queued(plan, found.level.tolist(), until=800.0)
    assert evaluate(plan, found.level.tolist()).stock[3:].sum() == pytest.approx(
        stock[3:].sum(), rel=0.05
    )
    assert waiting[0] == pytest.approx(found.waiting[0], rel=0.15)


@pytest.mark.parametrize(
    ("parent", "message"),
    [
        ([-1, -1], "expected one stock with -1"),
        ([-1, 2, 1], r"stocks \[1, 2\] go round in a circle"),
        ([0, 0], "expected one stock with -1"),
        ([-1, 7], "other stocks for the rest"),
    ],
)
def test_what_is_no_tree_is_refused(parent, message):
    n = len(parent)
    with pytest.raises(ValueError, match=message):
        Stocks(parent, [1.0] * n, [1.0] * n, [1.0] * n, [9.0] * n)


def test_nonsense_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match="lead: expected 2 numbers, got 1"):
        Stocks([-1, 0], [1.0], [1.0, 1], [0, 1.0], [0, 9.0])
    with pytest.raises(ValueError, match=r"holding: expected .* at least 0, got -1"):
        Stocks([-1], [1.0], [-1.0], [1.0], [9.0])
    with pytest.raises(ValueError, match="rate: nothing is asked for at or below stock 0"):
        Stocks([-1], [1.0], [1.0], [0.0], [9.0])
