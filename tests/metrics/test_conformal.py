import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, norm

from lanecast.metrics.conformal import adapt, offsets, rank_quantile, widening
from lanecast.metrics.survival import ipcw

LEVEL = np.array([0.1, 0.5, 0.9])
scores = st.lists(st.floats(-100, 100), min_size=1, max_size=30)


@given(scores, st.floats(0.01, 0.99))
def test_the_rank_is_that_of_one_row_more(score, level):
    rank = math.ceil((len(score) + 1) * level - 1e-9)
    expected = sorted(score)[rank - 1] if rank <= len(score) else math.inf
    assert rank_quantile(score, level) == expected


def test_a_rank_that_is_whole_is_not_rounded_up():
    assert rank_quantile(np.arange(1.0, 25), 0.28) == 7  # 0.28 * 25 is 7.000000000000001


@given(scores, st.floats(0.01, 0.99), st.floats(0.1, 10))
def test_equal_weights_are_no_weights(score, level, weight):
    assert rank_quantile(score, level, np.full(len(score), weight), weight) == rank_quantile(
        score, level
    )


@given(st.lists(st.tuples(st.floats(-9, 9), st.integers(0, 3)), min_size=1), st.floats(0.1, 0.9))
def test_a_weight_counts_as_that_many_rows(rows, level):
    score, weight = zip(*rows, strict=True)
    many = np.repeat(score, weight)
    if many.size:
        assert rank_quantile(score, level, weight) == rank_quantile(many, level)


@given(scores, st.floats(0.01, 0.5), st.floats(0, 0.49))
def test_a_higher_level_never_gives_a_lower_score(score, level, more):
    assert rank_quantile(score, level) <= rank_quantile(score, level + more)


@pytest.mark.parametrize(("level", "rows"), [(0.9, 9), (0.99, 99), (0.5, 1), (0.7, 3)])
def test_too_few_rows_promise_nothing(level, rows):
    score = np.arange(float(rows))
    assert rank_quantile(score, level) < math.inf
    if rows > 1:
        assert rank_quantile(score[1:], level) == math.inf


def at_least(inside, trials, level):
    """Whether so few would be a surprise of less than one in ten thousand."""
    return inside >= binom(trials, level).ppf(1e-4)


@pytest.mark.parametrize("n", [19, 50, 333])
def test_coverage_is_at_least_nominal_and_not_much_more(n):
    """Marginally, over calibration and new row, whatever the model: here a useless one."""
    random, trials = np.random.default_rng(n), 4000
    inside = np.zeros(3)
    both = 0
    for _ in range(trials):
        y = random.gamma(2.0, 20.0, n + 1)
        scale = random.uniform(1, 3, n + 1)
        q = np.array([30.0, 31.0, 32.0])[None].repeat(n + 1, axis=0)
        moved = q[-1] + scale[-1] * offsets(y[:n], q[:n], LEVEL, scale[:n])
        inside += (y[n] <= moved) == (LEVEL >= 0.5)
        wide = widening(y[:n], q[:n, 0], q[:n, 2], 0.2)
        both += q[-1, 0] - wide <= y[n] <= q[-1, 2] + wide
    for count, level in zip([*inside, both], [0.9, 0.5, 0.9, 0.8], strict=True):
        assert at_least(count, trials, level)
        assert count <= binom(trials, level + 1 / (n + 1)).ppf(1 - 1e-4)


def test_each_tail_has_its_own_offset_and_a_good_forecast_none():
    y = np.random.default_rng(0).normal(size=20_000)
    good = norm.ppf(LEVEL)[None].repeat(y.size, axis=0)
    np.testing.assert_allclose(offsets(y, good, LEVEL), 0, atol=0.04)
    shifted = good + np.array([0.5, 0.0, -0.25])
    np.testing.assert_allclose(offsets(y, shifted, LEVEL), [-0.5, 0, 0.25], atol=0.04)


