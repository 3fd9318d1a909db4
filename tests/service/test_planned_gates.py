"""Models that are asked about much at once: kept, held against baseline and incumbent, and back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from lanecast import artifact
from lanecast.address.verify.later import base_rate
from lanecast.address.verify.models.deliverable import UNREADABLE
from lanecast.cli import forecasts, run
from lanecast.planning import demand
from lanecast.service import gates, live, promotion, versions
from lanecast.service.gates import Model
from lanecast.service.kinds import kind
from lanecast.service.settings import Settings
from lanecast.service.state import State
from lanecast.service.tenants import Tenant
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake

from ..planning.conftest import DAY, START, shop, stored

EARLY, LATE = datetime(2025, 3, 10, tzinfo=UTC), datetime(2025, 4, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake of a company with people, work and typed addresses, and one with series."""
    folder = tmp_path_factory.mktemp("planned")
    world = simulate(parcels=4500, days=110, seed=5, products=20, streets=True)
    world.write(Lake(folder / "main"))
    stored(shop(items=16), folder / "shop")
    return folder


def plain(*given: Any) -> demand.Ensemble:
    """Return a model that is fitted at once."""
    return demand.Ensemble({"seasons": demand.SeasonalNaive()})


def fitted(folder: Path, problem: str, lake: str, asof: datetime) -> Path:
    model = folder / f"{problem}-{asof:%m%d}"
    if model.exists():
        return model
    words = ["fit", problem, "--lake", folder / lake, "--model", model, "--asof", asof.isoformat()]
    words += ["--horizon", "7"] if problem == "demand" else []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forecasts, "model_of", plain)
        assert run([str(word) for word in words]) == 0
    return model


@pytest.fixture(params=["workforce", "demand", "address", "suggest"])
def case(home: Path, tmp_path: Path, request: Any) -> Any:
    """A problem, its tenant, and two models, the second of which learnt longer."""
    problem = request.param
    lake, early, late = {
        "workforce": ("main", EARLY, LATE),
        "demand": ("shop", START + 110 * DAY, START + 131 * DAY),
        "address": ("main", EARLY - 7 * DAY, LATE - 7 * DAY),
        "suggest": ("main", EARLY, LATE),
    }[problem]
    models = [fitted(home, problem, lake, asof) for asof in (early, late)]
    settings = Settings({"main": home / lake}, tmp_path, clock="data")
    return problem, Tenant.open("main", home / lake, settings), models


def model_of(folder: Path, problem: str) -> Model:
    found = versions.read(folder, problem)
    return Model(versions.name_of(found[2]), *found)


def test_each_is_kept_promoted_and_rolled_back(case: Any, tmp_path: Path) -> None:
    problem, tenant, (first, second) = case
    state = State(tmp_path / "service.db")
    names = [promotion.register(state, tenant, each, "x")[1] for each in (first, second)]
    found = promotion.promote(state, tenant, problem, names[0], "x", "a test", force=True)
    assert {each.name for each in found} >= {"schema", "baseline", "incumbent"}
    assert all(each.passed for each in found if each.name in ("schema", "incumbent")), found
    examined = {each.name: each for each in promotion.examine(state, tenant, problem, names[1])}
    assert examined["incumbent"].value is not None, examined["incumbent"].said
    assert examined["baseline"].limit is not None, examined["baseline"].said
    promotion.promote(state, tenant, problem, names[1], "x", "a test", force=True)
    assert promotion.roll_back(state, tenant, problem, "x") == names[0]
    assert live.live_at(state, "main", problem) == names[0]
    state.close()


def test_what_was_not_held_out_does_not_pass(case: Any) -> None:
    problem, _, (_, second) = case
    model = model_of(second, problem)
    bare = Model(model.version, model.fitted, {}, {**model.manifest, "metrics": {}})
    gate = gates.baseline(bare, kind(problem).unit)
    assert not gate.passed
    assert "was not measured beside the baseline" in gate.said
    held = model.manifest["metrics"]["held_out"]
    assert held["n"] > 0
    assert datetime.fromisoformat(held["from"]) < datetime.fromisoformat(held["to"])
    assert datetime.fromisoformat(held["to"]) <= model.until + timedelta(hours=1)


def test_a_worse_one_does_not_take_the_place_of_a_live_one(case: Any) -> None:
    problem, tenant, (first, second) = case
    of, now, lake = kind(problem), tenant.now(), tenant.lake()
    good, late = model_of(first, problem), model_of(second, problem)
    worse = Model("1-0", spoiled(problem, late.fitted), {}, late.manifest)
    n, (ours, theirs) = gates.losses(
        of, lake, now, good, [good, worse], good.until, late.until
    )  # fmt: skip
    assert n > 0 and ours < theirs
    until = now - of.ripe
    if of.period is None or until - late.until >= timedelta(days=1):
        assert not gates.incumbent(of, lake, now, worse, good).passed


def spoiled(problem: str, model: Any) -> Any:
    """Return a model whose answers are far off."""

    class Off:
        def __getattr__(self, name: str) -> Any:
            return getattr(model, name)

        def predict(self, x: Any, *places: Any) -> Any:
            said = model.predict(x, *places)
            if problem == "suggest":
                return -said
            if problem == "address":
                return np.full_like(said, 0.9)
            return type(said)(said.quantiles * 3, said.fallback)

        @property
        def hands(self) -> Any:
            return Slow(model.hands)

    return Off()


class Slow:
    def __init__(self, hands: Any) -> None:
        self.hands = hands

    def predict(self, x: pl.DataFrame) -> pl.DataFrame:
        found: pl.DataFrame = self.hands.predict(x).with_columns(pl.col("units_per_h") / 3)
        return found


def test_other_horizons_are_not_compared(home: Path, tmp_path: Path) -> None:
    at = START + 110 * DAY
    tenant = Tenant.open("main", home / "shop", Settings({"main": home / "shop"}, tmp_path))
    week = model_of(fitted(home, "demand", "shop", at), "demand")
    about = week.manifest | {"about": week.manifest["about"] | {"horizon": 14}}
    other = Model("2-0", week.fitted, {}, about)
    gate = gates.incumbent(kind("demand"), tenant.lake(), START + 140 * DAY, other, week)
    assert not gate.passed
    assert "it forecasts 14 periods of days, and" in gate.said


def test_a_base_rate_says_what_the_past_had() -> None:
    rate = base_rate(pl.Series([0] * 90 + [1] * 10))
    said = np.ones((2, len(rate.signs)))
    said[0, UNREADABLE] = 0
    assert rate.predict(said) == pytest.approx([10.5 / 101, 1])  # nobody finds no address


def test_the_form_of_a_saved_workforce_is_known_to_the_service(home: Path) -> None:
    model = fitted(home, "workforce", "main", EARLY)
    assert artifact.describe(model)["type"].startswith("lanecast.planning.workforce.")
