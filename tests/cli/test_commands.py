import json
import re

import polars as pl
import pytest
import typer

from lanecast import artifact
from lanecast.cli import app, options
from lanecast.cli.commands import VERBS
from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import FACILITIES
from lanecast.tables.parcel import PARCELS, PLANS, PREDICTIONS, SCANS

from .conftest import LEARNT_UNTIL

PLAIN = [
    "doctor",
    "demo",
    "ingest",
    "plan",
    "serve",
    "backup",
    "key",
    "promote",
    "rollback",
    "models",
    "tables",
]
COMMANDS = [*PLAIN, *VERBS]
ASKED = [f"{verb} {problem}" for verb, (problems, _) in VERBS.items() for problem in problems]
FIGURES = {
    *("mae_days", "mae_baseline_days", "coverage_80", "coverage_95", "bias_days", "n"),
    *("fit_s", "predict_rows_per_s"),
}
WEEK = ("--from", "2025-03-01", "--to", "2025-03-08")


def count(lake, table):
    return collect(Lake(lake).versions(table)).height


@pytest.mark.parametrize("command", [*PLAIN, *ASKED])
def test_the_help_of_every_command_shows_an_example(lanecast, command):
    said = lanecast(*command.split(), "--help")
    assert said.code == 0
    assert "Example" in said.out
    assert f"lanecast {command}" in said.out


def test_the_help_names_every_command_and_every_exit_code(lanecast):
    said = lanecast("--help")
    assert said.code == 0
    assert all(f" {command} " in said.out for command in COMMANDS)
    listed = typer.main.get_command(app).list_commands(None)
    assert set(listed) == {*COMMANDS, "graph", "address"}
    codes = re.search(r"Exit codes:(.*?)╭", said.out, re.S)[1]
    assert all(f" {code} " in codes for code in (0, 1, 2, 3, 4, 5, 130))


def test_no_command_is_a_question_for_help(lanecast):
    assert lanecast() == lanecast("--help")


def test_doctor_says_a_line_each(lanecast):
    said = lanecast("doctor")
    assert said.code == 0
    assert "Python 3" in said.out and "torch" in said.out and "cores" in said.out
    assert all(re.match(r"ok|miss|none", line) for line in said.out.splitlines())


def test_tables_is_the_reference_of_every_table(lanecast):
    said = lanecast("tables")
    assert said.code == 0
    assert all(f"### {table.name}" in said.out for table in (FACILITIES, PARCELS, SCANS, PLANS))


def test_ingest_stores_the_files_once(lanecast, company, tmp_path):
    words = ("ingest", "--source", "csv", company / "raw", "--lake", tmp_path / "lake")
    first, second = lanecast(*words, "--json", "-"), lanecast(*words, "--json", "-")
    assert (first.code, second.code) == (0, 0)
    rows = {row["table"]: row for row in first.json["rows"]}
    assert rows["parcels"]["new"] == 1500 == count(tmp_path / "lake", PARCELS)
    assert all(row["quarantined"] == 0 for row in rows.values())
    assert all(row["new"] == 0 and row["known"] == row["read"] for row in second.json["rows"])
    assert Lake(tmp_path / "lake").pinned.number == 1
    assert not first.json["dry_run"]


def test_a_dry_run_says_the_same_and_writes_nothing(lanecast, company, tmp_path):
    words = ("ingest", "--source", "csv", company / "raw", "--lake", tmp_path / "lake")
    dry = lanecast(*words, "--dry-run", "--json", "-")
    assert dry.json["dry_run"] and not (tmp_path / "lake").exists()
    assert dry.json["rows"] == lanecast(*words, "--json", "-").json["rows"]


def test_a_dry_run_says_whether_there_is_a_lake_to_compare_with(lanecast, company, tmp_path):
    words = ("ingest", "--source", "csv", "--dry-run", company / "raw", "--lake")
    assert "compared with" not in (new := lanecast(*words, tmp_path / "new").out)
    assert "Nothing was written; no lake" in new
    assert "compared with the lake" in lanecast(*words, company / "lake").out


