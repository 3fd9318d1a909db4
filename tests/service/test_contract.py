"""The service keeps to its OpenAPI, and to itself what is not the caller's; examples run."""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lanecast.service import keys
from lanecast.service.app import create
from lanecast.service.settings import Settings
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake

from .conftest import headers, patiently, serving

pytest.importorskip("schemathesis", reason="needs schemathesis: pip install lanecast[dev]")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
import service_contract


def test_whatever_is_sent_is_answered_as_described(tmp_path: Path) -> None:
    simulate(parcels=300, days=40, seed=3).write(Lake(tmp_path / "small"))
    told = service_contract.examined(tmp_path / "small", tmp_path, examples=1)
    assert (told["contract"], told["scopes"], told["tenants"]) == ([], [], [])
    assert sum(told["requests"].values()) > 500


def test_every_post_says_what_a_repeated_key_may_be_answered_with(reading: Any) -> None:
    document = reading.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            answers = set(operation["responses"])
            if path.startswith("/v1/"):
                assert {"401", "403", "429"} <= answers, f"{method} {path}"
            if method == "post":
                assert {"409", "422"} <= answers, f"{method} {path}"


def test_what_no_route_would_read_of_a_query_is_refused_and_named(reading: Any) -> None:
    every = headers(reading, *keys.SCOPES)
    ids = {"parcel_id": "p", "key_id": "0" * 12, "job_id": "0" * 32}
    for path, operations in reading.get("/openapi.json").json()["paths"].items():
        for method in operations if path.startswith("/v1/") else ():
            url = re.sub("{([a-z_]+)}", lambda found: ids.get(found[1], "eta"), path)
            answer = reading.request(method, url, params={"horizom": 3}, headers=every)
            told = answer.json()
            assert (answer.status_code, told.get("field")) == (422, "horizom"), f"{method} {path}"
            for known in operations[method].get("parameters", ()):
                assert known["in"] != "query" or known["name"] in told["detail"], path


REFUSED = {  # examples of what a small lake does not hold
    "/v1/parcels/{parcel_id}/actions": 409,
    "/v1/planning/overrides": 404,
    "/v1/jobs": 202,
}


@pytest.fixture
def own(world_lake: Lake, tmp_path: Path) -> Iterator[Any]:
    """A service on a lake of its own, for requests that change it."""
    shutil.copytree(world_lake.path, tmp_path / "lake")
    with serving(create(Settings({"main": tmp_path / "lake"}, tmp_path / "home"))) as client:
        yield client


def test_every_example_of_the_description_runs(own: Any) -> None:
    document = own.get("/openapi.json").json()
    every = headers(own, *keys.SCOPES)
    for jobs in own.app.state.parts.jobs.values():
        jobs.stop()  # accepted is enough
    row = patiently(lambda: own.get("/v1/parcels", params={"limit": 1}, headers=every))
    parcel = row.json()["items"][0]["parcel_id"]
    sent = 0
    for path, operations in document["paths"].items():
        if (post := operations.get("post")) is None or "requestBody" not in post:
            continue
        success = next(int(status) for status in post["responses"] if status.startswith("2"))
        content = post["requestBody"]["content"]["application/json"]
        examples = list(_examples(content, document))
        assert examples or "/models/" in path, f"{path} has no example"
        for example in examples:
            url = path.replace("{parcel_id}", parcel)
            answer = patiently(lambda u=url, e=example: own.post(u, json=e, headers=every))  # type: ignore[misc]
            expected = REFUSED.get(path, success)
            assert answer.status_code in (success, expected), f"{path}: {example} {answer.text}"
            sent += 1
    assert sent > 15


def _examples(of: Any, document: Any) -> Iterator[Any]:
    """Yield the examples of a content or a schema, through references and choices."""
    if "example" in of:
        yield of["example"]
    elif isinstance(of.get("examples"), dict):
        yield from (each["value"] for each in of["examples"].values())
    elif "examples" in of:
        yield from of["examples"]
    elif "$ref" in of:
        name = of["$ref"].rpartition("/")[2]
        yield from _examples(document["components"]["schemas"][name], document)
    else:
        for each in (of.get("schema"), *of.get("oneOf", ()), *of.get("anyOf", ())):
            if each is not None:
                yield from _examples(each, document)
