from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanecast.tables.frequency import DAY, Frequency, detect


def rows(ds, name="a"):
    return pl.DataFrame({"unique_id": name, "ds": ds}).with_columns(
        pl.col("ds").cast(pl.Datetime("us", "UTC"))
    )


def spaced(first, step, count):
    return [first + step * i for i in range(count)]


def months(start, step, count, last=False):
    first = pl.datetime_range(start, start.replace(year=start.year + 12), f"{step}mo", eager=True)[
        :count
    ]
    return (first.dt.offset_by(f"{step}mo").dt.offset_by("-1d") if last else first).to_list()


JANUARY = datetime(2020, 1, 1, tzinfo=UTC)
MONDAY = datetime(2020, 12, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ds", "name", "season"),
    [
        (spaced(MONDAY, timedelta(minutes=5), 9), "5 minutes", 288),
        (spaced(MONDAY, timedelta(hours=1), 9), "hours", 24),
        (spaced(MONDAY, timedelta(days=1), 9), "days", 7),
        (spaced(MONDAY, timedelta(weeks=1), 60), "weeks", 52),
        (months(JANUARY, 1, 30), "months", 12),
        (months(JANUARY, 1, 30, last=True), "months", 12),
        (months(JANUARY, 3, 9), "quarters", 4),
    ],
    ids=str,
)
def test_each_usual_frequency_is_found_and_numbers_its_periods(ds, name, season):
    found = detect(rows(ds))
    assert found.name == name
    assert found.seasons[0] == season
    us = rows(ds)["ds"].dt.epoch("us").to_numpy()
    number = found.index(us)
    assert (np.diff(number) == 1).all()
    np.testing.assert_array_equal(found.start(number), us)


def test_gaps_are_no_other_frequency():
    ds = spaced(MONDAY, timedelta(days=1), 60)
    assert detect(rows([d for i, d in enumerate(ds) if i % 7 < 5])).us == DAY


def test_two_frequencies_are_refused_with_the_series_and_the_periods():
    mixed = pl.concat(
        [
            rows(spaced(MONDAY, timedelta(weeks=1), 30), "weekly"),
            rows([MONDAY, MONDAY + timedelta(days=3)], "odd"),
        ]
    )
    with pytest.raises(ValueError, match=r"two frequencies are mixed.*weeks.*'odd'.*2020-12-31"):
        detect(mixed)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize(("step", "name"), [(3, "quarters"), (12, "years")])
@pytest.mark.parametrize("rarer", [1, 9])
def test_quarters_and_years_among_months_are_refused(step, name, last, rarer):
    series = [rows(months(JANUARY, step, 9, last), f"rare{i}") for i in range(rarer)]
    with pytest.raises(ValueError, match=rf"steps of months are usual.*'rare0' are of {name}"):
        detect(pl.concat([*series, rows(months(JANUARY, 1, 30, last))]))


def test_months_with_gaps_are_months():
    ds = months(JANUARY, 1, 30)
    gaps = rows([each for i, each in enumerate(ds) if i % 3 or i == 9], "gaps")
    assert detect(pl.concat([rows(ds), gaps])).name == "months"


def test_series_of_different_weekdays_are_no_grid():
    mixed = pl.concat(
        [
            rows(spaced(MONDAY, timedelta(weeks=1), 9), "a"),
            rows(spaced(MONDAY + timedelta(days=1), timedelta(weeks=1), 9), "b"),
        ]
    )
    with pytest.raises(ValueError, match="expected one grid"):
        detect(mixed)


def test_one_period_per_series_tells_no_frequency():
    with pytest.raises(ValueError, match="two periods at least"):
        detect(rows([MONDAY]))


@given(st.integers(0, 3000), st.sampled_from([1, 3, 12]), st.booleans())
def test_a_month_begins_where_the_one_before_is_over(number, length, last):
    grid = Frequency(0, length, 0, last)
    start = grid.start(np.array([number, number + 1]))
    assert grid.index(start).tolist() == [number, number + 1]
    following = start[1] + DAY if last else start[1]
    assert grid.end(start)[0] <= following


@given(st.integers(-10_000, 10_000), st.integers(0, 86_399))
def test_the_first_period_from_a_moment_does_not_begin_before_it(day, second):
    grid = Frequency(7 * DAY, anchor=3 * DAY)
    at = JANUARY + timedelta(days=day, seconds=second)
    number = grid.first_from(at)
    us = round(at.timestamp()) * 1_000_000
    assert grid.start(number - 1) < us <= grid.start(number)
