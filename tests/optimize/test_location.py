"""Locations against all choices, and against the optima that OR-Library prints."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path

from lanecast.optimize.location import capacitated, p_median
from lanecast.optimize.median_bounds import bounds


def read_p_median(path):
    """Distances along the roads of a graph, and how many sites to open; a later road counts."""
    numbers = np.array(path.read_text().split(), int)
    n, _, count = numbers[:3]
    road = np.zeros((n, n))
    for one, other, length in numbers[3:].reshape(-1, 3):
        road[one - 1, other - 1] = road[other - 1, one - 1] = length
    return shortest_path(csr_array(road), directed=False), int(count)


def read_capacitated(path):
    """Fixed costs and capacities of sites; demand of customers, and cost to serve all of it."""
    numbers = np.array(path.read_text().split(), float)
    m, n = numbers[:2].astype(int)
    site = numbers[2 : 2 + 2 * m].reshape(m, 2)
    customer = numbers[2 + 2 * m :].reshape(n, m + 1)
    return site[:, 1], site[:, 0], customer[:, 0], customer[:, 1:]


@pytest.mark.parametrize(
    ("name", "optimum"), [("pmed1", 5819), ("pmed5", 1355), ("pmed10", 1255), ("pmed20", 1789)]
)
def test_p_medians_of_or_library(inventory_dir, name, optimum):
    distance, count = read_p_median(inventory_dir / f"{name}.txt")
    found = p_median(distance, count)
    assert found.cost == pytest.approx(optimum)
    assert found.bound == pytest.approx(optimum)
    assert found.open.sum() == count


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_sites_that_are_ruled_out_are_in_no_cheaper_plan(seed, count):
    random = np.random.default_rng(seed)
    cost = random.integers(0, 40, (12, 9)).astype(float)
    known = bounds(cost, count, whole=True)
    plans = {each: cost[:, list(each)].min(axis=1).sum() for each in combinations(range(9), count)}
    best = min(plans.values())
    assert known.bound <= best + 1e-9 <= known.cost + 2e-9
    assert known.cost == pytest.approx(cost[:, known.open].min(axis=1).sum())
    for each, total in plans.items():
        if total < known.cost - 1e-9:
            assert known.possible[list(each)].all()


@pytest.mark.parametrize(("name", "optimum"), [("cap41", 1040444.375), ("cap72", 977799.4)])
def test_capacitated_sites_of_or_library(inventory_dir, name, optimum):
    found = capacitated(*read_capacitated(inventory_dir / f"{name}.txt"))
    assert found.cost == pytest.approx(optimum, rel=1e-9)
    assert found.bound == pytest.approx(optimum, rel=1e-9)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_no_other_choice_of_sites_is_nearer(seed, count):
    random = np.random.default_rng(seed)
    distance, weight = random.integers(0, 30, (9, 6)), random.integers(1, 5, 9)
    found = p_median(distance, count, weight)
    best = min(
        (weight * distance[:, list(each)].min(axis=1)).sum()
        for each in combinations(range(6), count)
    )
    assert found.cost == pytest.approx(best)
    assert found.bound == pytest.approx(best)
    assert not found.share[:, ~found.open].any()


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_no_other_set_of_open_sites_costs_less(seed):
    random = np.random.default_rng(seed)
    fixed, room = random.uniform(5, 60, 4), random.uniform(6, 20, 4)
    need, cost = random.uniform(1, 4, 5), random.uniform(1, 40, (5, 4))
    best = np.inf
    for count in range(1, 5):
        for chosen in map(list, combinations(range(4), count)):
            served = np.kron(np.eye(5), np.ones(count))
            used = np.kron(need, np.eye(count))
            flow = linprog(
                cost[:, chosen].ravel(), A_ub=used, b_ub=room[chosen], A_eq=served, b_eq=np.ones(5)
            )
            if flow.status == 0:
                best = min(best, fixed[chosen].sum() + flow.fun)
    found = capacitated(fixed, room, need, cost)
    assert found.cost == pytest.approx(best)
    np.testing.assert_allclose(found.share.sum(axis=1), 1)
    assert (need @ found.share <= room + 1e-6).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: p_median([[1.0, np.nan]], 1), "distance, cost: expected finite numbers"),
        (lambda: p_median([[1.0, 2.0]], 3), "count: expected a number of sites from 1 to 2, got 3"),
        (lambda: p_median([[1.0, 2.0]], 1, -1), "weight: expected .* above 0, got -1"),
        (lambda: capacitated([1], [1], [2], [[1]]), "capacity: expected 2 in all, got 1"),
        (lambda: capacitated([1], [1, 1], [2], [[1]]), "expected 1, 1 and 1 numbers"),
        (lambda: capacitated([-1], [3], [2], [[1]]), "fixed: expected .* at least 0, got -1"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
