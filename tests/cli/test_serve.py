"""The service's command: what is refused before anything is served."""

from pathlib import Path
from typing import Any

import pytest

from lanecast.service.journal import Journal


def test_a_home_that_another_service_has_is_refused(
    lanecast: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("uvicorn")
    monkeypatch.setattr("lanecast.service.logs.configure", lambda: None)  # outlives a test
    other = Journal(tmp_path / "home" / "tenants" / "main" / "journal")
    other.open()
    (tmp_path / "lake").mkdir()
    said = lanecast("serve", "--lake", tmp_path / "lake", "--home", tmp_path / "home")
    other.close()
    assert said.code == 2
    assert "another service" in said.err
