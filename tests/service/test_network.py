"""The network over HTTP: what it says is what the graph says."""

from datetime import timedelta
from threading import Event
from typing import Any

import httpx
import pytest

from lanecast.graph import build
from lanecast.graph.flows import daily
from lanecast.graph.index import index
from lanecast.graph.places import stand
from lanecast.graph.route import routes
from lanecast.graph.whatif import closing, effect
from lanecast.service import networks
from lanecast.service.clock import last_recorded, wall
from lanecast.service.networks import Networks
from lanecast.tables.lake import Lake

from .conftest import headers, patiently

HUB = "facility:hub_us_ny_01"


@pytest.fixture
def ask(reading: Any) -> Any:
    key = headers(reading, "network:read")

    def get(path: str, **params: Any) -> httpx.Response:
        return patiently(lambda: reading.get(f"/v1/network/{path}", params=params, headers=key))

    return get


def test_ways_and_consequences_are_those_of_the_graph(
    ask: Any, reading: Any, world_lake: Lake
) -> None:
    last = last_recorded(world_lake)
    assert last is not None
    graph = index(build(world_lake, last + timedelta(microseconds=1)))
    facilities = [name for name in graph.names if name.startswith("facility:sta_us")]
    start, goal = facilities[0], facilities[-1]
    at = last + timedelta(days=1)
    told = ask("ways", start=start, goal=goal, at=at.isoformat(), k=2).json()
    ends = stand(graph, start), stand(graph, goal)
    expected = routes(graph, *ends, at.timestamp(), 2)
    assert [len(way["legs"]) for way in told["ways"]] == [len(w.lanes) for w in expected.ways]
    facts = ask(f"nodes/{HUB}").json()
    assert facts["node"]["role"] == "sort_hub"
    assert facts["edges"] and facts["lanes"]
    key = headers(reading, "network:read")
    wanted = {"close": [HUB]}
    effects = patiently(lambda: reading.post("/v1/network/whatif", json=wanted, headers=key)).json()
    closed = effect(graph, daily(graph), closing(graph, graph.position[HUB]))
    for part in ("parcels", "affected", "cut_off", "extra_h"):
        assert effects["daily"][part] == pytest.approx(getattr(closed, part))
    assert all(row["parcel_id"] for row in effects["under_way"]["rows"])
    early = ask("nodes/" + HUB, asof=(last - timedelta(days=40)).isoformat()).json()
    assert early["asof"] < facts["asof"]
    assert sum(e["scans"] for e in early["edges"]) < sum(e["scans"] for e in facts["edges"])


def test_geometry_is_fetched_once(ask: Any, reading: Any) -> None:
    first = ask("geometry")
    assert {"lat", "parcels_per_day"} <= set(first.json()["facilities"][0])
    assert {"utilisation", "delay_h", "head_id"} <= set(first.json()["lanes"][0])
    key = headers(reading, "network:read") | {"If-None-Match": first.headers["etag"]}
    again = reading.get("/v1/network/geometry", headers=key)
    assert (again.status_code, again.content) == (304, b"")
    assert "max-age" in again.headers["cache-control"]


@pytest.mark.parametrize(
    ("path", "params", "status", "field"),
    [
        ("nodes/facility:hub_us_ny_99", {}, 404, "node_id"),
        ("nodes/region:US-NY/dependence", {}, 422, "node_id"),
        ("ways", {"start": HUB, "goal": "x", "at": "2025-03-20T00:00:00Z"}, 422, "goal"),
        ("ways", {"start": HUB, "goal": HUB, "at": "2035-03-20T00:00:00Z"}, 422, "at"),
        ("ways", {"start": HUB, "goal": HUB, "at": "2025-03-20T00:00:00"}, 422, "at"),
        ("geometry", {"asof": "2035-03-20T00:00:00Z"}, 422, "asof"),
        ("geometry", {"asof": "0001-01-01T00:00:00+10:00"}, 422, "asof"),
        ("bottlenecks", {"top": 0}, 422, "top"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    ask: Any, path: str, params: dict[str, Any], status: int, field: str
) -> None:
    answer = ask(path, **params)
    assert (answer.status_code, answer.json()["field"]) == (status, field)


def test_changes_that_are_none_are_refused(reading: Any, ask: Any) -> None:
    ask("geometry")
    key = headers(reading, "network:read")
    for wanted, field in (
        ({}, "close"),
        ({"close": ["region:US-NY"]}, "close[0]"),
        ({"slow": [{"lane_id": HUB, "factor": 2}]}, "slow[0].lane_id"),
        ({"add": [{"start": HUB, "goal": HUB, "hours": 3}]}, "add[0]"),
    ):
        answer = reading.post("/v1/network/whatif", json=wanted, headers=key)
        assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_what_is_worst_to_lose_is_reckoned_aside(ask: Any) -> None:
    worst = ask("bottlenecks", top=3).json()["items"]
    assert len(worst) == 3
    lost = [each["criticality_h"] for each in worst]
    assert lost == sorted(lost, reverse=True)
    of = ask(f"nodes/{worst[0]['node_id']}/dependence").json()
    assert 0 <= of["parcels"] <= of["parcels_all"]
    assert ask("changes").json()["judged"] > 0


def test_a_stored_graph_is_read_before_anybody_asks_and_one_that_must_be_built_is_not(
    world_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = Event()

    def newest(self: Networks) -> Any:
        begun.set()
        raise ValueError("enough of it")

    monkeypatch.setattr(Networks, "_newest", newest)
    known = Networks(lambda: world_lake, wall)
    known.prepare()
    assert not begun.is_set()  # the lake of the small world holds no graph
    monkeypatch.setattr(networks, "stored", lambda lake: wall())
    known.prepare()
    assert begun.wait(10)
    monkeypatch.setattr(networks, "stored", lambda lake: int("damaged"))
    known.prepare()  # is no reason not to start
