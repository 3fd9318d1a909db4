"""Forecasts by level, futures, parts, and what is decided on them."""

from functools import partial

import polars as pl
import pytest

from lanecast import artifact
from lanecast.cli.forecasts import of_frequency
from lanecast.planning import demand
from lanecast.planning.demand.explain import PARTS
from lanecast.planning.demand.latent import Latent
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake, collect
from lanecast.tables.planning import DEMAND_FORECASTS
from lanecast.tables.series import ATTRIBUTES, COVARIATES, SERIES

from ..planning.conftest import DAY, START, shop, stored

FULL = "/dev/full"
NOW = START + 150 * DAY


def few(source, known, seed):
    """Return a model that learns in a second."""
    pooled = demand.Pooled(rounds=40, rate=0.15, smallest=20, leaves=15, seed=seed, threads=1)
    return demand.Ensemble({"naive": demand.SeasonalNaive(), "pooled": pooled}, seed=seed)


@pytest.fixture(scope="module")
def learnt(tmp_path_factory):
    """A lake with the series of a shop, and a model of it."""
    folder = tmp_path_factory.mktemp("levels")
    lake = stored(shop(), folder / "lake")
    fitted = few("lake", demand.context(lake, NOW, 7), 0).fit(demand.context(lake, NOW, 7))
    about = {"problem": "demand", "trained_until": NOW.isoformat(), "horizon": 7, "seed": 0}
    tables = [SERIES, COVARIATES, ATTRIBUTES]
    artifact.save(folder / "model", fitted, {}, tables=tables, about=about)
    return folder


@pytest.fixture
def words(learnt, monkeypatch):
    monkeypatch.setattr("lanecast.cli.forecasts.model_of", few)
    return ("--lake", learnt / "lake", "--model", learnt / "model")


def test_sums_of_a_level_are_stored_with_series_that_add_up_to_them(lanecast, words, learnt):
    said = lanecast("predict", "demand", *words, "--level", "kind", "--json", "-")
    assert said.code == 0, said.err
    assert said.json["level"] == "kind" and said.json["stored"] == (12 + 2) * 7
    rows = collect(Lake(learnt / "lake").read(DEMAND_FORECASTS))
    rows = rows.filter(pl.col("version").str.ends_with("-kind"))
    kinds = shop()["attributes"].select("unique_id", kind="value")
    series = rows.filter(level="unique_id").join(kinds, on="unique_id")
    sums = series.group_by("kind", "ds").agg(pl.col("mean").sum())
    both = sums.join(
        rows.filter(level="kind"), left_on=["kind", "ds"], right_on=["unique_id", "ds"]
    )
    assert both.height == 14
    assert (both["mean"] / both["mean_right"] - 1).abs().max() < 1e-6


def test_futures_are_written_to_a_file(lanecast, words, tmp_path):
    out = tmp_path / "paths.parquet"
    said = lanecast("predict", "demand", *words, "--paths", 9, "--out", out, "--level", "total")
    assert said.code == 0, said.err
    rows = pl.read_parquet(out)
    assert rows.height == 7 and (rows["paths"].list.len() == 9).all()
    spread = rows["paths"].list.max() - rows["paths"].list.min()
    assert (spread > 0).all()
    without = lanecast("predict", "demand", *words, "--paths", 9)
    assert without.code == 2 and "name one with --out" in without.err


def test_the_parts_of_a_forecast_add_up_and_nothing_is_stored(lanecast, words, tmp_path):
    out = tmp_path / "parts.parquet"
    said = lanecast("predict", "demand", *words, "--explain", "--out", out, "--json", "-")
    assert said.code == 0, said.err
    rows = pl.read_parquet(out)
    assert rows.height == 12 * 7
    assert (rows.select(PARTS).sum_horizontal() - rows["forecast"]).abs().max() < 1e-6
    assert "stored" not in said.json
    both = lanecast("predict", "demand", *words, "--explain", "--level", "kind")
    assert both.code == 2 and "leave --level and --paths out" in both.err


