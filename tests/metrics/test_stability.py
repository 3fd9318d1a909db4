"""Laws of the population stability index."""

import numpy as np
import pytest

from lanecast.metrics.stability import psi, psi_of


def test_it_is_zero_for_the_same_symmetric_and_grows() -> None:
    assert psi([1, 2, 3], [10, 20, 30]) == pytest.approx(0)
    assert psi([50, 50], [60, 40]) == pytest.approx(psi([60, 40], [50, 50]))
    assert psi([50, 50], [60, 40]) == pytest.approx(0.1 * np.log(1.2) - 0.1 * np.log(0.8))
    assert psi([50, 50], [60, 40]) < psi([50, 50], [70, 30]) < psi([50, 50], [100, 0])


def test_without_change_it_is_what_luck_makes() -> None:
    draws = np.random.default_rng(0)
    n, m, cells = 2000, 1000, 10
    found = [psi_of(draws.normal(size=n), draws.normal(size=m), cells) for _ in range(200)]
    assert np.mean(found) == pytest.approx((cells - 1) * (1 / n + 1 / m), rel=0.15)
    assert psi_of(draws.normal(size=n), draws.normal(1, size=m)) > 0.5


def test_missing_values_are_a_cell_and_units_do_not_matter() -> None:
    draws = np.random.default_rng(1)
    x, y = draws.normal(size=500), draws.normal(size=500)
    assert psi_of(7 * x + 3, 7 * y + 3) == pytest.approx(psi_of(x, y))
    assert psi_of(x, np.where(y > 1, np.nan, y)) > psi_of(x, y)
    assert psi_of(np.full(5, np.nan), np.full(9, np.nan)) == 0
    assert psi_of([1.0] * 5, [1.0] * 9) == 0


@pytest.mark.parametrize(
    ("before", "now"), [([], []), ([1, -1], [1, 1]), ([0], [1]), ([1], [1, 2])]
)
def test_what_is_no_count_is_refused(before: list[float], now: list[float]) -> None:
    with pytest.raises(ValueError, match="before"):
        psi(before, now)
    with pytest.raises(ValueError, match=r"before, now|cells"):
        psi_of([], before)
    with pytest.raises(ValueError, match="cells"):
        psi_of([1], [1], 1)
