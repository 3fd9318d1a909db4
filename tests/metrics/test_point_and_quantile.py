import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from lanecast.metrics import point
from lanecast.metrics.quantile import (
    below,
    coverage,
    crossings,
    crps,
    interval_score,
    pinball,
)

LEVEL = np.array([0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975])
number = st.floats(-1e3, 1e3)
pairs = st.lists(st.tuples(number, number, st.integers(0, 3)), min_size=1, max_size=8).filter(
    lambda rows: any(w for _, _, w in rows)
)


def draws(n=20_000, seed=0):
    return np.random.default_rng(seed).gamma(2.0, 30.0, n)


@given(pairs)
def test_a_weight_counts_as_that_many_rows(rows):
    y, y_hat, weight = np.array(rows).T
    many = np.repeat(y, weight.astype(int)), np.repeat(y_hat, weight.astype(int))
    for score in (point.mae, point.bias, point.rmse, lambda *a: point.within(*a[:2], 5.0, *a[2:])):
        assert score(y, y_hat, weight) == pytest.approx(score(*many), abs=1e-6)


@given(pairs)
def test_errors_agree_with_a_naive_loop(rows):
    y, y_hat, _ = np.array(rows).T
    miss = [b - a for a, b in zip(y, y_hat, strict=True)]
    assert point.mae(y, y_hat) == pytest.approx(sum(map(abs, miss)) / len(miss))
    assert point.bias(y, y_hat) == pytest.approx(sum(miss) / len(miss), abs=1e-9)
    assert point.rmse(y, y_hat) == pytest.approx((sum(m * m for m in miss) / len(miss)) ** 0.5)
    assert point.within(y, y_hat, 2.0) == sum(abs(m) <= 2 for m in miss) / len(miss)
    assert abs(point.bias(y, y_hat)) <= point.mae(y, y_hat) + 1e-9
    assert point.mae(y, y_hat) <= point.rmse(y, y_hat) + 1e-9


def test_the_median_minimises_mae_and_the_mean_rmse():
    y, grid = draws(), np.linspace(20, 100, 161)
    mae = [point.mae(y, np.full_like(y, g)) for g in grid]
    rmse = [point.rmse(y, np.full_like(y, g)) for g in grid]
    assert abs(grid[np.argmin(mae)] - np.median(y)) <= 0.5
    assert abs(grid[np.argmin(rmse)] - y.mean()) <= 0.5


@pytest.mark.parametrize("level", [0.05, 0.5, 0.9])
def test_pinball_and_only_the_true_quantile_is_best(level):
    y, grid = draws(), np.linspace(1, 200, 400)
    loss = [pinball(y, np.full((y.size, 1), g), [level]).mean() for g in grid]
    assert abs(grid[np.argmin(loss)] - np.quantile(y, level)) <= 0.5
    assert min(loss) > 0


@given(st.lists(number, min_size=2, max_size=6), st.lists(number, min_size=3, max_size=3))
def test_pinball_and_crps_agree_with_a_naive_loop(y, q):
    q, level = sorted(q), [0.1, 0.3, 0.9]
    loss = pinball(y, [q] * len(y), level)
    score = crps(y, [q] * len(y), level)
    for row, outcome in enumerate(y):
        total = 0.0
        for column, (tau, value) in enumerate(zip(level, q, strict=True)):
            naive = tau * (outcome - value) if outcome >= value else (1 - tau) * (value - outcome)
            assert loss[row, column] == pytest.approx(naive, abs=1e-9)
            total += naive * [0.2, 0.4, 0.4][column]
        assert score[row] == pytest.approx(2 * total, abs=1e-9)


def test_crps_of_a_normal_forecast_is_the_closed_form():
    """Gneiting & Raftery (2007), eq. 21: z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt(pi)."""
    z = np.array([-2.0, -0.5, 0.0, 1.0, 3.0])
    closed = z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi)
    fine = (np.arange(2000) + 0.5) / 2000
    for level, tolerance in ((fine, 2e-3), (LEVEL, 0.05)):
        q = norm.ppf(level)[None].repeat(z.size, axis=0)
        np.testing.assert_allclose(crps(z, q, level), closed, atol=tolerance)


