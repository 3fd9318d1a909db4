"""What a parcel's page says of one thing in two places is the same."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from lanecast.console.pages import parcel_parts
from lanecast.console.people import Viewer
from lanecast.tables.parcel import LEVELS, QUANTILES

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
WAY = {"stop": "no_further", "q100": NOW + timedelta(hours=5), "q900": NOW + timedelta(hours=90)}


@pytest.mark.parametrize(
    ("hours", "told"), [({"q100": 1.0, "q900": 30.0}, (1, 30)), (None, (5, 90))]
)
def test_the_timeline_ends_with_the_arrival_that_is_told_above(hours: Any, told: Any) -> None:
    page: Any = SimpleNamespace(viewer=Viewer(UTC, NOW))
    arrival = {"status": "open", "hours": hours}
    story = SimpleNamespace(now=NOW, arrival=arrival, scans=[], places={})
    drawn = str(parcel_parts.life(page, story, {"ways": [[WAY]]}))
    low, high = (NOW + timedelta(hours=each) for each in told)
    assert str(page.viewer.span(low, high)) in drawn
    assert drawn.count("80 %") == 1


def test_a_chance_of_the_forecast_says_the_moment_that_it_is_seen_from() -> None:
    page: Any = SimpleNamespace(viewer=Viewer(UTC, NOW))
    hours = {name: 40 * level for name, level in zip(QUANTILES, LEVELS, strict=True)}
    arrival = {"status": "open", "hours": hours, "promised_at": NOW + timedelta(hours=36)}
    arrival |= {"chance_late": 0.1, "coverage_80": None, "model": "m", "version": "1"}
    drawn = str(parcel_parts.distribution(page, SimpleNamespace(now=NOW, arrival=arrival)))
    assert f"10 % after the promise, by this forecast as seen {page.viewer.instant(NOW)}" in drawn