def test_with_a_scale_wide_forecasts_move_further_and_each_slice_is_kept():
    random = np.random.default_rng(0)
    scale = np.where(np.arange(20_000) % 2, 1.0, 5.0)
    y = scale * random.normal(size=20_000)
    q = np.zeros((20_000, 3))

    def kept(moved):
        return np.array([(y[scale == s] <= moved[scale == s, 2]).mean() for s in (1, 5)])

    np.testing.assert_allclose(
        kept(q + scale[:, None] * offsets(y, q, LEVEL, scale)), 0.9, atol=0.02
    )
    assert abs(kept(q + offsets(y, q, LEVEL)) - 0.9).min() > 0.05


def test_weights_keep_the_word_where_dropping_the_unknown_breaks_it():
    random = np.random.default_rng(0)
    happened, lost = random.exponential(40, 20_000), random.uniform(0, 200, 20_000)
    time, event = np.minimum(happened, lost), happened <= lost
    q = np.full((time.size, 1), 10.0)
    dropped = offsets(time[event], q[event], [0.9])[0]
    weighted = offsets(time, q, [0.9], weight=ipcw(time, event, cap=100).weight)[0]
    assert np.mean(happened <= 10 + dropped) < 0.87
    assert np.mean(happened <= 10 + weighted) == pytest.approx(0.9, abs=0.012)


@given(st.lists(st.booleans(), min_size=50, max_size=200), st.floats(0.01, 0.5))
def test_adaptive_inference_reaches_its_target_against_any_adversary(wishes, step):
    """Proposition 4.1: an interval that is everything cannot miss, an empty one cannot but miss."""
    alpha, start, missed = 0.1, 0.1, 0
    for wish in wishes:
        miss = wish if 0 < alpha < 1 else alpha >= 1
        missed += miss
        alpha = adapt([alpha], [float(miss)], [1], 0.1, step)[0]
    bound = (max(start, 1 - start) + step) / (len(wishes) * step)
    assert abs(missed / len(wishes) - 0.1) <= bound


def test_adaptive_inference_follows_a_world_that_changes():
    random = np.random.default_rng(0)
    alpha, missed = np.array([0.1, 0.1]), []
    for day in range(1500):
        spread = 1.0 if day < 500 else 2.0  # the intervals below do not know
        half = norm.ppf(1 - np.clip(alpha, 1e-9, 1 - 1e-9) / 2)
        y = spread * random.normal(size=(40, 2))
        missed.append((np.abs(y) > half).mean(axis=0))
        alpha = adapt(alpha, missed[-1], [40, 0], 0.1, step=0.05)
    late = np.array(missed[700:]).mean(axis=0)
    assert late[0] == pytest.approx(0.1, abs=0.01)
    assert late[1] == pytest.approx(0.411, abs=0.02)  # the slice nobody reported stayed as it was
    assert alpha[1] == 0.1


def test_a_slice_without_outcomes_may_have_no_share():
    assert adapt([0.1, 0.2], [np.nan, 0.0], [0, 9], 0.1, 0.5).tolist() == [0.1, 0.25]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rank_quantile([1.0], 1.0), "Expected level in"),
        (lambda: rank_quantile([np.nan], 0.5), "score: expected finite numbers"),
        (lambda: rank_quantile([1.0], 0.5, [1.0, 1.0]), "weight: expected 1 numbers"),
        (lambda: rank_quantile([1.0], 0.5, new_weight=-1.0), "new_weight >= 0"),
        (lambda: offsets([1.0], [[1.0]], [0.5], scale=[0.0]), "scale: expected 1 numbers > 0"),
        (lambda: offsets([1.0], [[1.0, 2.0]], [0.5]), "level: expected 2 increasing"),
        (lambda: widening([1.0], [1.0], [2.0], 0.0), "Expected level in"),
        (lambda: adapt([0.1], [1.5], [1], 0.1), "missed: expected 1 shares"),
        (lambda: adapt([0.1], [np.nan], [1], 0.1), "missed: expected 1 shares"),
        (lambda: adapt([0.1], [0.1], [1], 0.0), "Expected target in"),
        (lambda: adapt([0.1], [0.1], [1], 0.1, step=0.0), "step > 0"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
