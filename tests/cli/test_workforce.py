from pathlib import Path

import pytest
from rich.console import Console

from lanecast.cli import talk
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    lake = Lake(tmp_path_factory.mktemp("shop") / "lake")
    simulate(parcels=150, days=70, seed=6, products=20).write(lake)
    return lake.path


def test_work_is_learnt_foretold_and_becomes_a_roster(lanecast, shop, tmp_path, monkeypatch):
    model = tmp_path / "model"
    told = lanecast("fit", "workforce", "--lake", shop, "--model", model, "--json", "-")
    assert told.code == 0, told.err
    told = lanecast("predict", "workforce", "--lake", shop, "--model", model, "--json", "-")
    assert told.code == 0, told.err
    assert told.json["stored"] > 1000
    if Path("/dev/full").is_char_device():
        told = lanecast(
            "predict", "workforce", "--lake", shop, "--model", model, "--json", "/dev/full"
        )
        assert told.code == 4 and "rows are stored in" in told.err
        assert "only this was not written" in told.err
    asked = ("decide", "workforce", "--lake", shop, "--site", "whs_de_be_01", "--days", 2)
    told = lanecast(*asked, "--json", "-")
    assert told.code == 0, told.err
    plan = told.json
    assert plan["bound"] <= plan["objective"] and plan["stored"] == plan["shifts"] > 0
    assert plan["prices"]["min_hours"] > 0
    monkeypatch.setattr(talk, "console", Console(width=80))
    shown = lanecast(*asked)
    assert shown.code == 0 and "First shifts" in shown.out, shown.err
    assert "no roster costs less than" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80


def test_a_backtest_tells_ours_beside_the_baselines(lanecast, shop):
    told = lanecast(
        *("backtest", "workforce", "--data", shop, "--source", "lake", "--json", "-"),
        *("--from", "2025-02-20", "--to", "2025-03-06", "--site", "whs_de_be_01"),
    )
    assert told.code == 0, told.err
    found = told.json
    assert found["regret_foresight"] == 0
    assert found["bound_foresight"] <= found["cost_roster_volumes"]
    sides = sum(found[f"{side}_ratio_naive"] for side in ("over", "under", "running"))
    assert sides == pytest.approx(found["cost_ratio_naive"])
    assert 0 < found["served_ratio_naive"] <= 1
    assert found["wape_productivity"] < found["wape_place_mean"]
    assert found["pinball_volumes"] < found["pinball_naive"]


def test_work_that_must_be_in_time_and_cannot_be_is_refused(lanecast, shop):
    asked = ("decide", "workforce", "--lake", shop, "--site", "whs_de_be_01", "--days", 2)
    told = lanecast(*asked, "--in-time", "--temps", 0)
    assert told.code == 2
    assert "no whole people were found who keep cover; allow more temps" in told.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("decide", "workforce", "--late-work", "-1"),
            "expected greater than or equal to 0; got '-1'",
        ),
        (("decide", "workforce", "--site", "W1"), "--site: nobody works in 'W1'; expected one of"),
        (("decide", "workforce", "--asof", "2020-01-01"), "--asof: labour is known from 2025-01"),
        (
            ("decide", "workforce", "--asof", "2025-01-08"),
            "--asof: 5 whole days are known by then; expected 14 or more",
        ),
        (("decide", "workforce", "--days", "0"), "greater than or equal to 1"),
        (("predict", "workforce", "--from", "2025-01-01"), "No such option: --from"),
    ],
)
def test_what_cannot_be_is_refused_in_words(lanecast, shop, words, said):
    told = lanecast(*words, "--lake", shop)
    assert told.code != 0
    assert said in " ".join(told.err.split())


def test_a_replay_of_a_place_where_nobody_works_is_refused(lanecast, shop):
    told = lanecast(
        *("backtest", "workforce", "--data", shop, "--source", "lake", "--site", "W1"),
        *("--from", "2025-02-20", "--to", "2025-03-06"),
    )
    assert told.code == 2 and "--site: nobody works in 'W1'; expected one of" in told.err


def test_a_lake_without_labour_is_told_apart(lanecast, tmp_path):
    simulate(parcels=100, days=14, seed=1).write(Lake(tmp_path / "lake"))
    told = lanecast("decide", "workforce", "--lake", tmp_path / "lake")
    assert told.code != 0 and "holds no labour" in told.err
