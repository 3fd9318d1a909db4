"""What is live when; folders that are there whole or not at all; what answers if one is broken."""

import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lanecast.service import figures, live, promotion, versions
from lanecast.service.clock import wall
from lanecast.service.models import Models
from lanecast.service.settings import Settings
from lanecast.service.state import State
from lanecast.service.tenants import Tenant
from lanecast.tables.lake import Lake

A, B, C = "1-00000000", "2-00000000", "3-00000000"


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "home" / "service.db")


@pytest.fixture
def tenant(tmp_path: Path, world_lake: Lake) -> Tenant:
    settings = Settings({"main": world_lake.path}, tmp_path / "home", clock="data")
    return Tenant.open("main", world_lake.path, settings)


def soon(true: Callable[[], Any]) -> bool:
    """Return whether something becomes true; what fails to is not waited for long."""
    until = time.monotonic() + 30
    while not (found := bool(true())) and time.monotonic() < until:
        time.sleep(0.05)
    return found


def test_rollbacks_go_back_one_by_one_and_never_to_what_was_taken_off(state: State) -> None:
    def stacked(*done: tuple[str, Any]) -> list[str]:
        for version, action in done:
            live.record(state, "main", "eta", version, action, "x")
        return live.stack(state, "main", "eta")

    assert stacked() == []
    assert stacked((A, "register"), (A, "shadow")) == []
    assert stacked((A, "promote"), (B, "promote"), (C, "promote")) == [C, B, A]
    assert stacked((B, "rollback")) == [B, A]
    assert stacked((A, "rollback")) == [A]
    assert stacked((C, "promote"), (A, "promote")) == [A, C]
    assert live.stack(state, "other", "eta") == live.stack(state, "main", "events") == []
    assert live.ever(state, "main", "eta") == [A, B, C]


def test_what_was_live_is_known_for_every_moment(state: State) -> None:
    moments = [wall()]
    for version in (A, B):
        live.record(state, "main", "eta", version, "promote", "x")
        moments.append(wall())
    assert [live.live_at(state, "main", "eta", each) for each in moments] == [None, A, B]


def test_a_shadow_ends_with_what_is_done_next(state: State) -> None:
    live.record(state, "main", "eta", A, "shadow", "x")
    assert live.shadow(state, "main", "eta") == A
    live.record(state, "main", "eta", B, "register", "x")
    assert live.shadow(state, "main", "eta") == A
    live.record(state, "main", "eta", A, "promote", "x")
    assert live.shadow(state, "main", "eta") is None


@pytest.mark.parametrize("version", ["../../x", "1-0a1b2c3d/..", "", ".", "1-0A1B2C3D", "a" * 300])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, version: str) -> None:
    with pytest.raises(ValueError, match="version: "):
        versions.folder(tmp_path, "eta", version)
    with pytest.raises(ValueError, match="problem: "):
        versions.folder(tmp_path, "../eta", A)


def test_a_version_is_adopted_once_and_healed(two_models: Any, tmp_path: Path) -> None:
    problem, version = versions.adopt(tmp_path, two_models[0])
    assert (problem, versions.listed(tmp_path, "eta")) == ("eta", [version])
    there = versions.folder(tmp_path, problem, version)
    before = there.stat().st_ino
    assert versions.adopt(tmp_path, two_models[0])[1] == version
    assert there.stat().st_ino == before
    (there / "boosted-settled.txt").write_text("x")
    with pytest.raises(ValueError, match="has changed"):
        versions.load(tmp_path, problem, version)
    versions.adopt(tmp_path, two_models[0])
    assert versions.load(tmp_path, problem, version)[2]["about"]["seed"] == 0


def test_a_broken_model_is_not_adopted(two_models: Any, tmp_path: Path) -> None:
    broken = Path(shutil.copytree(two_models[0], tmp_path / "broken"))
    (broken / "boosted-settled.txt").write_text("x")
    with pytest.raises(ValueError, match="has changed"):
        versions.adopt(tmp_path / "home", broken)
    assert versions.listed(tmp_path / "home", "eta") == []
    assert not list((tmp_path / "home").rglob("*.txt"))


