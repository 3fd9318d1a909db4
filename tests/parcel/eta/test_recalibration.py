"""A predicted law held against what happened: identity, known distortions, and inverses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lanecast.parcel.eta.models.recalibration import (
    EDGES,
    LEVEL,
    at_levels,
    inverse,
    rates,
    reached,
)
from lanecast.tables.parcel import LEVELS

N = 40_000


def observed(power=1.0, truncated=False, censored=False, seed=0, n=N):
    """Rows whose predicted chance of having been delivered by the delivery is u.

    The law of u is ``P(u <= s) = s ** power``: 1 if the prediction is right, less if it is late.
    """
    rng = np.random.default_rng(seed)
    u = rng.uniform(size=n) ** (1 / power)
    enter = rng.uniform(0, 0.9, n) * (rng.uniform(size=n) < 0.7) if truncated else np.zeros(n)
    stop = rng.uniform(0.0, 1.6, n) if censored else np.ones(n)
    seen = (u > enter) & (stop > enter)
    leave, ended = np.minimum(u, stop), (u <= stop).astype(float)
    return enter[seen], leave[seen], ended[seen]


@pytest.mark.parametrize("truncated", [False, True])
@pytest.mark.parametrize("censored", [False, True])
@pytest.mark.parametrize("power", [0.7, 1.0, 1.5])
def test_a_known_distortion_is_recovered(power, truncated, censored):
    levels = inverse(rates(*observed(power, truncated, censored)))
    np.testing.assert_allclose(levels, LEVEL ** (1 / power), atol=0.025)
    middle = LEVELS.index(0.5)
    assert levels[middle] == pytest.approx(0.5 ** (1 / power), abs=0.015)


def test_without_a_row_the_law_stays_what_it_was():
    nothing = np.zeros(0)
    rate = rates(nothing, nothing, nothing)
    assert (rate == 1).all()
    np.testing.assert_allclose(inverse(rate), LEVEL, atol=2e-3)
    usual = np.full(len(rate), 0.5)
    assert (rates(nothing, nothing, nothing, usual, 10.0) == usual).all()


def test_few_rows_stay_near_the_usual_and_many_leave_it():
    usual = np.ones(len(EDGES) - 1)
    moved = []
    for n in (5, 100, 20_000):
        levels = inverse(rates(*observed(0.5, n=n), usual, 100.0))
        moved.append(abs(levels[LEVELS.index(0.5)] - 0.5))
    assert moved[0] < 0.05 < moved[1] < moved[2]
    assert moved[2] == pytest.approx(0.25, abs=0.02)


def test_a_row_that_leaves_before_it_enters_is_not_at_risk():
    enter, leave, ended = observed(0.7, True, True, n=500)
    gone = leave[:100], enter[:100], np.ones(100)  # the other way round
    both = [np.concatenate(pair) for pair in zip((enter, leave, ended), gone, strict=True)]
    np.testing.assert_array_equal(rates(*both), rates(enter, leave, ended))


def test_rates_agree_with_a_loop_over_rows():
    enter, leave, ended = observed(0.7, True, True, n=300)
    cells = len(EDGES) - 1
    events, due = np.zeros(cells), np.zeros(cells)
    for a, b, e in zip(enter, leave, ended, strict=True):
        for c in range(cells):
            low, high = EDGES[c], EDGES[c + 1]
            hazard = -np.log1p(-min((high - low) / (1 - low), 1 - 1e-9))
            share = (np.clip(b, low, high) - np.clip(a, low, high)) / (high - low)
            due[c] += share * hazard
            events[c] += e and low <= b < high
    span = np.diff(EDGES)
    np.testing.assert_allclose(rates(enter, leave, ended), (events + 2 * span) / (due + 2 * span))


def test_slower_than_predicted_moves_every_level_up():
    slow, right, quick = (
        inverse(np.full(len(EDGES) - 1, rate)) for rate in (0.5, 1.0, 2.0)
    )  # fmt: skip
    np.testing.assert_allclose(right, LEVEL, atol=2e-3)
    assert (slow > right).all()
    assert (right > quick).all()
    np.testing.assert_allclose(slow, 1 - (1 - LEVEL) ** 2, atol=0.01)  # half the hazard


QUANTILES_OF_ROWS = hnp.arrays(
    np.float64, (3, len(LEVELS)), elements=st.floats(0.01, 3.0)
).map(lambda steps: 0.05 + np.cumsum(steps, axis=1))  # fmt: skip


@given(QUANTILES_OF_ROWS, st.floats(0.002, 0.998))
def test_reached_and_at_levels_are_inverses(hours, level):
    at = at_levels(hours, np.array([level]))[:, 0]
    fine = at > 2e-3  # below, a second is as good as none
    np.testing.assert_allclose(reached(hours, at)[fine], level, atol=1e-4)
    assert fine.all() or level < 0.01


@given(QUANTILES_OF_ROWS)
def test_quantiles_are_met_and_the_chance_never_falls(hours):
    np.testing.assert_allclose(at_levels(hours, LEVEL), hours, rtol=1e-9)
    for i, level in enumerate(LEVELS):
        np.testing.assert_allclose(reached(hours, hours[:, i]), level, atol=1e-5)
    grid = np.geomspace(1e-3, 1e3, 60)
    chance = np.array([reached(hours, np.full(3, t)) for t in grid])
    assert (np.diff(chance, axis=0) >= -1e-12).all()
    assert (reached(hours, np.zeros(3)) == 0).all()


@given(QUANTILES_OF_ROWS)
def test_levels_that_rise_give_quantiles_that_rise(hours):
    level = np.linspace(0.001, 0.999, 50)
    assert (np.diff(at_levels(hours, level), axis=1) >= 0).all()


@given(st.floats(0.5, 200.0), st.floats(0.6, 200.0))
def test_equal_quantiles_are_a_step(middle, at):
    hours = np.full((1, len(LEVELS)), middle)
    chance = reached(hours, np.array([at])).item()
    if at < 0.99 * middle:
        assert chance < 0.01
    if at > 1.01 * middle:
        assert chance > 0.99
