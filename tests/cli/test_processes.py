"""What only real processes show: signals, locks, pipes, and a disk that is full."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lanecast.sources.world import simulate

from .conftest import tree

COMMAND = "import sys; from lanecast.cli import main; sys.argv[0] = 'lanecast'; main()"
ALONE = {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1", "COLUMNS": "200"}


def start(*words, **options):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    line = [sys.executable, "-c", COMMAND, *map(str, words)]
    return subprocess.Popen(line, text=True, env=os.environ | ALONE, **pipes)


def end(process):
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def wait_for(process, what):
    """Wait until something has happened, while the process lives."""
    limit = time.monotonic() + 120
    while not what() and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.01)


def opened(process, name):
    """Return whether the process has a file of this name open or mapped."""
    try:
        return name in Path(f"/proc/{process.pid}/maps").read_text()
    except OSError:
        return False


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def test_json_on_the_screen_is_nothing_but_json_and_one_writes_at_a_time(lake, model):
    words = ("predict", "eta", "--lake", lake, "--model", model, "--json", "-")
    both = [end(process) for process in [start(*words), start(*words)]]
    assert {code for code, _, _ in both} <= {0, 3}
    stored = []
    for code, out, err in both:
        if code == 0:
            stored.append(json.loads(out)["stored"])
            assert err == ""
        else:
            assert out == "" and "another process is writing to this lake" in err
    assert sorted(stored)[-1] > 0 and sum(stored) == max(stored)


def test_a_lake_that_is_held_is_busy_for_writers_and_open_to_readers(lanecast, lake, model, quick):
    before = tree(lake)
    raw = lake.parent / "raw"
    simulate(parcels=200, days=20, seed=5).export(raw)
    with (lake / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for words in (
            ("predict", "eta", "--lake", lake, "--model", model),
            ("ingest", "--source", "csv", "--lake", lake, raw),
        ):
            said = lanecast(*words)
            assert (said.code, said.out) == (3, "")
            assert "another process is writing" in said.err and said.err.count("\n") == 1
        assert lanecast("ingest", "--source", "csv", "--dry-run", "--lake", lake, raw).code in (
            0,
            5,
        )
    assert tree(lake) == before


@linux
@pytest.mark.parametrize("when", ["starting", "working"])
def test_ctrl_c_ends_with_a_sentence(lake, when):
    model = lake.parent / "new"
    process = start("fit", "eta", "--lake", lake, "--model", model)
    if when == "starting":
        wait_for(process, lambda: opened(process, "polars"))
    else:
        wait_for(process, lambda: opened(process, "lightgbm"))
        time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    code, out, err = end(process)
    assert (code, out) == (130, "")
    assert err == "lanecast: stopped; nothing half-done is left.\n"
    assert [file.name for file in lake.parent.iterdir()] == ["lake"]


@linux
def test_a_killed_fit_leaves_no_model_that_loads(lanecast, lake, tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    dies = (
        "import os, signal, lanecast.artifact as a, lanecast.cli.training as t; "
        "from lanecast.parcel.eta import Blend, Boosted, Deep; "
        "from lanecast.nn.training import Training; "
        "t.blend = lambda seed: Blend(Boosted(rounds=5), Deep(Training(epochs=1))); "
        "a._force = lambda path: os.kill(os.getpid(), signal.SIGKILL); "
        "from lanecast.cli import main; main()"
    )
    words = ("fit", "eta", "--lake", lake, "--model", folder / "m", "--asof", "2025-02-10")
    line = [sys.executable, "-c", dies, *map(str, words)]
    done = subprocess.run(line, env=os.environ | ALONE, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (folder / "m").exists()
    said = lanecast("predict", "eta", "--lake", lake, "--model", folder / "m")
    assert said.code == 2 and "is missing" in said.err


def test_a_reader_that_has_gone_ends_the_command_quietly():
    process = start("tables")
    process.stdout.close()
    code = process.wait(timeout=120)
    err = process.stderr.read()
    process.stderr.close()
    assert (code, err) == (-signal.SIGPIPE, "")


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs /dev/full")
def test_output_that_cannot_be_written_is_a_failure_of_the_disk():
    with Path("/dev/full").open("w") as full:
        code, _, err = end(start("tables", stdout=full))
    assert code == 4
    assert "no space left on the device" in err and err.count("\n") == 1


def test_doctor_speaks_where_packages_are_missing():
    hide = "import sys; sys.modules['polars'] = sys.modules['torch'] = None; "
    for words in (["doctor"], ["decide", "eta"]):
        line = [sys.executable, "-c", hide + COMMAND, *words]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        if words == ["doctor"]:
            assert done.stderr == "" and "miss polars" in done.stdout
        else:
            assert "lanecast doctor" in done.stderr and done.stderr.count("\n") == 1


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 600 kB, where the system lets us make one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    line = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)]
    try:
        done = subprocess.run(line, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("needs the command mount")
    if done.returncode:
        pytest.skip("needs the right to mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_told_and_the_lake_is_as_it_was(lanecast, company, model, lake, small_disk):
    said = lanecast("ingest", "--source", "csv", company / "raw", "--lake", small_disk / "lake")
    assert said.code == 4
    assert "no space left on the device" in said.err and "Traceback" not in said.err
    assert not list((small_disk / "lake").glob("_commits/*.json"))
    with (small_disk / "fill").open("wb") as fill, pytest.raises(OSError, match="space"):
        while True:
            fill.write(bytes(65536))
            fill.flush()
    before = tree(lake)
    out = small_disk / "answers.parquet"
    said = lanecast("predict", "eta", "--lake", lake, "--model", model, "--out", out)
    assert said.code == 4 and "no space left" in said.err
    assert tree(lake) == before and not out.exists()
