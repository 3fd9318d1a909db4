"""MLflow is told what is kept; where it is down, everything else goes on."""

import socket
import time
from pathlib import Path
from typing import Any

import pytest

from lanecast.service import live, registry, versions
from lanecast.service.models import Models
from lanecast.service.monitor import Monitor
from lanecast.service.settings import Settings
from lanecast.service.state import State
from lanecast.service.tenants import Tenant

mlflow = pytest.importorskip("mlflow", reason="needs MLflow: pip install lanecast[serve]")


@pytest.mark.filterwarnings("ignore")  # MLflow's own, about libraries that it uses
def test_versions_files_metrics_and_what_is_live(two_models: Any, tmp_path: Path) -> None:
    state = State(tmp_path / "service.db")
    tenant = Tenant.open("main", tmp_path, Settings({"main": tmp_path}, tmp_path))
    first, second = (versions.adopt(tenant.home, each)[1] for each in two_models)
    live.record(state, "main", "eta", first, "promote", "x")
    assert registry.mirror(state, tenant, tmp_path, timeout_s=200) == "recorded"
    client = mlflow.MlflowClient(registry.default(tmp_path), registry.default(tmp_path))
    name = "main.eta"
    assert client.get_model_version_by_alias(name, "live").tags["lanecast_version"] == first
    found = client.search_model_versions(f"name = '{name}'")
    assert {each.tags["lanecast_version"] for each in found} == {first, second}
    files = {each.path for each in client.list_artifacts(found[0].run_id, "model")}
    assert "model/manifest.json" in files
    live.record(state, "main", "eta", second, "promote", "x")
    assert registry.mirror(state, tenant, tmp_path, timeout_s=200) == "recorded"
    assert client.get_model_version_by_alias(name, "live").tags["lanecast_version"] == second
    assert len(client.search_model_versions(f"name = '{name}'")) == 2  # each is told once


def test_a_server_that_is_down_or_silent_is_named_within_the_timeout(tmp_path: Path) -> None:
    state = State(tmp_path / "service.db")
    tenant = Tenant.open("main", tmp_path, Settings({"main": tmp_path}, tmp_path))
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        uri = f"http://user:secret@127.0.0.1:{port}"
        down = registry.mirror(state, tenant, tmp_path, uri)
        assert down.startswith("not recorded: http://127.0.0.1 cannot be reached")
        assert "secret" not in down
        silent.listen()  # takes the connection, and never says a word
        started = time.monotonic()
        assert "cannot be reached" in registry.mirror(state, tenant, tmp_path, uri)
        assert time.monotonic() - started < 10 * registry.KNOCK_S


def test_metrics_are_flat() -> None:
    metrics = {
        "rows": 3,
        "held_out": {"loss": {"model": 0.5}, "from": "x"},
        "slices": [{"slice": "checkout/long", "coverage_80": 0.8}],
        "on": True,
    }
    assert dict(registry.numbers(metrics)) == {
        "rows": 3.0,
        "held_out.loss.model": 0.5,
        "slices.checkout/long.coverage_80": 0.8,
    }


def test_what_the_server_missed_is_due_until_it_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = State(tmp_path / "service.db")
    tenant = Tenant.open("main", tmp_path, Settings({"main": tmp_path}, tmp_path))
    down = "http://127.0.0.1:9"
    told: list[str] = []
    monkeypatch.setattr(registry, "_told", lambda *given: told.append(given[3]))
    monitor = Monitor(Models(state), [tenant], tmp_path, down)
    monitor._tell(tenant)
    assert not registry.due(state, tenant, tmp_path, down)  # nothing was ever done
    live.record(state, "main", "eta", "1-00000000", "register", "job")
    assert registry.mirror(state, tenant, tmp_path, down).startswith("not recorded")
    assert registry.due(state, tenant, tmp_path, down)
    monkeypatch.setattr(registry, "_away", lambda uri: None)  # it is back
    monitor._tell(tenant)
    monitor._tell(tenant)
    assert told == [down]
    assert not registry.due(state, tenant, tmp_path, down)
    assert registry.due(state, tenant, tmp_path)  # another server knows nothing of it
