"""Monitoring: what moved, what was covered, how old the data are, the shadow beside the live."""

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pytest

from lanecast.service import drift, figures, kept, live, versions
from lanecast.service.models import Models
from lanecast.service.settings import Settings
from lanecast.service.state import State
from lanecast.service.tenants import Tenant
from lanecast.tables.lake import Lake

NOW = datetime(2025, 3, 20, tzinfo=UTC)


@pytest.fixture
def tenant(tmp_path: Path, world_lake: Lake) -> Tenant:
    settings = Settings({"main": world_lake.path}, tmp_path, clock="data")
    return Tenant.open("main", world_lake.path, settings)


@pytest.fixture
def two_live(tenant: Tenant, two_models: Any, tmp_path: Path) -> Iterator[tuple[Models, list[str]]]:
    """The first model live, the second its shadow."""
    state = State(tmp_path / "service.db")
    names = [versions.adopt(tenant.home, each)[1] for each in two_models]
    live.record(state, "main", "eta", names[0], "promote", "x")
    live.record(state, "main", "eta", names[1], "shadow", "x")
    yield Models(state), names
    state.close()


def test_both_are_asked_the_same_and_compared_when_it_is_known(
    tenant: Tenant, two_live: tuple[Models, list[str]]
) -> None:
    models, (_, shadow) = two_live
    assert kept.compared(tenant, "eta", shadow, NOW) is None
    rows = kept.keep(models, tenant, "eta", NOW)
    assert rows > 0 and rows % 2 == 0
    assert kept.keep(models, tenant, "eta", NOW) == 0  # nothing was asked since
    kept.keep(models, tenant, "eta", NOW + timedelta(hours=6))
    said = kept.answers(tenant, "eta", NOW + timedelta(days=1))
    assert said is not None
    question = ["parcel_id", "moment", "asof", "role"]
    assert said.height == said.unique(question).height
    assert said["role"].value_counts()["count"].n_unique() == 1
    found = kept.compared(tenant, "eta", shadow, NOW + timedelta(days=15))
    assert found is not None and found["n"] > 50 and found["shadow"] != found["live"]


def test_coverage_is_measured_once_the_parcels_have_arrived(
    tenant: Tenant, two_live: tuple[Models, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    models, _ = two_live
    monkeypatch.setattr(drift, "FEWEST", 5)
    for hours in range(0, 72, 24):
        kept.keep(models, tenant, "eta", NOW + timedelta(hours=hours))
    assert drift.coverage(tenant, NOW + timedelta(days=3)) == {}  # too early to say
    found = drift.coverage(tenant, NOW + timedelta(days=20))
    assert found and all(n >= 5 and 0 <= share <= 1 for n, share in found.values())
    mean = sum(n * share for n, share in found.values()) / sum(n for n, _ in found.values())
    assert 0.5 < mean < 1


def test_inputs_that_move_are_named(
    tenant: Tenant, two_live: tuple[Models, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    models, _ = two_live
    serving = models.serving(tenant, "eta")
    assert serving is not None
    before = drift.inputs(serving, tenant, NOW)
    assert before and max(before[name] for name in ("weight_g", "goal_region")) < 0.25
    of = drift.kind("eta")
    later = pl.col("asof_h") >= (NOW - drift.PRESENT).timestamp() / 3600

    def heavier(rows: Any, context: Any) -> Any:
        x = of.verbs.assemble(rows, context).to_native()
        heavy = pl.when(later).then(5 * pl.col("weight_g")).otherwise("weight_g")
        return nw.from_native(x.with_columns(weight_g=heavy))

    class Verbs:
        assemble = staticmethod(heavier)

    monkeypatch.setattr(drift, "kind", lambda problem: dataclasses.replace(of, verbs=Verbs))
    after = drift.inputs(serving, tenant, NOW)
    assert after["weight_g"] > 0.5
    assert {name for name, value in after.items() if value != before[name]} == {"weight_g"}


def test_the_age_of_data_follows_the_clock(
    tenant: Tenant, world_lake: Lake, tmp_path: Path
) -> None:
    assert drift.age(tenant) == 0
    wall = Tenant.open("w", world_lake.path, Settings({"w": world_lake.path}, tmp_path))
    assert drift.age(wall) > 86400 * 30  # type: ignore[operator]
    (tmp_path / "empty").mkdir()
    empty = Tenant.open("e", tmp_path / "empty", Settings({"e": tmp_path}, tmp_path))
    assert drift.age(empty) is None


def test_everything_is_told_to_prometheus(
    tenant: Tenant, two_live: tuple[Models, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drift, "FEWEST", 5)
    found = drift.look(two_live[0], tenant)
    assert set(found["drift"]) >= {"eta"} and found["kept"]["eta"] > 0
    name = next(iter(found["drift"]["eta"]))
    told = figures.REGISTRY.get_sample_value(
        "lanecast_drift", {"tenant": "main", "problem": "eta", "input": name}
    )
    assert told == found["drift"]["eta"][name]
