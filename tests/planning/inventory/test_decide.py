"""The order list: laws, rules of ordering, and what is refused or left out."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanecast.planning.inventory import (
    Costs,
    Limits,
    MinMax,
    Newsvendor,
    OrderUpTo,
    ReorderPoint,
    Rolling,
    decide,
)
from lanecast.tables.parcel import LEVELS, QUANTILES

from .conftest import forecasts, items

MEAN = [4.0, 0.4, 12.0, 2.0]
SOON = forecasts(MEAN)
POLICIES = [Rolling(), OrderUpTo(), OrderUpTo(0.95), MinMax(), ReorderPoint(), Newsvendor()]
each = pytest.mark.parametrize("policy", POLICIES, ids=str)


@each
def test_the_parts_add_up_and_the_bound_is_below(policy):
    plan = decide(SOON, Costs(), Limits(items(4, case_pack=6)), policy)
    assert sum(plan.parts.values()) == pytest.approx(plan.objective)
    assert plan.table["cost"].sum() == pytest.approx(plan.objective)
    assert 0 <= plan.bound <= plan.objective


@each
@pytest.mark.parametrize("stock", [0, 2, 4, 8])
def test_orders_are_whole_cases_between_the_least_and_the_largest(policy, stock):
    known = items(4, on_hand=stock, case_pack=5, least=10, most=33)
    plan = decide(SOON, Costs(order=0.1), Limits(known), policy).table
    units = plan["units"].to_numpy()
    assert (units % 5 == 0).all()
    assert ((units == 0) | ((units >= 10) & (units <= 30))).all()
    assert units.max() > 0
    assert plan["cases"].to_list() == (units // 5).tolist()


@each
def test_enough_stock_orders_nothing_and_says_why(policy):
    plan = decide(SOON, Costs(), Limits(items(4, on_hand=[600, 200, 2000, 400])), policy).table
    assert plan["units"].to_list() == [0, 0, 0, 0]
    assert plan["reason"].null_count() == 0
    assert plan["due_date"].null_count() == 4


@each
def test_the_order_of_rows_changes_nothing(policy):
    known = items(4, on_hand=[3, 0, 20, 9])
    plan = decide(SOON, Costs(), Limits(known), policy)
    again = decide(SOON.sample(fraction=1, shuffle=True, seed=1), Costs(),
                   Limits(known.reverse()), policy)  # fmt: skip
    assert plan.table.equals(again.table)


@settings(max_examples=15)
@given(st.floats(0.5, 20), st.floats(0.5, 20))
def test_dearer_shortage_never_orders_less(short, more):
    plans = [
        decide(SOON, Costs(order=0, short=each), Limits(items(4)), OrderUpTo()).table["units"]
        for each in (short, short + more)
    ]
    assert (plans[0] <= plans[1]).all()


@settings(max_examples=15)
@given(st.integers(0, 60), st.integers(1, 30))
def test_one_unit_in_stock_is_one_unit_less_to_order_where_nothing_is_lost_before(stock, more):
    """With an order that comes the next morning, base stock fills up to one level."""
    usual = {"lead_d": 0.0, "review_d": 7}
    plans = [
        decide(SOON, Costs(order=0), Limits(items(4, on_hand=each, **usual)), OrderUpTo()).table
        for each in (stock, stock + more)
    ]
    units = [plan["units"].to_numpy() for plan in plans]
    np.testing.assert_array_equal(np.maximum(units[0] - more, 0), units[1])


def test_a_lead_time_of_zero_comes_the_next_morning():
    plan = decide(SOON, Costs(), Limits(items(4, lead_d=0.0)))
    assert plan.table["units"].max() > 0
    assert {str(day) for day in plan.table["due_date"].drop_nulls()} == {"2025-03-02"}


@each
def test_no_other_order_within_the_window_costs_less(policy):
    if not isinstance(policy, Newsvendor):
        pytest.skip("only one order for all days is best by itself")
    best = decide(SOON, Costs(order=0), Limits(items(4)), policy).objective
    for most in (1, 20, 60, 150):
        assert decide(SOON, Costs(order=0), Limits(items(4, most=most)), policy).objective >= best


def test_service_is_reached():
    plan = decide(SOON, Costs(), Limits(items(4)), OrderUpTo(0.98)).table
    paths = np.array(SOON["paths"].to_list()).reshape(4, 28, -1)
    need = paths[:, 2:9].sum(axis=1)  # comes on the third morning, the next one seven days later
    for i in range(4):
        sold_out = (need[i] > plan["units"][i]).mean()
        assert sold_out <= 0.02 + 1e-9


def test_what_expires_is_not_ordered_beyond_what_sells_before():
    free, short = (
        decide(SOON, Costs(order=500), Limits(items(4, shelf_life_d=life))).table["units"]
        for life in (0, 6)
    )
    assert (short <= free).all()
    assert short[2] <= 12 * 6 * 1.3
    dear = decide(SOON, Costs(order=0, waste=1e6), Limits(items(4, shelf_life_d=6))).table["units"]
    cheap = decide(SOON, Costs(order=0, waste=0), Limits(items(4, shelf_life_d=6))).table["units"]
    assert (dear <= cheap).all()
    assert dear.sum() < cheap.sum()


def test_a_dearer_order_is_larger_and_rarer():
    often = decide(SOON, Costs(order=0.0), Limits(items(4))).table
    rare = decide(SOON, Costs(order=60.0), Limits(items(4, on_hand=4))).table
    ordered = rare["units"] > 0
    assert (rare.filter(ordered)["up_to_units"] >= often.filter(ordered)["up_to_units"]).all()
    assert ordered.sum() < 4


@pytest.mark.parametrize("policy", [OrderUpTo(0.98), Rolling(0.98)])
def test_a_budget_below_what_a_service_costs_is_refused_and_never_overspent(policy):
    whole = decide(SOON, Costs(), Limits(items(4)), policy)
    least = 10.0 * whole.table["units"].sum()
    with pytest.raises(ValueError, match=r"budget: expected at least [\d,]+, which orders of the"):
        decide(SOON, Costs(), Limits(items(4), budget=0.5 * least), policy)
    kept = decide(SOON, Costs(), Limits(items(4), budget=least), policy)
    assert kept.prices["budget"] == 0 and kept.bound >= 0


def test_a_budget_is_kept_and_its_shadow_price_is_what_more_of_it_would_save():
    free = decide(SOON, Costs(order=0), Limits(items(4)))
    spent = 10.0 * free.table["units"].sum()
    saved = []
    for budget in (0.5 * spent, 0.5 * spent + 40):
        plan = decide(SOON, Costs(order=0), Limits(items(4), budget=budget))
        assert 0.8 * budget <= 10.0 * plan.table["units"].sum() <= budget
        assert plan.bound <= plan.objective
        assert plan.objective >= free.objective
        saved.append(plan)
    worth = (saved[0].objective - saved[1].objective) / 40
    assert saved[0].prices["budget"] == pytest.approx(worth, rel=0.5)
    assert decide(SOON, Costs(), Limits(items(4), budget=1e9)).prices["budget"] == 0
    assert decide(SOON, Costs(), Limits(items(4), budget=0)).table["units"].sum() == 0


def test_quantiles_answer_as_paths_of_the_same_law_do():
    paths = np.array(SOON["paths"].to_list())
    quantile = np.quantile(paths, LEVELS, axis=1).T
    wide = SOON.drop("paths").hstack(pl.DataFrame(quantile, schema=list(QUANTILES)))
    ours, theirs = (
        decide(each, Costs(), Limits(items(4)), OrderUpTo()).table["up_to_units"].to_numpy()
        for each in (wide, SOON)
    )
    np.testing.assert_allclose(ours, theirs, rtol=0.25, atol=3)


def test_units_under_way_are_counted_when_they_come():
    soon, late = (
        decide(
            SOON, Costs(order=0),
            Limits(items(4), arriving=pl.DataFrame(
                {"unique_id": ["p0/w"], "in_d": [day], "units": [30]})),
        ).table["units"][0]
        for day in (2, 25)
    )  # fmt: skip
    none = decide(SOON, Costs(order=0), Limits(items(4))).table["units"][0]
    assert soon < late == none


def test_uncertain_lead_times_order_more_than_certain_ones():
    hours = np.array([[24 * 3 * (0.4 + 1.2 * level) for level in LEVELS]])
    law = pl.DataFrame(hours, schema=list(QUANTILES)).with_columns(unique_id=pl.lit("p2/w"))
    sure = decide(SOON, Costs(order=0), Limits(items(4))).table
    doubt = decide(SOON, Costs(order=0), Limits(items(4), leads=law)).table
    assert doubt["units"][2] > sure["units"][2]
    assert doubt["units"][0] == sure["units"][0]


def test_what_cannot_be_decided_is_left_out_with_the_reason():
    rows = SOON.filter(
        ~((pl.col("unique_id") == "p0/w") & (pl.col("ds").dt.day() == 4))
        & ((pl.col("unique_id") != "p1/w") | (pl.col("ds").dt.day() < 6))
    )
    known = pl.concat([items(4, case_pack=[1, 1, 8, 1], most=[9.0, 9.0, 7.0, 9.0], least=0.0),
                       items(5, case_pack=1, most=9.0, least=0.0)[4:]])  # fmt: skip
    plan = decide(rows, Costs(), Limits(known))
    assert dict(plan.skipped.iter_rows()) == {
        "p0/w": "the forecast has 2 whole days in a row, an order now must last 9",
        "p1/w": "the forecast has 4 whole days in a row, an order now must last 9",
        "p2/w": "no whole number of cases lies between the least and the largest order",
        "p4/w": "no forecast",
    }
    assert plan.table["product_id"].to_list() == ["p3"]


def test_a_forecast_that_is_no_number_is_left_out():
    wide = SOON.drop("paths").with_columns(**dict.fromkeys(QUANTILES, pl.lit(2.0)))
    broken = wide.with_columns(
        q500=pl.when(pl.col("unique_id") == "p1/w").then(float("nan")).otherwise("q500")
    )
    plan = decide(broken, Costs(), Limits(items(4)))
    assert plan.skipped["unique_id"].to_list() == ["p1/w"]


def test_nothing_to_decide_is_an_empty_plan():
    assert decide(SOON.head(0), Costs(), Limits(items(4))).status == "empty"
    assert decide(SOON, Costs(), Limits(items(4).head(0))).objective == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"case_pack": 0}, r"items.case_pack: expected a whole number of at least 1, got 0 for"),
        ({"case_pack": 1.5}, r"items.case_pack: expected a whole number of at least 1, got 1.5"),
        ({"on_hand": -2}, r"items.on_hand: expected a number of at least 0, got -2 for 'p0/w'"),
        ({"on_hand": float("nan")}, r"items.on_hand: expected .* got nan"),
        ({"lead_d": -1.0}, r"items.lead_d: expected a number of at least 0, got -1"),
        ({"review_d": 0}, r"items.review_d: expected a whole number of at least 1, got 0"),
        ({"least": 20.0, "most": 10.0}, r"items.most: expected at least the least order, 20, got"),
        ({"unit_cost": -1.0}, r"items.unit_cost: expected .* at least 0, got -1"),
        ({"unique_id": ["p0/w"] * 4}, r"items.unique_id: 'p0/w' occurs twice"),
    ],
)
def test_an_item_that_makes_no_sense_is_refused_by_name(change, message):
    known = items(4).with_columns(
        pl.Series(name, value) if isinstance(value, list) else pl.lit(value).alias(name)
        for name, value in change.items()
    )
    with pytest.raises(ValueError, match=message):
        decide(SOON, Costs(), Limits(known))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Costs(holding=-0.1), "holding: expected a finite cost of at least 0, got -0.1"),
        (lambda: Costs(short=float("nan")), "short: expected a finite cost"),
        (lambda: Costs(order=float("inf")), "order: expected a finite cost"),
        (lambda: Limits(items(1), budget=-5), "budget: expected at least 0, got -5"),
        (lambda: Rolling(1.2), r"service: expected a chance in \(0, 1\), got 1.2"),
        (lambda: OrderUpTo(0.0), r"service: expected a chance in \(0, 1\), got 0.0"),
        (lambda: decide(SOON, Costs(), Limits(items(4).drop("price"))), "items: no column price"),
    ],
)
def test_costs_and_limits_that_make_no_sense_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
