"""What docs/service.md shows runs against a service."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lanecast.service import keys
from lanecast.service.app import create
from lanecast.service.clock import wall
from lanecast.service.settings import Settings
from lanecast.tables.lake import Lake

from ..conftest import ROOT
from .conftest import headers, patiently, serving

PAGE = (ROOT / "docs" / "service.md").read_text()
BLOCKS = re.findall(r"<!-- run -->\n```(bash|python)\n(.*?)```", PAGE, re.S)


@pytest.fixture
def own(world_lake: Lake, tmp_path: Path) -> Iterator[Any]:
    shutil.copytree(world_lake.path, tmp_path / "lake")
    settings = Settings({"main": tmp_path / "lake"}, tmp_path / "home", clock="data")
    with serving(create(settings)) as client:
        yield client


def test_every_command_of_the_page_runs(own: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("curl") is None:
        pytest.skip("needs curl on the path")
    state = own.app.state.parts.state
    monkeypatch.setenv("KEY", keys.issue(state, "main", "page", keys.ADMIN, wall())[1])
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    ready = headers(own, "parcels:read")
    patiently(lambda: own.get("/v1/parcels", headers=ready))
    assert len(BLOCKS) > 6
    for language, text in BLOCKS:
        block = text.replace("http://127.0.0.1:8000", str(own.base_url))
        if language == "python":
            exec(compile(block, "docs/service.md", "exec"), {})
            continue
        shell = ["bash", "-euo", "pipefail", "-c", block]
        done = subprocess.run(shell, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"


def test_every_scope_and_path_of_the_page_is_one_of_ours(reading: Any) -> None:
    paths = reading.get("/openapi.json").json()["paths"]
    for path in re.findall(r"`(/v1/[a-z]+)`", PAGE):
        assert any(each.startswith(path) for each in paths), path
    assert set(re.findall(r"`([a-z]+:[a-z]+)`", PAGE)) <= keys.SCOPES.keys()
