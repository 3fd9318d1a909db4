"""Does the service keep to its OpenAPI, and to itself what is not the caller's?

    lanecast demo --out demo
    python benchmarks/service_contract.py --lake demo/lake --examples 200

Serves a copy of the lake to one company and an empty lake to another, and sends every operation
what schemathesis makes of its description, valid and not, with a key of all scopes, of each single
scope, of the other company, and with none. Prints JSON; exit code 1 where anything was found.
"""

import argparse
import json
import random
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import InvalidArgument, Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lanecast.service import keys
from lanecast.service.app import create
from lanecast.service.clock import wall
from lanecast.service.settings import Settings

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
QUIET: dict[str, Any] = {
    "deadline": None,
    "database": None,
    "derandomize": True,
    "phases": [Phase.generate],
}


def contract(url: str, key: str, known: Mapping[str, Sequence[str]], examples: int) -> list[str]:
    """Return what was found when every operation was sent ``examples`` requests in each mode.

    Parameters
    ----------
    known
        Values of path parameters that exist; every other request takes one of them.
    """
    found: list[str] = []
    chance = random.Random(0)
    for operation, mode in _operations(url):

        @settings(max_examples=examples, suppress_health_check=list(HealthCheck), **QUIET)
        @given(case=operation.as_strategy(generation_mode=mode))
        def one(case: Any) -> None:
            for name, values in known.items():
                if name in (case.path_parameters or {}) and chance.random() < 0.5:
                    case.path_parameters[name] = chance.choice(values)
            try:
                answer = _patiently(case, url, key)
                told = CHECKS[1:] if _comes_again(answer) else CHECKS
                case.validate_response(answer, checks=told)
            except (
                Exception,
                BaseExceptionGroup,
            ) as error:  # whatever is wrong, the others are asked too
                words = " ".join(str(each) for each in getattr(error, "exceptions", [error]))
                found.append(f"{case.method} {case.path}: {words[:600]}")

        try:
            one()
        except (InvalidArgument, Unsatisfiable):  # nothing about it can be made not valid
            continue
    return found


def _patiently(case: Any, url: str, key: str) -> Any:
    """Return the answer, asked for again while something is being made."""
    while True:
        answer = case.call(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60)
        if not (_comes_again(answer) and answer.json()["code"] == "not_ready"):
            return answer
        time.sleep(1)


def _comes_again(answer: Any) -> bool:
    """Return whether a refusal says when to come again: that is no fault of the server."""
    return bool(answer.status_code == 503 and answer.headers.get("retry-after"))


def scopes(url: str, issue: Any) -> list[str]:
    """Return operations that do not need exactly one scope, or that answer without a key."""
    found = []
    names = {scope: issue(scope) for scope in keys.SCOPES}
    with httpx.Client(base_url=url, timeout=60) as client:
        for method, path in _paths(client):
            if client.request(method, path).status_code != 401:
                found.append(f"{method} {path}: answers without a key")
            passed = [
                scope
                for scope, key in names.items()
                if client.request(
                    method, path, headers={"Authorization": f"Bearer {key}"}
                ).status_code
                != 403
            ]
            if len(passed) != 1:
                found.append(f"{method} {path}: passes with {', '.join(passed) or 'no scope'}")
    return found


def leaks(url: str, key: str, known: Mapping[str, Sequence[str]]) -> list[str]:
    """Return operations that tell ``key``, of a company without data, what exists in another."""
    found = []
    with httpx.Client(base_url=url, timeout=60) as client:
        marks = [each for name in ("parcel_id", "node_id") for each in known[name]]
        for method, path in _paths(client, known):
            if method == "GET":
                answer = client.get(path, headers={"Authorization": f"Bearer {key}"})
                told = answer.text.replace(path.rpartition("/")[2], "")
                ours = [each for each in marks if each in told]
                if ours and answer.status_code == 200:
                    found.append(f"{method} {path}: tells of {ours[0]}")
    return found


def _operations(url: str) -> Iterator[tuple[Any, GenerationMode]]:
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    for each in schema.get_all_operations():
        for mode in MODES:
            yield each.ok(), mode  # type: ignore[union-attr]


def _paths(
    client: httpx.Client, known: Mapping[str, Sequence[str]] | None = None
) -> list[tuple[str, str]]:
    """Return methods and paths under /v1, their parameters filled in."""
    document = client.get("/openapi.json").json()
    made = []
    for path, operations in document["paths"].items():
        for name, values in (known or {}).items():
            path = path.replace(f"{{{name}}}", values[0])
        for part in [part for part in path.split("/") if part.startswith("{")]:
            path = path.replace(part, "x")
        if path.startswith("/v1/"):
            made += [(method.upper(), path) for method in operations]
    return made


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve ``app``, whose jobs wait for ever, on a free port, and give its URL."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        config = uvicorn.Config(app, log_config=None, http="h11", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.02)
        for jobs in app.state.parts.jobs.values():
            jobs.stop()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(30)


def examined(lake: Path, folder: Path, examples: int) -> dict[str, Any]:
    """Return all findings and how many requests were sent, of a service on a copy of ``lake``."""
    (folder / "empty").mkdir()
    lakes = {"main": folder / "lake", "other": folder / "empty"}
    shutil.copytree(lake, lakes["main"])
    app = create(Settings(lakes, folder / "home", clock="data", requests_per_s=1e5, burst=10**6))
    parts = app.state.parts

    def issue(*some: str, tenant: str = "main") -> str:
        return keys.issue(parts.state, tenant, "contract", some or list(keys.SCOPES), wall())[1]

    counted: Counter[int] = Counter()
    with served(app) as url:
        known = _known(url, issue())
        started = time.perf_counter()
        found = {
            "contract": contract(url, issue(), known, examples),
            "scopes": scopes(url, issue),
            "tenants": leaks(url, issue(tenant="other"), known),
        }
        spent = time.perf_counter() - started
        for line in httpx.get(f"{url}/metrics").text.splitlines():
            if line.startswith("lanecast_requests_total{"):
                status = int(line.partition('status="')[2].partition('"')[0])
                counted[status] += int(float(line.rpartition(" ")[2]))
    return {**found, "requests": dict(sorted(counted.items())), "seconds": round(spent, 1)}


def _known(url: str, key: str) -> dict[str, list[str]]:
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        for path in ("/v1/parcels?limit=50", "/v1/network/geometry"):
            while (answer := client.get(path)).status_code == 503:
                time.sleep(0.5)
            told = answer.json()
            if "items" in told:
                parcels = [row["parcel_id"] for row in told["items"]]
    nodes = [each["node_id"] for each in told["facilities"]]
    return {"parcel_id": parcels, "node_id": nodes, "problem": ["eta", "events"]}


def main() -> None:
    """Examine and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--examples", type=int, default=200)
    given_ = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        told = examined(given_.lake, Path(folder), given_.examples)
    for name in ("contract", "scopes", "tenants"):
        told[name] = dict(Counter(told[name]).most_common())
    print(json.dumps(told, indent=1))
    sys.exit(any(told[name] for name in ("contract", "scopes", "tenants")))


if __name__ == "__main__":
    main()
