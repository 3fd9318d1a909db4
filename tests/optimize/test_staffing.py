import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanecast.optimize.staffing import may_wait, staff

WORK = st.lists(st.integers(0, 9), min_size=2, max_size=12)


def test_what_came_before_a_cut_off_must_be_done_by_its_end():
    left = may_wait([3.0, 2.0, 4.0, 1.0, 5.0], [False, False, True, False, False])
    assert left.tolist() == [3.0, 5.0, 4.0, 5.0, 10.0]  # 5 of the first two intervals are due


def test_work_that_may_not_wait_needs_its_own_heads():
    found = staff([3.0, 0.0, 5.0], 0.0, 1.0, 100.0)
    np.testing.assert_allclose(found.heads, [3, 0, 5])
    assert found.cost == pytest.approx(8.0)


def test_a_peak_is_moved_to_cheap_hours_before_its_cut_off():
    work, cutoff = np.array([8.0, 0.0, 0.0, 0.0]), np.array([False, False, True, False])
    found = staff(work, may_wait(work, cutoff), np.array([9.0, 5.0, 2.0, 1.0]), 1000.0)
    np.testing.assert_allclose(found.heads, [0, 0, 8, 0])
    few = staff(work, may_wait(work, cutoff), np.array([9.0, 5.0, 2.0, 1.0]), 1000.0, most=3.0)
    np.testing.assert_allclose(few.heads, [2, 3, 3, 0])


def test_what_cannot_be_done_in_time_is_late_and_costs():
    found = staff([6.0, 0.0], 0.0, 1.0, 10.0, most=4.0)
    np.testing.assert_allclose(found.late, [2, 0])
    assert found.cost == pytest.approx(6 + 20)


@given(WORK, st.integers(1, 12), st.floats(0, 20))
def test_no_plan_of_a_naive_search_is_cheaper(work, most, late):
    work = np.array(work[:5], float)
    cutoff = np.arange(len(work)) % 2 == 1
    limit = may_wait(work, cutoff)
    found = staff(work, limit, 1.0, late, most=float(most))
    rng = np.random.default_rng(0)
    for _ in range(50):
        heads = rng.integers(0, most + 1, len(work))
        left, cost = 0.0, 0.0
        for t, head in enumerate(heads):
            left = max(left + work[t] - head, 0.0)
            cost += head + late * max(left - limit[t], 0.0)
        assert found.cost <= cost + 1e-6


@given(WORK)
def test_the_plan_does_what_it_says(work):
    cutoff = np.arange(len(work)) % 3 == 2
    limit = may_wait(work, cutoff)
    found = staff(work, limit, 1.0, 50.0, most=6.0)
    left = 0.0
    for t, come in enumerate(work):
        left = max(left + come - found.heads[t], 0.0)
        assert left <= found.waits[t] + 1e-6
        assert max(left - limit[t], 0) <= found.late[t] + 1e-6


@pytest.mark.parametrize("name", ["work", "waits", "wage", "late"])
def test_a_negative_number_is_refused_by_name(name):
    given = {"work": [1.0, 2.0], "waits": 0.0, "wage": 1.0, "late": 1.0} | {name: [-1.0, 0.0]}
    with pytest.raises(ValueError, match=name):
        staff(**given)
