from functools import partial

import pytest

from lanecast.parcel.trajectory import Boosted
from lanecast.sources.ingest import ingest
from lanecast.tables.lake import Lake, collect
from lanecast.tables.trajectory import NEXT_STOPS

LEARNT = "2025-01-06"


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch):
    """Let the command line learn less, so that the tests take seconds."""
    quick = partial(Boosted, rounds=15, leg_rounds=15)
    monkeypatch.setattr("lanecast.cli.trajectory.boosted", lambda seed: quick(seed=seed))


def test_fit_predict_and_backtest_speak_of_where_next(lanecast, lake, company, tmp_path):
    model = tmp_path / "where"
    said = lanecast("fit", "trajectory", "--lake", lake, "--model", model, "--asof", LEARNT)
    assert said.code == 0, said.err
    assert "Next: lanecast predict trajectory" in said.out
    told = lanecast(
        *("predict", "trajectory", "--lake", lake, "--model", model),
        *("--from", LEARNT, "--to", "2025-01-07", "--json", "-"),
    )
    assert told.code == 0, told.err
    stored = collect(Lake(lake).read(NEXT_STOPS))
    assert stored.height == told.json["stored"] == told.json["rows"] > 50
    wrong = lanecast("predict", "eta", "--lake", lake, "--model", model)
    assert wrong.code == 2
    assert "about.problem" in wrong.err and "trajectory" in wrong.err
    why = lanecast("predict", "trajectory", "--lake", lake, "--model", model, "--drivers", "p")
    assert why.code == 2 and "--drivers" in why.err
    assert "trajectory" in lanecast("decide", "trajectory", "--lake", lake).err
    replayed = lanecast(
        *("backtest", "trajectory", "--source", "lake", "--data", company / "lake"),
        *("--from", LEARNT, "--to", "2025-01-08", "--every", "1d", "--json", "-"),
    )
    assert replayed.code == 0, replayed.err
    figures = replayed.json
    names = ("next_top1", "next_top3", "next_top1_baseline", "leg_mae_min", "coverage_80", "fit_s")
    assert {*names, "leg_mae_min_baseline", "n", "predict_rows_per_s"} <= figures.keys()
    assert figures["next_top1"] > 0.6
    assert [day["day"] for day in figures["days"]] == [LEARNT, "2025-01-07"]
    late = lanecast(
        *("backtest", "trajectory", "--source", "lake", "--data", company / "lake"),
        *("--from", "2026-01-01", "--to", "2026-01-02"),
    )
    assert late.code == 2 and "--from: the data hold" in late.err


def test_later_days_change_nothing_of_what_was_answered_before(lanecast, lake, tmp_path):
    """A back-test up to a day says the same, whether or not the lake holds what came after."""
    words = ("backtest", "trajectory", "--source", "lake", "--data", lake, "--from", LEARNT)
    short = lanecast(*words, "--to", "2025-01-07", "--every", "1d", "--json", "-").json
    long = lanecast(*words, "--to", "2025-01-08", "--every", "1d", "--json", "-").json
    first = long["days"][0]
    assert {k: first[k] for k in ("next_top1", "leg_mae_min", "n")} == {
        k: pytest.approx(short[k], rel=1e-9) for k in ("next_top1", "leg_mae_min", "n")
    }


def test_the_public_truck_legs(lanecast, tmp_path, delhivery_dir):
    """One day after a day: better than the share of the lane, and more than chance covers."""
    ingest(Lake(tmp_path / "lake"), "delhivery", delhivery_dir)
    said = lanecast(
        *("backtest", "trajectory", "--source", "lake", "--data", tmp_path / "lake"),
        *("--from", "2018-09-28", "--to", "2018-09-29", "--every", "12h", "--json", "-"),
    )
    assert said.code == 0, said.err
    figures = said.json
    assert figures["n"] > 1000
    assert figures["next_top1"] > figures["next_top1_lane"]
    assert 0.7 < figures["coverage_80"] < 0.95
