"""One command from sales to orders, a roster and a ledger."""

import shutil
from pathlib import Path

import polars as pl
import pytest

from lanecast.cli import plan as command
from lanecast.planning import demand
from lanecast.planning.chain import foreseen
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake, collect
from lanecast.tables.planning import DEMAND_FORECASTS, REPLENISHMENT_PLANS, ROSTER_PLANS

SITE = "whs_us_ny_01"
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
        (("--site", SITE, "--horizon", "soon"), "--horizon: expected a duration such as 7d"),
        (("--site", SITE, "--horizon", "0d"), "--horizon: expected a duration such as 7d"),
        (("--site", SITE, "--horizon", "36h"), "--horizon: expected whole days, from 1d to 28d"),
        (("--site", SITE, "--horizon", "8w"), "--horizon: expected whole days, from 1d to 28d"),
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


def test_a_lake_without_sales_and_labour_is_told_what_to_bring(lanecast, tmp_path):
    simulate(parcels=100, days=14, seed=1).write(Lake(tmp_path / "lake"))
    told = lanecast("plan", "--site", SITE, "--lake", tmp_path / "lake")
    assert told.code == 2 and "holds neither sales nor labour" in told.err


def test_horizons_are_whole_days():
    assert command.days_of("2w") == 14 and command.days_of("48h") == 2
