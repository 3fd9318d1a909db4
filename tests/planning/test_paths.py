import numpy as np
import pytest
from scipy.stats import norm

from lanecast.planning.forecast import LEVEL
from lanecast.planning.paths import ranks


def correlated(rho, count, horizon, seed=0):
    """Errors that go together over the steps, as of an autoregression."""
    random = np.random.default_rng(seed)
    out = np.empty((count, horizon))
    out[:, 0] = random.normal(0, 1, count)
    for h in range(1, horizon):
        out[:, h] = rho * out[:, h - 1] + np.sqrt(1 - rho**2) * random.normal(0, 1, count)
    return out


@pytest.fixture(scope="module")
def known():
    return np.broadcast_to(norm.ppf(LEVEL), (3000, 10, len(LEVEL)))


def test_each_step_of_the_paths_follows_its_quantiles(known):
    scale = np.array([1.0, 5.0])[:, None, None]
    quantiles = 10 + scale * norm.ppf(LEVEL) * np.ones((2, 10, 1))
    paths = ranks(correlated(0.8, 3000, 10), known).draw(quantiles, 2000)
    found = np.quantile(paths, LEVEL, axis=1).transpose(1, 2, 0)
    np.testing.assert_allclose(found, quantiles, atol=0.6)


@pytest.mark.parametrize("rho", [0.0, 0.8])
def test_the_sum_over_a_lead_time_spreads_as_the_errors_go_together(known, rho):
    truth = correlated(rho, 20_000, 10, seed=1).sum(axis=1).std()
    paths = ranks(correlated(rho, 3000, 10), known).draw(known[:3], 2000)
    np.testing.assert_allclose(paths.sum(axis=2).std(axis=1), truth, rtol=0.08)


def test_paths_of_a_shorter_horizon_are_the_beginning_and_a_longer_one_is_refused(known):
    of = ranks(correlated(0.5, 100, 10), known[:100])
    short = of.draw(known[:2, :4], 50, seed=3)
    assert short.shape == (2, 50, 4)
    with pytest.raises(ValueError, match="horizon up to 10 periods, got 12"):
        of.draw(np.zeros((2, 12, len(LEVEL))), 5)


def test_the_same_seed_draws_the_same_paths(known):
    of = ranks(correlated(0.5, 100, 10), known[:100])
    a, b = (of.draw(known[:2], 20, seed=5) for _ in range(2))
    np.testing.assert_array_equal(a, b)
