"""The commands of the graph: what they answer, and what they refuse."""

import json
import shutil
from pathlib import Path

import pytest
import typer

from lanecast.cli import app, run
from lanecast.graph import build, load
from lanecast.tables.lake import Lake

from .conftest import tree

ASOF = "2025-03-05"
COMMANDS = ["build", "path", "facts", "depends", "whatif", "bottlenecks", "changes"]
HUBS = ("hub_us_ny_01", "sta_us_ca_01", "--at", "2025-03-06T08:00:00Z")


@pytest.fixture(scope="module")
def data(company, tmp_path_factory) -> Path:
    """A lake with a graph in it; only to be read."""
    folder = Path(shutil.copytree(company / "lake", tmp_path_factory.mktemp("graph") / "lake"))
    assert run(["graph", "build", "--data", str(folder), "--asof", ASOF]) == 0
    return folder


@pytest.fixture
def asked(lanecast, data):
    """Ask the graph a question, as JSON."""

    def call(*words: object):
        said = lanecast("graph", *words, "--data", data, "--json", "-")
        assert said.code == 0, said.err
        return said.json

    return call


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_shows_an_example(lanecast, command):
    said = lanecast("graph", command, "--help")
    assert said.code == 0
    assert "Example" in said.out and f"lanecast graph {command}" in said.out
    group = typer.main.get_command(app).commands["graph"]
    assert (
        command in group.list_commands(None) and f" {command} " in lanecast("graph", "--help").out
    )


def test_a_graph_that_is_older_than_the_scans_of_its_lake_says_so(lanecast, data, tmp_path):
    said = lanecast("graph", "path", *HUBS, "--data", data)
    assert said.code == 0 and "the graph is of 2025-03-05" in said.err and "build" in said.err
    lake = Path(shutil.copytree(data, tmp_path / "lake"))
    assert lanecast("graph", "build", "--data", lake).code == 0
    assert "the graph is of" not in lanecast("graph", "facts", HUBS[0], "--data", lake).err


def test_a_stored_graph_is_extended_to_what_building_makes(lanecast, data, tmp_path):
    lake = Path(shutil.copytree(data, tmp_path / "lake"))
    said = lanecast("graph", "build", "--data", lake, "--json", "-")
    assert said.code == 0 and said.json["relations"]["lane"] > 20
    grown = load(Lake(lake))
    assert grown.days.equals(build(Lake(lake), grown.asof).days)
    assert said.json["rows_written"] < said.json["days"]
    again = lanecast("graph", "build", "--data", lake, "--json", "-")
    assert again.json["rows_written"] == 0


def test_a_path_says_when_and_how_surely(asked, lanecast, data):
    said = asked("path", *HUBS, "--k", 2, "--deadline", "2025-03-12T00:00:00Z")
    first = said["ways"][0]
    assert said["from"] == "facility:hub_us_ny_01"
    assert first["legs"][0]["head_id"] == said["from"]
    assert first["legs"][-1]["tail_id"] == "facility:sta_us_ca_01"
    assert first["arrival"]["q10"] <= first["arrival"]["q50"] <= first["arrival"]["q90"]
    assert 0 <= first["in_time"] <= 1
    told = lanecast("graph", "path", *HUBS, "--data", data)
    assert "fastest" in told.out and "surest" in told.out
    assert "America/Los_Angeles" in told.out


def test_a_date_begins_at_midnight_of_the_place_where_it_is_asked(asked, lanecast, data):
    """Los Angeles is three hours behind New York: its day begins later."""
    east = asked("path", *HUBS[:2], "--at", "2025-03-06", "--deadline", "2025-03-12")
    same = asked("path", *HUBS[:2], "--at", "2025-03-06T05:00Z", "--deadline", "2025-03-12T08:00Z")
    assert east == same and east["at"] == "2025-03-06T05:00:00+00:00"
    told = lanecast("graph", "path", *HUBS[:2], "--at", "2025-03-06", "--data", data)
    assert "from 2025-03-06 00:00 America/New_York on" in told.out
    assert "A date is the midnight" in lanecast("graph", "path", "--help").out


def test_a_place_is_there_already_and_a_street_may_be_one_way(lanecast, asked, data):
    here = ("sta_us_ca_01", "sta_us_ca_01", "--at", "2025-03-06")
    assert asked("path", *here)["ways"][0]["legs"] == []
    assert "is there already" in lanecast("graph", "path", *here, "--data", data).out
    back = ("sta_us_ca_01", "hub_us_ny_01", "--at", "2025-03-06")
    assert asked("path", *back)["ways"] == []
    assert "There is no way" in lanecast("graph", "path", *back, "--data", data).out


def test_a_merchant_and_a_cell_stand_for_their_facilities(asked, data):
    served = load(Lake(data)).edges.filter(relation="serves").sort("parcels")[-1]
    said = asked("path", "mer_00001", served["tail_id"][0], "--at", "2025-03-06")
    assert said["from"].startswith("facility:") and said["to"] == served["head_id"][0]


def test_facts_of_each_kind_of_node(asked, lanecast, data):
    graph = load(Lake(data))
    for kind in graph.nodes["kind"].unique():
        node = graph.nodes.filter(kind=kind)["node_id"][0]
        said = asked("facts", node)
        assert said["node"]["kind"] == kind and said["edges"]
    assert asked("facts", "lane:lan_00001")["times"]
    assert "lanes, last 28 days" in lanecast("graph", "facts", "hub_us_ny_01", "--data", data).out


