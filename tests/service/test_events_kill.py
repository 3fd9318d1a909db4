"""The service is killed three times while events are sent; fifty times: see the benchmark."""

import subprocess
import sys
from pathlib import Path

from lanecast.tables.lake import Lake

ROOT = Path(__file__).resolve().parents[2]


def test_no_acknowledged_event_is_lost_or_doubled_by_three_kills(world_lake: Lake) -> None:
    command = [sys.executable, str(ROOT / "benchmarks/service_kill.py"), "--quick", "--times", "3"]
    done = subprocess.run(
        [*command, "--lake", str(world_lake.path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "'kills': 3" in done.stdout
