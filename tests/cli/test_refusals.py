import shutil
from pathlib import Path

import polars as pl
import pytest

from .conftest import tree

LAKE = ("--lake", "{lake}")
MODEL = ("--model", "{model}")
FIT = ("fit", "eta", *LAKE, "--model", "new")
PREDICT = ("predict", "eta", *LAKE, *MODEL)
DECIDE = ("decide", "eta", *LAKE)
BACKTEST = ("backtest", "eta", "--source", "lake", "--data", "{lake}")
INGEST = ("ingest", "--source", "csv", *LAKE)
EARLY = ("--from", "2020-01-01", "--to", "2020-02-01")
LATE = ("--from", "2030-01-01", "--to", "2030-02-01")
BACKWARDS = ("--from", "2025-03-02", "--to", "2025-03-01")
PERIOD = ("--from", "2025-02-20", "--to", "2025-02-27")
DAY = "expected a date such as 2018-03-01"

# what is typed; what the sentence on standard error must hold
REFUSED = {
    "command": (("fly",), "No such command 'fly'"),
    "problem": (("fit", "parking"), "No such command 'parking'", "one of eta"),
    "to beyond": ((*PREDICT, "--to", "2026-06-01"), "--to: the lake knows", "got 2026-06-01"),
    "place twice": (
        ("decide", "events", "--lake", "{lake}", "--places", "call_ahead=1,call_ahead=5"),
        "--places: expected each action once, got call_ahead twice",
    ),
    "problem missing": (("predict",), "Missing command", "one of eta"),
    "option": ((*DECIDE, "--speed", "9"), "No such option: --speed"),
    "option without value": ((*PREDICT, "--asof"), "--asof"),
    "source": (("ingest", "--source", "sap", "raw"), "--source", "'sap'", "'csv'", "'epcis'"),
    "source missing": (("ingest", "raw"), "--source", "csv, olist, delhivery, epcis"),
    "lake missing": (("fit", "eta", "--lake", "none"), "--lake: none is missing"),
    "lake is a file": (("decide", "eta", "--lake", "file"), "--lake: file is a file"),
    "lake is empty": (("fit", "eta", "--lake", "folder"), "--lake: folder holds no scans"),
    "lake with a percent": (("decide", "eta", "--lake", "%41"), "--lake", "%41", "may not hold %"),
    "lake for ingest is a file": ((*INGEST[:3], "--lake", "file", "folder"), "--lake: file is a"),
    "model exists": (("fit", "eta", *LAKE, "--model", "folder"), "--model: folder exists already"),
    "model under a file": (("fit", "eta", *LAKE, "--model", "file/m"), "--model: file is a file"),
    "model missing": (("predict", "eta", *LAKE, "--model", "none"), "--model: none is missing"),
    "model is a file": (("predict", "eta", *LAKE, "--model", "file"), "--model: file is a file"),
    "asof before all": ((*PREDICT, "--asof", "2020-01-01"), "--asof", "2025-01-01", "'2020-01-01'"),
    "asof before, fit": ((*FIT, "--asof", "2020-01-01"), "--asof", "2025-01-01", "'2020-01-01'"),
    "asof after all": ((*FIT, "--asof", "2027-01-01"), "--asof", "until 2025-04", "'2027-01-01'"),
    "asof early": ((*FIT, "--asof", "2025-01-12"), "--asof", "2025-01-12", "at least"),
    "asof naive": ((*PREDICT, "--asof", "2025-02-01T10:00"), "--asof", "has no offset"),
    "asof nonsense": ((*DECIDE, "--asof", "soon"), f"--asof: {DAY}", "'soon'"),
    "asof no day": ((*FIT, "--asof", "2025-02-31"), f"--asof: {DAY}", "'2025-02-31'"),
    "asof empty": ((*PREDICT, "--asof", ""), f"--asof: {DAY}", "''"),
    "asof at the end of time": ((*FIT, "--asof", "9999-12-31T23:59:59-12:00"), "1970 to 2199"),
    "asof at the beginning": ((*PREDICT, "--asof", "0001-01-01"), "--asof", "1970 to 2199"),
    "days few": ((*FIT, "--days", "5"), "--days", "greater than or equal to 30", "'5'"),
    "days many": ((*FIT, "--days", "1000000000"), "--days", "3660", "'1000000000'"),
    "days as text": ((*FIT, "--days=many"), "--days", "valid integer", "'many'"),
    "seed below zero": ((*FIT, "--seed", "-1"), "--seed", "'-1'"),
    "seed too large": ((*FIT, "--seed", str(2**70)), "--seed", "2147483647"),
    "from after to": ((*PREDICT, *BACKWARDS), "--from", "--to"),
    "from is to": ((*PREDICT, "--from", "2025-03-02", "--to", "2025-03-02"), "--from", "--to"),
    "from after the data": ((*PREDICT, *LATE), "--from: the lake knows", "2030-01-01"),
    "to before the data": ((*PREDICT, *EARLY), "--to: the lake knows", "2020-02-01"),
    "json is a folder": ((*PREDICT, "--json", "folder"), "--json: folder is a folder"),
    "json in no folder": ((*FIT, "--json", "none/x.json"), "--json: there is no folder none"),
    "json of backtest": ((*BACKTEST, *PERIOD, "--json", "folder"), "--json: folder is a folder"),
    "json of ingest": ((*INGEST, "{raw}", "--json", "folder"), "--json: folder is a folder"),
    "out is a folder": ((*PREDICT, "--out", "folder"), "--out: folder is a folder"),
    "out in no folder": ((*PREDICT, "--out", "none/x"), "--out: there is no folder none"),
    "lake nowhere": ((*PREDICT[:2], "--lake", "nowhere"), "lanecast ingest", "lanecast demo"),
    "out to the screen": ((*PREDICT, "--out", "-"), "--out: expected a name, got -", "--json -"),
    "model to the screen": (("fit", "eta", *LAKE, "--model", "-"), "--model: expected a name"),
    "export to the screen": (("graph", "export", "--out", "-"), "--out: expected a name, got -"),
    "demo to the screen": (("demo", "--out", "-"), "--out: expected a name, got -"),
    "demo into a file": (("demo", "--out", "file"), "--out: file is a file", "expected a folder"),
    "demo under a file": (("demo", "--out", "file/a/b"), "--out: file is a file", "for file/a/b"),
    "demo with a bracket": (("demo", "--out", "[new]"), "--out: the path [new] may not hold [ ]"),
    "demo with a percent": (("demo", "--out", "%41/new"), "--out", "%41/new may not hold %"),
    "no predictions": (DECIDE, "holds no predictions", "lanecast predict"),
    **{
        f"{option} {value}": ((*DECIDE, option, value), option, "expected", value)
        for option in ("--per-day", "--late", "--per-late-day")
        for value in ("-1", "nan", "inf", "1e+300", "cheap")
    },
    "per day free": ((*DECIDE, "--per-day", "0"), "--per-day", "above 0", "0.0"),
    "data missing": ((*BACKTEST[:5], "none", *PERIOD), "--data: none is missing"),
    "data is a file": ((*BACKTEST[:5], "file", *PERIOD), "--data: file is a file"),
    "data is no lake": ((*BACKTEST[:5], "folder", *PERIOD), "--data: folder holds no scans"),
    "backtest without from": (BACKTEST, "--from"),
    "backtest backwards": ((*BACKTEST, *BACKWARDS), "--from", "--to 2025-03-01"),
    "backtest too early": ((*BACKTEST, "--from=2025-01-05", "--to=2025-03-01"), "2025-02-07"),
    "backtest too late": ((*BACKTEST, *LATE), "--from", "data end", "2030-01-01"),
    "backtest for ever": ((*BACKTEST, "--from=2025-02-20", "--to=2199-01-01"), "--to", "data end"),
    **{
        f"every {value}": ((*BACKTEST, *PERIOD, "--every", value), "--every", "such as 7d", value)
        for value in ("0d", "-1d", "xyz", "7", "999999999w", "1.5d", "٣d")
    },
    "raw missing": ((*INGEST, "none"), "none: no such folder"),
    "raw is a file": ((*INGEST, "file"), "file: is a file"),
    "raw is empty": ((*INGEST, "folder"), "folder: no file of a canonical table"),
    "zone": ((*INGEST, "{raw}", "--zone", "Mars/Base"), "zone", "'Mars/Base'", "America/Sao_Paulo"),
    "olist elsewhere": (("ingest", "--source", "olist", *LAKE, "{raw}"), "olist_orders_dataset"),
    "epcis elsewhere": (("ingest", "--source", "epcis", *LAKE, "{raw}"), "EPCIS 2.0"),
}  # fmt: skip


