"""From sales to orders, a roster and a ledger: what must hold of a plan."""

from dataclasses import replace
from datetime import timedelta

import narwhals as nw
import polars as pl
import pytest

from lanecast.planning.chain import How, chain, totals
from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import CALENDARS, FACILITIES, LANES
from lanecast.tables.planning import (
    DEMAND_FORECASTS,
    LABOUR,
    RECORDS,
    REPLENISHMENT_PLANS,
    ROSTER_PLANS,
    STOCK,
    WORKERS,
)
from lanecast.tables.schema import check

from .conftest import NOW, SITE

HOW = How(rounds=2, quick=True)
DAYS = 3


def copied(company, path, without=(), change=None):
    """Return a lake with the tables of another, some left out or changed."""
    lake = Lake(path)
    for table in (FACILITIES, LANES, CALENDARS, *RECORDS):
        if table in without or not company.has(table):
            continue
        rows = collect(company.versions(table)).select(*table.columns)
        lake.write(table, nw.from_native(change(table, rows) if change else rows))
    return Lake(path)


@pytest.fixture(scope="module")
def made(company, learnt):
    return chain(company, NOW, SITE, DAYS, learnt, HOW)


def test_a_plan_is_canonical_and_of_one_site(made):
    check(REPLENISHMENT_PLANS, nw.from_native(made.orders.table))
    check(ROSTER_PLANS, nw.from_native(made.roster.plan.table))
    for rows in (made.forecast, made.work):
        check(DEMAND_FORECASTS, nw.from_native(rows))
        assert rows["unique_id"].str.contains(SITE, literal=True).all()
    assert set(made.orders.table["facility_id"]) == {SITE}
    assert made.forecast["ds"].n_unique() == DAYS == made.traded["date"].n_unique()


def test_the_ledger_adds_up_to_what_stock_and_staff_claim(made):
    sums = totals(made.ledger)
    money = ["order", "holding", "short", "waste"]
    stock = made.traded.select(money).to_numpy().sum()
    assert sums["stock_over"] + sums["stock_under"] + sums["stock_running"] == pytest.approx(stock)
    staff = sums["staff_over"] + sums["staff_under"] + sums["staff_running"]
    assert staff == pytest.approx(made.roster.plan.objective, rel=1e-6)


def test_what_is_sold_is_picked_and_what_comes_is_received(made):
    units = made.work.group_by(process=pl.col("unique_id").str.split("/").list.last()).agg(
        pl.col("mean").sum()
    )
    by = dict(units.iter_rows())
    said = made.forecast.select("unique_id", "mean", date=pl.col("ds").dt.date())
    item = made.traded.join(said, on=["unique_id", "date"], how="left").filter(pl.col("sold") > 0)
    share = pl.col("sold") / (pl.col("sold") + pl.col("lost"))
    assert item["mean"].null_count() < item.height / 2
    told = pl.coalesce(pl.col("mean") * share, "sold")  # not the luck of the drawn ways
    sold = item.select(told.sum()).item()
    assert by["pick"] == pytest.approx(sold, rel=0.05)
    assert by["receive"] == pytest.approx(made.traded["received"].sum(), rel=0.05, abs=1)


def test_hours_done_and_late_follow_from_hours_at_work(made):
    hours = made.roster.hours
    assert (hours["done_h"] >= -1e-9).all() and (hours["late_h"] >= -1e-9).all()
    assert hours["done_h"].sum() <= hours["need_h"].sum() + 1e-6
    assert hours["rostered_h"].sum() > 0


def test_a_plan_does_not_know_what_was_recorded_later(company, learnt, made, tmp_path):
    def until_now(table, rows):
        return rows.filter(pl.col(table.clock) <= NOW)

    cut = chain(copied(company, tmp_path / "cut", change=until_now), NOW, SITE, DAYS, learnt, HOW)
    assert cut.forecast.equals(made.forecast)
    assert cut.orders.table.equals(made.orders.table)
    assert cut.work.equals(made.work)
    assert cut.roster.plan.table.equals(made.roster.plan.table)


@pytest.mark.parametrize(
    ("without", "said", "left"),
    [
        ((STOCK,), "stock is left out: the lake holds no stock", "roster"),
        ((LABOUR, WORKERS), "staff is left out: the lake holds no workers, labour", "orders"),
    ],
)
def test_a_part_without_records_is_left_out_and_said(
    company, learnt, tmp_path, without, said, left
):
    made = chain(copied(company, tmp_path / "lake", without), NOW, SITE, DAYS, learnt, HOW)
    assert any(said in note for note in made.notes)
    parts = {"orders": made.orders, "roster": made.roster}
    assert [name for name, part in parts.items() if part is not None] == [left]
    assert set(made.ledger["part"]) == {"stock" if left == "orders" else "staff"}


def test_a_site_that_is_not_known_is_told_the_nearest_names(company, learnt):
    with pytest.raises(ValueError, match=r"nothing is known of 'whs_us_ny'.*whs_us_ny_01"):
        chain(company, NOW, "whs_us_ny", DAYS, learnt, HOW)


def test_nothing_to_plan_with_is_refused(company, learnt, tmp_path):
    lake = copied(company, tmp_path / "lake", (STOCK, LABOUR))
    with pytest.raises(
        ValueError, match="nothing can be planned for 'whs_us_ny_01': stock is left"
    ):
        chain(lake, NOW, SITE, DAYS, learnt, HOW)


def test_a_model_that_does_not_reach_is_refused(company, learnt):
    with pytest.raises(ValueError, match="model: it foresees 2 days, 3 are asked for"):
        chain(company, NOW, SITE, DAYS, replace(learnt, days=2), HOW)


def test_two_currencies_are_not_added(company, learnt, tmp_path):
    def euros(table, rows):
        return rows.with_columns(currency=pl.lit("EUR")) if table is WORKERS else rows

    lake = copied(company, tmp_path / "lake", change=euros)
    with pytest.raises(ValueError, match="are paid in EUR, USD; expected one currency"):
        chain(lake, NOW, SITE, DAYS, learnt, HOW)


def test_before_any_sale_no_place_is_known(company, learnt):
    with pytest.raises(ValueError, match="knows no place with sales or workers by then"):
        chain(company, NOW - timedelta(days=900), SITE, DAYS, learnt, HOW)
