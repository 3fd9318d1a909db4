from functools import partial

import polars as pl
import pytest

from lanecast.planning import demand
from lanecast.planning.demand.latent import Latent
from lanecast.sources.ingest import ingest
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake, collect
from lanecast.tables.planning import DEMAND_FORECASTS

from ..planning.conftest import DAY, START, shop

NAMES = ("wape", "mase", "scaled_pinball", "coverage_80")
PEERS = ("seasonal_naive", "statistical", "mlforecast")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Let the command line learn less, so that the tests take seconds."""

    def few(source, known, seed):
        pooled = demand.Pooled(rounds=60, rate=0.15, smallest=20, seed=seed, threads=1)
        return demand.Ensemble({"naive": demand.SeasonalNaive(), "pooled": pooled}, seed=seed)

    monkeypatch.setattr("lanecast.cli.demand.model_of", few)
    monkeypatch.setattr("lanecast.cli.forecasts.model_of", few)


@pytest.fixture
def folder(tmp_path):
    """The files of a shop, as one brings one's own series."""
    tables = shop()
    own = tmp_path / "own"
    own.mkdir()
    tables["series"].select("unique_id", "ds", "y").write_parquet(own / "series.parquet")
    price = tables["covariates"].filter(name="price")
    price.select("unique_id", "ds", price="value").write_parquet(own / "known_future.parquet")
    kinds = tables["attributes"].select("unique_id", kind="value")
    kinds.write_csv(own / "hierarchy.csv")
    return own


def test_backtest_writes_the_scores_of_ours_and_of_each_peer(lanecast, folder, tmp_path):
    out = tmp_path / "scores.json"
    said = lanecast(
        *("backtest", "demand", "--source", "series", "--data", folder, "--horizon", 7),
        *("--from", "2024-04-30", "--to", "2024-05-14", "--every", "7d", "--json", out),
    )
    assert said.code == 0, said.err
    import json

    figures = json.loads(out.read_text())
    wanted = {*NAMES, *(f"{name}_{peer}" for name in NAMES for peer in PEERS)}
    assert wanted | {"fit_s", "predict_s", "n_series"} <= figures.keys()
    assert figures["n_series"] == 12 and figures["n_scored"] == 12 * 14
    assert figures["wape"] < figures["wape_seasonal_naive"]


def test_without_a_period_the_last_horizon_is_held_out(lanecast, folder):
    words = ("backtest", "demand", "--source", "series", "--data", folder, "--horizon", 5)
    figures = lanecast(*words, "--json", "-").json
    assert figures["origins"] == ["2024-05-25T00:00"]
    assert figures["n_scored"] == 12 * 5


def test_series_of_a_lake_are_replayed_too(lanecast, folder, tmp_path):
    ingest(Lake(tmp_path / "lake"), "series", folder)
    words = ("backtest", "demand", "--source", "lake", "--data", tmp_path / "lake")
    assert lanecast(*words, "--horizon", 5, "--json", "-").json["n_scored"] == 60


def test_fit_and_predict_store_forecasts_of_the_series_of_a_lake(lanecast, folder, tmp_path):
    lake, model = tmp_path / "lake", tmp_path / "model"
    ingest(Lake(lake), "series", folder)
    words = ("--lake", lake, "--model", model)
    said = lanecast("fit", "demand", *words, "--horizon", 7, "--json", "-")
    assert said.code == 0, said.err
    assert said.json["metrics"]["series"] == 12
    told = lanecast("predict", "demand", *words, "--json", "-")
    assert told.code == 0, told.err
    rows = collect(Lake(lake).read(DEMAND_FORECASTS))
    assert told.json["stored"] == rows.height == 12 * 7
    assert rows["ds"].min() == START + 150 * DAY
    assert (rows["q900"] >= rows["q100"]).all() and (rows["mean"] > 0).all()
    assert "price is known 0 of 7 periods ahead" in told.err  # it ends with the series
    assert lanecast("predict", "demand", *words, "--json", "-").json["stored"] == 0
    other = ("--lake", lake, "--model", tmp_path / "other", "--asof", "2020-01-01")
    early = lanecast("fit", "demand", *other)
    assert early.code == 2 and "--asof: series of" in early.err


