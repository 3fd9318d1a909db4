import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import expon, norm

from lanecast.optimize.distribution import excess, inverse, reached
from lanecast.optimize.newsvendor import newsvendor
from lanecast.optimize.promise import at_level, cost, frontier, promise

LEVEL = np.array([0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99])
FINE = np.linspace(0.0005, 0.9995, 2000)


def skewed(rows=6, seed=0):
    random = np.random.default_rng(seed)
    return np.sort(random.gamma(3.0, 30.0, (rows, LEVEL.size)), axis=1)


def days(rows, count=12):
    return np.broadcast_to(24.0 * np.arange(1, count + 1), (rows, count))


@st.composite
def forecasts(draw):
    steps = st.floats(0.0, 60.0)
    rows = draw(st.lists(st.lists(steps, min_size=9, max_size=9), min_size=1, max_size=4))
    return np.cumsum(rows, axis=1)


price = st.floats(0.0, 50.0)


@pytest.mark.parametrize("deadline", [-5.0, 3.0, 40.0, 90.0, 160.0, 400.0])
def test_cost_is_what_a_simulation_pays(deadline):
    duration = skewed(1)
    drawn = inverse(LEVEL, duration, np.random.default_rng(1).random((1, 400_000)))[0]
    paid = {
        "late": 7.0 * (drawn > deadline),
        "late_days": 3.0 * np.maximum(drawn - deadline, 0) / 24,
    }
    found = cost(LEVEL, duration, [[deadline]], per_day=2.0, late=7.0, per_late_day=3.0)
    assert found.waiting[0, 0] == pytest.approx(2.0 * deadline / 24)
    for part, sample in paid.items():
        error = 4 * sample.std() / np.sqrt(sample.size) + 1e-12
        assert abs(getattr(found, part)[0, 0] - sample.mean()) <= error, part
    assert found.on_time[0, 0] == pytest.approx(1 - found.late[0, 0] / 7)


def test_an_exponential_tail_is_exact_beyond_the_outermost_level():
    duration = expon(scale=30).ppf(LEVEL)[None]
    x = np.array([[duration[0, -1], 200.0, 500.0]])
    np.testing.assert_allclose(1 - reached(LEVEL, duration, x), np.exp(-x / 30), rtol=1e-9)
    np.testing.assert_allclose(excess(LEVEL, duration, x), 30 * np.exp(-x / 30), rtol=1e-9)


def test_a_duration_is_never_negative():
    duration = np.array([[0.1, 1.0, 2, 3, 4, 5, 6, 7, 8]])
    assert reached(LEVEL, duration, [[0.0, 1e-9]]).max() < 1e-8
    assert inverse(LEVEL, duration, [[0.0]]) == 0


@given(forecasts())
def test_probability_grows_and_excess_is_its_integral(duration):
    x = np.broadcast_to(np.linspace(-10, 800, 3001), (len(duration), 3001))
    p, over = reached(LEVEL, duration, x), excess(LEVEL, duration, x)
    assert ((p >= 0) & (p <= 1)).all()
    assert (np.diff(p, axis=1) >= -1e-12).all()
    step = np.diff(x, axis=1)
    falls = -np.diff(over, axis=1)  # between the two chances to be late, times the step
    assert (falls >= (1 - p[:, 1:]) * step - 1e-9).all()
    assert (falls <= (1 - p[:, :-1]) * step + 1e-9).all()


@given(forecasts(), st.floats(0.0, 0.999))
def test_the_inverse_is_reached_with_its_probability(duration, u):
    x = inverse(LEVEL, duration, np.full((len(duration), 1), u))
    assert (reached(LEVEL, duration, x + 1e-6) >= u - 1e-9).all()
    assert (reached(LEVEL, duration, x - 1e-6) <= u + 1e-9).all()


@pytest.mark.parametrize(("per_day", "per_late_day"), [(1.0, 2.0), (1.0, 10.0), (0.3, 5.0)])
def test_lateness_by_the_day_is_the_newsvendor(per_day, per_late_day):
    duration = skewed()
    grid = np.broadcast_to(np.linspace(0, 400, 8001), (6, 8001))
    chosen = promise(LEVEL, duration, grid, per_day=per_day, per_late_day=per_late_day)
    stock = newsvendor(LEVEL, duration, short=per_late_day - per_day, over=per_day)
    np.testing.assert_allclose(chosen.deadline, stock, atol=0.051)
    np.testing.assert_allclose(chosen.on_time, 1 - per_day / per_late_day, atol=1e-2)


def test_a_flat_late_cost_stops_where_the_density_no_longer_pays():
    """late f(d) = per_day / 24; for an exponential of mean m: d = m ln(24 late / (m per_day))."""
    mean, late, per_day = 40.0, 30.0, 2.0
    grid = np.linspace(0, 400, 8001)[None]
    chosen = promise(FINE, expon(scale=mean).ppf(FINE)[None], grid, per_day=per_day, late=late)
    best = mean * np.log(24 * late / (mean * per_day))
    assert chosen.deadline[0] == pytest.approx(best, abs=0.3)


