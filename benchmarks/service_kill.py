"""Kill the service at random moments while events are sent, and count what was acknowledged.

    python benchmarks/service_kill.py --times 50                 # a simulated company
    python benchmarks/service_kill.py --times 50 --lake FOLDER   # a copy of your own lake

After every kill (SIGKILL) each acknowledged event must be in the lake or in the journal, and none
twice in the lake; at the end all must be in the lake once, as they were sent. Ends with 1 if not.
"""

import argparse
import multiprocessing
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import uvicorn

from lanecast.service import journal, keys
from lanecast.service.app import create
from lanecast.service.events import NAME
from lanecast.service.logs import configure
from lanecast.service.settings import Settings
from lanecast.service.state import State
from lanecast.sources.world.company import simulate
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import PARCELS, SCANS

SENDERS = 3
FORKS = multiprocessing.get_context("forkserver")
LONGEST_S = 3.0  # from ready to the kill
START = datetime(2025, 3, 1, tzinfo=UTC)


@dataclass
class Sent:
    """What was sent; ``acknowledged`` holds numbers of events that the service accepted."""

    parcels: list[str]
    acknowledged: set[int] = field(default_factory=set)
    next: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def numbers(self, chance: random.Random) -> list[int]:
        """Return which events to send now: new ones, and some that were sent before."""
        with self.lock:
            size = 1 if chance.random() < 0.3 else chance.randint(2, 300)
            new = list(range(self.next, self.next + size))
            self.next += size
        old = [chance.randrange(self.next) for _ in range(chance.choice([0, 0, size // 2]))]
        return new + old

    def event(self, number: int) -> dict[str, Any]:
        """Return an event; all of it follows from its number."""
        at = (START + timedelta(seconds=number)).isoformat()
        return {
            "source": "kill",
            "event_id": f"{number}",
            "parcel_id": self.parcels[number % len(self.parcels)],
            "status": "arrived",
            "event_at": at,
            "recorded_at": at,
        }


def send(sent: Sent, url: str, key: str, ended: threading.Event, seed: int) -> None:
    """Send events until the end; a service that is gone is asked again."""
    chance = random.Random(seed)
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=10) as to:
        while not ended.is_set():
            numbers = sent.numbers(chance)
            try:
                answer = to.post(
                    "/v1/events/batch", json={"events": [sent.event(n) for n in numbers]}
                )
            except httpx.HTTPError:
                time.sleep(0.02)
                continue
            if answer.status_code == 202:
                told = answer.json()
                assert told["accepted"] + told["known"] == len(numbers), told
                with sent.lock:
                    sent.acknowledged.update(numbers)
            else:
                time.sleep(0.1)


def serve(lake: Path, home: Path, port: int) -> None:
    """Serve in this process, as ``lanecast serve`` does."""
    configure()
    app = create(Settings({"main": lake}, home, port=port))
    uvicorn.run(app, port=port, log_config=None, access_log=False)


@contextmanager
def served(lake: Path, home: Path, port: int, log: Path, quick: bool) -> Iterator[int]:
    """Start the service in a process of its own; whatever happens, it is gone afterwards."""
    process: Any
    if quick:
        process = FORKS.Process(target=serve, args=(lake, home, port))
        process.start()
    else:
        command = [sys.executable, "-m", "lanecast", "serve", "--lake", str(lake)]
        command += ["--home", str(home), "--port", str(port)]
        with log.open("a") as errors:
            process = subprocess.Popen(command, stderr=errors)
    try:
        yield process.pid
    finally:
        process.kill()
        process.join() if quick else process.wait()


def until_ready(url: str, pid: int, started: float) -> tuple[float, float]:
    """Return how long after ``started`` the service was ready, and its processor time by then."""
    while True:
        spent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        if spent[0] == "Z":
            raise RuntimeError("the service ended; see its log.")
        try:
            if httpx.get(f"{url}/readyz", timeout=5).json()["ready"]:
                ticks = int(spent[11]) + int(spent[12])
                return time.monotonic() - started, ticks / os.sysconf("SC_CLK_TCK")
        except (httpx.HTTPError, ValueError):
            time.sleep(0.02)


def stored(lake: Path) -> pl.DataFrame:
    """Return the events in the lake."""
    rows = collect(Lake(lake).read(SCANS).select(list(SCANS.columns)))
    return rows.filter(pl.col("event_id").str.starts_with("kill:"))


def waiting(folder: Path) -> set[int]:
    """Return the events in the journal; a torn tail, and what is moved meanwhile, are not read."""
    found: set[int] = set()
    for segment in sorted(folder.glob(f"*{journal.SUFFIX}")):
        frames = journal.read(segment)
        while True:
            try:
                payload, _ = next(frames)
            except (StopIteration, ValueError, FileNotFoundError):
                break
            found.update(_numbers(pl.read_ipc_stream(payload)[NAME]))
    return found


def _numbers(names: pl.Series) -> set[int]:
    return set(names.str.strip_prefix("kill:").cast(pl.Int64))


def check(sent: Sent, lake: Path, folder: Path) -> tuple[int, int]:
    """Return how many events wait in the journal and are in the lake; refuse what must not be."""
    rows, left = stored(lake), waiting(folder)
    there = _numbers(rows["event_id"])
    assert len(there) == rows.height, f"{rows.height - len(there)} events are twice in the lake"
    lost = sent.acknowledged - there - left
    assert not lost, f"{len(lost)} acknowledged events are lost, such as {min(lost)}"
    return len(left), rows.height


def last_check(sent: Sent, lake: Path) -> None:
    """Refuse events that are not in the lake as they were sent."""
    wanted = pl.DataFrame([sent.event(n) for n in sorted(sent.acknowledged)]).with_columns(
        pl.concat_str("source", "event_id", separator=":").alias("event_id"),
        pl.col("event_at", "recorded_at").str.to_datetime("%+", time_unit="us", time_zone="UTC"),
    )
    columns = ["event_id", "parcel_id", "status", "event_at", "recorded_at"]
    missing = wanted.join(stored(lake), on=columns, how="anti")
    assert missing.is_empty(), f"{missing.height} events are not as they were sent: {missing}"


def run(lake: Path, home: Path, times: int, seed: int, quick: bool) -> dict[str, Any]:
    """Kill the service ``times`` times, and return what was counted."""
    chance = random.Random(seed)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url, folder, log = f"http://127.0.0.1:{port}", home / "tenants/main/journal", home / "log"
    state = State(home / "service.db")
    _, key = keys.issue(state, "main", "killer", ["events:write"], datetime.now(UTC))
    state.close()
    parcels = collect(Lake(lake).read(PARCELS).select("parcel_id"))["parcel_id"].to_list()
    sent, ended = Sent(parcels), threading.Event()
    senders = [
        threading.Thread(target=send, args=(sent, url, key, ended, seed + i), daemon=True)
        for i in range(SENDERS)
    ]
    ready: list[tuple[float, float]] = []
    lefts: list[int] = []
    for turn in range(times + 1):
        started = time.monotonic()
        with served(lake, home, port, log, quick) as pid:
            ready.append(until_ready(url, pid, started))
            if turn == 0:
                for sender in senders:
                    sender.start()
            if turn < times:
                time.sleep(chance.uniform(0, LONGEST_S))
            else:
                ended.set()
                for sender in senders:
                    sender.join()
                until = time.monotonic() + 120
                while waiting(folder) and time.monotonic() < until:
                    time.sleep(0.2)
        left, there = check(sent, lake, folder)  # it was killed, and nothing runs
        lefts.append(left)
        print(
            f"kill {turn + 1}: {len(sent.acknowledged)} acknowledged, {there} in the lake, "
            f"{left} in the journal; was ready in {ready[-1][0]:.1f} s, "
            f"{ready[-1][1]:.1f} s of processor",
            flush=True,
        )
    assert not left, f"{left} events are still in the journal"
    last_check(sent, lake)
    return {
        "kills": times,
        "acknowledged": len(sent.acknowledged),
        "in_the_lake": there,
        "in_the_journal_at_a_kill_most": max(lefts, default=0),
        "kills_with_events_in_the_journal": sum(left > 0 for left in lefts),
        "ready_s_median": round(sorted(ready)[len(ready) // 2][0], 1),
        "ready_s_most": round(max(ready)[0], 1),
        "ready_processor_s_most": round(max(spent for _, spent in ready), 1),
        "load": round(os.getloadavg()[0], 1),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--lake", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--quick", action="store_true", help="imports are done once, so starts are not measured"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        copy = Path(made) / "lake"
        if given.lake:
            shutil.copytree(given.lake, copy)
        else:
            simulate(3000, 90, seed=1).write(Lake(copy))
        FORKS.set_forkserver_preload(["lanecast.service.app", "uvicorn"])
        print(run(copy, Path(made) / "home", given.times, given.seed, given.quick))
