"""How fast the service answers: one parcel at a steady rate, many at once, an address.

    lanecast demo --out demo
    python benchmarks/service.py --lake demo/lake --home demo/service --rate 100 --seconds 60
    python benchmarks/service.py --lake demo/lake --home demo/service --addresses FILE

Starts ``lanecast serve`` on a free port, asks it from this process over kept connections, and
prints JSON. A request is timed from the moment at which it was due, so that a server that stalls
pays for all that had to wait. Beside times it tells the processor time that the server took.
"""

import argparse
import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

CONNECTIONS = 20


class Connection:
    """One kept connection; requests on it one after the other."""

    def __init__(self, port: int, key: str) -> None:
        self.port, self.key = port, key

    async def open(self) -> "Connection":
        """Connect."""
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def ask(self, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Send a request, and return status and body of the answer."""
        head = f"{'POST' if body else 'GET'} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        head += f"Authorization: Bearer {self.key}\r\n"
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self.writer.write(head.encode() + b"\r\n" + body)
        top = await self.reader.readuntil(b"\r\n\r\n")
        lines = top.decode().split("\r\n")
        length = next(int(line[15:]) for line in lines if line.lower().startswith("content-length"))
        return int(lines[0].split()[1]), await self.reader.readexactly(length)


Ask = tuple[str, bytes]


async def steady(port: int, key: str, asks: list[Ask], rate: float, seconds: float) -> Any:
    """Ask at a steady rate; return milliseconds from when each was due, and how many failed."""
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await Connection(port, key).open())
    spent: list[float] = []
    failed = 0

    async def one(due: float) -> None:
        nonlocal failed
        connection = await free.get()
        status, _ = await connection.ask(*random.choice(asks))
        free.put_nowait(connection)
        failed += status != 200
        spent.append(1000 * (time.perf_counter() - due))

    start, tasks = time.perf_counter() + 0.1, []
    for i in range(int(rate * seconds)):
        due = start + i / rate
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(one(due)))
    await asyncio.gather(*tasks)
    return np.array(spent), failed


async def measured(port: int, key: str, pid: int, rate: float, seconds: float) -> dict[str, Any]:
    """Return all figures."""
    one = await Connection(port, key).open()
    while True:
        status, body = await one.ask("/v1/parcels?limit=1000&status=all")
        if status == 200:
            break
        await asyncio.sleep(0.5)
    ids = [row["parcel_id"] for row in json.loads(body)["items"]]
    paths = [(f"/v1/parcels/{parcel}/eta", b"") for parcel in ids]
    await steady(port, key, paths, 50, 2)
    before = processor_s(pid)
    spent, failed = await steady(port, key, paths, rate, seconds)
    result = {
        "requests": len(spent),
        "failed": failed,
        "eta_p50_ms": float(np.percentile(spent, 50)),
        "eta_p99_ms": float(np.percentile(spent, 99)),
        "eta_processor_ms": 1000 * (processor_s(pid) - before) / len(spent),
    }
    thousand = json.dumps({"parcel_ids": (ids * 1000)[:1000]}).encode()
    times, one = [], await Connection(port, key).open()
    for _ in range(10):
        started = time.perf_counter()
        status, body = await one.ask("/v1/parcels/eta", thousand)
        assert status == 200 and len(json.loads(body)["items"]) == 1000
        times.append(1000 * (time.perf_counter() - started))
    return result | {"thousand_p50_ms": float(np.median(times)), "thousand_most_ms": max(times)}


async def addresses(
    port: int, key: str, pid: int, texts: list[str], rate: float, seconds: float
) -> dict[str, Any]:
    """Return figures of verifying addresses, one a request."""
    asks = [("/v1/address/verify", json.dumps({"text": text}).encode()) for text in texts]
    one = await Connection(port, key).open()
    while (await one.ask(*asks[0]))[0] != 200:
        await asyncio.sleep(0.5)
    await steady(port, key, asks, rate, 3)
    before = processor_s(pid)
    spent, failed = await steady(port, key, asks, rate, seconds)
    return {
        "addresses": len(spent),
        "addresses_failed": failed,
        "address_p50_ms": float(np.percentile(spent, 50)),
        "address_p99_ms": float(np.percentile(spent, 99)),
        "address_processor_ms": 1000 * (processor_s(pid) - before) / len(spent),
    }


def processor_s(pid: int) -> float:
    """Return the processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def key_of(home: Path) -> str:
    """Return a new key that may read parcels and addresses."""
    from lanecast.service import keys
    from lanecast.service.clock import wall
    from lanecast.service.state import State

    state = State(home / "service.db")
    _, key = keys.issue(state, "main", "bench", ["parcels:read", "address:read"], wall(), days=1)
    state.close()
    return key


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--addresses", type=Path, help="File with an address a line, instead.")
    given = parser.parse_args()
    key = key_of(given.home)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [sys.executable, "-m", "lanecast", "serve", "--lake", str(given.lake)]
    command += ["--home", str(given.home), "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        started = time.perf_counter()
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.2)
        result = {"ready_s": time.perf_counter() - started, "load": os.getloadavg()[0]}
        told = port, key, server.pid
        if given.addresses is None:
            result |= asyncio.run(measured(*told, given.rate, given.seconds))
        else:
            texts = given.addresses.read_text(encoding="utf-8").splitlines()
            result |= asyncio.run(addresses(*told, texts, given.rate, given.seconds))
    finally:
        server.terminate()
        server.wait(30)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
