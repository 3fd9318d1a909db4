"""Feasts that move, planted into series, are found where they will be."""

from datetime import UTC, datetime

import numpy as np
import pytest

from lanecast.planning.demand.models.movable import AFTER, BEFORE, feasts, moved
from lanecast.planning.demand.models.yearly import LastYear
from lanecast.planning.holidays import easter
from lanecast.planning.panel import UNKNOWN, Covariate, Panel
from lanecast.tables.frequency import WEEK, Frequency

FIRST, LENGTH, HORIZON, YEAR = (
    np.datetime64("2010-02-05"),
    112,
    8,
    52,
)  # as Walmart's, to 2012-03-23
AHEAD = np.arange(LENGTH, LENGTH + HORIZON)


def panel(lift, covariates=None, series=30):
    """Series of weeks about 100, each lifted as far as it is by what ``lift`` (T + H,) says."""
    random = np.random.default_rng(0)
    size = random.uniform(0.5, 1.5, (series, 1))
    true = 100 + size * lift
    y = (true + random.normal(0, 1, true.shape))[:, :LENGTH]
    us = int(FIRST.astype("datetime64[us]").astype(np.int64))
    frequency = Frequency(WEEK, anchor=us % WEEK)
    ids = np.array([f"s{i:02d}" for i in range(series)])
    asof = datetime(2012, 3, 30, tzinfo=UTC)
    first = us // WEEK
    return Panel(ids, y, frequency, first, HORIZON, covariates or {}, {}, asof), true[:, AHEAD]


def weeks_of(days):
    """Return the columns whose week ends within it or two days before."""
    at = (np.array(days, dtype="datetime64[D]") - FIRST).astype(int) / 7
    return np.round(at).astype(int)


def lifted(columns, size=40.0):
    out = np.zeros(LENGTH + HORIZON)
    out[columns], out[columns - 1] = size, size / 2
    return out


def ahead(values, recorded=0, rows=30):
    shape = (1, len(values))
    known = np.full(shape, recorded, np.int32)
    return Covariate(values[None, :], known, np.zeros(rows, np.int32), True, True)


def test_easter_is_moved_by_as_many_weeks_as_it_comes_earlier():
    easters = weeks_of([easter(year) for year in (2010, 2011, 2012)])
    of, true = panel(lifted(easters))
    assert easters[2] - easters[1] == YEAR - 2
    off = {how: np.abs(LastYear(movable=how).at(of, LENGTH) - true).max(axis=0) for how in (0, 1)}
    assert off[0].max() > 35 and off[1].max() < 8


def test_a_feast_that_is_said_to_be_known_ahead_is_moved_too_and_lasts_as_long_as_it_is_said():
    first = np.array([12, 61, 114])  # a month that comes three weeks earlier, then one later
    days = np.concatenate([first + k for k in range(4)])
    lift = np.zeros(LENGTH + HORIZON)
    lift[days] = 40.0
    fast = {"fast": ahead((lift > 0).astype(float))}
    of, true = panel(lift, fast)
    off = {how: np.abs(LastYear(movable=how).at(of, LENGTH) - true).max(axis=0) for how in (0, 1)}
    assert off[0].max() > 35 and off[1].max() < 8
    late, _ = panel(lift, {"fast": ahead((lift > 0).astype(float), UNKNOWN)})
    assert len(list(feasts(late, LENGTH))) == len(list(feasts(of, LENGTH))) - 1  # it is not told


def test_what_does_not_move_stays_to_the_bit():
    of, _ = panel(np.zeros(LENGTH + HORIZON))
    common, at = of.y, np.arange(40, 48)
    still = [f for f in feasts(of, LENGTH) if (f.near[at] == f.near[at + YEAR]).all()]
    assert len(still) == 3  # of autumn: Christmas and Thanksgiving are a year apart, Easter is far
    np.testing.assert_array_equal(moved(of, common, LENGTH, at, at + YEAR), common[:, at])


def test_nothing_known_later_than_the_origin_is_used():
    easters = weeks_of([easter(year) for year in (2010, 2011, 2012)])
    of, _ = panel(lifted(easters))
    at, target = AHEAD - YEAR, AHEAD
    other = of.y.copy()
    other[:, 100:] = 0.0
    told = [moved(of, y, 100, at - 12, target - 12) for y in (of.y, other)]
    np.testing.assert_array_equal(*told)


@pytest.mark.parametrize("values", [np.r_[np.full(60, 0.5), np.zeros(60)], np.ones(120)])
def test_prices_and_what_always_is_are_no_feasts(values):
    of, _ = panel(np.zeros(LENGTH + HORIZON), {"plan": ahead(values)})
    assert len(list(feasts(of, LENGTH))) == 3 and BEFORE + AFTER > 0
