import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanecast.metrics import point
from lanecast.metrics.quantile import coverage
from lanecast.metrics.survival import brier, censoring, ipcw, kaplan_meier

rows = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=12)
MEAN, CENSORED = 40.0, 60.0  # of two exponentials [h]


def censored_exponential(n=40_000, seed=0):
    """Return what happened, what was seen of it, and whether it was seen."""
    random = np.random.default_rng(seed)
    happened, lost = random.exponential(MEAN, n), random.exponential(CENSORED, n)
    return happened, np.minimum(happened, lost), happened <= lost


@given(rows)
def test_kaplan_meier_agrees_with_a_naive_loop(given_rows):
    time, event = map(np.array, zip(*given_rows, strict=True))
    curve, alive = kaplan_meier(time, event), 1.0
    for t in range(7):
        if at_risk := sum(time >= t):
            alive *= 1 - sum((time == t) & event) / at_risk
        assert curve.at(t) == pytest.approx(alive)
        assert curve.before(t + 1) == pytest.approx(alive)


@given(rows)
def test_censoring_agrees_with_a_naive_loop_in_which_events_come_first(given_rows):
    time, event = map(np.array, zip(*given_rows, strict=True))
    curve, uncensored = censoring(time, event), 1.0
    for t in range(7):
        if at_risk := sum(time >= t) - sum((time == t) & event):
            uncensored *= 1 - sum((time == t) & ~event) / at_risk
        assert curve.at(t) == pytest.approx(uncensored)


@given(rows)
def test_survival_times_g_is_the_share_still_seen(given_rows):
    """S(t) G(t) = share of rows with time > t: nothing is counted twice or lost."""
    time, event = map(np.array, zip(*given_rows, strict=True))
    for t in range(7):
        product = kaplan_meier(time, event).at(t) * censoring(time, event).at(t)
        assert product == pytest.approx(np.mean(time > t))


def test_kaplan_meier_is_the_example_of_its_field():
    """Freireich's leukaemia trial, 6-MP arm (Kalbfleisch & Prentice, table 1.2): S(10) = 0.753."""
    time = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    seen = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    found = kaplan_meier(time, seen).at([6, 7, 10, 13, 16, 22, 23])
    np.testing.assert_allclose(found, [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], atol=6e-4)


def test_both_curves_find_their_exponential():
    _, time, event = censored_exponential()
    t = np.array([10.0, 30.0, 60.0])
    np.testing.assert_allclose(kaplan_meier(time, event).at(t), np.exp(-t / MEAN), atol=0.01)
    np.testing.assert_allclose(censoring(time, event).at(t), np.exp(-t / CENSORED), atol=0.015)


@given(rows.filter(lambda r: any(e for _, e in r)))
def test_weights_are_one_over_g_and_add_up_to_what_kaplan_meier_saw(given_rows):
    """sum w / n = 1 - S(last): nothing is left over unless the last rows are censored."""
    time, event = map(np.array, zip(*given_rows, strict=True))
    weight = ipcw(time, event, cap=1e9).weight
    assert weight.mean() == pytest.approx(1 - kaplan_meier(time, event).at(99))
    assert (weight[~event] == 0).all()
    assert (weight[event] >= 1).all()


def test_weights_undo_the_bias_that_dropping_leaves():
    happened, time, event = censored_exponential()
    forecast = np.full_like(happened, 30.0)
    truth = point.mae(np.minimum(happened, 120), forecast)  # all but 5 % end by 120 h
    follow = np.minimum(time, 120)
    seen = event | (time >= 120)
    found = ipcw(follow, seen, cap=50)
    dropped = point.mae(follow[seen], forecast[seen])
    weighted = point.mae(follow, forecast, found.weight)
    assert abs(dropped - truth) > 3
    assert abs(weighted - truth) < 0.5
    low, high = np.full_like(happened, 5.0), np.full_like(happened, 60.0)
    real = coverage(happened, low, high)
    assert abs(coverage(time, low, high, ipcw(time, event).weight) - real) < 0.015
    assert abs(coverage(time[event], low[event], high[event]) - real) > 0.05


def test_the_cap_holds_and_is_reported():
    _, time, event = censored_exponential(2000)
    found, free = ipcw(time, event, cap=3.0), ipcw(time, event, cap=1e9)
    assert found.weight.max() == found.cap == 3.0
    assert found.capped == (free.weight > 3).sum() > 0
    assert free.capped == 0


def test_without_censoring_all_weights_are_one_and_brier_is_a_mean_square():
    time = np.random.default_rng(0).exponential(MEAN, 500)
    event = np.ones(500, bool)
    assert (ipcw(time, event).weight == 1).all()
    p = np.random.default_rng(1).random((500, 2))
    naive = [np.mean((p[:, k] - (time > h)) ** 2) for k, h in enumerate((20.0, 50.0))]
    np.testing.assert_allclose(brier(time, event, p, [20.0, 50.0]), naive)


def test_brier_agrees_with_a_naive_loop():
    _, time, event = censored_exponential(300)
    p, g = np.random.default_rng(1).random((300, 1)), censoring(time, event)
    total = 0.0
    for t, seen, s in zip(time, event, p[:, 0], strict=True):
        if t <= 30 and seen:
            total += s**2 / g.before(t)
        elif t > 30:
            total += (1 - s) ** 2 / g.at(30.0)
    assert brier(time, event, p, [30.0])[0] == pytest.approx(total / 300)


def test_brier_is_smallest_at_the_true_survival_and_agrees_with_full_sight():
    happened, time, event = censored_exponential()
    tried, horizon = np.linspace(0, 1, 101), [10.0, 30.0, 60.0]
    score = np.array([brier(time, event, np.full((time.size, 3), s), horizon) for s in tried])
    truth = np.exp(-np.array(horizon) / MEAN)
    np.testing.assert_allclose(tried[score.argmin(axis=0)], truth, atol=0.021)
    full = brier(happened, np.ones(time.size, bool), np.full((time.size, 3), 0.5), horizon)
    np.testing.assert_allclose(score[50], full, atol=0.01)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kaplan_meier([1.0, np.nan], [1, 1]), "time: expected finite numbers"),
        (lambda: kaplan_meier([1.0, 2.0], [1]), "event: expected 2 booleans, got shape"),
        (lambda: kaplan_meier([1.0, 2.0], [1, 2]), "event: expected booleans, got 2"),
        (lambda: ipcw([1.0], [0]), "event: expected a known event at least"),
        (lambda: ipcw([1.0], [1], cap=0.5), "cap: expected a weight >= 1, got 0.5"),
        (lambda: brier([1.0], [1], [[1.5]], [1.0]), "survival: expected probabilities"),
        (lambda: brier([1.0], [1], [0.5], [1.0]), "survival: expected an array with 2 axes"),
        (lambda: brier([1.0, 2.0], [1, 0], [[0.5], [0.5]], [3.0]), "nothing is observed as late"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
