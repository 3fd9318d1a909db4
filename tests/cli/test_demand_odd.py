"""Odd series from a folder to the scores of a back-test: refused in a sentence, or answered."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from lanecast.planning import demand

WEEK = (9.0, 4.0, 5.0, 6.0, 7.0, 12.0, 14.0)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Let two small models answer."""

    def few(source, known, seed):
        pooled = demand.Pooled(rounds=10, leaves=7, smallest=5, seed=seed, threads=1)
        members = {"naive": demand.SeasonalNaive(), "pooled": pooled}
        return {
            "ensemble": demand.Ensemble(members, seed=seed),
            "seasonal_naive": demand.SeasonalNaive(),
        }

    monkeypatch.setattr("lanecast.cli.demand.entries", few)


def series(**changed) -> pl.DataFrame:
    """Three daily series of nine weeks."""
    dates = pl.date_range(date(2024, 3, 1), date(2024, 5, 2), eager=True)
    values = {
        name: [size * WEEK[i % 7] + i % 3 / 10 for i in range(63)]
        for name, size in (("a", 1), ("b", 2), ("c", 5))
    }
    values |= changed
    return pl.concat(
        pl.DataFrame({"unique_id": name, "ds": dates, "y": y}) for name, y in values.items()
    )


@pytest.fixture
def tried(lanecast, tmp_path):
    """Back-test the files of a folder, a week ahead."""

    def call(horizon=7, *more, **files):
        folder = tmp_path / "own"
        folder.mkdir()
        for name, rows in files.items():
            rows.write_csv(folder / f"{name}.csv")
        words = ("backtest", "demand", "--source", "series", "--data", folder)
        return lanecast(*words, "--horizon", horizon, "--json", "-", *more)

    return call


def test_a_gap_is_unknown_and_neither_scored_nor_in_the_way(tried):
    lost = pl.col("ds").is_in([date(2024, 4, 10), date(2024, 5, 1)]) & (pl.col("unique_id") == "b")
    said = tried(series=series().filter(~lost))
    assert said.code == 0, said.err
    assert said.json["n_scored"] == 3 * 7 - 1
    assert "gap, 2 times, for example b; unknown, not zero" in said.err
    assert said.json["wape"] < 0.1


def test_a_series_and_period_twice_is_taken_once_and_that_is_said(tried):
    rows = series()
    twice = rows.filter(pl.col("unique_id") == "a").tail(3).with_columns(y=pl.lit(900.0))
    said = tried(series=pl.concat([rows, twice]))
    assert said.code == 0, said.err
    assert said.json["n_scored"] == 21 and said.json["wape"] < 0.1
    assert "duplicate key, 3 times, for example" in said.err


@pytest.mark.parametrize(
    "y",
    [[-5.0] + [3.0] * 62, [0.0] * 63, [8.0] * 63],
    ids=["negative", "all_zero", "constant"],
)
def test_returns_nothing_sold_and_always_the_same_are_answered(tried, y):
    said = tried(series=series(a=y))
    assert said.code == 0, said.err
    assert said.json["n_scored"] == 21
    assert said.json["wape"] < 0.1 and said.json["mase"] is not None


def test_all_series_without_any_sale_have_no_relative_error(tried):
    said = tried(series=series(a=[0.0] * 63, b=[0.0] * 63, c=[0.0] * 63))
    assert said.code == 0, said.err
    assert said.json["wape"] is None or said.json["wape"] == 0


def test_one_observation_is_answered_by_the_baseline(tried):
    one = pl.DataFrame({"unique_id": ["new"], "ds": [date(2024, 4, 20)], "y": [4.0]})
    said = tried(series=pl.concat([series(), one]))
    assert said.code == 0, said.err
    assert said.json["n_scored"] == 21


def test_a_folder_of_one_observation_is_refused(tried):
    one = pl.DataFrame({"unique_id": ["a", "b"], "ds": [date(2024, 4, 20)] * 2, "y": [4.0, 5.0]})
    said = tried(series=one)
    assert said.code == 2 and "expected a series of two periods at least" in said.err