@pytest.fixture(scope="module")
def refusing(company, model, tmp_path_factory):
    """A folder with a lake and things that are in the way; nothing in it may change."""
    here = tmp_path_factory.mktemp("refusing")
    shutil.copytree(company / "lake", here / "lake")
    (here / "folder").mkdir()
    (here / "file").write_text("a file")
    shutil.copytree(here / "lake", here / "%41")
    return here, {"lake": here / "lake", "model": model, "raw": company / "raw"}, tree(here)


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_is_one_sentence_and_changes_nothing(lanecast, refusing, case, monkeypatch):
    here, places, before = refusing
    monkeypatch.chdir(here)
    words, *told = REFUSED[case]
    said = lanecast(*(word.format(**places) for word in words))
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("lanecast: ") and said.err.count("\n") == 1
    assert all(part in said.err for part in told), said.err
    assert tree(here) == before and not (here / "new").exists()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that nobody may fill")
@pytest.mark.parametrize("out", ["/proc/new", "/proc/self/a/b"])
def test_a_demo_that_cannot_be_written_is_told_at_once(lanecast, tmp_path, out, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("lanecast.cli.demo.simulate", None)
    said = lanecast("demo", "--out", out)
    assert (said.code, said.out) == (4, "")
    assert said.err.startswith(f"lanecast: --out: {out}: ") and said.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_demo_that_is_refused_leaves_the_earlier_one(lanecast, tmp_path, monkeypatch):
    out = tmp_path / "50%"
    (out / "lake").mkdir(parents=True)
    (out / "report.html").write_text("earlier")
    assert lanecast("demo", "--out", out).code == 2
    assert (out / "report.html").read_text() == "earlier"


def text(rows):
    return rows.with_columns(
        pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        for name, kind in rows.schema.items()
        if isinstance(kind, pl.Datetime)
    )


FILES = {
    "empty": (lambda rows: b"", "carriers.csv: is empty; expected a header and rows"),
    "only a header": (lambda rows: rows.head(0).write_csv(), "carriers.csv: has a header and no"),
    "latin-1": (lambda rows: rows.write_csv().replace("a", "é").encode("latin-1"), "not UTF-8"),
    "utf-16": (lambda rows: rows.write_csv().encode("utf-16"), "is not UTF-8"),
    "semicolons": (lambda rows: rows.write_csv(separator=";"), "by commas, not by semicolons"),
    "another name": (
        lambda rows: rows.rename({"carrier_id": "carier_id"}).write_csv(),
        "carriers.csv: no column 'carrier_id'; is 'carier_id' meant?",
    ),
    "times without offset": (
        lambda rows: rows.with_columns(pl.col("recorded_at").str.strip_chars("Z")).write_csv(),
        "'recorded_at' has times without offset",
    ),
    "noise": (lambda rows: bytes(range(256)), "carriers.csv"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_none_is_refused_by_name(lanecast, company, tmp_path, case):
    make, told = FILES[case]
    made = make(text(pl.read_parquet(company / "raw" / "carriers.parquet")))
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "carriers.csv").write_bytes(made if isinstance(made, bytes) else made.encode())
    said = lanecast("ingest", "--source", "csv", raw, "--lake", tmp_path / "lake")
    assert (said.code, said.out) == (2, "")
    assert told in said.err and said.err.count("\n") == 1
    assert tree(tmp_path / "lake") == {}


ODD_IDS = ["'); DROP TABLE parcels;--", "[red]x[/]", "[/]", "\x1b[31mred", "é" * 128, "%41", "../x"]


def test_odd_identifiers_are_only_text(lanecast, company, tmp_path):
    raw, lake = tmp_path / "raw", tmp_path / "lake"
    raw.mkdir()
    rows = pl.read_parquet(company / "raw" / "carriers.parquet").head(1)
    odd = pl.concat(rows.with_columns(carrier_id=pl.lit(name)) for name in ODD_IDS)
    odd.write_parquet(raw / "carriers.parquet")
    words = ("ingest", "--source", "csv", raw, "--lake", lake)
    assert lanecast(*words).code == 0
    odd.with_columns(carrier_id=pl.lit("[/]\x1b") + "x" * 200).write_parquet(
        raw / "carriers.parquet"
    )
    said = lanecast(*words)
    assert said.code == 5 and "\x1b" not in said.out
