"""Chances and ranges that were said, against what became of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from lanecast.parcel import events
from lanecast.service import calibration, drift, figures
from lanecast.service.models import Models
from lanecast.service.settings import Settings
from lanecast.service.state import State
from lanecast.service.tenants import Tenant
from lanecast.tables.events import RISKS
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import QUANTILES
from lanecast.tables.planning import DEMAND_FORECASTS

from ..planning.conftest import DAY, START, shop, stored

ASKED = datetime(2025, 3, 1, tzinfo=UTC)


def tenant_of(path: Path, home: Path) -> Tenant:
    return Tenant.open("main", path, Settings({"main": path}, home, clock="data"))


@pytest.fixture
def foretold(world: Any, tmp_path: Path) -> Tenant:
    """A company whose lake says of each parcel, three weeks ago, that one in ten comes late."""
    lake = Lake(tmp_path / "lake")
    world.write(lake)
    became = collect(events.outcomes(Lake(lake.path), ASKED + timedelta(days=30)).lazy())
    ids = became.filter(pl.col("known_h") > ASKED.timestamp() / 3600)["parcel_id"].unique().sort()
    rows = pl.DataFrame({"parcel_id": ids}).with_columns(
        moment=pl.lit("in_transit"),
        event=pl.lit("late"),
        model=pl.lit("m"),
        version=pl.lit("1"),
        asof=pl.lit(ASKED).cast(pl.Datetime("us", "UTC")),
        chance=pl.lit(0.1),
        claimant=pl.lit(None, pl.Float64),
        quality=pl.lit(None, pl.String),
        fallback=pl.lit(None, pl.String),
    )
    Lake(lake.path).write(RISKS, nw.from_native(rows.lazy()), source="test")
    return tenant_of(lake.path, tmp_path)


def test_chances_are_scored_once_outcomes_are_known(
    foretold: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "FEWEST", 20)
    assert calibration.risks(foretold, ASKED + timedelta(days=13)) == {}  # too early to say
    now = ASKED + timedelta(days=20)
    (said,) = calibration.risks(foretold, now).items()
    became = collect(events.outcomes(foretold.lake(), now).lazy())
    ids = collect(foretold.lake().read(RISKS).select("parcel_id"))
    hit = became.filter(event="late").join(ids, on="parcel_id").drop_nulls("happened")
    hit = hit.filter(pl.col("known_h") > ASKED.timestamp() / 3600)["happened"].to_numpy()
    event, (n, brier, error) = said
    assert (event, n) == ("late", len(hit))
    assert brier == pytest.approx(float(np.mean((0.1 - hit) ** 2)))
    assert error <= abs(hit.mean() - 0.1) + 1e-9
    monkeypatch.setattr(calibration, "FEWEST", 10**6)
    assert calibration.risks(foretold, now) == {}


def forecasts(width: float, asof: datetime) -> pl.DataFrame:
    """Return forecasts of the shop, so wide around what came."""
    came = shop()["series"].filter(pl.col("ds") >= asof)
    return came.select(
        "unique_id",
        "ds",
        model=pl.lit("m"),
        version=pl.lit(f"{width:g}"),
        asof=pl.lit(asof).cast(pl.Datetime("us", "UTC")),
        frequency=pl.lit("d"),
        level=pl.lit("unique_id"),
        mean="y",
        **{
            name: pl.max_horizontal(0.0, pl.col("y") + width * (i - len(QUANTILES) // 2))
            for i, name in enumerate(QUANTILES)
        },
        fallback=pl.lit(""),
    )


def test_the_last_forecast_before_a_period_is_what_counts(tmp_path: Path) -> None:
    lake = stored(shop(), tmp_path / "lake")
    begin = START + 120 * DAY
    off = forecasts(1.0, begin).with_columns(pl.col(QUANTILES) + 1000)
    for rows in (off, forecasts(1.0, begin + 5 * DAY)):
        form = nw.from_native(rows.lazy())
        Lake(lake.path).write(DEMAND_FORECASTS, form, source="test")
    tenant = tenant_of(lake.path, tmp_path)
    found = calibration.planned(tenant, begin + 25 * DAY)
    n, share = found["demand", "unique_id"]
    assert n == 12 * 25  # all that were recorded by then: the last day is not
    assert share == pytest.approx(20 / 25)
    assert calibration.planned(tenant, begin) == {}


def test_the_monitor_tells_prometheus(
    foretold: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "FEWEST", 20)
    state = State(tmp_path / "service.db")
    monkeypatch.setattr(Tenant, "now", lambda self: ASKED + timedelta(days=20))
    monkeypatch.setattr(drift.kept, "PROBLEMS", ())
    found = drift.look(Models(state), foretold)
    _, brier, error = found["risks"]["late"]
    named = {"tenant": "main", "problem": "events", "event": "late"}
    assert figures.REGISTRY.get_sample_value("lanecast_brier", named) == brier
    assert figures.REGISTRY.get_sample_value("lanecast_calibration_error", named) == error
    state.close()
