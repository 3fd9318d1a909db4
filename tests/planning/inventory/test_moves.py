"""Scarce stock moved between places, and base stocks of networks."""

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from lanecast.optimize.distribution_tree import Stocks, evaluate
from lanecast.planning.inventory import Costs, Limits, Ways, echelons, moved, moves
from lanecast.tables.planning import REPLENISHMENT_PLANS
from lanecast.tables.schema import check

from .conftest import forecasts

COSTS = Costs(order=2.0, holding=0.25)


def two_places(mean=(6.0, 6.0), on_hand=(0.0, 200.0)):
    said = forecasts(mean).with_columns(pl.col("unique_id").replace({"p0/w": "p/a", "p1/w": "p/b"}))
    items = pl.DataFrame(
        {
            "unique_id": ["p/a", "p/b"], "on_hand": on_hand, "lead_d": [7.0, 7.0],
            "review_d": [1, 1], "unit_cost": [10.0, 10.0], "price": [16.0, 16.0],
        }
    )  # fmt: skip
    return said, Limits(items)


def test_stock_goes_from_where_it_lies_to_where_it_is_short():
    said, limits = two_places()
    plan = moves(said, COSTS, limits, Ways())
    check(REPLENISHMENT_PLANS, nw.from_native(plan.table))
    row = plan.table.row(0, named=True)
    assert plan.table.height == 1
    assert (row["source_id"], row["facility_id"]) == ("b", "a")
    assert 30 < row["units"] < 80  # six days of six, and some for the doubt
    assert plan.bound <= plan.objective == pytest.approx(sum(plan.parts.values()))
    after = moved(limits.items, plan.table)
    assert after["on_hand"].to_list() == [row["units"], 200 - row["units"]]


def test_moving_costs_no_more_than_standing_still():
    said, limits = two_places()
    some = moves(said, COSTS, limits, Ways()).objective
    none = moves(said, COSTS, limits, Ways(per_unit=1e6))
    assert some < none.objective and none.table.is_empty()
    assert moves(said, COSTS, limits, Ways(per_unit=2.0)).objective >= some


def test_places_that_may_not_send_to_each_other_do_not():
    said, limits = two_places()
    assert moves(said, COSTS, limits, Ways(zone={"a": "US", "b": "MX"})).table.is_empty()
    assert moves(said, COSTS, limits, Ways(zone={"a": "US", "b": "US"})).table.height == 1


def test_where_all_have_enough_nothing_moves():
    said, limits = two_places(on_hand=(200.0, 200.0))
    assert moves(said, COSTS, limits, Ways()).table.is_empty()


def test_an_item_without_a_forecast_is_said_to_be_left_out():
    said, limits = two_places()
    plan = moves(said.filter(unique_id="p/a"), COSTS, limits, Ways())
    assert plan.skipped.rows() == [("p/b", "no forecast")] and plan.table.is_empty()


def row(**changes):
    """Example 6.1 of Snyder & Shen (2019): three places in a row."""
    stocks = [
        {"name": "shop", "from": "hub", "lead": 1, "holding": 7, "rate": 5, "sd": 1,
         "short": 37.12},
        {"name": "hub", "from": "plant", "lead": 1, "holding": 4},
        {"name": "plant", "lead": 2, "holding": 2},
    ]  # fmt: skip
    return [each | changes.get(each["name"], {}) for each in stocks]


def test_places_in_a_row_have_the_levels_of_the_book_in_any_order():
    plan = echelons(row())
    assert plan.status == "serial"
    assert plan.table["echelon"].round(2).to_list() == [6.49, 12.02, 22.71]
    assert plan.objective == pytest.approx(47.66, abs=0.01)
    assert plan.table["base_stock"].to_numpy() == pytest.approx([6.49, 5.53, 10.69], abs=0.01)
    again = echelons(row()[::-1])
    assert again.objective == pytest.approx(plan.objective)
    assert again.table.sort("name")["echelon"].equals(plan.table.sort("name")["echelon"])


def test_a_tree_has_levels_that_no_one_step_betters():
    stocks = [{"name": "centre", "lead": 3, "holding": 1}] + [
        {"name": f"shop{k}", "from": "centre", "lead": 1, "holding": 2, "rate": 2.0, "short": 20}
        for k in range(2)
    ]
    plan = echelons(stocks)
    assert plan.status == "tree"
    level = plan.table["base_stock"].to_numpy().astype(int)
    tree = Stocks([-1, 0, 0], [3, 1, 1], [1, 2, 2], [0, 2, 2], [0, 20, 20])
    for k in range(3):
        for by in (-1, 1):
            other = level + by * (np.arange(3) == k)
            assert evaluate(tree, other).cost >= plan.objective - 1e-9
    assert plan.table["echelon"][0] == level.sum()


@pytest.mark.parametrize(
    ("stocks", "said"),
    [
        ([], "name: expected stocks with different names, got none"),
        ([{"name": "a", "lead": 1}], "holding: is missing for a"),
        ([{"name": "a", "lead": -1, "holding": 1}], "lead: expected a number of at least 0 for a"),
        (row(hub={"from": "moon"}), "from: no stock is named moon"),
        (row(shop={"short": 0}), "short: expected a cost above 0 for shop"),
        (row(plant={"name": "hub"}), r"different names, got \['hub'\]"),
        (row(shop={"holding": 3}), "holding: expected more at 'shop' than where it is supplied"),
        (row(plant={"from": "shop"}), "parent: expected one stock with -1"),
        (row(plant={"colour": 1}), "colour: of plant: expected only from, holding"),
    ],
)
def test_what_is_no_network_is_refused_in_words(stocks, said):
    with pytest.raises(ValueError, match=said):
        echelons(stocks)