def test_ingest_tells_a_person_what_to_do_next(lanecast, company, tmp_path):
    said = lanecast("ingest", "--source", "csv", company / "raw", "--lake", tmp_path / "lake")
    assert said.code == 0
    assert "What was stored" in said.out
    assert f"lanecast fit eta --lake {tmp_path / 'lake'}" in said.out
    again = lanecast("ingest", "--source", "csv", company / "raw", "--lake", tmp_path / "lake")
    assert "No row was new, so nothing was stored." in again.out and "Next:" not in again.out


def test_bad_rows_are_set_aside_and_told_with_an_own_exit_code(lanecast, company, tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    for name in ("facilities", "carriers", "lanes"):
        rows = pl.read_parquet(company / "raw" / f"{name}.parquet")
        if name == "lanes":
            cyclic = pl.when(pl.int_range(pl.len()) == 0).then("from_facility_id")
            rows = rows.with_columns(to_facility_id=cyclic.otherwise("to_facility_id"))
        rows.write_parquet(raw / f"{name}.parquet")
    words = ("ingest", "--source", "csv", raw, "--lake", tmp_path / "lake")
    said = lanecast(*words, "--json", "-")
    assert said.code == 5
    assert said.json["findings"][0]["code"] == "cyclic_lane"
    assert lanecast(*words).code == 5


def test_fit_writes_a_model_that_says_how_good_it_is(company, model):
    said = json.loads((company / "fit.json").read_text())
    manifest = artifact.describe(model)
    assert said["problem"] == "eta" and said["seed"] == 0
    assert said["trained_until"].startswith(LEARNT_UNTIL)
    assert said["metrics"] == manifest["metrics"]
    assert said["metrics"]["rows"] > 500
    assert manifest["about"]["problem"] == "eta"


def test_the_same_seed_makes_the_same_model_and_answers(lanecast, company, model, lake, tmp_path):
    twin = tmp_path / "twin"
    words = ("fit", "eta", "--lake", lake, "--model", twin, "--asof", LEARNT_UNTIL)
    said = lanecast(*words)
    assert said.code == 0 and f"--model {twin}" in said.out
    for folder in (model, twin):
        out = tmp_path / f"{folder.name}.parquet"
        assert lanecast("predict", "eta", "--lake", lake, "--model", folder, "--out", out).code == 0
    left, right = (pl.read_parquet(tmp_path / f"{name}.parquet") for name in ("model", "twin"))
    assert left.height > 0
    assert left.equals(right)


def test_predict_stores_its_answers_once_and_decide_promises_from_them(lanecast, lake, model):
    words = ("predict", "eta", "--lake", lake, "--model", model, *WEEK, "--json", "-")
    first, second = lanecast(*words), lanecast(*words)
    assert (first.code, second.code) == (0, 0)
    said = first.json
    assert said["rows"] == said["stored"] == count(lake, PREDICTIONS) > 0
    assert second.json == said | {"stored": 0}
    assert sum(said["answered_by"].values()) == said["rows"]
    assert sum(each["rows"] for each in said["moments"]) == said["rows"]
    assert {each["moment"] for each in said["moments"]} == {"checkout", "shipped", "in_transit"}

    plan = lanecast("decide", "eta", "--lake", lake, *WEEK, "--json", "-").json
    asked = next(each["rows"] for each in said["moments"] if each["moment"] == "checkout")
    assert plan["plans"] + sum(plan["skipped"].values()) == asked
    assert plan["stored"] == plan["plans"] == count(lake, PLANS)
    assert plan["objective"] == pytest.approx(sum(plan["parts"].values()))
    assert plan["bound"] <= plan["objective"] and plan["gap"] >= 0
    assert lanecast("decide", "eta", "--lake", lake, *WEEK, "--json", "-").json == plan | {
        "stored": 0
    }


def test_dearer_lateness_promises_later(lanecast, lake, model):
    assert lanecast("predict", "eta", "--lake", lake, "--model", model, *WEEK).code == 0
    cheap, dear = (
        lanecast("decide", "eta", "--lake", lake, *WEEK, "--late", late, "--json", "-").json[
            "parts"
        ]
        for late in (5, 500)
    )
    assert cheap["waiting"] < dear["waiting"]


def test_predict_and_decide_tell_a_person_what_to_do_next(lanecast, lake, model, monkeypatch):
    said = lanecast("predict", "eta", "--lake", lake, "--model", model)
    assert said.code == 0 and f"lanecast decide eta --lake {lake}" in said.out
    monkeypatch.setenv("COLUMNS", "80")
    said = lanecast("decide", "eta", "--lake", lake)
    assert said.code == 0 and "First promises" in said.out
    promises = said.out.partition("First promises")[2].splitlines()
    rows = [line for line in promises if line.startswith("│")]
    assert rows and all(len(row) <= 80 and "pcl_" in row for row in rows), "a line each"


def test_two_models_that_learnt_until_the_same_moment_answer_side_by_side(
    lanecast, lake, model, tmp_path
):
    other = tmp_path / "other"
    words = ("fit", "eta", "--lake", lake, "--model", other, "--asof", LEARNT_UNTIL)
    assert lanecast(*words, "--seed", 1, "--days", 45).code == 0
    for folder in (model, other):
        said = lanecast("predict", "eta", "--lake", lake, "--model", folder, "--json", "-")
        assert said.code == 0 and said.json["stored"] == said.json["rows"]


def test_answers_from_before_the_model_learnt_come_with_a_note(lanecast, lake, model):
    words = ("predict", "eta", "--lake", lake, "--model", model, "--json", "-")
    assert lanecast(*words, *WEEK).err == ""
    before = lanecast(*words, "--from", "2025-02-10", "--to", "2025-02-12")
    assert before.code == 0 and f"learnt until {LEARNT_UNTIL}" in before.err
    assert before.json["rows"] > 0


def test_a_period_without_questions_is_no_failure(lanecast, lake, model):
    words = ("predict", "eta", "--lake", lake, "--model", model, "--json", "-")
    said = lanecast(*words, "--from", "2025-03-01T00:00:00Z", "--to", "2025-03-01T00:00:01Z")
    assert said.code == 0 and said.json["rows"] == 0
    assert "no question was asked" in said.err


def test_backtest_writes_one_flat_object_and_the_same_by_month(lanecast, company, quick, tmp_path):
    words = ("backtest", "eta", "--source", "lake", "--data", company / "lake")
    period = ("--from", "2025-02-25", "--to", "2025-03-04", "--every", "7d")
    said = lanecast(*words, *period, "--json", tmp_path / "scores.json")
    assert said.code == 0
    assert "refit every 7d" in said.out
    figures = json.loads((tmp_path / "scores.json").read_text())
    months = figures.pop("months")
    assert all(isinstance(value, int | float) for value in figures.values())
    assert [month.pop("month") for month in months] == ["2025-02", "2025-03"]
    for each in (figures, *months):
        assert set(each) >= FIGURES
        assert 0 <= each["coverage_80"] <= each["coverage_95"] <= 1
        assert each["mae_days"] > 0 and each["mae_baseline_days"] > 0
        assert each["fit_s"] > 0 and each["predict_rows_per_s"] > 0
    assert figures["n"] == sum(month["n"] for month in months)


def test_backtest_reads_raw_files_and_leaves_no_trace(
    lanecast, company, quick, tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    asked = []

    def stop(*words):
        asked.append(options.first_parcel(words[2]))
        raise KeyboardInterrupt

    monkeypatch.setattr("lanecast.cli.eta.replay", stop)
    words = ("backtest", "eta", "--source", "csv", "--data", company / "raw")
    said = lanecast(*words, "--from", "2025-02-25", "--to", "2025-03-04")
    assert said.code == 130 and said.err.startswith("lanecast: stopped")
    assert asked and list(tmp_path.iterdir()) == []
