"""A promotion that is killed leaves the old model live or the new one, never a half."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lanecast import artifact
from lanecast.address.verify.models.deliverable import SIGNS, FittedDeliverable
from lanecast.service import live, versions
from lanecast.service.state import State

# dies at the n-th thing that it does to the disk
PROMOTING = """
import os, signal, sys
from pathlib import Path
from lanecast.service import promotion
from lanecast.service.settings import Settings
from lanecast.service.state import State
from lanecast.service.tenants import Tenant

home, source, left = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
state = State(home / "service.db")
tenant = Tenant.open("main", home, Settings({"main": home}, home))
from lanecast.service.kinds import kind
kind("address")
DISK = ("open", "os.rename", "os.mkdir", "shutil.copyfile", "shutil.rmtree")

def dying(event, arguments):
    global left
    if event in DISK:
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(dying)
problem, version = promotion.register(state, tenant, source, "x")
promotion.promote(state, tenant, problem, version, "x", "a test", force=True)
print(version)
"""


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    made = tmp_path_factory.mktemp("address")
    about = {"problem": "address", "trained_until": "2025-03-01T00:00:00+00:00"}
    for level in (-2.0, -3.0):
        weights = np.full(len(SIGNS), level)
        artifact.save(made / f"{level}", FittedDeliverable(level, weights, SIGNS), {}, about=about)
    return [made / "-2.0", made / "-3.0"]


def test_killed_at_any_step(sources: list[Path], tmp_path: Path) -> None:
    home, main = tmp_path, tmp_path / "tenants" / "main"

    def promoting(source: Path, dies_at: int) -> Any:
        words = [sys.executable, "-c", PROMOTING, str(home), str(source), str(dies_at)]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    old = promoting(sources[0], 10**9).stdout.strip()
    state = State(home / "service.db")
    assert live.live_at(state, "main", "address") == old
    deaths = 0
    for dies_at in (2, 7, 12):
        deaths += promoting(sources[1], dies_at).returncode == -9
        now = live.live_at(state, "main", "address")
        assert now is not None
        versions.load(main, "address", now)  # whole
        for version in versions.listed(main, "address"):
            versions.load(main, "address", version)  # and so is all that may be promoted
    assert deaths == 3
    done = promoting(sources[1], 10**9)
    assert done.returncode == 0, done.stderr
    assert live.live_at(state, "main", "address") == done.stdout.strip() != old
    assert not list((main / "models" / "address").glob(".*.partial"))