def test_it_falls_step_by_step_and_says_so(
    two_models: Any, tenant: Tenant, state: State, world_lake: Lake
) -> None:
    first, second = (versions.adopt(tenant.home, each)[1] for each in two_models)
    for version in (first, second):
        live.record(state, "main", "eta", version, "promote", "x")

    def answer() -> tuple[str, str | None]:
        found = Models(state).live(tenant, "eta")
        assert found is not None
        return found.version, found.fallback

    assert answer() == (second, None)
    (versions.folder(tenant.home, "eta", second) / "manifest.json").write_text("{")
    assert answer() == (first, "last_good")
    shutil.rmtree(versions.folder(tenant.home, "eta", first))
    models = Models(state)
    assert models.live(tenant, "eta") is None  # the carrier's date, until the baseline is counted
    assert soon(lambda: models.live(tenant, "eta"))
    found = models.live(tenant, "eta")
    assert found is not None and found.fallback == "baseline"
    assert found.version.startswith("baseline-")
    assert Models(state).live(tenant, "demand") is None


def test_a_promotion_by_another_process_is_noticed(
    two_models: Any, tenant: Tenant, state: State
) -> None:
    now = 0.0
    first, second = (versions.adopt(tenant.home, each)[1] for each in two_models)
    live.record(state, "main", "eta", first, "promote", "x")
    models = Models(state, clock=lambda: now)
    assert models.live(tenant, "eta").version == first  # type: ignore[union-attr]
    live.record(State(state.path), "main", "eta", second, "promote", "somebody else")
    assert models.live(tenant, "eta").version == first  # type: ignore[union-attr]
    now = 1.1
    models.live(tenant, "eta")
    assert soon(lambda: models.live(tenant, "eta").version == second)  # type: ignore[union-attr]


def test_the_past_is_answered_by_what_was_live_or_could_have_been(
    two_models: Any, tenant: Tenant, state: State
) -> None:
    first, second = (versions.adopt(tenant.home, each)[1] for each in two_models)
    live.record(state, "main", "eta", first, "promote", "x")
    between = wall()
    live.record(state, "main", "eta", second, "promote", "x")
    models = Models(state)

    def at(instant: datetime) -> tuple[str, str | None]:
        found = models.at(tenant, "eta", instant)
        assert found is not None
        return found.version, found.fallback

    assert at(wall()) == (second, None)
    assert at(between) == (first, None)
    march = datetime(2025, 3, 2, tzinfo=UTC)
    assert at(march) == (first, "later")
    early = march - timedelta(days=5)
    assert at(early) == (f"baseline-{early:%Y-%m-%d}", "baseline")  # both would know the future


def test_a_rollback_passes_by_what_is_broken(two_models: Any, tenant: Tenant, state: State) -> None:
    first, second = (versions.adopt(tenant.home, each)[1] for each in two_models)
    for version in (first, second, C):
        live.record(state, "main", "eta", version, "promote", "x")
    (versions.folder(tenant.home, "eta", second) / "rates.safetensors").write_text("x")
    assert promotion.roll_back(state, tenant, "eta", "x") == first
    with pytest.raises(ValueError, match="none was live before"):
        promotion.roll_back(state, tenant, "eta", "x")
    live.record(state, "main", "eta", C, "promote", "x")
    shutil.rmtree(versions.folder(tenant.home, "eta", first))
    with pytest.raises(ValueError, match=f"{first} is not intact"):
        promotion.roll_back(state, tenant, "eta", "x")
    assert live.live_at(state, "main", "eta") == C


def test_only_what_was_promoted_once_can_fall_back(
    two_models: Any, tenant: Tenant, state: State
) -> None:
    def counted() -> float:
        named = {"tenant": tenant.name, "problem": "eta", "by": "carrier"}
        return figures.REGISTRY.get_sample_value("lanecast_fallbacks_total", named) or 0.0

    before = counted()
    version = versions.adopt(tenant.home, two_models[0])[1]
    live.record(state, "main", "eta", version, "register", "x")
    Models(state).live(tenant, "eta")
    assert counted() == before  # nobody has promised anything yet
    live.record(state, "main", "eta", version, "promote", "x")
    shutil.rmtree(versions.folder(tenant.home, "eta", version))
    Models(state).live(tenant, "eta")
    assert counted() == before + 1
