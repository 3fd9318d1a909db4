"""Last year without its noise, against series whose common part is known."""

from datetime import UTC, datetime

import numpy as np
import pytest

from lanecast.planning.demand.models import SeasonalNaive, usual
from lanecast.planning.demand.models.shrunk import _median, shrunk
from lanecast.planning.demand.models.yearly import LastYear
from lanecast.planning.panel import Panel
from lanecast.tables.frequency import WEEK, Frequency

YEAR, HORIZON = 52, 8
ONE = np.zeros(60, dtype=np.int64)


def common(random, series=60, periods=120):
    """Two rhythms that all series follow, each as far as it does, about a level."""
    week = 2 * np.pi * np.arange(periods) / YEAR
    rhythm = np.stack([np.sin(week), np.cos(3 * week)])
    return 100 + 20 * random.normal(size=(series, 2)) @ rhythm


def panel(y, groups=None):
    ids = np.array([f"s{i:02d}" for i in range(len(y))])
    named = {} if groups is None else {"group": groups.astype(str)}
    asof = datetime(2024, 1, 1, tzinfo=UTC)
    return Panel(ids, y, Frequency(WEEK), 1000, HORIZON, {}, named, asof)


def test_the_median_of_noise_is_that_of_the_published_threshold():
    """Gavish & Donoho (2014): square matrices have the threshold 2.858 = 4 / sqrt(3 median)."""
    assert 4 / np.sqrt(3 * _median(1.0)) == pytest.approx(2.858, abs=0.002)


@pytest.mark.parametrize("gaps", [0.0, 0.1])
def test_what_is_common_comes_out_of_the_noise(gaps):
    random = np.random.default_rng(0)
    true = common(random)
    y = true + random.normal(0, 15, true.shape)
    y[random.random(y.shape) < gaps] = np.nan
    out = shrunk(y, np.full(60, 15.0), ONE)
    known = np.isfinite(y)
    assert (np.isfinite(out) == known).all()
    of_noise = np.sqrt(np.mean((y - true)[known] ** 2))
    assert np.sqrt(np.mean((out - true)[known] ** 2)) < 0.35 * of_noise


def test_nothing_is_common_to_noise_and_everything_to_what_has_none():
    random = np.random.default_rng(1)
    noise = random.normal(size=(60, 120))
    assert np.linalg.norm(shrunk(noise, np.ones(60), ONE)) < 0.25 * np.linalg.norm(noise)
    true = common(random)
    np.testing.assert_allclose(shrunk(true, np.ones(60), ONE), true, rtol=1e-6)


def test_small_groups_stay_as_they_are_and_others_are_apart():
    random = np.random.default_rng(2)
    y = common(random) + random.normal(0, 15, (60, 120))
    group = np.repeat([0, 1], [55, 5])
    out = shrunk(y, np.full(60, 15.0), group)
    np.testing.assert_array_equal(out[55:], y[55:])
    alone = shrunk(y[:55], np.full(55, 15.0), group[:55])
    np.testing.assert_allclose(out[:55], alone)


@pytest.fixture(scope="module")
def grown():
    """Two years and a bit, of which the second is a fifth larger, and the truth of what comes."""
    random = np.random.default_rng(3)
    true = common(random, periods=120 + HORIZON) * np.where(np.arange(128) < 60, 1.0, 1.2)
    y = true + random.normal(0, 15, true.shape)
    return panel(y[:, :120], np.arange(60) % 3), y[:, 120:], true[:, 120:]


def test_last_year_without_noise_is_nearer_to_what_comes_than_last_year(grown):
    known, _, true = grown
    ours, plain = (m.fit(known).predict(known).median for m in (LastYear(), SeasonalNaive()))
    ours, plain = (float(np.abs(median - true).mean()) for median in (ours, plain))
    assert ours < 0.6 * plain


def test_its_ranges_hold_what_comes(grown):
    known, came, _ = grown
    answer = LastYear().fit(known).predict(known)
    assert (answer.fallback == "").all()
    inside = (answer.quantiles[:, :, 3] <= came) & (came <= answer.quantiles[:, :, 11])
    assert 0.7 < inside.mean() < 0.9


def test_an_origin_sees_nothing_of_what_comes_after_it(grown):
    known, _, _ = grown
    early = known.before(100)
    np.testing.assert_array_equal(LastYear().at(known, 100), LastYear().at(early, 100))


def test_who_has_no_year_before_is_said(grown):
    known, _, _ = grown
    y = known.y.copy()
    y[0, :100] = np.nan
    answer = LastYear().fit(known).predict(panel(y))
    assert answer.fallback[0] == "no_year_before" and (answer.fallback[1:] == "").all()
    short = known.before(60)
    assert set(LastYear().fit(short).predict(short).fallback) == {"no_year_before"}


def test_the_usual_ensemble_asks_it_where_years_repeat(grown):
    known, _, _ = grown
    members = usual(known).members
    assert "year" in members and members["pooled"].centre == "grown"
    walk = 100 + np.random.default_rng(4).normal(0, 1, (60, 120)).cumsum(axis=1)
    assert "year" not in usual(panel(walk)).members
    assert "year" not in usual(known.before(60)).members


def test_powers_and_origins_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="own, whole >= 0 and origins >= 1"):
        LastYear(own=-1.0)
