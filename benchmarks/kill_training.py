"""Kill the service at random moments of a training, and look what it left.

    python benchmarks/kill_training.py --times 50 --json -

Each round orders a fit of the trajectory model of a simulated company and kills the service
(SIGKILL) at a moment drawn evenly over what a fit usually takes. A service that starts then must
tell the job as lost, or as done if it was; no process of the training may be left, what is live
must be what was, and every registered version must be read whole. At the end a training that
nobody kills must be done. Ends with 1 if not.
"""

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from lanecast.service import keys, live, versions
from lanecast.service.state import State
from lanecast.sources.world.company import simulate
from lanecast.tables.lake import Lake

PROBLEM = "trajectory"
ORDER = {"kind": "fit", "problem": PROBLEM, "days": 2}
SCOPES = ["jobs:read", "jobs:write", "models:read"]


class Service:
    """``lanecast serve`` as a process of its own."""

    def __init__(self, lake: Path, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.words = [sys.executable, "-m", "lanecast", "serve", f"--lake={lake}"]
        self.words += [f"--home={home}", f"--port={port}"]
        self.url, self.log = f"http://127.0.0.1:{port}", home / "log"

    def start(self) -> float:
        """Start, and return how many seconds it took to be ready."""
        started = time.monotonic()
        with self.log.open("a") as errors:
            self.process = subprocess.Popen(self.words, stdout=errors, stderr=errors)
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"the service ended; see {self.log}.")
            try:
                if httpx.get(f"{self.url}/readyz", timeout=5).json()["ready"]:
                    return time.monotonic() - started
            except (httpx.HTTPError, ValueError):
                time.sleep(0.02)

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()

    def kill(self) -> None:
        """End it without a word."""
        self.process.kill()
        self.process.wait()


def ended(to: httpx.Client, job: str, until_s: float) -> str:
    """Return the state of a job once it has ended, or what it was after ``until_s``."""
    stop = time.monotonic() + until_s
    while True:
        state = str(to.get(f"/v1/jobs/{job}").raise_for_status().json()["status"])
        if state not in ("queued", "running") or time.monotonic() > stop:
            return state
        time.sleep(0.05)


def trainings(home: Path) -> list[int]:
    """Return the processes that train for this home."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = each.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"fit" in words and any(word.startswith(f"--model={home}".encode()) for word in words):
            found.append(int(each.parent.name))
    return found


def whole(home: Path, names: set[str]) -> set[str]:
    """Return the versions in the registry, each read; none that was there may be gone."""
    tenant = home / "tenants" / "main"
    now = set(versions.listed(tenant, PROBLEM))
    for name in now:
        versions.load(tenant, PROBLEM, name)
    assert names <= now, f"{names - now} are gone"
    return now


def run(folder: Path, times: int, seed: int) -> dict[str, Any]:
    """Kill the service ``times`` times, and return what was counted."""
    lake, home, chance = folder / "lake", folder / "home", random.Random(seed)
    simulate(3000, 40, seed=1).write(Lake(lake))
    home.mkdir()
    state = State(home / "service.db")
    _, key = keys.issue(state, "main", "killer", SCOPES, datetime.now(UTC))
    with Service(lake, home) as service:
        told = {"kills": 0, "lost": 0, "done": 0, "while_it_trained": 0}
        ready, names = [service.start()], whole(home, set())
        heads = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=service.url, headers=heads, timeout=30) as to:

            def order() -> str:
                return str(to.post("/v1/jobs", json=ORDER).raise_for_status().json()["job_id"])

            began = time.monotonic()
            assert ended(to, order(), 300) == "done", "the training that nobody kills has failed"
            usual = time.monotonic() - began
            while told["kills"] < times:
                job = order()
                time.sleep(chance.uniform(0, usual))
                told["while_it_trained"] += bool(trainings(home))
                service.kill()
                before = live.live_at(state, "main", PROBLEM)
                ready.append(service.start())
                told["kills"] += 1
                became = ended(to, job, 30)
                assert became in ("lost", "done"), f"job {job} is {became}"
                told[became] += 1
                assert not trainings(home), "a training goes on that nobody waits for"
                assert live.live_at(state, "main", PROBLEM) == before, "another model is live"
                names = whole(home, names)
                print(f"kill {told['kills']}: {became}, ready in {ready[-1]:.1f} s", flush=True)
            assert ended(to, order(), 300) == "done", "no training is done after the kills"
            whole(home, names)
    state.close()
    return told | {
        "usual_s": round(usual, 1),
        "ready_s_median": round(sorted(ready)[len(ready) // 2], 1),
        "ready_s_most": round(max(ready), 1),
        "load": round(os.getloadavg()[0], 1),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", default="-")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        text = json.dumps(run(Path(made), given.times, given.seed), indent=1)
    if given.json == "-":
        print(text)
    else:
        Path(given.json).write_text(text)
