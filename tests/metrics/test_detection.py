"""Worked examples and laws of ranking figures."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanecast.metrics.detection import (
    average_precision,
    bootstrap,
    lift_at,
    recall_at,
    roc_auc,
)

SCORE, HIT = [0.9, 0.8, 0.7, 0.6, 0.5], [True, False, True, False, False]
rows = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40).filter(
    lambda each: 0 < sum(hit for _, hit in each) < len(each)
)


def test_worked_examples():
    assert roc_auc(SCORE, HIT) == pytest.approx(5 / 6)  # of 2 x 3 pairs one is the wrong way round
    assert average_precision(SCORE, HIT) == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert recall_at(SCORE, HIT, 0.2) == pytest.approx(1 / 2)
    assert recall_at(SCORE, HIT, 0.6) == pytest.approx(1)
    assert lift_at(SCORE, HIT, 0.2) == pytest.approx(2.5)


@given(rows)
def test_auc_is_the_share_of_pairs_in_the_right_order(rows):
    score, hit = np.array([s for s, _ in rows], float), np.array([h for _, h in rows])
    pairs = [(a > b) + (a == b) / 2 for a in score[hit] for b in score[~hit]]
    assert roc_auc(score, hit) == pytest.approx(np.mean(pairs))


@given(rows, st.randoms())
def test_no_figure_depends_on_the_order_of_rows(rows, random):
    mixed = random.sample(rows, len(rows))
    for measure in (roc_auc, average_precision, partial(recall_at, budget=0.1)):
        one, other = (measure([float(s) for s, _ in r], [h for _, h in r]) for r in (rows, mixed))
        assert one == pytest.approx(other)


@given(rows)
def test_one_score_for_all_is_worth_nothing(rows):
    hit = [h for _, h in rows]
    same = np.zeros(len(hit))
    assert roc_auc(same, hit) == pytest.approx(0.5)
    assert average_precision(same, hit) == pytest.approx(np.mean(hit))
    for budget in (0.02, 0.3, 1.0):
        assert lift_at(same, hit, budget) == pytest.approx(1.0)


@given(rows)
def test_knowing_is_best_and_the_opposite_is_worst(rows):
    hit = np.array([h for _, h in rows], float)
    assert roc_auc(hit, hit > 0) == average_precision(hit, hit > 0) == 1.0
    assert roc_auc(-hit, hit > 0) == 0.0
    assert lift_at(hit, hit > 0, 0.01) == pytest.approx(min(100, 1 / hit.mean()))


def test_where_nothing_happened_there_is_no_figure():
    assert np.isnan(roc_auc([1.0, 2.0], [False, False]))
    assert np.isnan(average_precision([1.0, 2.0], [False, False]))
    assert np.isnan(recall_at([1.0, 2.0], [False, False], 0.5))


@pytest.mark.parametrize("budget", [0.0, -1.0, 1.5, float("nan")])
def test_a_budget_is_a_share(budget):
    with pytest.raises(ValueError, match="budget"):
        recall_at(SCORE, HIT, budget)


def test_an_interval_covers_the_truth_about_as_often_as_it_says():
    random, covered = np.random.default_rng(0), 0
    truth = 0.760  # of two normals one standard deviation apart
    for _ in range(40):
        hit = random.random(300) < 0.3
        found = bootstrap(roc_auc, random.normal(size=300) + hit, hit, draws=200)
        covered += found.low <= truth <= found.high
        assert found.low <= found.estimate <= found.high
    assert 34 <= covered <= 40


def test_rows_of_a_block_are_drawn_together():
    random = np.random.default_rng(1)
    hit, score = random.random(60) < 0.4, random.random(60)
    many = bootstrap(roc_auc, np.repeat(score, 20), np.repeat(hit, 20), np.repeat(range(60), 20))
    blind = bootstrap(roc_auc, np.repeat(score, 20), np.repeat(hit, 20))
    alone = bootstrap(roc_auc, score, hit)
    assert many.high - many.low == pytest.approx(alone.high - alone.low, rel=0.15)
    assert blind.high - blind.low < 0.5 * (many.high - many.low)


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="level"):
        bootstrap(roc_auc, SCORE, HIT, level=1.0)
    with pytest.raises(ValueError, match="block"):
        bootstrap(roc_auc, SCORE, HIT, [1, 2])
    with pytest.raises(ValueError, match="score"):
        roc_auc([0.1, float("nan")], [True, False])
    with pytest.raises(ValueError, match="happened"):
        roc_auc([0.1, 0.2], [2, 0])
