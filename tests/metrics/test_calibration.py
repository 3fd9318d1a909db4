import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import expon, kstest, norm

from lanecast.metrics.calibration import (
    distribution,
    ece,
    ece_by_luck,
    ece_debiased,
    ks,
    kuiper,
    pit,
    pit_histogram,
    reliability,
)

LEVEL = np.array([0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99])
shares = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def test_reliability_of_an_honest_forecast_is_the_diagonal():
    random = np.random.default_rng(0)
    p = random.random(50_000)
    happened = random.random(50_000) < p
    curve = reliability(p, happened)
    np.testing.assert_allclose(curve.predicted, np.arange(0.05, 1, 0.1), atol=0.01)
    np.testing.assert_allclose(curve.observed, curve.predicted, atol=0.03)
    assert curve.weight.sum() == 50_000
    assert ece(p, happened) < 0.01
    assert ece(p**2, happened) > 0.1


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=20))
def test_ece_agrees_with_a_naive_loop(rows):
    bins = {}
    for p, happened in rows:
        bins.setdefault(min(int(p * 10), 9), []).append((p, happened))
    naive = sum(abs(sum(p for p, _ in b) - sum(h for _, h in b)) for b in bins.values())
    p, happened = zip(*rows, strict=True)
    assert ece(p, happened) == pytest.approx(naive / len(rows), abs=1e-12)


def test_luck_is_what_true_chances_show():
    random = np.random.default_rng(3)
    p = random.beta(2, 8, 800)
    shown = [ece(p, random.random(800) < p) for _ in range(300)]
    mean, low, high = ece_by_luck(p, draws=300)
    assert mean == pytest.approx(np.mean(shown), rel=0.08)
    assert 0.01 < np.mean(np.array(shown) > high) < 0.06
    assert low < mean < high
    assert ece_by_luck(np.repeat(p, 9), draws=100)[0] < 0.5 * mean  # more rows, less luck
    again = ece_by_luck(np.repeat(p, 9), np.repeat(np.arange(800), 9), draws=300)
    assert again[0] == pytest.approx(mean, rel=0.1)  # the same parcel asked again is no new luck


def test_what_luck_adds_is_taken_off():
    random = np.random.default_rng(4)
    p = random.beta(2, 8, 1000)
    wrong = np.clip(p + 0.06, 0, 1)
    raw, fair, found = [], [], []
    for _ in range(200):
        hit = random.random(1000) < p
        raw.append(ece(p, hit))
        fair.append(ece_debiased(p, hit))
        found.append(ece_debiased(wrong, hit))
    assert np.mean(fair) < 0.7 * np.mean(raw)
    assert np.mean(found) == pytest.approx(0.06, abs=0.004)
    assert min(fair) >= 0
    assert ece_debiased([0.2, 0.9], [0, 1]) == ece([0.2, 0.9], [0, 1])  # bins of one row: no spread


def test_an_empty_bin_says_nothing():
    curve = reliability([0.05, 0.95], [0, 1], bins=10)
    assert np.isnan(curve.observed[1:9]).all()
    assert curve.weight.tolist() == [1, *[0] * 8, 1]
    assert ece([0.0, 1.0], [0, 1]) == 0.0


def test_pit_of_the_truth_is_uniform():
    y = np.random.default_rng(0).normal(size=20_000)
    u = pit(y, norm.ppf(LEVEL)[None].repeat(y.size, axis=0), LEVEL)
    np.testing.assert_allclose([(u <= at).mean() for at in LEVEL], LEVEL, atol=0.01)
    np.testing.assert_allclose(pit_histogram(u, 4), 0.25, atol=0.02)
    assert ((u > 0) & (u < 1)).all()
    narrow = pit(y, 0.5 * norm.ppf(LEVEL)[None].repeat(y.size, axis=0), LEVEL)
    assert kuiper(narrow) > 5 * kuiper(u)


@given(st.floats(-20, 20), st.lists(st.floats(-10, 10), min_size=9, max_size=9))
def test_pit_agrees_with_a_naive_walk(y, q):
    q = sorted(q)
    if y < q[0]:
        naive = LEVEL[0] / 2
    elif y > q[-1]:
        naive = (1 + LEVEL[-1]) / 2
    else:
        i = max(k for k in range(9) if q[k] <= y)
        naive = LEVEL[i]
        if i < 8:
            naive += (LEVEL[i + 1] - LEVEL[i]) * (y - q[i]) / (q[i + 1] - q[i])
    assert pit([y], [q], LEVEL)[0] == pytest.approx(naive)


def test_pit_of_one_quantile_says_which_side():
    assert pit([1.0, 2.0, 3.0], [[2.0]] * 3, [0.5]).tolist() == [0.25, 0.5, 0.75]


def test_censored_parcels_leave_a_calibrated_forecast_calibrated():
    """A parcel still under way is no evidence of a late one: only Kaplan-Meier sees a line."""
    random = np.random.default_rng(0)
    happened, lost = random.exponential(40, 20_000), random.exponential(60, 20_000)
    time, event = np.minimum(happened, lost), happened <= lost
    u = pit(time, expon(scale=40).ppf(LEVEL)[None].repeat(time.size, axis=0), LEVEL)
    above = distribution(u, event)
    np.testing.assert_allclose(1 - above.at(LEVEL), LEVEL, atol=0.015)
    np.testing.assert_allclose(pit_histogram(u, 4, event)[:3], 0.25, atol=0.02)
    assert ks(u, event) < 0.06 < 0.15 < ks(u[event])


@given(shares)
def test_ks_agrees_with_scipy_and_bounds_kuiper(u):
    assert ks(u) == pytest.approx(kstest(u, "uniform").statistic, abs=1e-12)
    assert ks(u) <= kuiper(u) + 1e-12
    assert kuiper(u) <= 2 * ks(u) + 1e-12


@given(shares, st.floats(0, 1))
def test_kuiper_does_not_mind_where_the_circle_starts(u, turn):
    turned = (np.array(u) + turn) % 1
    assert kuiper(turned) == pytest.approx(kuiper(u), abs=1e-9) or 0 in u or 0 in turned or 1 in u


@given(shares, st.integers(1, 12))
def test_a_histogram_loses_no_row(u, bins):
    assert pit_histogram(u, bins).sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: reliability([1.5], [1]), r"p: expected probabilities in \[0, 1\], got 1.5"),
        (lambda: reliability([0.5], [0.5]), "happened: expected booleans, got 0.5"),
        (lambda: reliability([0.5], [1], bins=0), "bins: expected a whole number >= 1"),
        (lambda: pit([1.0], [[2.0, 1.0]], [0.1, 0.9]), "q: expected quantiles that do not cross"),
        (lambda: ks([1.5]), r"u: expected numbers in \[0, 1\], got 1.5 to 1.5"),
        (lambda: ks([0.5], [1, 0]), "event: expected 1 booleans"),
        (lambda: kuiper([np.nan]), "u: expected finite numbers"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
