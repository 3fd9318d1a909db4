import numpy as np
import pytest

from lanecast.metrics.steps import surest_step


def series(step: float, seed: int, drift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Seventy values with a step after the fortieth."""
    x, random = np.arange(70.0), np.random.default_rng(seed)
    slow = drift * np.sin(x / 12 + random.uniform(0, 6))
    return x, 0.2 * random.standard_normal(70) + slow + step * (x >= 40)


def test_a_step_is_found_with_its_place_and_size():
    found = surest_step(*series(0.8, 1), 0.2, 0.05, 26, 5)
    assert found.first == pytest.approx(40, abs=1)
    assert found.size == pytest.approx(0.8, abs=3 * found.error)
    assert found.p * found.cuts < 1e-3


def test_noise_and_drift_alone_are_seldom_a_step():
    p = [surest_step(*series(0.0, seed, 0.05), 0.2, 0.06, 20, 5) for seed in range(100)]
    assert np.mean([each.p * each.cuts < 0.05 for each in p]) <= 0.05


def test_weights_and_turning_it_round_change_nothing_but_the_side():
    x, y = series(0.8, 2)
    one, other = surest_step(x, y, 0.2, 0.05, 26, 5), surest_step(x, -y[::-1], 0.2, 0.05, 26, 5)
    assert (one.first, 70 - other.first) == (one.first, one.first)
    assert one.size == pytest.approx(other.size)
    assert surest_step(x, y, np.full(70, 0.2), 0.05, 26, 5) == one


def test_too_few_values_are_refused():
    with pytest.raises(ValueError, match="expected 10 values at least, got 9"):
        surest_step(np.arange(9.0), np.zeros(9), 0.1, 0.1, 5, 5)
