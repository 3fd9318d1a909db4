"""Kill ``lanecast promote`` with SIGKILL at random moments, and look what is live afterwards.

Each round promotes the model that is not live, as a process of its own; it is killed at a moment
drawn evenly between its first step and its usual end. Afterwards the live version must be the old
one or the new one, and be read whole, and so must every version that could be promoted. The
models are small ones of addresses, and the tracking server is down all the time.

    python benchmarks/kill_promotion.py --kills 50 --json -
"""

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from lanecast import artifact
from lanecast.address.verify.models.deliverable import SIGNS, FittedDeliverable
from lanecast.service import live, versions
from lanecast.service.models import Models
from lanecast.service.settings import Settings
from lanecast.service.state import State
from lanecast.service.tenants import Tenant

PROBLEM = "address"
NOBODY = "http://127.0.0.1:9"  # a tracking server that is not there


def models_in(folder: Path) -> list[Path]:
    """Return two models that differ."""
    about = {"problem": PROBLEM, "trained_until": "2025-03-01T00:00:00+00:00"}
    made = []
    for level in (-2.0, -3.0):
        made.append(folder / f"model{level}")
        fitted = FittedDeliverable(level, np.full(len(SIGNS), level), SIGNS)
        artifact.save(made[-1], fitted, {}, about=about)
    return made


def promoting(source: Path, home: Path, steps: Path) -> "subprocess.Popen[bytes]":
    """Return a process that promotes ``source``, once it has begun."""
    steps.unlink(missing_ok=True)
    words = [f"--model={source}", f"--lake={source}", f"--home={home}", f"--tracking={NOBODY}"]
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "lanecast", f"--progress={steps}", "promote", PROBLEM),
            *(*words, "--force", "--why=x"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not steps.exists() and process.poll() is None:
        time.sleep(0.005)
    return process


def main() -> None:
    """Kill, look, and tell."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=50)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--json", default="-")
    given = options.parse_args()
    draw = random.Random(given.seed)
    folder = Path(tempfile.mkdtemp(prefix="kill-promotion-"))
    sources, home, steps = models_in(folder), folder / "home", folder / "steps"
    tenant = Tenant.open("main", folder, Settings({"main": folder}, home))
    state = State(home / "service.db")
    usual = []
    for source in sources:
        process = promoting(source, home, steps)
        began = time.monotonic()
        if process.wait():
            raise RuntimeError("the promotion that nobody kills has failed.")
        usual.append(time.monotonic() - began)
    names = [versions.name_of(artifact.describe(each)) for each in sources]
    told: dict[str, Any] = {"rounds": 0, "usual_s": usual, "killed": 0, "half": 0}
    told |= {"old": 0, "new": 0, "slowest_load_s": 0.0}
    while told["killed"] < given.kills:
        told["rounds"] += 1
        before = live.live_at(state, "main", PROBLEM)
        other = 1 - names.index(str(before))
        shutil.rmtree(versions.folder(tenant.home, PROBLEM, names[other]), ignore_errors=True)
        process = promoting(sources[other], home, steps)
        try:
            process.wait(draw.uniform(0, max(usual)))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            told["killed"] += process.wait() == -signal.SIGKILL
        began = time.monotonic()
        fresh = State(state.path)
        serving = Models(fresh).serving(tenant, PROBLEM)  # as a service that starts now
        fresh.close()
        told["slowest_load_s"] = max(told["slowest_load_s"], time.monotonic() - began)
        now = live.live_at(state, "main", PROBLEM)
        whole = serving is not None and serving.fallback is None and serving.version == now
        for version in versions.listed(tenant.home, PROBLEM):
            try:
                versions.load(tenant.home, PROBLEM, version)
            except ValueError:
                whole = False
        told["half"] += not whole
        told["old" if now == before else "new"] += 1
        print(told["rounds"], now, told["killed"], told["half"], file=sys.stderr, flush=True)
    shutil.rmtree(folder)
    text = json.dumps(told, indent=1)
    if given.json == "-":
        print(text)
    else:
        Path(given.json).write_text(text)


if __name__ == "__main__":
    main()
