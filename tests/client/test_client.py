"""The client against a real server: every operation has a method, and it does what it says."""

import asyncio
import inspect
import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from lanecast.client import AsyncClient, Client, ProblemError, calls, messages
from lanecast.client.call import Call, Paged
from lanecast.service import keys
from lanecast.service.clock import wall
from lanecast.service.typed import described, source

from ..service.conftest import reading as reading

SCOPES = ("parcels:read", "network:read", "planning:read", "audit:read", "keys:write", "jobs:read")


@pytest.fixture
def key(reading: Any) -> str:
    return keys.issue(reading.app.state.parts.state, "main", "client", SCOPES, wall())[1]


@pytest.fixture
def client(reading: Any, key: str) -> Any:
    with Client(str(reading.base_url), key, tries=30) as made:
        yield made


def functions() -> dict[str, Any]:
    """Return the calls by name."""
    made = inspect.getmembers(calls, inspect.isfunction)
    return {n: f for n, f in made if not n.startswith("_") and f.__module__ == calls.__name__}


def test_types_are_those_that_the_service_describes() -> None:
    again = "python -m lanecast.service.typed > src/lanecast/client/messages.py"
    assert Path(str(messages.__file__)).read_text() == source(described()), again


def test_every_operation_has_one_call_and_every_call_two_methods() -> None:
    names = functions()
    for kind in (Client, AsyncClient):
        assert names.keys() <= vars(kind).keys()
    made = {}
    for name, call in names.items():
        told = inspect.signature(call).parameters.values()
        given = {p.name: _example(p) for p in told if p.default is p.empty}
        found = call(**given)
        found = found.call if isinstance(found, Paged) else found
        assert isinstance(found, Call)
        made[found.method, re.sub(r"\bx\b", "{}", found.path)] = name
    paths = {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path))
        for path, operations in described()["paths"].items()
        for method in operations
        if path.startswith("/v1/")
    }
    assert set(made) == paths


def _example(parameter: inspect.Parameter) -> Any:
    if parameter.annotation is datetime:
        return datetime(2025, 1, 1, tzinfo=UTC)
    return "x" if parameter.annotation is str else {}


def test_answers_are_those_of_the_service(client: Any, reading: Any, key: str) -> None:
    pages = [row["parcel_id"] for row in client.parcels(limit=40)]
    whole = reading.get(
        "/v1/parcels",
        params={"limit": 1000},
        headers={"Authorization": f"Bearer {key}"},
    ).json()
    assert len(pages) == whole["total"] > 40
    assert pages == [row["parcel_id"] for row in whole["items"]]
    then = datetime.fromisoformat(whole["asof"]) - timedelta(days=5)
    before = {row["parcel_id"] for row in client.parcels(asof=then)}
    assert before and before != set(pages)
    assert client.eta(pages[0])["parcel_id"] == pages[0]
    told = client.etas([*pages[:2], "nobody"])
    assert [each["parcel_id"] for each in told["items"]] == pages[:2]
    assert told["refused"][0]["field"] == "parcel_ids[2]"
    assert client.node("facility:hub_us_ny_01")["node"]["kind"] == "facility"
    before = len(list(client.audit(limit=2)))
    for _ in range(3):
        issued = client.issue_key("x", ["parcels:read"])
        assert client.revoke_key(issued["key_id"]) is None
    assert len(list(client.audit(limit=2))) == before + 6


def test_a_refusal_says_what_and_where(client: Any) -> None:
    with pytest.raises(ProblemError) as error:
        client.eta("no body?#")
    assert (error.value.status, error.value.code, error.value.field) == (
        404,
        "not_found",
        "parcel_id",
    )
    assert "no body?#" in error.value.detail
    assert error.value.request_id
    with pytest.raises(ProblemError, match="403 scope_missing"):
        client.codes()
    with pytest.raises(ValueError, match="has no time zone"):
        client.eta("x", asof=datetime(2025, 1, 1))  # noqa: DTZ001


def test_async_answers_are_the_same(client: Any, reading: Any, key: str) -> None:
    async def ask() -> tuple[list[str], Any]:
        async with AsyncClient(str(reading.base_url), key, tries=30) as other:
            found = [row["parcel_id"] async for row in other.parcels(limit=50)]
            with pytest.raises(ProblemError):
                await other.eta("nobody")
            return found, await other.risks(found[0])

    with ThreadPoolExecutor(1) as apart:  # a browser's tests may keep a loop in this thread
        ids, risks = apart.submit(lambda: asyncio.run(ask())).result()
    assert ids == [row["parcel_id"] for row in client.parcels()]
    assert risks["items"] == client.risks(ids[0])["items"]


def test_a_post_is_sent_again_with_the_same_key_and_done_once() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if len(seen) == 1:
            raise httpx.ReadError("cut off")
        if len(seen) == 2:
            return httpx.Response(503, headers={"Retry-After": "0"}, json={"code": "not_ready"})
        return httpx.Response(201, json={"key_id": "x", "key": None})

    with Client("http://x", "lc_x", transport=httpx.MockTransport(answer)) as made:
        assert made.issue_key("x", ["parcels:read"])["key_id"] == "x"
    assert len({request.headers["idempotency-key"] for request in seen}) == 1
    assert len(seen) == 3
    assert json.loads(seen[2].content) == {"name": "x", "scopes": ["parcels:read"]}


def test_it_does_not_try_for_ever_nor_what_is_refused() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        status = 503 if request.method == "GET" else 422
        return httpx.Response(status, headers={"Retry-After": "0"}, json={"code": "x"})

    with Client("http://x", "k", tries=3, transport=httpx.MockTransport(answer)) as made:
        with pytest.raises(ProblemError, match="503"):
            made.keys()
        assert len(seen) == 3
        with pytest.raises(ProblemError, match="422"):
            made.erase("x")
    assert len(seen) == 4
