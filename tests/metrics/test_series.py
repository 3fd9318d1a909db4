import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lanecast.metrics import series as metrics

NUMBERS = st.integers(-1000, 1000).map(float)
PAIR = arrays(float, (2, 3, 5), elements=NUMBERS)


@given(PAIR)
def test_a_perfect_forecast_has_no_error(pair):
    y, scale = pair[0], np.ones(3)
    assert metrics.mase(y, y, scale) == 0
    assert metrics.smape(y, y) == 0
    assert metrics.weighted_error(y, y, np.ones(5)) == 0
    assert metrics.scaled_pinball(y, y[..., None], [0.3], scale) == 0


@given(PAIR)
def test_the_pinball_of_the_median_is_half_the_absolute_error(pair):
    y, y_hat = pair
    scale = np.array([1.0, 2.0, 4.0])
    half = metrics.scaled_pinball(y, y_hat[..., None], [0.5], scale)
    assert half == pytest.approx(metrics.mase(y, y_hat, scale) / 2)


def test_what_is_not_known_is_not_scored():
    y = [[1.0, np.nan], [np.nan, np.nan]]
    y_hat = [[2.0, 99.0], [99.0, 99.0]]
    assert metrics.wape(y, y_hat) == 1
    assert metrics.mase(y, y_hat, [1.0, 1.0]) == 1
    assert metrics.weighted_error(y, y_hat, [1.0, 5.0]) == 1
    assert metrics.covered(y, np.zeros((2, 2)), np.ones((2, 2))) == 1


def test_a_series_without_a_season_takes_the_period_before_as_its_scale():
    past = np.array([[1.0, 3.0, 2.0, 7.0, 4.0], [np.nan, np.nan, np.nan, 1.0, 4.0], [2.0] * 5])
    scale = metrics.naive_scale(past, 2)
    assert scale[0] == np.mean([1, 4, 2])
    assert scale[1] == 3
    assert np.isnan(scale[2])  # it never changes


def test_naive_2_of_a_seasonal_series_goes_on_with_the_season():
    t = np.arange(132)
    y = 100 * (1 + 0.3 * np.sin(2 * np.pi * t / 12))
    np.testing.assert_allclose(metrics.naive2(y[None, :120], 12, 12)[0], y[120:], rtol=0.01)


def test_naive_2_without_a_season_is_the_last_value():
    walk = np.cumsum(np.random.default_rng(0).normal(0, 1, 200)) + 1000
    assert (metrics.naive2(walk[None], 1, 4) == walk[-1]).all()


def test_naive_2_scores_one():
    random = np.random.default_rng(1)
    past, y = random.gamma(5, 1, (2, 4, 60))
    assert metrics.owa(y[:, :8], metrics.naive2(past, 4, 8), past, 4) == pytest.approx(1)


@given(PAIR, st.floats(0.1, 10))
def test_scaled_scores_do_not_depend_on_the_unit(pair, unit):
    past, y_hat = pair
    y, scale = past[:, ::-1], metrics.naive_scale(past, 2)
    ours = metrics.mase(y, y_hat, scale)
    theirs = metrics.mase(unit * y, unit * y_hat, metrics.naive_scale(unit * past, 2))
    assert ours == pytest.approx(theirs, nan_ok=True, rel=1e-6)
