from datetime import datetime

import numpy as np
import polars as pl
import pytest

from lanecast import artifact
from lanecast.cli.drivers import SHOWN, typical
from lanecast.cli.options import opened
from lanecast.parcel import eta, events, trajectory
from lanecast.parcel.eta.drivers import moved
from lanecast.parcel.eta.models import FittedBlend
from lanecast.parcel.words import worded
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import PREDICTIONS

from .conftest import LEARNT_UNTIL, tree


@pytest.fixture
def explain(lanecast, company, model, monkeypatch):
    """Ask why, in a terminal of 80 columns; nothing may be written."""
    monkeypatch.setenv("COLUMNS", "80")
    before = tree(company / "lake")

    def call(*words):
        lake = company / "lake"
        said = lanecast("predict", "eta", "--lake", lake, "--model", model, "--drivers", *words)
        assert tree(lake) == before
        return said

    return call


@pytest.fixture(scope="module")
def learnt(company, model):
    """The fitted model, its context and the lake as it was then."""
    fitted, context = artifact.load(model, FittedBlend)
    return fitted, context, opened(company / "lake")[0]


@pytest.fixture(scope="module")
def asked(learnt):
    """Return x of the questions of some days."""
    _, _, lake = learnt
    start = datetime.fromisoformat(f"{LEARNT_UNTIL}T00:00Z")
    return collect(eta.features(lake, start, start.replace(day=4)).lazy())


def test_the_drivers_of_a_parcel_are_a_table_that_fits(explain):
    said = explain("pcl_0001400")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines[0].startswith("Parcel pcl_0001400")
    rows = [line for line in lines if line.startswith("│")]
    assert sum(" x" in row for row in rows) == SHOWN + 1
    assert "usual time" in rows[1] and " h " in rows[1]
    assert "others" in rows[-2] and "median of the trees" in rows[-1]


def test_the_answer_about_a_parcel_is_the_one_that_predict_gives(lanecast, explain, lake, model):
    said = explain("pcl_0001400", "--json", "-").json
    words = ("predict", "eta", "--lake", lake, "--model", model, "--from", LEARNT_UNTIL)
    assert lanecast(*words).code == 0
    stored = collect(Lake(lake).read(PREDICTIONS)).filter(parcel_id="pcl_0001400").sort("asof")
    assert said["prediction"]["q500"] == pytest.approx(stored["q500"][-1], rel=1e-6)
    assert said["prediction"]["moment"] == stored["moment"][-1]
    assert said["drivers"][0]["feature"] == "usual_h"
    assert said["drivers"][0]["value"] > 0
    words = ("--to", f"{stored['asof'][0]:%Y-%m-%dT%H:%M:%S.%f}Z")
    assert explain("pcl_0001400", *words).code == 2, "not asked before its checkout"


def test_factors_multiply_and_days_add_up_to_the_median_of_the_trees(learnt, asked):
    fitted, _, _ = learnt
    for x in asked.drop_nulls("usual_h").sample(5, seed=1).iter_slices(1):
        rows = moved(fitted, x)
        median_h = fitted.boosted.median(x)[0]
        np.testing.assert_allclose(rows["factor"].product(), median_h, rtol=1e-6)
        np.testing.assert_allclose(rows["days"].sum(), median_h / 24, rtol=1e-6)
        later = rows[1:].filter(pl.col("factor") > 1)
        assert (later["days"] > 0).all()
        strength = rows[1:]["factor"].log().abs()
        assert strength.to_list() == sorted(strength, reverse=True)


def test_without_a_usual_time_there_are_no_drivers(learnt, asked):
    x = asked.head(1).with_columns(usual_h=pl.lit(None, pl.Float64))
    assert moved(learnt[0], x).is_empty()


def test_the_parcel_of_the_report_was_asked_about_after_the_model_learnt(learnt, asked):
    fitted, context, lake = learnt
    start = datetime.fromisoformat(f"{LEARNT_UNTIL}T00:00Z")
    parcel_id, rows = typical(fitted, context, lake, start)
    day = asked.filter(pl.col("asof_h") < start.timestamp() / 3600 + 24, moment="checkout")
    assert parcel_id in day["parcel_id"]
    assert rows["feature"][0] == "usual_h" and rows.height > SHOWN
    assert typical(fitted, context, lake, start.replace(year=2027)) is None


def test_an_old_answer_comes_with_a_note(explain):
    said = explain("pcl_0000300")
    assert said.code == 0 and f"learnt until {LEARNT_UNTIL}" in said.err


@pytest.mark.parametrize("parcel_id", ["nobody", "", "[/]", "pcl_0001400'"])
def test_an_unknown_parcel_is_refused_and_another_one_named(explain, parcel_id):
    said = explain(parcel_id)
    assert (said.code, said.out) == (2, "")
    assert f"--drivers: nothing was asked about a parcel {parcel_id!r}" in said.err
    assert "expected a parcel_id of the table parcels, such as pcl_" in said.err


def test_why_and_a_file_for_the_answers_exclude_each_other(explain, tmp_path):
    said = explain("pcl_0001400", "--out", tmp_path / "x.parquet")
    assert said.code == 2 and "--out: with --drivers nothing is written" in said.err
    assert list(tmp_path.iterdir()) == []


def test_the_eta_of_another_network_is_refused(lanecast, model, other):
    words = ("predict", "eta", "--lake", other.path, "--model", model, "--asof", "2025-02-05")
    said = lanecast(*words)
    assert said.code == 2 and "another network" in said.err and "lanecast fit eta" in said.err


def test_what_a_model_reads_has_words_that_tell_columns_apart(company):
    lake, start = Lake(company / "lake"), datetime.fromisoformat(f"{LEARNT_UNTIL}T00:00Z")
    for problem in (eta, events, trajectory):
        x = collect(problem.features(lake, start, start.replace(hour=6)).lazy())
        words = [worded(name) for name in x.columns if name not in ("parcel_id", "asof_h")]
        assert not [each for each in words if "_" in each]
        assert len(set(words)) == len(words)
        assert sum(worded(name) == name.replace("_", " ") for name in x.columns) < 12
