"""The graph to files and back, at the command line."""

import os
import shutil
import signal
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

from lanecast.cli import graph_files, run
from lanecast.graph import load
from lanecast.tables.lake import Lake

from .conftest import tree
from .test_processes import end, linux, start, wait_for

ASOF = "2025-03-05"
FILES = {"turtle": "g.ttl", "ntriples": "g.nt", "graphml": "g.graphml", "neo4j": "g_csv"}


@pytest.fixture(scope="module")
def data(company, tmp_path_factory) -> Path:
    """A lake with a graph in it; only to be read."""
    folder = Path(shutil.copytree(company / "lake", tmp_path_factory.mktemp("files") / "lake"))
    assert run(["graph", "build", "--data", str(folder), "--asof", ASOF]) == 0
    return folder


@pytest.mark.parametrize("command", ["export", "import", "query", "vocabulary"])
def test_the_help_of_every_command_shows_an_example(lanecast, command):
    said = lanecast("graph", command, "--help")
    assert said.code == 0 and f"lanecast graph {command}" in said.out and "Example" in said.out


@pytest.mark.parametrize("form", FILES)
def test_a_graph_goes_to_another_lake_and_nothing_is_lost(form, lanecast, data, tmp_path):
    pytest.importorskip("pyoxigraph", reason="needs pyoxigraph: pip install lanecast[graph]")
    file = tmp_path / FILES[form]
    words = ("--lake", data, "--format", form, "--out", file, "--json", "-")
    said = lanecast("graph", "export", *words)
    assert said.code == 0 and said.json["format"] == form and file.exists()
    assert [each for each in tmp_path.iterdir() if each != file] == []
    there = lanecast("graph", "import", file, "--data", tmp_path / "other", "--json", "-")
    assert there.code == 0 and there.json["rows_written"] > there.json["edges"]
    one, other = load(Lake(data)), load(Lake(tmp_path / "other"))
    assert all(getattr(one, part).equals(getattr(other, part)) for part in ("edges", "days"))
    again = lanecast("graph", "import", file, "--data", tmp_path / "other", "--json", "-")
    assert again.json["rows_written"] == 0


def test_a_question_is_shown_and_told_as_json(lanecast, data):
    pytest.importorskip("pyoxigraph", reason="needs pyoxigraph: pip install lanecast[graph]")
    asked = "SELECT ?id { ?h a lc:Node ; lc:role 'sort_hub' ; lc:node_id ?id } ORDER BY ?id"
    said = lanecast("graph", "query", "--sparql", asked, "--data", data, "--json", "-")
    assert said.json["variables"] == ["id"]
    assert "facility:hub_us_ny_01" in [row["id"] for row in said.json["rows"]]
    assert (
        "facility:hub_us_ny_01" in lanecast("graph", "query", "--sparql", asked, "--data", data).out
    )
    none = lanecast("graph", "query", "--sparql", "SELECT * { ?a rel:none ?b }", "--data", data)
    assert none.code == 0 and "No answer" in none.out
    wrong = lanecast("graph", "query", "--sparql", "SELEKT", "--data", data)
    assert wrong.code == 2 and "--sparql" in wrong.err


def over(number):
    """Return whether a process ends within seconds."""
    status, limit = Path(f"/proc/{number}/status"), time.monotonic() + 20
    while status.exists() and "(zombie)" not in status.read_text():
        if time.monotonic() > limit:
            return False
        time.sleep(0.05)
    return True


EVERY = " ".join(f"?a{i} ?b{i} ?c{i} ." for i in range(4))
ENDLESS = f"ASK {{ {EVERY} FILTER(CONCAT(STR(?a0), STR(?a1), STR(?a2), STR(?a3)) = '') }}"


@linux
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_question_without_end_can_be_stopped(sent, data):
    pytest.importorskip("pyoxigraph", reason="needs pyoxigraph: pip install lanecast[graph]")
    process = start("graph", "query", "--sparql", ENDLESS, "--data", data)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    wait_for(process, lambda: children.exists() and children.read_text())
    time.sleep(0.2)
    asked = children.read_text().split()
    process.send_signal(sent)
    code, out, err = end(process)
    assert len(asked) == 1 and over(asked[0])
    assert (code, out) == (128 + sent, "")
    if sent == signal.SIGINT:
        assert err == "lanecast: stopped; nothing half-done is left.\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--sparql", ENDLESS, "--seconds", "2"), "--sparql: there was no answer within 2 seconds"),
        (("--sparql", "SELECT *" + "{" * 20_000 + "}" * 20_000), "--sparql: the store broke off"),
        (("--sparql", "SELECT * { SERVICE <urn:x> {} }"), "--sparql: SERVICE"),
        (("--sparql", "ASK {}", "--seconds", "0"), "--seconds"),
    ],
)
def test_a_question_that_cannot_be_answered_ends_in_a_sentence(words, said, lanecast, data):
    pytest.importorskip("pyoxigraph", reason="needs pyoxigraph: pip install lanecast[graph]")
    refused = lanecast("graph", "query", *words, "--data", data)
    assert refused.code == 2 and said in refused.err and refused.err.count("\n") == 1


