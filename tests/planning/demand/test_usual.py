from datetime import UTC, datetime

import numpy as np
import pytest

from lanecast.planning.demand.models import too_many, usual
from lanecast.planning.demand.models.usual import wanders
from lanecast.planning.forecast import LEVEL
from lanecast.planning.panel import Panel
from lanecast.tables.frequency import DAY, HOUR, WEEK, Frequency

ASOF = datetime(2024, 1, 1, tzinfo=UTC)


def of(y, frequency, horizon=4):
    """A panel without covariates and attributes."""
    ids = np.array([f"s{i}" for i in range(len(y))])
    first = 18_000 if frequency.us else 20
    return Panel(ids, np.asarray(y, float), frequency, first, horizon, {}, {}, ASOF)


def walk(series, periods, seed=0):
    return 100 + np.random.default_rng(seed).normal(0, 1, (series, periods)).cumsum(axis=1)


ODD = {
    "half-hours": of(walk(2, 70), Frequency(HOUR // 2)),
    "weeks, short": of(walk(3, 9), Frequency(WEEK)),
    "months, two years": of(walk(3, 25), Frequency(0, 1)),
    "quarters": of(walk(3, 14), Frequency(0, 3)),
    "years": of(walk(2, 12), Frequency(0, 12), 2),
    "ten days": of(walk(2, 30), Frequency(10 * DAY)),
    "one series": of(walk(1, 60), Frequency(DAY)),
    "one period": of(walk(3, 1), Frequency(DAY)),
    "all zero": of(np.zeros((4, 40)), Frequency(DAY)),
    "rare": of(np.random.default_rng(0).random((8, 60)) < 0.2, Frequency(DAY)),
    "negative": of(walk(3, 40) - 100, Frequency(DAY)),
    "nothing known of one": of(np.vstack([walk(3, 40), np.full((1, 40), np.nan)]), Frequency(DAY)),
    "gaps": of(np.where(np.arange(60) % 9 == 4, np.nan, walk(3, 60)), Frequency(DAY)),
}


@pytest.mark.parametrize("name", ODD)
def test_whatever_the_series_are_they_are_answered(name):
    known = ODD[name]
    answer = usual(known).fit(known).predict(known)
    assert answer.quantiles.shape == (len(known.ids), known.horizon, len(LEVEL))
    assert np.isfinite(answer.quantiles).all()
    assert (np.diff(answer.quantiles, axis=2) >= 0).all()
    if not (known.y < 0).any():
        assert (answer.quantiles >= 0).all()
    if name == "all zero":
        assert (answer.quantiles == 0).all()


def test_what_wanders_and_what_repeats_are_told_apart():
    year = 100 + 50 * np.sin(2 * np.pi * np.arange(160) / 52)
    noise = np.random.default_rng(0).normal(0, 3, (6, 160))
    assert not wanders(of(year + noise, Frequency(WEEK), 8))
    assert wanders(of(walk(6, 160), Frequency(WEEK), 8))
    assert wanders(of(walk(6, 20), Frequency(WEEK), 8))  # no year is known


def test_very_many_series_are_fitted_together_only():
    many = of(np.ones((400, 60)), Frequency(DAY))
    assert too_many(many) and "cycles" not in usual(many).members
    rare = of(np.arange(60) % 4 == np.zeros((400, 1)), Frequency(DAY))
    assert not too_many(rare)
    few = of(np.ones((40, 60)), Frequency(DAY))
    assert "cycles" in usual(few).members and "short" not in usual(few).members
    assert "short" in usual(of(np.ones((40, 12)), Frequency(DAY))).members