def test_a_plan_that_ends_before_the_horizon_is_past_only(tried):
    rows = series().filter(pl.col("unique_id") == "a").select("ds", price=pl.col("y"))
    said = tried(series=series(), known_future=rows.head(59))
    assert said.code == 0, said.err
    assert "price is known 3 of 7 periods ahead, so only its past is used" in said.err


def test_a_plan_of_the_past_alone_is_refused(tried):
    rows = series().filter(pl.col("unique_id") == "a").select("ds", price=pl.col("y"))
    said = tried(series=series(), known_future=rows.head(56))
    assert said.code == 2 and "of price nothing is known from the first origin on" in said.err
    assert "2024-04-26 00:00" in said.err


def test_two_frequencies_are_refused_with_an_example(tried):
    weekly = pl.DataFrame(
        {
            "unique_id": "w",
            "ds": pl.date_range(date(2024, 3, 4), date(2024, 5, 2), "1w", eager=True),
        }
    ).with_columns(y=pl.lit(1.0))
    said = tried(series=pl.concat([series(), weekly]))
    assert said.code == 2 and "all of series 'w' are of weeks" in said.err


def test_hours_of_a_clock_that_changes_are_refused_or_counted(lanecast, tried):
    """In Berlin 02:00 of 31 March 2024 does not exist: with offsets, the day has 23 hours."""
    at = pl.datetime_range(
        datetime(2024, 3, 20, tzinfo=UTC), datetime(2024, 4, 2, 23, tzinfo=UTC), "1h", eager=True
    )
    local = at.dt.convert_time_zone("Europe/Berlin").dt.to_string("%Y-%m-%dT%H:%M:%S%:z")
    y = pl.Series([5.0 + i % 24 for i in range(len(at))])
    said = tried(24, series=pl.DataFrame({"unique_id": "a", "ds": local, "y": y}))
    assert said.code == 0, said.err
    assert said.json["n_scored"] == 24


def test_hours_of_a_wall_clock_are_instants_of_the_zone_that_is_named(tried):
    """27 October 2024 has 25 hours in Berlin; a file without offsets holds only 24 of them."""
    first, last = datetime(2024, 10, 14, tzinfo=UTC), datetime(2024, 10, 30, 23, tzinfo=UTC)
    at = pl.datetime_range(first, last, "1h", eager=True)
    y = pl.Series([5.0 + i % 24 for i in range(len(at))])
    rows = pl.DataFrame({"unique_id": "a", "ds": at.dt.to_string("%Y-%m-%dT%H:%M:%S"), "y": y})
    said = tried(24, "--zone", "Europe/Berlin", series=rows)
    assert said.code == 0, said.err
    assert said.json["origins"] == ["2024-10-29T23:00"]  # 25 periods after the change: it is UTC
    assert "gap, 1 times, for example a; unknown, not zero" in said.err


def test_a_zone_of_a_source_whose_clock_is_known_is_refused(lanecast, tmp_path):
    words = (
        "backtest",
        "demand",
        "--source",
        "walmart",
        "--data",
        tmp_path,
        "--zone",
        "Asia/Tokyo",
    )
    said = lanecast(*words)
    assert said.code == 2 and "--zone: the clock of walmart is known" in said.err


def test_a_year_of_53_weeks_needs_no_rule(tried):
    weeks = pl.date_range(date(2019, 1, 7), date(2021, 3, 1), "1w", eager=True)
    y = [10.0 + i % 13 for i in range(len(weeks))]
    said = tried(8, series=pl.DataFrame({"unique_id": "a", "ds": weeks, "y": y}))
    assert said.code == 0, said.err
    assert said.json["n_scored"] == 8 and said.json["origins"] == ["2021-01-11T00:00"]


def test_a_hierarchy_that_is_no_tree_is_refused(tried):
    tree = pl.DataFrame(
        {"unique_id": ["a", "b", "c"], "region": ["n", "s", "s"], "city": ["x", "x", "y"]}
    )
    said = tried(series=series(), hierarchy=tree)
    assert said.code == 2 and "not a tree: city 'x' lies in region 'n', 's'" in said.err
