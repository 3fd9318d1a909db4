from functools import partial

import polars as pl
import pytest

from lanecast.parcel.events import Boosted
from lanecast.tables.events import INTERVENTIONS, RISKS
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import PARCELS

LEARNT = "2025-02-20"
DAY = ("--from", LEARNT, "--to", "2025-02-21")


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch):
    """Let the command line learn less, so that the tests take seconds."""
    quick = partial(Boosted, rounds=15, events=("late", "failed_first", "lost"))
    monkeypatch.setattr("lanecast.cli.events.boosted", lambda seed: quick(seed=seed))


def test_fit_predict_decide_and_drivers_speak_of_one_model(lanecast, lake, other, tmp_path):
    model = tmp_path / "risks"
    said = lanecast(
        *("fit", "events", "--lake", lake, "--model", model),
        *("--asof", LEARNT, "--days", "30"),
    )
    assert said.code == 0, said.err
    assert "Next: lanecast predict events" in said.out
    assert "lost" in said.err and "base rates" in said.err  # too few are known here
    told = lanecast("predict", "events", "--lake", lake, "--model", model, *DAY, "--json", "-")
    assert told.code == 0, told.err
    stored = collect(Lake(lake).versions(RISKS))
    assert stored.height == told.json["stored"] == told.json["rows"] > 100
    assert {each["event"] for each in told.json["events"]} == set(stored["event"].unique())

    parcel = stored.filter(event="failed_first", moment="in_transit")["parcel_id"][0]
    why = lanecast(
        *("predict", "events", "--lake", lake, "--model", model, *DAY),
        *("--drivers", parcel, "--json", "-"),
    )
    assert why.code == 0, why.err
    last = stored.filter(parcel_id=parcel).sort("asof").filter(event="late").tail(1)
    risks = {each["event"]: each for each in why.json["risks"]}
    assert risks["late"]["chance"] == pytest.approx(last["chance"].item(), abs=1e-6)
    moved = [abs(pl.Series([each["factor"]]).log()[0]) for each in risks["late"]["drivers"]]
    assert moved == sorted(moved, reverse=True) and moved[0] > 0
    assert risks["lost"]["fallback"] == "base_rates" and risks["lost"]["drivers"] == []
    assert why.json["to_promise_h"] is not None
    shown = lanecast("predict", "events", "--lake", lake, "--model", model, "--drivers", parcel)
    assert "the promise." in shown.out
    unknown = lanecast("predict", "events", "--lake", lake, "--model", model, "--drivers", "nobody")
    assert unknown.code == 2 and "--drivers" in unknown.err and "nobody" in unknown.err

    strange = ("predict", "events", "--lake", other.path, "--model", model, "--asof", "2025-02-05")
    away = lanecast(*strange)
    assert away.code == 2 and "another network" in away.err and "lanecast fit events" in away.err
    parcel = collect(other.read(PARCELS)).sort("recorded_at")["parcel_id"][100]
    why = lanecast(*strange, "--drivers", parcel)
    assert why.code == 0 and "does not know the places of 1 of 1 questions" in why.err

    plan = lanecast(
        *("decide", "events", "--lake", lake, *DAY, "--json", "-"),
        *("--places", "call_ahead=5,slot_change=3", "--budget", "4"),
    )
    assert plan.code == 0, plan.err
    acted = collect(Lake(lake).read(INTERVENTIONS))
    assert acted.height == plan.json["stored"] == plan.json["plans"] > 0
    assert acted["price"].sum() <= 4
    assert (acted["action"] == "call_ahead").sum() <= 5


def test_a_back_test_tells_the_figures_of_the_contract(lanecast, company):
    words = ("backtest", "events", "--source", "lake", "--data", company / "lake", *DAY)
    said = lanecast(*words, "--every", "1d", "--json", "-")
    assert said.code == 0, said.err
    names = ("late_auc", "late_auc_baseline", "ece_late", "undelivered_lift_2pct", "dnr_lift_2pct")
    more = ("undelivered_lift_2pct_baseline", "undelivered_handover_lift_2pct")
    assert {f"{name}{end}" for name in (*names, *more) for end in ("", "_lo", "_hi")} <= set(
        said.json
    )
    assert {"n", "fit_s", "predict_rows_per_s", "ece_luck_hi_late_checkout"} <= said.json.keys()
    assert said.json["late_auc_lo"] <= said.json["late_auc"] <= said.json["late_auc_hi"]
    early = lanecast(*words[:-4], "--from", "2025-01-02", "--to", "2025-01-04")
    assert early.code == 2 and "--from" in early.err


@pytest.mark.parametrize("places", ["dance=3", "call_ahead", "call_ahead=-1", "call_ahead=2.5"])
def test_places_that_mean_nothing_are_refused(lanecast, lake, places):
    said = lanecast("decide", "events", "--lake", lake, "--places", places)
    assert said.code == 2
    assert "--places" in said.err and places in said.err
