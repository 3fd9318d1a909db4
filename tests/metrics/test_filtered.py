"""Laws of filtered ranks: best and worst places, ties, order, and what chance gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanecast.metrics.filtered import chance, filtered_rank
from lanecast.metrics.placing import reciprocal_rank, top_k


@st.composite
def questions(draw):
    answers = draw(st.integers(1, 8))
    row = st.lists(st.integers(-2, 2), min_size=answers, max_size=answers)
    hide = st.lists(st.booleans(), min_size=answers, max_size=answers)
    many = draw(st.integers(1, 5))
    score = [draw(row) for _ in range(many)]
    hidden = [draw(hide) for _ in range(many)]
    truth = [draw(st.integers(0, answers - 1)) for _ in range(many)]
    return np.array(score, float), np.array(truth), np.array(hidden)


@given(questions())
def test_the_rank_is_the_mean_of_the_best_and_the_worst_place(asked):
    score, truth, hidden = asked
    place, count = filtered_rank(score, truth, hidden)
    for i, true in enumerate(truth):
        others = [score[i, j] for j in range(score.shape[1]) if j != true and not hidden[i, j]]
        best = 1 + sum(each > score[i, true] for each in others)
        worst = 1 + sum(each >= score[i, true] for each in others)
        assert place[i] == (best + worst) / 2
        assert count[i] == 1 + len(others)


@given(questions())
def test_knowing_is_first_and_the_opposite_is_last(asked):
    score, truth, hidden = asked
    knows = np.eye(score.shape[1])[truth]
    assert (filtered_rank(knows, truth, hidden)[0] == 1).all()
    last, count = filtered_rank(-knows, truth, hidden)
    assert (last == count).all()


@given(questions(), st.randoms())
def test_neither_order_nor_scale_nor_what_is_hidden_matters(asked, random):
    score, truth, hidden = asked
    place, _ = filtered_rank(score, truth, hidden)
    mixed = random.sample(range(score.shape[1]), score.shape[1])
    where = np.argsort(mixed)[truth]
    assert (filtered_rank(score[:, mixed], where, hidden[:, mixed])[0] == place).all()
    assert (filtered_rank(3 * score - 1, truth, hidden)[0] == place).all()
    loud = np.where(hidden & (np.arange(score.shape[1]) != truth[:, None]), np.inf, score)
    assert (filtered_rank(loud, truth, hidden)[0] == place).all()


@given(questions())
def test_one_score_for_all_stands_in_the_middle(asked):
    score, truth, hidden = asked
    place, count = filtered_rank(np.zeros_like(score), truth, hidden)
    assert (place == (count + 1) / 2).all()


def test_what_chance_gives_lies_within_the_error_of_drawn_scores():
    random = np.random.default_rng(0)
    hidden = random.random((40_000, 30)) < np.linspace(0, 0.9, 40_000)[:, None]
    truth = random.integers(0, 30, 40_000)
    place, count = filtered_rank(random.random((40_000, 30)), truth, hidden)
    assert np.ptp(count) > 20
    mrr, hits = chance(count, 3)
    for drawn, expected in ((1 / place, mrr), (place <= 3, hits)):
        assert abs(drawn.mean() - expected) < 3 * drawn.std() / np.sqrt(40_000)
    assert reciprocal_rank(place) == pytest.approx(np.mean(1 / place))
    assert top_k(place, 3) == pytest.approx(np.mean(place <= 3))


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="expected \\(n, k\\)"):
        filtered_rank([[1.0, 2.0]], [0, 1], [[False, False]])
    with pytest.raises(ValueError, match="truth"):
        filtered_rank([[1.0, 2.0]], [2], [[False, False]])
    with pytest.raises(ValueError, match="NaN"):
        filtered_rank([[1.0, float("nan")]], [0], [[False, False]])
    assert all(np.isnan(chance([], 10)))