def test_what_if_says_who_is_touched(asked, lanecast, data):
    closed = asked("whatif", "--close", "hub_us_ny_01")
    assert closed["daily"]["cut_off"] > 0
    assert closed["daily"]["affected"] <= closed["daily"]["parcels"]
    assert closed["under_way"]["rows"][0]["parcel_id"].startswith("pcl_")
    slow = asked("whatif", "--slow", "lan_00012:3")
    assert slow["daily"]["cut_off"] == 0
    both = asked("whatif", "--close", "hub_us_ny_01", "--close", "hub_us_il_01")
    other = asked("whatif", "--close", "hub_us_il_01")
    assert both["values"] == ["hub_us_ny_01", "hub_us_il_01"]
    assert both["daily"]["affected"] > max(each["daily"]["affected"] for each in (closed, other))
    twice = asked("whatif", "--slow", "lan_00012:2", "--slow", "lan_00012:1.5")
    assert twice["daily"] == slow["daily"]
    added = asked("whatif", "--add", "hub_us_ny_01:sta_us_ca_01:5")
    assert added["daily"]["extra_h"] <= 0
    assert "affected" in lanecast("graph", "whatif", "--close", "hub_us_ny_01", "--data", data).out


def test_bottlenecks_depends_and_changes_answer(asked, lanecast, data):
    worst = asked("bottlenecks", "--top", 3)["bottlenecks"]
    assert len(worst) == 3
    assert worst[0]["criticality_h"] >= worst[-1]["criticality_h"] > 0
    assert asked("depends", "hub_us_ny_01")["parcels"] > 0
    assert asked("changes")["judged"] >= 0
    for command in (("bottlenecks", "--top", 2), ("depends", "hub_us_ny_01"), ("changes",)):
        assert lanecast("graph", *command, "--data", data).code == 0


REFUSED = {
    "unknown": (("facts", "hub_us_nv_01"), "NODE: 'hub_us_nv_01' is no node", "hub_us_ny_01"),
    "chinese": (("facts", "仓库"), "NODE: '仓库' is no node of the graph"),
    "no time": (("path", "hub_us_ny_01", "sta_us_ca_01"), "Missing option '--at'"),
    "naive": (("path", *HUBS[:3], "2025-03-06T08:00"), "--at", "has no offset"),
    "far": (("path", *HUBS[:3], "2031-01-01"), "--at: the graph of 2025-03-05", "2031-01-01"),
    "deadline": (
        ("path", *HUBS, "--deadline", "2025-03-01"),
        "--deadline: expected a moment after",
    ),
    "no place": (("path", "carrier:norda", *HUBS[1:]), "FROM: no lane begins or ends at carrier"),
    "k": (("path", *HUBS, "--k", "0"), "--k"),
    "nothing": (("whatif",), "expected one of --close, --slow and --add; got none"),
    "two": (("whatif", "--close", "a", "--slow", "b:2"), "got --close and --slow"),
    "slow": (("whatif", "--slow", "lan_00001"), "--slow: expected LANE:FACTOR", "'lan_00001'"),
    "faster": (("whatif", "--slow", "lan_00001:0.5"), "at least 1, got 0.5"),
    "slow node": (("whatif", "--slow", "hub_us_ny_01:2"), "is no lane that can be travelled"),
    "add": (("whatif", "--add", "a:b"), "--add: expected FROM:TO:HOURS", "'a:b'"),
    "add same": (("whatif", "--add", "hub_us_ny_01:hub_us_ny_01:4"), "a lane needs two places"),
    "close": (("whatif", "--close", "merchant:mer_00001"), "--close: expected a facility"),
    "add whom": (("whatif", "--add", "hub_us_ny_01:hub_us_ny_01:4"), "--add: a lane"),
    "slow whom": (("whatif", "--slow", "hub_us_ny_01:2"), "--slow: 'facility:hub_us_ny_01'"),
    "depends": (("depends", "carrier:norda"), "NODE: expected a facility, got carrier:norda"),
    "back": (("build", "--asof", "2025-02-01"), "--asof", "holds a graph of 2025-03-05"),
    "share": (("changes", "--false-share", "2"), "--false-share", "'2'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_is_one_sentence_and_changes_nothing(lanecast, data, case):
    words, *told = REFUSED[case]
    before = tree(data)
    said = lanecast("graph", *words, "--data", data)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("lanecast: ") and said.err.count("\n") == 1
    assert all(part in said.err for part in told), said.err
    assert tree(data) == before


def test_a_lake_without_graph_or_scans_is_refused(lanecast, company, tmp_path):
    said = lanecast("graph", "bottlenecks", "--data", company / "lake")
    assert said.code == 2 and "--data: " in said.err and "lanecast graph build" in said.err
    (tmp_path / "empty").mkdir()
    said = lanecast("graph", "build", "--data", tmp_path / "empty")
    assert said.code == 2 and "holds no scans" in said.err


def test_json_goes_to_a_file_too(lanecast, data, tmp_path):
    file = tmp_path / "facts.json"
    assert lanecast("graph", "facts", "hub_us_ny_01", "--data", data, "--json", file).code == 0
    assert json.loads(file.read_text())["node"]["kind"] == "facility"
