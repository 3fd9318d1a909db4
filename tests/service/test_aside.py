"""What is made aside: once for whoever asks, and done before the service ends."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from lanecast.service import aside
from lanecast.service.app import create
from lanecast.service.aside import Aside
from lanecast.service.models import Models
from lanecast.service.problems import Refused
from lanecast.service.settings import Settings
from lanecast.tables.lake import Lake

from .conftest import serving


def test_it_is_made_once_and_waited_for() -> None:
    made, go = [], threading.Event()

    def make() -> str:
        made.append(go.wait(10))
        return "it"

    kept = Aside()
    for _ in range(2):
        with pytest.raises(Refused):
            kept.get("key", make, "thing", wait_s=0.01)
    assert not aside.finish(0.01)
    go.set()
    assert aside.finish(10)
    assert (kept.get("key", make, "thing", wait_s=0.0), made) == ("it", [True])


def test_no_thread_outlives_the_service(
    world_lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()

    def slow(self: Any, *given: Any) -> None:
        begun.set()
        time.sleep(2)

    monkeypatch.setattr(Models, "_baseline", slow)
    before = set(threading.enumerate())
    with serving(create(Settings({"main": world_lake.path}, tmp_path / "home"))):
        assert begun.wait(60)
    left = [each.name for each in set(threading.enumerate()) - before if each.is_alive()]
    assert left == []