def test_a_plan_that_ends_before_the_horizon_is_used_for_its_past_and_that_is_said(
    lanecast, folder, tmp_path
):
    price = pl.read_parquet(folder / "known_future.parquet")
    ends = START + 147 * DAY
    short = price.filter(pl.col("ds") < ends)
    short.write_parquet(folder / "known_future.parquet")
    lake, model = tmp_path / "lake", tmp_path / "model"
    ingest(Lake(lake), "series", folder)
    words = ("--lake", lake, "--model", model, "--asof", "2024-05-25")
    said = lanecast("fit", "demand", *words, "--horizon", 5)
    assert said.code == 0 and "price is known 2 of 5 periods ahead" in said.err
    said = lanecast("predict", "demand", *words)
    assert said.code == 0, said.err
    assert "price is known 2 of 5 periods ahead, so only its past is used" in said.err


def test_sales_of_a_company_are_forecast_as_demand(lanecast, tmp_path, monkeypatch):
    monkeypatch.setattr("lanecast.planning.demand.features.Latent", partial(Latent, 1, rounds=20))
    simulate(parcels=200, days=150, seed=2, products=10).write(Lake(tmp_path / "lake"))
    words = ("--lake", tmp_path / "lake", "--model", tmp_path / "model")
    said = lanecast("fit", "demand", *words, "--horizon", 14, "--json", "-")
    assert said.code == 0, said.err
    told = lanecast("predict", "demand", *words, "--json", "-")
    assert told.code == 0, told.err
    rows = collect(Lake(tmp_path / "lake").read(DEMAND_FORECASTS))
    assert rows.height == told.json["rows"] > 14 * 10
    assert rows["unique_id"].str.contains("/").all()
    words = ("backtest", "demand", "--source", "lake", "--data", tmp_path / "lake")
    figures = lanecast(*words, "--horizon", 7, "--json", "-")
    assert figures.code == 0, figures.err
    assert figures.json["wape"] < figures.json["wape_seasonal_naive"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--from", "2030-01-01"), "--from: the data hold days"),
        (("--horizon", "200"), "--horizon: the data hold days"),
        (("--horizon", "3661", "--from", "2024-05-02"), "horizon: expected 1 to 3660 periods of"),
        (("--from", "2024-05-02", "--to", "2024-05-01"), "--from: expected a day before --to"),
    ],
)
def test_a_period_that_the_data_do_not_reach_is_refused(lanecast, folder, words, says):
    said = lanecast("backtest", "demand", "--source", "series", "--data", folder, *words)
    assert said.code == 2
    assert says in said.err


def test_a_lake_without_series_is_refused(lanecast, company):
    said = lanecast("backtest", "demand", "--source", "lake", "--data", company / "lake")
    assert said.code == 2 and "holds no series" in said.err


def test_m4_takes_the_last_horizon_of_the_series_it_is_of(lanecast, tmp_path):
    folder = tmp_path / "m4"
    folder.mkdir()
    rows = [(f"W{i}", t, 100.0 + i + t % 4) for i in range(4) for t in range(1, 90 + i)]
    weekly = pl.DataFrame(rows, schema=["series_id", "t", "y"], orient="row")
    weekly.write_parquet(folder / "weekly_train.parquet")
    words = ("backtest", "demand", "--source", "m4", "--data", folder, "--horizon", 13)
    said = lanecast(*words, "--json", "-")
    assert said.code == 0, said.err
    assert {"owa", "owa_statistical", "owa_seasonal_naive"} <= said.json.keys()
    assert said.json["n_scored"] == 4 * 13
