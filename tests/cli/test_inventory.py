"""The order list and the replay of policies, from the command line."""

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from lanecast.planning.inventory.features import arriving, items, lateness, sales
from lanecast.planning.inventory.outstanding import forecasts, limits
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import CALENDARS, FACILITIES
from lanecast.tables.parcel import QUANTILES
from lanecast.tables.planning import DEMAND_FORECASTS, RECORDS, REPLENISHMENT_PLANS
from lanecast.tables.schema import check

CUT = datetime(2025, 4, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A small company that sells ten products from stock."""
    path = tmp_path_factory.mktemp("stock") / "lake"
    simulate(300, 120, 3, date(2025, 1, 1), products=10).write(Lake(path))
    return path


def test_an_order_list_is_stored_and_canonical(lanecast, shop, tmp_path):
    path = shutil.copytree(shop, tmp_path / "lake")
    told = lanecast("decide", "inventory", "--lake", path, "--json", "-")
    assert told.code == 0, told.err
    assert "recent sales are taken" in told.err
    stored = collect(Lake(path).read(REPLENISHMENT_PLANS))
    check(REPLENISHMENT_PLANS, nw.from_native(stored))
    assert stored.height == told.json["stored"] == told.json["items"] > 20
    assert told.json["units"] == stored["units"].sum() > 0
    assert 0 < told.json["bound"] <= told.json["objective"]
    assert told.json["objective"] == pytest.approx(sum(told.json["parts"].values()))
    again = lanecast("decide", "inventory", "--lake", path)
    assert again.code == 0
    assert "Order list" in again.out


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs /dev/full")
def test_figures_for_which_the_disk_is_full_say_what_is_stored(lanecast, shop, tmp_path):
    path = shutil.copytree(shop, tmp_path / "lake")
    words = ("decide", "inventory", "--lake", path, "--policy", "order_up_to")
    told = lanecast(*words, "--json", "/dev/full")
    assert told.code == 4 and "--json: /dev/full: no space left" in told.err
    assert f"rows are stored in {path}, and only this was not written" in told.err


def test_scarce_stock_is_moved_before_orders_are_made(lanecast, shop, tmp_path):
    path = shutil.copytree(shop, tmp_path / "lake")
    asked = ("decide", "inventory", "--lake", path, "--transfers", "--per-move", "0.5")
    told = lanecast(*asked, "--json", "-")
    assert told.code == 0, told.err
    moves = told.json["transfers"]
    assert moves["bound"] <= moves["objective"] and moves["moves"] > 0
    stored = collect(Lake(path).read(REPLENISHMENT_PLANS))
    check(REPLENISHMENT_PLANS, nw.from_native(stored))
    moved = stored.filter(pl.col("plan_id").str.starts_with("mov_"))
    assert moved.height == moves["moves"] and moved["units"].sum() == moves["units"]
    land = moved.select(pl.col("facility_id", "source_id").str.slice(0, 6))
    assert (land["facility_id"] == land["source_id"]).all()  # whs_us to whs_us
    again = lanecast(*asked)
    assert "Moves of tonight" in again.out and "no plan can cost less than" in again.out


def test_base_stocks_of_a_network_come_from_a_file(lanecast, tmp_path):
    file = tmp_path / "network.json"
    file.write_text(
        '{"stocks": [{"name": "shop", "from": "hub", "lead": 1, "holding": 3, "rate": 5, '
        '"short": 30}, {"name": "hub", "lead": 2, "holding": 1}]}'
    )
    told = lanecast("decide", "inventory", "--echelons", file, "--json", "-")
    assert told.code == 0, told.err
    assert told.json["status"] == "serial" and len(told.json["stocks"]) == 2
    assert "Base stocks, serial" in lanecast("decide", "inventory", "--echelons", file).out


def test_a_network_of_csv_is_that_of_json(lanecast, tmp_path):
    rows = (
        "name,from,lead,holding,rate,sd,short\n"
        "shop,hub,1,7,5,1,37.12\nhub,plant,1,4,,,\nplant,,2,2,,,\n"
    )
    (tmp_path / "network.csv").write_text(rows)
    told = lanecast("decide", "inventory", "--echelons", tmp_path / "network.csv", "--json", "-")
    assert told.code == 0, told.err
    echelon = {each["name"]: each["echelon"] for each in told.json["stocks"]}
    # Snyder & Shen, example 6.1
    assert echelon == pytest.approx({"shop": 6.49, "hub": 12.02, "plant": 22.71}, abs=0.01)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no CSV"),
        (
            "name,lead,holding\na,soon,1\n",
            "lead: expected a number of at least 0 for a, got 'soon'",
        ),
        ("name,lead\na,1\n", "holding: is missing for a"),
        ("name,lead,holding,cost\na,1,2,3\n", "cost: of a: expected only from, holding"),
    ],
)
def test_csv_that_is_no_network_is_refused_in_words(lanecast, tmp_path, text, said):
    (tmp_path / "network.csv").write_text(text)
    told = lanecast("decide", "inventory", "--echelons", tmp_path / "network.csv")
    assert told.code == 2 and said in " ".join(told.err.split())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "is no file; give one of JSON or CSV"),
        ("{", "is no JSON"),
        ("[]", 'expected {"stocks": [{"name": ...}, ...]}'),
        ('{"stocks": [{"name": "a"}]}', "lead: is missing for a"),
    ],
)
def test_a_file_that_is_no_network_is_refused_in_words(lanecast, tmp_path, text, said):
    file = tmp_path / "network.json"
    if text is not None:
        file.write_text(text)
    told = lanecast("decide", "inventory", "--echelons", file)
    assert told.code == 2 and said in " ".join(told.err.split())


def test_stored_forecasts_of_demand_go_before_recent_sales(lanecast, shop, tmp_path):
    path = shutil.copytree(shop, tmp_path / "lake")
    lake = Lake(path)
    names = collect(items(lake, CUT).lazy())["unique_id"]
    days = pl.DataFrame({"k": range(60)}).select(
        ds=pl.lit(CUT.date()) + pl.duration(days=pl.col("k"))
    )
    rows = pl.DataFrame({"unique_id": names}).join(days, how="cross").with_columns(
        **{name: pl.lit(0.0) for name in QUANTILES},
        ds=pl.col("ds").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        asof=pl.lit(CUT - timedelta(hours=2)).cast(pl.Datetime("us", "UTC")),
        model=pl.lit("nothing"), version=pl.lit("1"), frequency=pl.lit("d"),
        level=pl.lit("product/facility"),
    )  # fmt: skip
    lake.write(DEMAND_FORECASTS, nw.from_native(rows))
    told = lanecast("decide", "inventory", "--lake", path, "--asof", "2025-04-10", "--json", "-")
    assert told.code == 0, told.err
    assert told.json["forecast"] == "stored"
    assert told.json["units"] == 0


def test_what_is_learnt_one_evening_is_used_the_next(lanecast, shop, tmp_path):
    path, model = shutil.copytree(shop, tmp_path / "lake"), tmp_path / "model"
    told = lanecast("fit", "inventory", "--lake", path, "--model", model, "--asof", "2025-04-10")
    assert told.code == 0 and "Next: lanecast decide inventory" in told.out, told.err
    asked = ("decide", "inventory", "--lake", path, "--asof", "2025-04-10")
    ours, plain = (lanecast(*asked, *words, "--json", "-").json
                   for words in (("--model", model), ()))  # fmt: skip
    assert ours["forecast"] == "model" and plain["forecast"] == "lifted"
    for key in ("units", "objective", "bound", "skipped"):
        assert ours[key] == plain[key]  # learnt that evening, it is the same
    later = lanecast(*asked[:-1], "2025-04-20", "--model", model, "--json", "-")
    assert later.code == 0 and later.json["units"] != ours["units"]
    assert "learnt until 2025-04-10; levels may have moved since" in later.err
    early = lanecast(*asked[:-1], "2025-04-01", "--model", model)
    assert "may know how some of these ended" in early.err


def test_demand_until_the_next_order_is_told(lanecast, shop, tmp_path):
    model, out = tmp_path / "model", tmp_path / "cover.parquet"
    asof = ("--asof", "2025-04-10")
    lanecast("fit", "inventory", "--lake", shop, "--model", model, *asof)
    told = lanecast("predict", "inventory", "--lake", shop, "--model", model, *asof, "--out", out)
    assert told.code == 0 and "least cover" in told.out, told.err
    rows = pl.read_parquet(out)
    assert (np.diff(rows.select(QUANTILES).to_numpy(), axis=1) >= 0).all()
    known = collect(items(Lake(shop), CUT).lazy())
    both = rows.join(known, on="unique_id")
    assert both.height == rows.height > 20
    assert (both["cover_d"] - both["lead_d"] - both["review_d"] + 1).abs().max() < 1e-9
    assert rows["enough"].is_between(0, 1).all() and rows["enough"].n_unique() > 5
    sold = collect(sales(Lake(shop), CUT, 56).lazy()).group_by("unique_id").agg(
        rate=pl.col("units").mean())  # fmt: skip
    usual = rows.join(sold, on="unique_id").filter(pl.col("rate") > 1)
    ratio = usual["mean"].sum() / (usual["rate"] * usual["cover_d"]).sum()
    assert 0.7 < ratio < 1.5


def test_a_backtest_compares_policies_with_foresight(lanecast, shop):
    told = lanecast(
        *("backtest", "inventory", "--data", shop, "--source", "lake"),
        *("--from", "2025-04-01", "--to", "2025-04-22", "--json", "-"),
    )
    assert told.code == 0, told.err
    figures = told.json
    for name in ("rolling", "order_up_to", "naive", "moving", "min_max"):
        parts = sum(figures[f"{part}_{name}"] for part in ("order", "holding", "short", "waste"))
        assert figures[f"cost_{name}"] == pytest.approx(parts)
        assert figures[f"cost_{name}"] >= figures["foresight"]
    assert figures["n_items"] > 20
    assert figures["days"] == 21


def test_what_was_recorded_later_changes_no_feature(shop, tmp_path):
    whole, past = Lake(shop), Lake(tmp_path / "past")
    for table in (*RECORDS, CALENDARS, FACILITIES):
        rows = collect(whole.versions(table))
        known = rows.filter(pl.col("recorded_at") <= CUT).select(*table.columns)
        past.write(table, nw.from_native(known))
    for feature in (items, arriving, lateness, lambda lake, at: sales(lake, at, 60)):
        one, other = (collect(feature(lake, CUT).lazy()) for lake in (whole, Lake(past.path)))
        assert one.sort(one.columns).equals(other.sort(other.columns))
    assert limits(whole, CUT).leads is not None
    ours = [forecasts(lake, CUT, collect(items(lake, CUT).lazy()))[1] for lake in (whole, past)]
    assert ours[0].equals(ours[1])


def test_features_are_those_of_a_loop(shop):
    lake = Lake(shop)
    stock = collect(lake.asof(CUT).read(next(t for t in RECORDS if t.name == "stock")))
    known = {row["unique_id"]: row for row in collect(items(lake, CUT).lazy()).to_dicts()}
    for (product, place), rows in stock.group_by("product_id", "facility_id"):
        last = rows.sort("date").row(-1, named=True)
        row = known.get(f"{product}/{place}")
        if row:
            assert row["on_hand"] == last["on_hand_units"]
            assert row["on_order"] == last["on_order_units"]
    law = collect(lateness(lake, CUT).lazy()).select(QUANTILES).to_numpy()[0]
    assert (np.diff(law) >= 0).all()
    assert 0.8 < law[7] < 1.3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("fit", "inventory", "--asof", "2020-01-01"), "--asof: stock is known from 2025-01"),
        (("predict", "inventory", "--model", "none"), "--model: none is missing"),
        (("decide", "inventory", "--model", "none"), "--model: none is missing"),
        (
            ("decide", "inventory", "--per-move", "3"),
            "--per-move: is a cost of moving stock, got 3 without --transfers",
        ),
        (("decide", "inventory", "--per-piece", "0"), "--per-piece: is a cost of moving stock"),
        (("decide", "inventory", "--asof", "2020-01-01"), "--asof: stock is known from 2025-01"),
        (
            ("decide", "inventory", "--order-cost", "-2"),
            "expected greater than or equal to 0; got '-2'",
        ),
        (
            ("decide", "inventory", "--holding", "-1"),
            "expected greater than or equal to 0; got '-1'",
        ),
        (
            ("decide", "inventory", "--budget", "-5"),
            "expected greater than or equal to 0; got '-5'",
        ),
        (("decide", "inventory", "--service", "1.5"), "--service: expected a chance in (0, 1)"),
        (
            ("decide", "inventory", "--policy", "min_max", "--service", "0.9"),
            "--service: only rolling and order_up_to take one",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(lanecast, shop, words, message):
    told = lanecast(*words, "--lake", shop)
    assert told.code == 2
    assert message in told.err


def test_a_period_without_stock_is_refused(lanecast, shop, company):
    long = lanecast(
        *("backtest", "inventory", "--data", shop, "--source", "lake"),
        *("--from", "2025-04-01", "--to", "2026-04-22"),
    )
    assert long.code == 2 and "--to: stock is known until" in long.err
    none = lanecast("decide", "inventory", "--lake", company / "lake")
    assert none.code == 2 and "holds no stock" in none.err