def test_without_the_extra_one_sentence_says_what_to_install(lanecast, data, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyoxigraph", None)
    file = tmp_path / "g.nt"
    assert lanecast("graph", "export", "--data", data, "--out", file).code == 0
    for words in (("import", file, "--data", tmp_path / "new"), ("query", "--sparql", "ASK {}")):
        more = () if "--data" in words else ("--data", data)
        said = lanecast("graph", *words, *more)
        assert said.code == 2 and "pip install lanecast[graph]" in said.err
    assert not (tmp_path / "new").exists()


def test_what_cannot_be_is_refused_and_nothing_changes(lanecast, data, tmp_path):
    (tmp_path / "there").mkdir()
    before = tree(data)
    for words, said in (
        (("export", "--out", tmp_path / "no" / "g.ttl"), "no folder"),
        (("export", "--out", tmp_path / "there"), "exists already"),
        (("export", "--out", tmp_path / "there", "--format", "graphml"), "is a folder"),
        (("import", tmp_path / "none.ttl"), "there is no"),
        (("import", tmp_path / "there"), "missing"),
        (("import", data / "_commits"), "missing"),
        (("import", __file__), "--format"),
        (("import", tmp_path / "there", "--format", "turtle"), "--format"),
        (("import", data, "--data", __file__), "--data: "),
        (("import", data / "_commits", "--format", "neo4j"), str(data / "_commits")),
    ):
        lake = () if "--data" in words else ("--data", data)
        refused = lanecast("graph", *words, *lake)
        assert refused.code == 2 and said in refused.err, refused
    assert tree(data) == before and list(tmp_path.iterdir()) == [tmp_path / "there"]


def test_a_device_is_filled_and_stays_a_device(lanecast, data, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    found: list[str] = []
    reader = Thread(target=lambda: found.append(pipe.read_text()), daemon=True)
    reader.start()
    said = lanecast("graph", "export", "--data", data, "--out", pipe, "--format", "graphml")
    reader.join(20)
    assert said.code == 0 and pipe.is_fifo() and found[0].rstrip().endswith("</graphml>")
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_link_stays_a_link_and_what_it_names_is_written(lanecast, data, tmp_path):
    (tmp_path / "link.graphml").symlink_to(tmp_path / "real.graphml")
    said = lanecast("graph", "export", "--data", data, "--out", tmp_path / "link.graphml")
    assert said.code == 0 and (tmp_path / "link.graphml").is_symlink()
    assert "</graphml>" in (tmp_path / "real.graphml").read_text()


@pytest.mark.parametrize("form", ["graphml", "neo4j"])
def test_what_lies_beside_an_export_is_left_alone(form, lanecast, data, tmp_path):
    for name in (".g.part", f".g.{os.getpid()}.partial"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine").write_text("mine")
    before = tree(tmp_path)
    words = ("export", "--data", data, "--format", form, "--out", tmp_path / "g")
    assert lanecast("graph", *words).code == 0
    assert {name: digest for name, digest in tree(tmp_path).items() if name[0] == "."} == before


def test_a_failed_export_leaves_nothing(lanecast, data, tmp_path, monkeypatch):
    def full(graph, folder):
        folder.mkdir()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(graph_files.neo4j, "write", full)
    said = lanecast("graph", "export", "--data", data, "--out", tmp_path / "g")
    assert said.code == 4 and not list(tmp_path.iterdir())


def test_a_refused_import_names_its_file_and_changes_nothing(lanecast, data, tmp_path):
    file, lake = tmp_path / "g", Path(shutil.copytree(data, tmp_path / "lake"))
    assert lanecast("graph", "export", "--data", data, "--out", file).code == 0
    before, label = tree(lake), '":LABEL"'
    for part, old, new, sentence in (
        ("graph.csv", "2025-03", "2025-02", "asof: "),
        ("nodes.csv", '\n"region:', '\n"planet:', "name what is not there"),
        (
            "nodes.csv",
            '"carrier","Aerial"',
            '"carrier","Arial"',
            "another graph of that very moment",
        ),
        ("holidays.csv", label, label + '\n,2025-01-01,"Holiday"', "calendars.region"),
    ):
        text = (file / part).read_text()
        (file / part).write_text(text.replace(old, new, 1))
        said = lanecast("graph", "import", file, "--data", lake)
        assert said.code == 2 and str(file) in said.err and sentence in said.err, said
        (file / part).write_text(text)
    assert tree(lake) == before


def test_a_name_that_does_not_say_its_format_is_refused(lanecast, data, tmp_path):
    said = lanecast("graph", "export", "--lake", data, "--out", tmp_path / "graph.tll")
    assert said.code == 2 and "--out: graph.tll" in said.err and ".graphml" in said.err
    assert not list(tmp_path.iterdir())
