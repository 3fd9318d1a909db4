"""How fast events are acknowledged and in the lake, sent at a steady rate to a service of its own.

    python benchmarks/service_events.py --rate 2000 --seconds 60 --batch 100

The service runs in a process of its own on a simulated company; the sender runs beside it. Times
count from the moment a request was due, so that a service which stalls is not asked less. Prints
times of the acknowledgement, which comes after the disk has the events, how many events were still
in the journal when the last was acknowledged, how long until all were in the lake, and how long
from an event to an ETA that rests on it, asked every two seconds meanwhile.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import narwhals as nw
import numpy as np
import orjson

from lanecast.service import keys
from lanecast.service.state import State
from lanecast.sources.world.company import simulate
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import PARCELS, SCANS

PORT = 8139
LIMITS = {"LANECAST_REQUESTS_PER_S": "1e6", "LANECAST_BURST": "1000000"}
WAITING = 'lanecast_events_waiting{tenant="main"} '


def bodies(parcels: list[str], rate: int, seconds: int, batch: int) -> list[bytes]:
    """Return the requests, made before the clock starts."""
    at = datetime(2025, 3, 1, tzinfo=UTC).isoformat()
    made = []
    for start in range(0, rate * seconds, batch):
        events = [
            {
                "source": "load",
                "event_id": f"{number}",
                "parcel_id": parcels[number % len(parcels)],
                "status": "arrived",
                "event_at": at,
                "recorded_at": at,
                "raw_code": "AR01",
            }
            for number in range(start, start + batch)
        ]
        made.append(orjson.dumps({"events": events} if batch > 1 else events[0]))
    return made


async def sent(requests: list[bytes], path: str, key: str, gap_s: float) -> tuple[Any, int, float]:
    """Send each request when it is due; return seconds to each answer, errors, and the time."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    times = np.zeros(len(requests))
    errors = 0
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{PORT}", headers=headers, timeout=60, limits=limits
    ) as client:
        began = time.perf_counter()

        async def one(i: int) -> None:
            nonlocal errors
            due = began + i * gap_s
            answer = await client.post(path, content=requests[i])
            times[i] = time.perf_counter() - due
            errors += answer.status_code != 202

        waiting = set()
        for i in range(len(requests)):
            await asyncio.sleep(max(0.0, began + i * gap_s - time.perf_counter()))
            waiting.add(task := asyncio.create_task(one(i)))
            task.add_done_callback(waiting.discard)
        await asyncio.gather(*waiting)
        return times, errors, time.perf_counter() - began


def refreshed(key: str, parcels: list[str], last: datetime, ended: threading.Event) -> list[float]:
    """Return how long it took from sending an event to an ETA that rests on it, again and again."""
    took: list[float] = []
    with httpx.Client(
        base_url=f"http://127.0.0.1:{PORT}", headers={"Authorization": f"Bearer {key}"}, timeout=60
    ) as client:
        while not ended.wait(2.0):
            number = len(took)
            at = (last + timedelta(seconds=number + 1)).isoformat()
            parcel = parcels[number % len(parcels)]
            event = {"source": "probe", "event_id": f"{number}", "parcel_id": parcel}
            event |= {"status": "arrived", "event_at": at, "recorded_at": at}
            began = time.perf_counter()
            client.post("/v1/events", json=event).raise_for_status()
            while True:
                answer = client.get(f"/v1/parcels/{parcel}/eta")
                if answer.status_code == 200 and answer.json()["asof"] >= at[:19]:
                    break
                time.sleep(0.05)
            took.append(time.perf_counter() - began)
    return took


def backlog() -> float:
    """Return how many acknowledged events are not in the lake yet."""
    told = httpx.get(f"http://127.0.0.1:{PORT}/metrics", timeout=60).text.splitlines()
    return next((float(x.removeprefix(WAITING)) for x in told if x.startswith(WAITING)), 0.0)


def spent(pid: int) -> float:
    """Return the processor time of a process, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(folder: Path, parcels: int, rate: int, seconds: int, batch: int) -> dict[str, Any]:
    """Start a service, send, and return the figures."""
    lake, home = folder / "lake", folder / "home"
    simulate(parcels, 90, seed=1).write(Lake(lake))
    state = State(home / "service.db")
    scopes = ["events:write", "parcels:read"]
    _, key = keys.issue(state, "main", "load", scopes, datetime.now(UTC))
    state.close()
    ids = collect(Lake(lake).read(PARCELS).select("parcel_id"))["parcel_id"].to_list()
    scans = Lake(lake).read(SCANS)
    last = collect(scans.select(nw.col("recorded_at").max())).item()
    newest = collect(scans.sort("recorded_h").select("parcel_id", "status")).reverse()
    moving = newest.unique("parcel_id", keep="first", maintain_order=True)
    moving = moving.filter(moving["status"].is_in(["arrived", "departed"]))["parcel_id"].to_list()
    requests = bodies(ids, rate, seconds, batch)
    command = [sys.executable, "-m", "lanecast", "serve", "--lake", str(lake), "--home", str(home)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--port", str(PORT)], stderr=log, env=os.environ | LIMITS
        )
        try:
            while True:
                try:
                    httpx.get(f"http://127.0.0.1:{PORT}/readyz", timeout=60)
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            time.sleep(10)  # the desk has its first look
            before, mine = spent(process.pid), time.process_time()
            path = "/v1/events/batch" if batch > 1 else "/v1/events"
            ended_probe = threading.Event()
            with ThreadPoolExecutor(1) as pool:
                probe = pool.submit(refreshed, key, moving[:200], last, ended_probe)
                times, errors, took = asyncio.run(sent(requests, path, key, batch / rate))
                ended_probe.set()
                fresh = probe.result()
            left, ended = backlog(), time.perf_counter()
            busy, own = spent(process.pid) - before, time.process_time() - mine
            while backlog():
                time.sleep(0.05)
            drained = time.perf_counter() - ended
        finally:
            process.terminate()
            process.wait()
    names = collect(Lake(lake).read(SCANS).select("event_id"))["event_id"]
    stored = names.filter(names.str.starts_with("load:"))
    p50, p99 = np.quantile(times, [0.5, 0.99])
    return {
        "events": rate * seconds,
        "in_the_lake_once": stored.n_unique() == stored.len() == rate * seconds,
        "errors": errors,
        "events_per_s": round(rate * seconds / took),
        "acknowledged_ms_p50": round(1000 * float(p50), 1),
        "acknowledged_ms_p99": round(1000 * float(p99), 1),
        "acknowledged_ms_most": round(1000 * float(times.max()), 1),
        "backlog_at_the_end": int(left),
        "backlog_gone_after_s": round(drained, 2),
        "event_to_eta_s_median": round(float(np.median(fresh)), 1),
        "event_to_eta_s_most": round(max(fresh), 1),
        "processor_share_service": round(busy / took, 2),
        "processor_share_sender": round(own / took, 2),
        "load": round(os.getloadavg()[0], 1),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=2000, help="events a second")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--batch", type=int, default=100, help="events of a request; 1: single")
    parser.add_argument("--parcels", type=int, default=3000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        print(measure(Path(made), given.parcels, given.rate, given.seconds, given.batch))
