import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from lanecast.optimize.newsvendor import newsvendor
from lanecast.optimize.plan import Plan

cost = st.floats(0.1, 10)
LEVEL = np.array([0.001, 0.25, 0.5, 0.9, 0.999])


def test_newsvendor_matches_textbook():
    """Snyder & Shen (2019), Example 4.3: h = 0.18, p = 0.70, N(50, 8^2) gives S* = 56.6."""
    level = np.linspace(0.001, 0.999, 999)
    stock = newsvendor(level, norm(50, 8).ppf(level)[None], short=0.70, over=0.18)
    np.testing.assert_allclose(stock, 56.604, atol=1e-3)


@given(st.lists(cost, min_size=7, max_size=7), st.lists(cost, min_size=7, max_size=7))
def test_every_row_agrees_with_interpolation_in_a_loop(short, over):
    demand = np.sort(np.random.default_rng(0).gamma(2.0, 20.0, (7, 5)), axis=1)
    stock = newsvendor(LEVEL, demand, short, over)
    loop = [np.interp(s / (s + o), LEVEL, d) for s, o, d in zip(short, over, demand, strict=True)]
    np.testing.assert_allclose(stock, loop)


@given(cost, cost, cost)
def test_stock_never_falls_as_shortage_gets_dearer(short, more, over):
    demand = np.array([[1.0, 2.0, 5.0, 8.0, 9.0]])
    stock = [newsvendor(LEVEL, demand, s, over)[0] for s in (short, short + more)]
    assert stock[0] <= stock[1] + 1e-12


def test_the_stock_is_cheapest_on_drawn_demand():
    demand = np.random.default_rng(0).normal(50, 8, 50_000)
    level = np.linspace(0.001, 0.999, 999)
    stock = newsvendor(level, np.quantile(demand, level)[None], short=3.0, over=1.0)[0]
    tried = np.linspace(30, 70, 161)
    paid = [np.mean(3 * np.maximum(demand - s, 0) + np.maximum(s - demand, 0)) for s in tried]
    assert abs(tried[np.argmin(paid)] - stock) <= 0.25


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"short": 9999.0}, r"Critical ratio 1.000 outside \[0.001, 0.999\]"),
        ({"over": 0.0}, "Expected short > 0 and over > 0"),
        ({"short": [1.0, 2.0, 3.0]}, "short, over: expected one number or 2"),
        ({"demand": [[1.0, 2, 3, 4, np.nan]]}, "quantile: expected finite numbers"),
        ({"demand": [[1.0, 2, 3, 5, 4]]}, "quantile: row 0 crosses"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(change, message):
    given = {"demand": np.ones((2, 5)), "short": 1.0, "over": 1.0} | change
    with pytest.raises(ValueError, match=message):
        newsvendor(LEVEL, **given)


def test_no_rows_give_no_stock():
    assert newsvendor(LEVEL, np.empty((0, 5)), 1.0, 1.0).shape == (0,)


@pytest.mark.parametrize(
    ("objective", "bound", "gap"),
    [(100.0, 90.0, 0.1), (100.0, 100.0, 0.0), (0.0, 0.0, 0.0), (-100.0, -110.0, 0.1)],
)
def test_the_gap_of_a_plan_is_a_share_of_its_objective(objective, bound, gap):
    plan = Plan(["do"], objective, {"all": objective}, bound, "optimal", [])
    assert plan.gap == pytest.approx(gap)
    assert Plan([], 0.0, {}, -1.0, "feasible", []).gap == float("inf")
