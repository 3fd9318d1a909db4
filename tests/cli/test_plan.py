"""One command from sales to orders, a roster and a ledger."""

import shutil
import signal
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from lanecast.cli import plan as command
from lanecast.cli import talk
from lanecast.planning import demand
from lanecast.planning.chain import foreseen
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake, collect
from lanecast.tables.planning import DEMAND_FORECASTS, REPLENISHMENT_PLANS, ROSTER_PLANS

SITE = "whs_us_ny_01"
WHOLE = "expected whole days with their unit, from 1d to 28d, such as 14d or 2w"
ASKED = ("plan", "--horizon", "2d", "--quick", "--rounds", "2")


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    lake = Lake(tmp_path_factory.mktemp("shop") / "lake")
    simulate(parcels=150, days=60, seed=6, products=10).write(lake)
    return lake.path


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Let the command line learn next to nothing, so that the tests take seconds."""
    naive = demand.Ensemble({"naive": demand.SeasonalNaive()})
    monkeypatch.setattr(foreseen, "quick", lambda seed: naive)


def test_a_plan_is_told_stored_and_written(lanecast, shop, tmp_path):
    lake, out = shutil.copytree(shop, tmp_path / "lake"), tmp_path / "plan"
    figures = tmp_path / "plan.json"
    words = ("--site", SITE, "--lake", lake, "--out", out, "--json", figures)
    told = lanecast(*ASKED, *words)
    assert told.code == 0, told.err
    assert "no model of demand is given: fitted now" in told.err
    assert "What is expected to be paid, USD" in told.out and "stock that lies" in told.out
    assert all(len(line) <= 100 for line in told.out.splitlines() if "━" in line)
    stored = Lake(lake)
    orders = collect(stored.read(REPLENISHMENT_PLANS))
    roster = collect(stored.read(ROSTER_PLANS))
    assert set(orders["facility_id"]) == set(roster["facility_id"]) == {SITE}
    assert set(collect(stored.read(DEMAND_FORECASTS))["frequency"]) == {"d", "h"}
    names = {file.name for file in out.iterdir()}
    assert names == {f"{name}.csv" for name in
                     ("forecast", "work", "orders", "roster", "ledger", "hours")}  # fmt: skip
    written = pl.read_csv(out / "ledger.csv")
    shown = lanecast(*ASKED, "--site", SITE, "--lake", lake, "--json", "-").json
    assert sum(row["cost"] for row in shown["ledger"]) == pytest.approx(written["cost"].sum())
    assert shown["totals"]["total"] == pytest.approx(written["cost"].sum())
    assert set(shown["stored"].values()) == {0}  # the same plan again is nothing new


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--site", "W1"), "--site: nothing is known of 'W1'; expected a place with sales or"),
        (("--site", "whs_us_ny_1"), "such as whs_us_ny_01"),
        (("--site", SITE, "--horizon", "soon"), f"--horizon: {WHOLE}; got 'soon'"),
        (("--site", SITE, "--horizon", "14"), f"--horizon: {WHOLE}; got '14'"),
        (("--site", SITE, "--horizon", "0d"), f"--horizon: {WHOLE}"),
        (("--site", SITE, "--horizon", "36h"), f"--horizon: {WHOLE}"),
        (("--site", SITE, "--horizon", "8w"), f"--horizon: {WHOLE}"),
        (("--site", SITE, "--asof", "2020-01-01"), "--asof: sales are known from 2025-01"),
        (("--site", SITE, "--model", "none"), "--model: none is missing"),
        ((), "Missing option '--site'"),
    ],
)
def test_what_cannot_be_is_refused_in_words(lanecast, shop, words, said):
    told = lanecast("plan", "--lake", shop, *words)
    assert told.code == 2
    assert said in " ".join(told.err.split())
    assert not Lake(shop).has(ROSTER_PLANS)


def test_what_is_told_fits_80_columns(lanecast, shop, tmp_path, monkeypatch):
    lake = shutil.copytree(shop, tmp_path / "lake")
    monkeypatch.setattr(talk, "console", Console(width=80))
    told = lanecast(*ASKED, "--site", SITE, "--lake", lake)
    assert told.code == 0 and "Rows stored: " in told.out, told.err
    assert max(map(len, told.out.splitlines())) <= 80


@pytest.mark.parametrize("name", ["chain", "stored"])
def test_stopped_on_the_way_it_leaves_nothing(lanecast, shop, tmp_path, monkeypatch, name):
    lake, out = shutil.copytree(shop, tmp_path / "lake"), tmp_path / "none" / "plan"

    def stop(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, name, stop)
    told = lanecast(*ASKED, "--site", SITE, "--lake", lake, "--out", out)
    assert told.code == 130 and "nothing half-done is left" in told.err
    assert sorted(each.name for each in tmp_path.iterdir()) == ["lake"]
    assert not Lake(lake).has(ROSTER_PLANS)


def test_stopped_while_it_is_stored_it_is_whole(lanecast, shop, tmp_path, monkeypatch):
    lake, out = shutil.copytree(shop, tmp_path / "lake"), tmp_path / "plan"
    before = command.stored

    def stored(path, made):
        signal.raise_signal(signal.SIGINT)
        return before(path, made)

    monkeypatch.setattr(command, "stored", stored)
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)  # also in the background
    try:
        told = lanecast(*ASKED, "--site", SITE, "--lake", lake, "--out", out)
    finally:
        signal.signal(signal.SIGINT, heard)
    assert told.code == 130
    assert len(list(out.iterdir())) == 6 and Lake(lake).has(ROSTER_PLANS)


def test_a_folder_that_cannot_be_filled_is_refused_before_the_work(lanecast, shop, tmp_path):
    (tmp_path / "none").touch()
    told = lanecast(*ASKED, "--site", SITE, "--lake", shop, "--out", tmp_path / "none" / "x")
    assert told.code == 2 and "none is a file; expected a folder" in told.err
    assert not Lake(shop).has(ROSTER_PLANS)


def test_a_lake_without_sales_and_labour_is_told_what_to_bring(lanecast, tmp_path):
    simulate(parcels=100, days=14, seed=1).write(Lake(tmp_path / "lake"))
    told = lanecast("plan", "--site", SITE, "--lake", tmp_path / "lake")
    assert told.code == 2 and "holds neither sales nor labour" in told.err


def test_horizons_are_whole_days():
    assert command.days_of("2w") == 14 and command.days_of("48h") == 2
