"""Clients that do not come to an end of what they begin."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lanecast.service import patience
from lanecast.service.guard import Guard

uvicorn = pytest.importorskip("uvicorn", reason="needs the web: pip install lanecast[serve]")
HEAD = b"GET / HTTP/1.1\r\nHost: here\r\n"


async def hello(scope: dict[str, str], receive: object, send: object) -> None:
    assert scope["type"] == "http"
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}
    await send(start)  # type: ignore[operator]
    await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(patience, "HEAD_S", 0.4)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        config = uvicorn.Config(
            hello, log_config=None, http=patience.Patient, ws="none", lifespan="off"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join(20)


def said(client: socket.socket) -> bytes:
    """Return everything until the server ends the connection."""
    client.settimeout(10)
    found = b""
    while more := client.recv(4096):
        found += more
    return found


@pytest.mark.parametrize("begun", [b"", b"G", HEAD])
def test_a_head_that_does_not_end_ends_the_connection(port: int, begun: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(begun)
        assert problem(said(client))["code"] == "too_slow"


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"nonsense\r\n\r\n", 400, "not_http"),
        (HEAD + b"no colon\r\n\r\n", 400, "not_http"),
        (HEAD + b"Content-Length: x\r\n\r\n", 400, "not_http"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "not_http"),
        (HEAD + b"X: ".ljust(2**16 + 1 - len(HEAD), b"x"), 431, "head_too_long"),
    ],
)
def test_what_is_no_http_is_a_problem_like_others(
    port: int, sent: bytes, status: int, code: str
) -> None:
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(sent)
        answers = said(client)
        told = problem(answers[answers.rindex(b"HTTP/1.1 ") :])
    assert (told["status"], told["code"]) == (status, code)
    assert told["type"] == f"urn:lanecast:problem:{code}" and told["instance"]


def problem(answer: bytes) -> dict[str, Any]:
    """Return the problem of an answer, which is whole and the last of its connection."""
    head, _, body = answer.partition(b"\r\n\r\n")
    told: dict[str, Any] = json.loads(body)
    assert head.startswith(f"HTTP/1.1 {told['status']} ".encode())
    for header in ("application/problem+json", f"content-length: {len(body)}", "connection: close"):
        assert header.encode() in head.lower()
    return told


def test_so_does_one_that_dribbles_and_a_second_one(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(HEAD + b"\r\n")
        client.settimeout(10)
        assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
        time.sleep(0.6)  # between two requests it may rest
        client.sendall(HEAD + b"\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
        for byte in HEAD[:3]:
            client.sendall(bytes([byte]))
            time.sleep(0.2)
        assert said(client).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("path", ["/v1/events", "/console/sign-in"])
def test_a_body_that_does_not_end_is_not_waited_for(path: str) -> None:
    told: list[dict[str, object]] = []

    async def reading(scope: object, receive: object, send: object) -> None:
        await receive()  # type: ignore[operator]

    async def nothing() -> dict[str, object]:
        return await asyncio.Future()

    async def sent(message: dict[str, object]) -> None:
        told.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "headers": []}
    guard = Guard(reading, body_bytes=100, timeout_s=0.05)
    asked = asyncio.wait_for(guard(scope, nothing, sent), 5)  # type: ignore[arg-type]
    with ThreadPoolExecutor(1) as apart:  # a browser's loop may run in this thread
        apart.submit(asyncio.run, asked).result()
    assert told[0]["status"] == 504
