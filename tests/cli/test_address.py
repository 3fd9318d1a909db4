import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from lanecast import artifact
from lanecast.address.verify.models.deliverable import SIGNS, FittedDeliverable
from lanecast.cli import run
from lanecast.sources.world import simulate
from lanecast.tables.address import ADDRESS_CHECKS, GAZETTEER_PREMISES, TYPED_ADDRESSES
from lanecast.tables.commerce import ADDRESSES
from lanecast.tables.lake import Lake, collect

UNTIL = "2025-02-20"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the lake of a small company, its texts as CSV; only to be read."""
    folder = tmp_path_factory.mktemp("town")
    world = simulate(parcels=3000, days=70, seed=5, streets=True)
    world.write(Lake(folder / "lake"))
    world.tables["typed_addresses"].head(200).write_csv(folder / "typed.csv")
    return folder


@pytest.fixture(scope="module")
def model(town: Path) -> Path:
    """A model that the command line has fitted."""
    words = ("fit", "address", "--lake", town / "lake", "--model", town / "found")
    assert run([str(word) for word in (*words, "--asof", UNTIL)]) == 0
    return town / "found"


def test_fit_verify_and_decide_speak_of_one_chance(lanecast, town, model, tmp_path):
    out, plan = tmp_path / "verified.jsonl", tmp_path / "plan.jsonl"
    asked = ("address", "verify", "--in", town / "typed.csv", "--country-column", "country")
    plain = lanecast(*asked, "--out", out, "--lake", town / "lake")
    assert plain.code == 0, plain.err
    replies = [json.loads(line) for line in out.read_text().splitlines()]
    assert all(reply["p_deliverable"] is None for reply in replies)

    said = lanecast(*asked, "--out", out, "--lake", town / "lake", "--model", model)
    assert said.code == 0, said.err
    replies = [json.loads(line) for line in out.read_text().splitlines()]
    chance = [1 - reply["p_deliverable"] for reply in replies]
    assert len(replies) == 200 and all(0 < c < 0.5 for c in chance)
    fine: dict[str, list[float]] = {}
    for c, reply in zip(chance, replies, strict=True):
        if not reply["faults"]:
            fine.setdefault(reply["components"]["postcode"]["text"], []).append(c)
    assert all(max(some) - min(some) < 1e-9 for some in fine.values())  # the place alone counts
    assert max(map(max, fine.values())) > min(map(min, fine.values()))

    said = lanecast(
        *("decide", "address", "--in", out, "--model", model, "--out", plan),
        *("--failed", 40, "--json", "-"),
    )
    assert said.code == 0, said.err
    rows = pl.read_ndjson(plan, infer_schema_length=None)
    assert rows["row"].to_list() == list(range(1, 201))
    assert rows["chance"].to_list() == pytest.approx(chance, abs=1e-4)
    assert said.json["accept_all"] == pytest.approx(40 * sum(chance), abs=0.5)
    assert said.json["objective"] <= said.json["accept_all"]
    assert set(rows["action"]) <= {"accept", "confirm", "ask", "pickup_point"}
    assert rows["action"].n_unique() > 1
    told = lanecast("decide", "address", "--in", out, "--model", model)
    assert told.code == 0 and "Expected cost" in told.out


def test_the_corrector_proposes_streets_and_says_how_many(lanecast, town, tmp_path):
    file, out = tmp_path / "typed.csv", tmp_path / "verified.jsonl"
    house = collect(Lake(town / "lake").read(GAZETTEER_PREMISES)).row(0, named=True)
    road = " ".join(f"{word[:-2]}qv{word[-2:]}x" for word in house["road"].split())
    place = f"{house['city']}, {house['state']} {house['postal_code']}"
    text = f"{house['house_number']} {road}, {place}"
    pl.DataFrame({"text": [text], "country": [house["country"]]}).write_csv(file)
    asked = ("address", "verify", "--in", file, "--country-column", "country", "--out", out)
    plain = lanecast(*asked, "--lake", town / "lake")
    assert plain.code == 0 and "The corrector" not in plain.out
    said = lanecast(*asked, "--lake", town / "lake", "--corrector")
    assert said.code == 0, said.err
    assert "asked about 1 streets, and proposed 1 with a proof" in said.out
    reply = json.loads(out.read_text())
    assert reply["decided_by"] == "corrector_and_gazetteer"
    assert reply["components"]["road"]["normalized"] == house["road"]
    assert reply["verdict"]["possible_next_action"] != "accept"


def test_what_is_predicted_is_stored_once_and_decided_on(lanecast, town, model, tmp_path):
    lake = Path(shutil.copytree(town / "lake", tmp_path / "lake"))
    words = ("predict", "address", "--lake", lake, "--model", model)
    early = lanecast(*words, "--asof", "2025-02-01")
    assert early.code == 2 and "it would know what came later" in early.err
    none = lanecast("decide", "address", "--lake", lake, "--model", model)
    assert none.code == 2 and "holds no checks" in none.err

    said = lanecast(*words, "--asof", UNTIL, "--json", "-")
    assert said.code == 0, said.err
    rows = collect(Lake(lake).versions(ADDRESS_CHECKS))
    typed = collect(Lake(lake).read(TYPED_ADDRESSES)).height
    assert rows.height == said.json["stored"] == typed and rows["asof"].n_unique() == 1
    fine = rows.filter(pl.col("faults") == 0).join(
        collect(Lake(lake).read(ADDRESSES)).select("address_id", "postal_code"), on="address_id"
    )
    by = fine.group_by("postal_code").agg(pl.col("not_found").n_unique())
    assert (by["not_found"] == 1).all() and fine["not_found"].n_unique() > 10
    again = lanecast(*words, "--json", "-")  # later, and nobody typed anything since
    assert again.code == 0 and again.json["stored"] == 0

    plan = lanecast(
        *("decide", "address", "--lake", lake, "--model", model),
        *("--out", tmp_path / "plan.jsonl", "--json", "-"),
    )
    assert plan.code == 0, plan.err
    chosen = pl.read_ndjson(tmp_path / "plan.jsonl", infer_schema_length=None)
    chosen = chosen.sort("address_id")
    assert chosen["chance"].to_list() == pytest.approx(
        rows.sort("address_id")["not_found"].to_list()
    )
    other = FittedDeliverable(-2.0, np.zeros(len(SIGNS)), SIGNS)
    artifact.save(tmp_path / "other", other, {}, about={"trained_until": f"{UNTIL}T00:00:00Z"})
    said = lanecast("decide", "address", "--lake", lake, "--model", tmp_path / "other")
    assert said.code == 2 and "are of another model" in said.err


def test_the_model_says_until_when_it_learnt_and_how_good_it_was(model):
    manifest = artifact.describe(model)
    assert manifest["about"]["trained_until"].startswith(UNTIL)
    metrics = manifest["metrics"]
    assert metrics["rows"] > 1000 and metrics["not_found"] >= 20
    held = metrics.get("held_out")
    assert held is None or (0 <= held["ece"] < 0.05 and 0 < held["loss"]["model"] < 0.1)
    artifact.load(model, FittedDeliverable)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--in", "gone.jsonl"), "gone.jsonl is missing"),
        (("--in", "odd.jsonl"), "line 2: expected a reply"),
        (("--in", "bytes.jsonl"), "line 1: expected a reply"),
        (("--in", "."), "is no file"),
        (("--in", "good.jsonl", "--out", "good.jsonl"), "is the file that --in reads"),
        (("--in", "good.jsonl", "--failed", "inf"), "failed: expected at least 0 and finite"),
        (("--in", "none.jsonl"), "is empty"),
        (("--in", "good.jsonl", "--ask", "1.5"), "--ask"),
    ],
)
def test_what_cannot_be_decided_is_refused(lanecast, model, tmp_path, monkeypatch, words, why):
    good = '{"faults": ["missing_unit"], "candidates": [], "coverage": {}, '
    good += '"country": "US", "components": {"postcode": {"normalized": "22314"}}}\n'
    for name, text in (("good", good), ("odd", good + '{"faults": 3}\n'), ("none", "")):
        (tmp_path / f"{name}.jsonl").write_text(text)
    (tmp_path / "bytes.jsonl").write_bytes(b"PAR1\xff\xfe")
    monkeypatch.chdir(tmp_path)
    said = lanecast("decide", "address", *words, "--model", model)
    assert said.code == 2 and why in said.err
    assert (tmp_path / "good.jsonl").read_text() == good


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("verify", "--in", "a.csv", "--out", "a.csv"), "is the file that --in reads"),
        (("suggest", "--in", "a.csv", "--out", "a.csv"), "is the file that --in reads"),
        (("verify", "--in", "bare.csv", "--out", "o"), "is its first line no header"),
        (("verify", "--in", "row.csv", "--out", "o"), "has a header and no rows"),
        (("verify", "--in", "a.csv", "--out", "o", "--lake", "a.csv"), "a.csv is a file"),
        (("suggest", "x", "--lake", "a.csv"), "a.csv is a file"),
        (("verify", "--in", "a.csv", "--out", "o", "--lake", "typo"), "--lake: typo is missing"),
        (("suggest", "x", "--lake", "typo"), "--lake: typo is missing"),
        (
            ("suggest", "x", "--country", "Oz"),
            "--country: 'Oz' is no country; expected ISO 3166-1 alpha-2",
        ),
        (("verify", "--in", "a.csv", "--out", "o", "--llm-model", "m"), "give its --llm-url"),
        (("verify", "--in", "a.csv", "--out", "o", "--llm-url", "http://a b"), "--llm-url: 'http"),
        (("import", "--csv", "house.csv", "--country", "XX"), "--country: 'XX' is no country"),
        (("import", "--csv", "house.csv", "--country", "US", "--name", ""), "--name: ''"),
        (("import", "--csv", "house.csv", "--edition", "2199-01-01"), "2199-01-01 is not yet"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_any_work(
    lanecast, tmp_path, monkeypatch, words, why
):
    files = {
        "a.csv": "text,c\n9 Elm St,US\n",
        "bare.csv": '"7 Secret Rd, Springfield"\n"9 Elm St"\n',
        "row.csv": '"7 Secret Rd, Springfield"\n',
        "house.csv": "road,house_number,city\nElm St,9,X\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    said = lanecast("address", *words)
    assert said.code == 2 and why in said.err, said.err
    assert "Secret" not in said.err
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == files


def test_a_row_that_is_not_utf8_or_of_no_country_says_so(lanecast, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    (tmp_path / "a.csv").write_bytes(b"text,c\nRue de l'\xe9glise 1,FR\nElm St 9,ZZ\n")
    for command in ("verify", "suggest"):
        out = tmp_path / f"{command}.jsonl"
        said = lanecast(
            *("address", command, "--in", tmp_path / "a.csv", "--out", out),
            *("--country-column", "c", "--lake", empty),
        )
        assert said.code == 0, said.err
        first, second = (json.loads(line)["faults"] for line in out.read_text().splitlines())
        assert "not_utf8" in first and "no_such_country" in second


def test_a_column_that_holds_no_text_and_a_file_that_is_none_are_refused(lanecast, tmp_path):
    (tmp_path / "lake").mkdir()
    columns = {"list": [["a"]], "bytes": [b"a\xff"], "struct": [{"a": 1}], "#": ["Elm St 9"]}
    pl.DataFrame(columns).write_parquet(tmp_path / "a.parquet")
    (tmp_path / "twice.csv").write_text("text,text\na,b\n")

    def asked(file, *words):
        out = ("--out", tmp_path / "a.jsonl", "--lake", tmp_path / "lake")
        return lanecast("address", "verify", "--in", tmp_path / file, *out, *words)

    for column in ("list", "bytes", "struct"):
        said = asked("a.parquet", "--text-column", column)
        assert said.code == 2 and f"--text-column: '{column}' of a.parquet holds" in said.err
    assert asked("a.parquet", "--text-column", "#").code == 0
    assert "has 'text' twice" in asked("twice.csv").err
    assert "is a folder; give a CSV" in asked("lake").err


def test_a_backtest_tells_chances_and_money(lanecast, town):
    words = ("backtest", "address", "--data", town / "lake", "--source", "lake")
    said = lanecast(*words, "--from", "2025-02-10", "--to", "2025-02-24", "--json", "-")
    assert said.code == 0, said.err
    found = said.json
    assert found["n"] > 200 and 0 < found["not_found"] < 0.1
    assert 0 <= found["ece"] < 0.05 and 0 < found["brier"] < found["not_found"]
    assert found["saved_accept_all"] == 0 == found["low_accept_all"]
    assert found["per_1000_accept_all"] == pytest.approx(8000 * found["not_found"])
    for plan in ("strict", "expected_cost"):
        assert found[f"low_{plan}"] < found[f"saved_{plan}"] < found[f"high_{plan}"]
    orders = [many for name, many in found.items() if name.startswith("orders_")]
    assert sum(orders) == found["n"]
    dear = lanecast(
        *(*words, "--from", "2025-02-10", "--to", "2025-02-24", "--json", "-"),
        *("--every", "14d", "--failed", 0),
    )
    assert dear.json["orders_accept"] == found["n"] and dear.json["saved_expected_cost"] == 0


@pytest.mark.parametrize(
    ("since", "until", "why"),
    [
        ("2025-01-08", "2025-01-15", "expected at least 20"),
        ("2025-02-10", "2031-01-01", "--to: the data end at"),
        ("2025-02-10", "2025-02-10", "expected a day before --to"),
        ("2025-03-11", "2025-03-20", "no parcel of 2025-03-11 to 2025-03-20"),
    ],
)
def test_a_period_that_cannot_be_replayed_is_refused(lanecast, town, since, until, why):
    words = ("backtest", "address", "--data", town / "lake", "--source", "lake")
    said = lanecast(*words, "--from", since, "--to", until)
    assert said.code == 2 and why in said.err, said.err


def test_nothing_is_learnt_where_nothing_is_known(lanecast, town, company, tmp_path):
    early = ("fit", "address", "--lake", town / "lake", "--model", tmp_path / "early")
    said = lanecast(*early, "--asof", "2025-01-08")
    assert (
        said.code == 2 and "expected at least 20" in said.err and not (tmp_path / "early").exists()
    )
    said = lanecast("fit", "address", "--lake", company / "lake", "--model", tmp_path / "none")
    assert said.code == 2 and "holds no typed_addresses" in said.err


def test_a_model_of_another_problem_is_refused(lanecast, town, model, tmp_path):
    said = lanecast(
        *("address", "verify", "--in", town / "typed.csv", "--out", tmp_path / "x.jsonl"),
        *("--lake", town / "lake", "--model", town),
    )
    assert said.code == 2 and "--model" in said.err


def test_import_tells_what_a_register_has_no_column_for(lanecast, tmp_path):
    file = tmp_path / "houses.csv"
    file.write_text("road,no,city,postcode\nHarvard St,107,Alexandria,22314\n")
    said = lanecast(
        *("address", "import", "--csv", file, "--country", "US", "--lake", tmp_path / "lake")
    )
    assert said.code == 0, said.err
    assert "houses.csv: no column house_number or number" in " ".join(said.err.split())
    file.write_text("road,number,city,postcode\nHarvard St,107,Alexandria,22314\n")
    said = lanecast(
        *("address", "import", "--csv", file, "--country", "US", "--lake", tmp_path / "other")
    )
    assert said.code == 0 and "no column" not in said.err


def test_import_tells_what_a_file_was_read_as(lanecast, tmp_path):
    (tmp_path / "towns.csv").write_text("commune,code_postal\nANNECY,74000\nBOURG,01000\n,39000\n")
    (tmp_path / "houses.csv").write_text("road,number,city,postcode\nRue X,1,Annecy,74000\n")
    words = ("address", "import", "--lake", tmp_path / "lake", "--country", "fr")
    files = ("--csv", tmp_path / "towns.csv", "--csv", tmp_path / "houses.csv")
    said = lanecast(*words, *files)
    assert said.code == 0, said.err
    assert "towns.csv was read as places: towns with their postal codes." in said.out
    assert "houses.csv was read as houses." in said.out
    told = lanecast(*words, *files, "--json", "-").json
    assert [each["read_as"] for each in told["files"]][1] == "houses"
    said = lanecast(*words[:-1], "xx", *files)
    assert said.code == 2 and "--country: 'xx' is no country" in said.err


def test_import_tells_which_codes_are_complete(lanecast, tmp_path):
    file = tmp_path / "codes.csv"
    file.write_text("city,zip,country\nA,74001,FR\nB,74001,FR\nC,01002,FR\nD,10115,DE\n")
    words = ("address", "import", "--csv", file, "--lake", tmp_path / "lake")
    said = lanecast(*words)
    told = " ".join(said.out.split())
    assert "now taken to be all there are: 2 of FR, 1 of DE. Any other code of these" in told
    assert lanecast(*words, "--json", "-").json["complete"] == {"FR": 2, "DE": 1}
    file.write_text("road,number,city,zip,country\nRue X,1,A,74000,FR\n")
    assert "suspicious" not in lanecast(*words[:-1], tmp_path / "houses").out


def test_import_tells_what_an_edition_replaces(lanecast, tmp_path):
    def told(month, *words):
        file = tmp_path / f"alex_2026_{month}.csv"
        file.write_text(f"road,number,city,zip\nRue X,{month},A,74000\n")
        given = ("--country", "FR", "--edition", f"2026-{month}-01", "--lake", tmp_path / "lake")
        said = lanecast("address", "import", "--csv", file, *given, *words)
        assert said.code == 0, said.err
        return " ".join(said.out.split()), " ".join(said.err.split())

    out, _ = told("09")
    assert "Stored as gazetteer 'alex_2026_09', edition 2026-09-01. It replaces none" in out
    assert "imported with --name 'alex_2026_09'" in out
    out, _ = told("10", "--name", "alex")
    assert "Stored as gazetteer 'alex', edition 2026-10-01. It replaces none" in out
    out, err = told("11", "--name", "alex")
    assert "It replaces the edition of 2026-10-01 of that name." in out and not err
    out, err = told("08", "--name", "alex")
    assert "the edition of 2026-08-01 of 'alex' is stored, but not used: that of 2026-11-01" in err
    assert "replaces" not in out


def test_of_files_one_of_which_is_refused_none_is_stored(lanecast, tmp_path):
    (tmp_path / "a.csv").write_text("city,zip\nAnnecy,74000\n")
    (tmp_path / "b.csv").write_text("city;zip\nBourg;01000\n")
    words = ("address", "import", "--lake", tmp_path / "lake", "--country", "FR")
    said = lanecast(*words, "--csv", tmp_path / "a.csv", "--csv", tmp_path / "b.csv")
    assert said.code == 2 and "b.csv" in said.err and not (tmp_path / "lake").exists()


def test_what_compiles_the_gazetteer_says_so(lanecast, town, tmp_path):
    steps = tmp_path / "steps"
    words = ("fit", "address", "--lake", town / "lake", "--model", tmp_path / "m")
    said = lanecast("--progress", steps, *words)
    assert said.code == 0, said.err
    assert "reading the gazetteer" in steps.read_text().splitlines()[0]


@pytest.mark.parametrize(("loss", "warned"), [(0.02, True), (0.019, False)])
def test_a_chance_that_is_no_better_than_the_share_says_so(
    lanecast, town, tmp_path, monkeypatch, loss, warned
):
    scores = {"n": 600, "brier": loss, "loss": {"model": loss, "baseline": 0.02}}
    monkeypatch.setattr("lanecast.cli.address.held_out", lambda rows: scores)
    words = ("fit", "address", "--lake", town / "lake", "--model", tmp_path / "m")
    said = lanecast(*words, "--asof", UNTIL)
    assert said.code == 0, said.err
    assert ("do not decide by it yet" in " ".join(said.err.split())) == warned
