"""The journey model from the command line, alone and beside the ETA."""

import polars as pl
import pytest

from lanecast.cli import run
from lanecast.nn.training import Training
from lanecast.parcel.journey import Journey

from .conftest import LEARNT_UNTIL

WEEK = ("--from", "2025-03-01", "--to", "2025-03-03")


@pytest.fixture(scope="module")
def journey(company):
    """A small journey model that the command line has fitted."""
    folder = company / "journey"
    training = Training(epochs=1, batch=128)

    def small(seed):
        return Journey(training, width=16, heads=2, depth=1, bins=8)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lanecast.cli.journey.model", small)
        words = ["fit", "journey", "--lake", str(company / "lake"), "--model", str(folder)]
        assert run([*words, "--asof", LEARNT_UNTIL, "--json", str(company / "journey.json")]) == 0
    return folder


def test_answers_beside_the_journey_model_are_the_mean_of_both(
    lanecast, lake, model, journey, tmp_path
):
    words = ("predict", "eta", "--lake", lake, "--model", model, *WEEK)
    alone = lanecast(*words, "--out", tmp_path / "alone.parquet")
    both = lanecast(*words, "--journey", journey, "--out", tmp_path / "both.parquet")
    assert alone.code == both.code == 0, both.err
    ours, mean = (pl.read_parquet(tmp_path / f"{name}.parquet") for name in ("alone", "both"))
    key = ["parcel_id", "moment", "asof"]
    assert ours.select(key).equals(mean.select(key)) and ours.height > 100
    mixed = mean["fallback"].is_null()
    assert mixed.mean() > 0.95 and set(mean["model"]) == {"blend+journey"}
    assert (ours["q500"] != mean["q500"]).filter(mixed).mean() > 0.95


def test_what_is_no_journey_model_is_refused(lanecast, lake, model, journey, tmp_path):
    words = ("predict", "eta", "--lake", lake, "--model", model, *WEEK)
    said = lanecast(*words, "--journey", model)
    assert said.code == 2 and "--journey: " in said.err and "expected journey" in said.err
    said = lanecast(*words, "--journey", tmp_path / "none")
    assert said.code == 2 and f"--journey: {tmp_path / 'none'} is missing" in said.err
    said = lanecast(*words, "--journey", journey, "--drivers", "p")
    assert said.code == 2 and "--journey: drivers are those of --model alone" in said.err


def test_too_little_history_is_refused(lanecast, lake, tmp_path):
    words = ("fit", "journey", "--lake", lake, "--model", tmp_path / "m", "--asof", "2025-01-10")
    said = lanecast(*words)
    assert said.code == 2 and said.err.startswith("lanecast: --asof: too little was known by")
    assert not (tmp_path / "m").exists()
