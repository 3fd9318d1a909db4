"""Gates: each can be passed and failed; what is not comparable does not pass."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import narwhals as nw
import pytest

from lanecast.parcel import trajectory
from lanecast.service import gates, live, promotion, versions
from lanecast.service.gates import Model
from lanecast.service.kinds import baseline, kind
from lanecast.service.settings import Settings
from lanecast.service.state import State
from lanecast.service.tenants import Tenant
from lanecast.tables.lake import Lake, collect

HELD = {
    "from": "2025-01-15T00:00:00+00:00",
    "to": "2025-01-29T00:00:00+00:00",
    "n": 1000,
    "loss": {"model": 0.5, "baseline": 0.6},
    "coverage_80": 0.8,
}
LATE = datetime(2025, 4, 10, tzinfo=UTC)


def model_of(folder: Path) -> Model:
    found = versions.read(folder, "eta")
    return Model(versions.name_of(found[2]), *found)


def measured(model: Model, **more: Any) -> Model:
    return replace(model, manifest={**model.manifest, "metrics": {"held_out": HELD | more}})


def test_what_was_measured_passes_or_not(two_models: Any) -> None:
    plain = model_of(two_models[0])
    good = measured(plain)
    worse = measured(plain, loss={"model": 0.6, "baseline": 0.6})
    assert gates.baseline(good, "x").passed
    assert not gates.baseline(worse, "x").passed
    assert not gates.baseline(plain, "x").passed
    passed = [gates.coverage(measured(plain, coverage_80=each)).passed for each in (0.74, 0.8, 0.9)]
    assert passed == [False, True, False]
    assert not gates.coverage(plain).passed


def test_tables_of_another_form_do_not_pass(two_models: Any) -> None:
    model = model_of(two_models[0])
    assert gates.schema(model).passed
    scans = model.manifest["schemas"]["scans"]
    columns = {name: kind for name, kind in scans["columns"].items() if name != "event_at"}
    for changed in ({"scans": {**scans, "sha256": "x", "columns": columns}}, {"horses": scans}):
        gate = gates.schema(replace(model, manifest={**model.manifest, "schemas": changed}))
        assert not gate.passed and ("event_at is new" in gate.said or "horses" in gate.said)


def test_the_live_one_is_asked_the_same_later_questions(two_models: Any, world_lake: Lake) -> None:
    old, new = map(model_of, two_models)
    asked = gates.incumbent(kind("eta"), world_lake, LATE, new, old)
    assert "later than both" in asked.said and asked.value is not None and asked.limit is not None
    assert asked.limit == pytest.approx(
        1.01 * gates.incumbent(kind("eta"), world_lake, LATE, old, new).value  # type: ignore[operator]
    )


def test_what_the_live_one_has_learnt_is_no_question(two_models: Any, world_lake: Lake) -> None:
    old, new = model_of(two_models[0]), measured(model_of(two_models[1]))
    soon = datetime(2025, 3, 9, tzinfo=UTC)
    gate = gates.incumbent(kind("eta"), world_lake, soon, new, old)
    assert not gate.passed and "Not comparable" in gate.said
    assert gates.incumbent(kind("eta"), world_lake, soon, new, None).passed


def test_held_out_questions_are_put_to_one_that_was_fitted_before(
    two_models: Any, world_lake: Lake
) -> None:
    old, new = map(model_of, two_models)
    start, end = old.until.isoformat(), new.until.isoformat()
    new = measured(new, **{"from": start, "to": end})
    gate = gates.incumbent(kind("eta"), world_lake, datetime(2025, 3, 10, tzinfo=UTC), new, old)
    assert "both had not learnt from" in gate.said
    assert gate.passed == (gate.limit is not None and gate.limit >= 0.5)


def test_what_was_not_measured_is_asked_later_questions(world_lake: Lake) -> None:
    asof = datetime(2025, 3, 1, tzinfo=UTC)
    of, known = kind("trajectory"), world_lake.asof(asof)
    context = {
        name: nw.from_native(collect(frame.lazy()))
        for name, frame in of.verbs.context(known, asof).items()
    }
    x = of.questions(known, asof - timedelta(days=10), asof, context)
    y = of.outcomes(known, asof)
    about = {"about": {"trained_until": asof.isoformat()}}
    model = Model("1", trajectory.Blend(trajectory.Boosted()).fit(x, y), context, about)
    plain = Model("baseline", *baseline("trajectory", world_lake, asof), {})
    gate = gates.later(of, world_lake, LATE, model, plain)
    assert gate.value is not None and gate.limit is not None
    assert gate.passed == (gate.value < gate.limit)
    worse = gates.later(of, world_lake, LATE, replace(plain, manifest=about), model)
    assert worse.passed != gate.passed and worse.value == gate.limit
    soon = gates.later(of, world_lake, asof + timedelta(days=10), model, plain)
    assert not soon.passed and soon.value is None


def test_one_prediction_is_timed(two_models: Any, world_lake: Lake) -> None:
    now = datetime(2025, 3, 8, tzinfo=UTC)
    gate = gates.latency(kind("eta"), world_lake, now, model_of(two_models[0]))
    assert gate.unit == "ms" and gate.value is not None and gate.value > 0
    assert gate.passed == (gate.value <= gates.SLOWEST_MS)
    never = datetime(2020, 1, 1, tzinfo=UTC)
    assert not gates.latency(kind("eta"), world_lake, never, model_of(two_models[0])).passed


def test_a_lake_without_parcels_is_a_gate_that_is_not_passed(
    two_models: Any, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    settings = Settings({"main": tmp_path / "empty"}, tmp_path)
    tenant = Tenant.open("main", tmp_path / "empty", settings)
    state = State(tmp_path / "service.db")
    problem, version = promotion.register(state, tenant, two_models[0], "x")
    with pytest.raises(promotion.NotPromotedError, match="no parcels"):
        promotion.promote(state, tenant, problem, version, "x")
    assert [each["action"] for each in live.entries(state, "main")] == ["register"]
    promotion.promote(state, tenant, problem, version, "x", "a test", force=True)
    assert live.entries(state, "main")[0]["why"] == "forced: a test"
    with pytest.raises(ValueError, match="why: expected a reason"):
        promotion.promote(state, tenant, problem, version, "x", " ", force=True)