@given(forecasts(), price, price, price, st.floats(0.1, 50))
def test_dearer_lateness_never_promises_earlier_nor_dearer_days_later(
    duration, day, late, late_day, more
):
    def chosen(day, late, late_day):
        ends = days(len(duration))
        return promise(LEVEL, duration, ends, per_day=day, late=late, per_late_day=late_day).index

    before = chosen(day, late, late_day)
    assert (chosen(day, late + more, late_day) >= before).all()
    assert (chosen(day, late, late_day + more) >= before).all()
    assert (chosen(day + more, late, late_day) <= before).all()


@given(forecasts(), price, price, price)
def test_no_candidate_is_cheaper_and_the_earliest_of_equals_is_taken(duration, day, late, late_day):
    ends = days(len(duration))
    costs = cost(LEVEL, duration, ends, per_day=day, late=late, per_late_day=late_day)
    chosen = promise(LEVEL, duration, ends, per_day=day, late=late, per_late_day=late_day)
    for row, index in enumerate(chosen.index):
        total = costs.total[row].tolist()
        assert index == total.index(min(total))
        assert chosen.cost[row] == pytest.approx(total[index])
        assert chosen.on_time[row] == costs.on_time[row, index]


def test_when_nothing_costs_the_earliest_date_is_promised():
    assert promise(LEVEL, skewed(), days(6), per_day=0.0).index.tolist() == [0] * 6


def test_rows_may_have_their_own_costs():
    duration, late = skewed(), np.array([1.0, 2, 4, 8, 16, 32])
    together = promise(LEVEL, duration, days(6), per_day=1.0, late=late)
    alone = [
        promise(LEVEL, duration[i : i + 1], days(1), per_day=1.0, late=late[i]).index[0]
        for i in range(6)
    ]
    assert together.index.tolist() == alone


def test_a_level_is_kept_by_the_first_date_that_reaches_it():
    duration = np.array([np.linspace(10, 90, 9)])
    assert at_level(LEVEL, duration, [[50.0, 70.0, 80.0]], 0.9).tolist() == [1]
    assert at_level(LEVEL, duration, [[20.0, 30.0]], 0.9).tolist() == [1]


def test_a_quantile_keeps_its_own_level_also_after_adding_up_the_pieces_to_it():
    level = np.array([0.001, 0.086, 0.433, 0.449, 0.505, 0.629])
    duration = np.sort(np.random.default_rng(0).gamma(3.0, 30.0, (1, 6)))
    for index, share in enumerate(level):
        assert at_level(level, duration, duration, share) == index


def test_the_frontier_buys_punctuality_with_days():
    duration = norm(100, 30).ppf(LEVEL)[None].repeat(4, axis=0)
    by_cost = frontier(LEVEL, duration, days(4), late=[1.0, 5.0, 25.0, 125.0])
    by_level = frontier(LEVEL, duration, days(4), share=[0.3, 0.6, 0.9, 0.98])
    for curve in (by_cost, by_level):
        assert (np.diff(curve.days) >= 0).all()
        assert (np.diff(curve.on_time) >= 0).all()
        assert curve.days[-1] > curve.days[0]
    assert (by_level.on_time >= [0.3, 0.6, 0.9, 0.98]).all()
    one = promise(LEVEL, duration, days(4), per_day=1.0, late=25.0)
    assert by_cost.days[2] == one.deadline.mean() / 24
    assert by_cost.on_time[2] == pytest.approx(one.on_time.mean())


def test_the_frontier_counts_what_really_happened():
    duration = norm(100, 30).ppf(LEVEL)[None].repeat(4, axis=0)
    actual = np.array([20.0, 60.0, 110.0, 1000.0])
    curve = frontier(LEVEL, duration, days(4), share=[0.6], actual=actual)
    assert curve.days.tolist() == [5.0]
    assert curve.on_time.tolist() == [0.75]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"level": [0.5]}, "level: expected two or more increasing numbers"),
        ({"level": LEVEL[::-1]}, "level: expected two or more increasing numbers"),
        ({"duration": skewed()[:, ::-1]}, "quantile: row 0 crosses"),
        ({"duration": np.full((6, 9), np.nan)}, "quantile: expected finite numbers"),
        ({"duration": skewed()[:, 1:]}, "quantile: expected one column per level, 9, got"),
        ({"deadline": days(5)}, r"deadline: expected shape \(6, K\)"),
        ({"deadline": days(6)[:, ::-1]}, "deadline: expected finite hours that increase"),
        ({"per_day": -1.0}, "per_day: expected finite costs >= 0, got -1.0"),
        ({"late": np.nan}, "late: expected finite costs >= 0"),
        ({"per_late_day": [1.0, 2.0]}, "per_late_day: expected one number or 6"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(change, message):
    given = {"level": LEVEL, "duration": skewed(), "deadline": days(6), "per_day": 1.0} | change
    with pytest.raises(ValueError, match=message):
        promise(given.pop("level"), given.pop("duration"), given.pop("deadline"), **given)


def test_a_frontier_needs_one_range():
    with pytest.raises(ValueError, match="share, late: expected one of them"):
        frontier(LEVEL, skewed(), days(6))
    with pytest.raises(ValueError, match="actual: expected 6 finite durations"):
        frontier(LEVEL, skewed(), days(6), late=[1.0], actual=[1.0])
    with pytest.raises(ValueError, match="share: expected a probability"):
        frontier(LEVEL, skewed(), days(6), share=[1.0])
