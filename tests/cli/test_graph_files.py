"""The graph to files and back, at the command line."""

import shutil
import sys
from pathlib import Path

import pytest

from lanecast.cli import run
from lanecast.graph import load
from lanecast.tables.lake import Lake

from .conftest import tree

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
    ):
        refused = lanecast("graph", *words, "--data", data)
        assert refused.code == 2 and said in refused.err, refused
    assert tree(data) == before and list(tmp_path.iterdir()) == [tmp_path / "there"]


def test_a_name_that_does_not_say_its_format_is_refused(lanecast, data, tmp_path):
    said = lanecast("graph", "export", "--lake", data, "--out", tmp_path / "graph.tll")
    assert said.code == 2 and "--out: graph.tll" in said.err and ".graphml" in said.err
    assert not list(tmp_path.iterdir())
