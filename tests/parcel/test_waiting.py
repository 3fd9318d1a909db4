import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanecast.parcel.waiting import left
from lanecast.tables.parcel import LEVELS


def test_an_exponential_time_is_as_long_after_any_wait():
    quantiles = -24 * np.log(1 - np.array([LEVELS, LEVELS]))
    later = left(quantiles, [0.0, 200.0])  # 200 h is in the tail
    assert later[1] == pytest.approx(quantiles[0], rel=1e-9)


def test_what_came_of_those_that_had_not_come_is_inside_as_often_as_told():
    draws = np.random.default_rng(0).gamma(4.0, 12.0, 400_000)
    quantiles = np.quantile(draws, LEVELS)[None]
    for waited in (10.0, 40.0, 90.0):
        after = draws[draws > waited] - waited
        told = left(quantiles, waited)[0]
        assert [(after <= each).mean() for each in told] == pytest.approx(LEVELS, abs=0.02)


@given(st.lists(st.floats(0.1, 1e4), min_size=15, max_size=15), st.floats(0, 2e4))
def test_quantiles_stay_in_order_and_not_negative(steps, waited):
    later = left(np.cumsum(steps)[None], waited)[0]
    assert (later >= 0).all()
    assert (np.diff(later) >= -1e-6 * later[-1]).all()


def test_no_wait_changes_nothing_and_unknown_stays_unknown():
    quantiles = np.array([np.arange(1.0, 16.0), np.full(15, np.nan)])
    assert left(quantiles, 0.0)[0] == pytest.approx(quantiles[0])
    assert np.isnan(left(quantiles, 5.0)[1]).all()


def test_a_negative_wait_is_refused():
    with pytest.raises(ValueError, match="waited_h"):
        left(np.ones((1, 15)), -1.0)
