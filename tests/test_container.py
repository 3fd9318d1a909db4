"""The container file says what the Makefile and the command line say."""

import re
from pathlib import Path

from typer.testing import CliRunner

from lanecast.cli.commands import app

ROOT = Path(__file__).resolve().parents[1]


def test_the_container_installs_the_same_torch_and_lock() -> None:
    container, makefile = (ROOT / name for name in ("Containerfile", "Makefile"))
    torch = re.search(r"TORCH := (\S+)", makefile.read_text())
    assert torch is not None
    told = container.read_text()
    assert f"torch=={torch[1]}" in told
    assert "--require-hashes -r requirements/lock.txt" in told


def test_the_command_of_the_container_is_one() -> None:
    line = re.search(r"^CMD \[(.*)\]$", (ROOT / "Containerfile").read_text(), re.MULTILINE)
    assert line is not None
    words = re.findall(r'"([^"]*)"', line[1])
    shown = CliRunner().invoke(app, [words[0], "--help"], env={"COLUMNS": "200"}).output
    assert all(word in shown for word in words if word.startswith("--"))
