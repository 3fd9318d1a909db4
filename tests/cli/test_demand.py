import polars as pl
import pytest

from lanecast.planning import demand
from lanecast.sources.ingest import ingest
from lanecast.tables.lake import Lake

from ..planning.conftest import shop

NAMES = ("wape", "mase", "scaled_pinball", "coverage_80")
PEERS = ("seasonal_naive", "statistical", "mlforecast")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Let the command line learn less, so that the tests take seconds."""

    def few(source, known, seed):
        pooled = demand.Pooled(rounds=60, rate=0.15, smallest=20, seed=seed, threads=1)
        return demand.Ensemble({"naive": demand.SeasonalNaive(), "pooled": pooled}, seed=seed)

    monkeypatch.setattr("lanecast.cli.demand.model", few)


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


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--from", "2030-01-01"), "--from: the data hold days"),
        (("--horizon", "200"), "--horizon: the data hold days"),
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
