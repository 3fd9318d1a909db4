"""What a fit measures on questions that the model which is measured did not know."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from lanecast import artifact
from lanecast.cli.options import WARM_UP, first_parcel
from lanecast.parcel import events, trajectory
from lanecast.service import promotion, versions
from lanecast.service.settings import Settings
from lanecast.service.state import State
from lanecast.service.tenants import Tenant
from lanecast.tables.lake import Lake, collect

ASOF = {"events": "2025-03-08", "trajectory": "2025-02-01"}


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command line learn less, so that the tests take seconds."""
    risks = partial(events.Boosted, rounds=10, events=("late",))
    walks = partial(trajectory.Boosted, rounds=10, leg_rounds=10)
    monkeypatch.setattr("lanecast.cli.events.boosted", lambda seed: risks(seed=seed))
    monkeypatch.setattr("lanecast.cli.trajectory.boosted", lambda seed: walks(seed=seed))


@pytest.mark.parametrize("problem", ASOF)
def test_a_fit_measures_what_a_model_before_would_have_said(
    lanecast: Any, company: Path, tmp_path: Path, problem: str
) -> None:
    model, lake = tmp_path / "model", company / "lake"
    words = ("fit", problem, "--lake", lake, "--model", model, "--asof", ASOF[problem])
    assert lanecast(*words).code == 0
    manifest = artifact.describe(model)
    held = manifest["metrics"]["held_out"]
    since, until = (datetime.fromisoformat(held[each]) for each in ("from", "to"))
    now = datetime.fromisoformat(manifest["about"]["trained_until"])
    assert since < until < now
    assert held["n"] > 20
    if problem == "events":
        assert held["loss"]["baseline"] == pytest.approx(by_hand(Lake(lake), since, until, now))
        return
    tenant = Tenant.open("main", lake, Settings({"main": lake}, tmp_path, clock="data"))
    state = State(tmp_path / "service.db")
    promotion.register(state, tenant, model, "x")
    (version,) = versions.listed(tenant.home, problem)
    found = {each.name: each for each in promotion.examine(state, tenant, problem, version)}
    assert found["baseline"].value == held["loss"]["model"]
    assert found["baseline"].passed == (held["loss"]["model"] < held["loss"]["baseline"])
    state.close()


def by_hand(lake: Lake, since: datetime, until: datetime, now: datetime) -> float:
    """Return the Brier score of base rates that know nothing after ``since``, the naive way."""
    known = lake.asof(since)
    first = first_parcel(lake.asof(now)) + WARM_UP
    x = collect(events.features(lake.asof(now), first, now).lazy())
    hour = pl.col("asof_h")
    low, high = (each.timestamp() / 3600 for each in (since, until))
    fitted = events.BaseRates().fit(
        x.filter(hour < low), collect(events.outcomes(known, since).lazy())
    )
    said = fitted.predict(x.filter(hour >= low, hour < high))
    became = collect(events.outcomes(lake.asof(now), now).lazy())
    said = said.with_columns(pl.col("chance").fill_nan(None))
    rows = said.join(became, on=["parcel_id", "event"]).drop_nulls(["happened", "chance"])
    asked_h = pl.col("asof").dt.epoch("us") / 3.6e9
    rows = rows.filter(pl.col("known_h").is_null() | (pl.col("known_h") > asked_h))
    return float(np.mean((rows["chance"] - rows["happened"]).to_numpy() ** 2))