def test_a_plan_is_made_on_what_was_stored_last(lanecast, words, learnt, tmp_path):
    assert lanecast("predict", "demand", *words).code == 0
    assert lanecast("predict", "demand", *words, "--level", "kind").code == 0
    lake, out = ("--lake", learnt / "lake"), tmp_path / "plan.parquet"
    said = lanecast("decide", "demand", *lake, "--under", 4, "--out", out, "--json", "-")
    assert said.code == 0, said.err
    assert said.json["series"] == 12 and said.json["periods"] == 84
    assert said.json["parts"]["saved"] > 0 and said.json["gap"] == 0
    assert pl.read_parquet(out)["units"].sum() == pytest.approx(said.json["units"])
    kinds = lanecast("decide", "demand", *lake, "--level", "kind", "--json", "-")
    assert kinds.json["series"] == 2


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("--over", "-1"), "--over: expected a finite cost above 0, got -1"),
        (("--under", "500"), "--over, --under: expected under / (under + over) from"),
        (("--level", "moon"), "no forecast of moon is stored by then"),
        (("--asof", "2020-01-01"), "--asof: no forecast was stored by then; got '2020-01-01'"),
    ],
)
def test_what_cannot_be_decided_is_refused(lanecast, words, learnt, given, says):
    lanecast("predict", "demand", *words)
    said = lanecast("decide", "demand", "--lake", learnt / "lake", *given)
    assert said.code == 2 and says in said.err


@pytest.mark.parametrize("verb", ["predict", "decide"])
def test_a_file_on_a_full_disk_is_named(lanecast, words, verb):
    lanecast("predict", "demand", *words)
    said = lanecast(verb, "demand", *(words if verb == "predict" else words[:2]), "--out", FULL)
    assert said.code == 4
    assert any(
        f"--out: {FULL}: {why}" in said.err for why in ("no space left", "cannot be written")
    )


def test_a_model_of_other_series_is_refused(lanecast, words, learnt, tmp_path):
    tables = shop()
    tables["covariates"] = tables["covariates"].with_columns(name=pl.lit("other"))
    stored(tables, tmp_path / "lake")
    said = lanecast("predict", "demand", "--lake", tmp_path / "lake", *words[2:])
    assert said.code == 2, said.err
    assert "with other covariates; expected series like those, got some without price" in said.err


def test_a_model_of_periods_of_another_length_is_refused(lanecast, learnt, tmp_path):
    with pytest.raises(ValueError, match="learnt from series of days; expected one of weeks"):
        of_frequency(tmp_path, {"about": {"frequency": "days"}}, "weeks")


def test_a_level_that_is_not_there_is_refused(lanecast, words):
    said = lanecast("predict", "demand", *words, "--level", "moon")
    assert said.code == 2 and "level: expected one of total, kind; got 'moon'" in said.err


def test_drivers_of_a_company_are_told_by_category(lanecast, tmp_path, monkeypatch):
    monkeypatch.setattr("lanecast.cli.demand_factors.Latent", partial(Latent, 1, rounds=20))
    simulate(parcels=150, days=180, seed=2, products=10).write(Lake(tmp_path / "lake"))
    words = ("factors", "demand", "--lake", tmp_path / "lake")
    said = lanecast(*words, "--shape", "--holidays", "--days", "--json", "-")
    assert said.code == 0, said.err
    assert {row["driver"] for row in said.json["shape"]} >= {"log_price"}
    named = {(row["holiday"], row["when"]) for row in said.json["holidays"]}
    assert ("Labour Day", "day") in named
    assert all(row["found"] for row in said.json["days"])
    rows = {(row["driver"], row["lag_d"]): row for row in said.json["drivers"]}
    assert rows["log_price", 0]["low"] < 0 and ("visits", 7) in rows
    found = {name for (name, _), row in rows.items() if row["found"]}
    assert found and not found & {"fuel_price", "social_mentions", "rival_visits", "exchange_rate"}
    told = lanecast(*words, "--by", "category", "--asof", "2025-05-20")
    assert told.code == 0, told.err
    assert "Drivers of sales" in told.out and "Not told from chance" in told.out
    lost = lanecast(*words, "--by", "colour")
    assert lost.code == 2
    assert "--by: expected one of category, facility_id, product_id; got 'colour'" in lost.err
    rate = lanecast(*words, "--rate", "2")
    assert rate.code == 2 and "rate: expected a share between 0 and 1, got 2.0." in rate.err


def test_drivers_of_plain_series_are_refused(lanecast, words):
    said = lanecast("factors", "demand", *words[:2])
    assert said.code == 2 and "holds series; drivers are looked for in sales" in said.err
