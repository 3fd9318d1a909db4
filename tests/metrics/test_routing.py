import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from lanecast.metrics.placing import reciprocal_rank, top_k
from lanecast.metrics.routing import (
    edit_distance,
    hit_rate,
    kendall,
    package_error,
    square_deviation,
    step_error,
)

orders = st.integers(2, 7).flatmap(
    lambda n: st.tuples(st.permutations(range(n)), st.permutations(range(n)))
)


def naive_edit(a, b):
    if not a or not b:
        return len(a) + len(b)
    replaced = naive_edit(a[1:], b[1:]) + (a[0] != b[0])
    return min(replaced, naive_edit(a[1:], b) + 1, naive_edit(a, b[1:]) + 1)


@given(orders)
def test_scores_of_orders_are_those_of_a_naive_loop(pair):
    ours, truth = map(list, pair)
    n = len(truth)
    for k in range(1, n + 1):
        assert hit_rate([ours], [truth], k)[0] == len(set(ours[:k]) & set(truth[:k])) / k
    places = [ours.index(stop) for stop in truth]
    assert kendall([ours], [truth])[0] == pytest.approx(kendalltau(places, range(n)).statistic)
    assert square_deviation([ours], [truth])[0] == pytest.approx(
        np.mean([(ours.index(stop) - truth.index(stop)) ** 2 for stop in truth])
    )


@given(st.lists(st.integers(0, 3), max_size=5), st.lists(st.integers(0, 3), max_size=5))
def test_the_edit_distance_is_that_of_the_recursion(first, second):
    size = 6
    rows = ([*each, *[-1] * (size - len(each))] for each in (first, second))
    assert edit_distance(*([row] for row in rows))[0] == naive_edit(first, second)


@given(orders)
def test_the_true_order_is_best_and_the_reverse_worst(pair):
    truth = list(pair[1])
    assert kendall([truth], [truth])[0] == 1
    assert square_deviation([truth], [truth])[0] == edit_distance([truth], [truth])[0] == 0
    assert kendall([truth[::-1]], [truth])[0] == -1
    worst = square_deviation([truth[::-1]], [truth])[0]
    every = itertools.islice(itertools.permutations(truth), 200)
    assert max(square_deviation([list(p)], [truth])[0] for p in every) <= worst


def test_short_routes_are_scored_as_if_alone():
    ours, truth = [[1, 2, 3, 4], [7, 8, -1, -1]], [[4, 3, 2, 1], [8, 7, -1, -1]]
    for score in (kendall, square_deviation, edit_distance, lambda a, b: hit_rate(a, b, 3)):
        alone = score([[7, 8]], [[8, 7]])[0]
        assert score(ours, truth)[1] == alone
    assert np.isnan(kendall([[5]], [[5]])[0])


@given(orders, st.integers(0, 9))
def test_the_error_of_a_step_is_never_larger_in_sum_than_that_of_parcels(pair, seed):
    rng = np.random.default_rng(seed)
    times = rng.exponential(size=(2, len(pair[0])))
    step, own = step_error(times[:1], times[1:]), package_error(times[:1], times[1:])
    assert step.sum() <= own.sum() + 1e-12
    shuffled = times[1:, list(pair[0])]
    assert step_error(times[:1], shuffled) == pytest.approx(step)


def test_parcels_that_are_not_there_count_in_neither_error():
    hours, truth = [[1.0, np.nan, 3.0]], [[3.0, np.nan, 1.0]]
    assert np.nansum(package_error(hours, truth)) == 4
    assert np.nansum(step_error(hours, truth)) == 0
    assert np.isnan(step_error(hours, truth)).sum() == 1


def test_what_is_no_route_is_refused():
    with pytest.raises(ValueError, match="same stops"):
        kendall([[1, 2]], [[1, 3]])
    with pytest.raises(ValueError, match="each once"):
        square_deviation([[1, 1]], [[1, 1]])
    with pytest.raises(ValueError, match="actual: a stop follows after -1"):
        edit_distance([[1, 2]], [[-1, 2]])
    with pytest.raises(ValueError, match="k: expected at least 1"):
        hit_rate([[1]], [[1]], 0)
    with pytest.raises(ValueError, match=r"\(1, 2\) and \(1, 1\)"):
        package_error([[1.0, 2.0]], [[1.0]])


@given(st.lists(st.one_of(st.integers(1, 9), st.none()), min_size=1))
def test_shares_of_ranks_are_counts_and_rise_with_k(ranks):
    places = [np.nan if rank is None else rank for rank in ranks]
    shares = [top_k(places, k) for k in range(1, 10)]
    assert shares == sorted(shares)
    assert shares[0] == ranks.count(1) / len(ranks)
    assert shares[0] <= reciprocal_rank(places) <= shares[-1] + 1e-12


def test_a_rank_below_one_is_refused():
    with pytest.raises(ValueError, match="rank: expected places from 1, got 0"):
        top_k([0, 1], 1)
    with pytest.raises(ValueError, match="k: expected at least 1"):
        top_k([1], 0)