def test_crps_is_best_for_the_true_distribution_on_any_levels():
    y = np.random.default_rng(0).normal(size=20_000)

    def score(centre, spread):
        q = (centre + spread * norm.ppf(LEVEL))[None].repeat(y.size, axis=0)
        return crps(y, q, LEVEL).mean()

    wrong = [(0.2, 1.0), (-0.2, 1.0), (0.0, 0.8), (0.0, 1.25)]
    assert score(0.0, 1.0) < min(score(*each) for each in wrong)


@given(number, number)
def test_crps_of_a_median_is_the_absolute_error(y, q):
    assert crps([y], [[q]], [0.5])[0] == pytest.approx(abs(y - q))


@given(number, number, number, st.floats(0.05, 0.95))
def test_the_interval_score_is_two_pinball_losses(y, a, b, alpha):
    low, high = sorted((a, b))
    ends = pinball([y], [[low, high]], [alpha / 2, 1 - alpha / 2]).sum()
    assert interval_score([y], [low], [high], alpha)[0] == pytest.approx(2 / alpha * ends, abs=1e-6)


def test_the_interval_score_is_best_for_the_central_interval():
    y = draws()

    def score(low, high):
        ends = np.quantile(y, [low, high])[:, None].repeat(y.size, axis=1)
        return interval_score(y, *ends, alpha=0.2).mean()

    assert score(0.1, 0.9) < min(score(0.05, 0.85), score(0.15, 0.95), score(0.05, 0.95))
    assert score(0.1, 0.9) < score(0.2, 0.8)


def test_coverage_counts_the_bounds_and_weighs():
    assert coverage([1.0, 2.0, 3.0, 4.0], [1.0] * 4, [3.0] * 4) == 0.75
    assert coverage([1.0, 9.0], [1.0] * 2, [3.0] * 2, weight=[3, 1]) == 0.75


def test_the_share_below_a_true_quantile_is_its_level():
    y = draws()
    q = np.quantile(y, LEVEL)[None].repeat(y.size, axis=0)
    np.testing.assert_allclose(below(y, q), LEVEL, atol=1e-3)
    assert below([1.0, 5.0], [[2.0], [2.0]], weight=[1, 3])[0] == 0.25


def test_crossings_are_counted_per_row():
    assert crossings([[1, 2, 2], [3, 2, 1], [1, 3, 2]]).tolist() == [0, 2, 1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: point.mae([1.0, np.nan], [1.0, 2.0]), r"y: expected finite .* the first at \(1,"),
        (lambda: point.mae([1.0], [1.0, 2.0]), "y 1, y_hat 2: expected vectors of one length"),
        (lambda: point.mae([], []), "y: expected numbers"),
        (lambda: point.bias([[1.0]], [1.0]), "y: expected numbers, shape"),
        (lambda: point.rmse([1.0], [1.0], [-1.0]), "weight: expected 1 numbers >= 0"),
        (lambda: point.rmse([1.0], [1.0], [0.0]), "weight: expected 1 numbers >= 0 that are not"),
        (lambda: point.rmse([1.0], [1.0], [1.0, 2.0]), "weight: expected 1 numbers"),
        (lambda: point.within([1.0], [1.0], -1), "tolerance: expected a number >= 0"),
        (lambda: point.within([1.0], [1.0], np.nan), "tolerance: expected a number >= 0"),
        (lambda: pinball([1.0], [1.0], [0.5]), "q: expected an array with 2 axes"),
        (lambda: pinball([1.0], [[1.0], [2.0]], [0.5]), "q: expected one row per outcome, 1, got"),
        (lambda: pinball([1.0], [[1.0]], [1.0]), r"level: expected 1 increasing numbers in \(0, 1"),
        (lambda: crps([1.0], [[1.0, 2.0]], [0.5, 0.5]), "level: expected 2 increasing"),
        (lambda: crps([1.0], [[1.0, 2.0]], [0.5]), "level: expected 2 increasing"),
        (lambda: interval_score([1.0], [2.0], [1.0], 0.1), r"low <= high, got 2.0 > 1.0 in row 0"),
        (lambda: interval_score([1.0], [1.0], [2.0], 1.0), "alpha: expected a number in"),
        (lambda: coverage([1.0], [np.inf], [1.0]), "low: expected finite numbers"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
