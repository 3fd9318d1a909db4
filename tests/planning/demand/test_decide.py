from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from lanecast.planning.demand.decide import Costs, decide
from lanecast.tables.parcel import LEVELS, QUANTILES


def forecasts(sizes=(50.0, 80.0)) -> pl.DataFrame:
    """Normal demand with a deviation of 8, as in example 4.3 of Snyder & Shen (2019)."""
    q = np.array([size + 8 * norm.ppf(LEVELS) for size in sizes])
    frame = pl.DataFrame({name: q[:, i] for i, name in enumerate(QUANTILES)})
    return frame.with_columns(
        unique_id=pl.Series([f"s{i}" for i in range(len(sizes))]),
        ds=datetime(2025, 1, 1, tzinfo=UTC),
        fallback=pl.lit(None, pl.String),
    )


def test_the_book_example_comes_out():
    plan = decide(forecasts((50.0,)), Costs(over=0.18, under=0.70))
    assert plan.table["units"][0] == pytest.approx(56.6, abs=0.15)
    assert plan.objective == pytest.approx(1.9976, rel=0.03)
    assert plan.gap == 0 and plan.status == "optimal"


def test_no_other_quantity_costs_less_than_what_is_planned():
    plan = decide(forecasts(), Costs(1, 4))
    assert (plan.table["cost"] <= plan.table["cost_of_mean"]).all()
    assert plan.parts["saved"] > 0
    assert plan.parts["over"] + plan.parts["under"] == pytest.approx(plan.objective)


def test_a_dearer_shortage_plans_more():
    units = [decide(forecasts(), Costs(1, under)).table["units"].sum() for under in (0.5, 1, 5)]
    assert units == sorted(units) and units[0] < units[2]


def test_what_has_no_forecast_is_left_out_and_said():
    rows = forecasts((50.0, 80.0, 90.0))
    lost = pl.col("unique_id") == "s1"
    rows = rows.with_columns(
        q500=pl.when(~lost).then("q500"),
        fallback=pl.when(pl.col("unique_id") == "s2").then(pl.lit("nothing_known")),
    )
    plan = decide(rows, Costs())
    assert plan.table["unique_id"].to_list() == ["s0"]
    assert dict(plan.skipped.select("unique_id", "reason").iter_rows()) == {
        "s1": "no quantiles",
        "s2": "nothing is known of it",
    }
    assert decide(rows.filter(lost), Costs()).status == "empty"


@pytest.mark.parametrize("cost", [-1.0, 0.0, float("nan"), float("inf")])
def test_a_cost_that_is_none_is_refused(cost):
    with pytest.raises(ValueError, match="over: expected a finite cost above 0"):
        Costs(over=cost)


def test_a_share_beyond_the_quantiles_is_refused():
    with pytest.raises(ValueError, match="expected under / "):
        Costs(over=1, under=1000)
