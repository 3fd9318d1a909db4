from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from lanecast.sources.ingest import ingest
from lanecast.sources.report import RefusedError
from lanecast.tables.lake import Lake, collect
from lanecast.tables.series import ATTRIBUTES, COVARIATES, SERIES

from ..conftest import ROOT

DAYS = [f"2024-03-{day:02d}" for day in range(1, 15)]


def series(**columns) -> pl.DataFrame:
    rows = {
        "unique_id": ["a"] * 14 + ["b"] * 14,
        "ds": DAYS * 2,
        "y": [float(i) for i in range(28)],
    }
    return pl.DataFrame(rows | columns)


def brought(folder: Path, **files: pl.DataFrame):
    """Write files as CSV, ingest them, and return the lake and the report."""
    folder.mkdir(exist_ok=True)
    for name, rows in files.items():
        rows.write_csv(folder / f"{name}.csv")
    lake = folder / "lake"
    report = ingest(Lake(lake), "series", folder)
    return Lake(lake), report


def found(report) -> set[str]:
    return set(report.findings["code"])


def test_series_of_ones_own_become_canonical_and_a_day_is_known_when_it_is_over(tmp_path):
    lake, report = brought(tmp_path / "x", series=series())
    rows = collect(lake.read(SERIES)).sort("unique_id", "ds")
    assert report.ok() and rows.height == 28
    assert (rows["recorded_at"] - rows["ds"] == timedelta(days=1)).all()
    assert rows["y"].to_list() == [float(i) for i in range(28)]


def test_the_role_of_a_column_is_its_file(tmp_path):
    future = pl.DataFrame({"ds": DAYS, "holiday": ["true", "false"] * 7})
    own = series(visitors=[1.5] * 28)
    static = pl.DataFrame({"unique_id": ["a", "b"], "size": ["1", "2"]})
    lake, _ = brought(tmp_path / "x", series=own, known_future=future, static=static)
    rows = collect(lake.read(COVARIATES))
    ahead, past = (rows.filter(name=name) for name in ("holiday", "visitors"))
    assert (ahead["recorded_at"] == datetime(2024, 3, 1, tzinfo=UTC)).all()
    assert ahead["value"].sum() == 7 and set(ahead["unique_id"]) == {"*"}
    assert (past["recorded_at"] > past["ds"]).all()
    assert collect(lake.read(ATTRIBUTES))["level"].null_count() == 2


def test_a_hierarchy_is_levels_from_the_top(tmp_path):
    tree = pl.DataFrame({"unique_id": ["a", "b"], "region": ["n", "n"], "city": ["x", "y"]})
    lake, _ = brought(tmp_path / "x", series=series(), hierarchy=tree)
    rows = collect(lake.read(ATTRIBUTES))
    assert dict(rows.select("name", "level").unique().iter_rows()) == {"region": 1, "city": 2}


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"series": pl.DataFrame({"unique_id": ["a"], "ds": ["2024-03-01"]})}, "no column 'y'"),
        (
            {"series": series(ds=[*DAYS, *DAYS[:13], "2024-03-20 06:30"])},
            "two frequencies are mixed",
        ),
        (
            {
                "series": series(),
                "hierarchy": pl.DataFrame(
                    {"unique_id": ["a", "b"], "region": ["n", "s"], "city": ["x", "x"]}
                ),
            },
            "not a tree: city 'x' lies in region 'n', 's'",
        ),
        (
            {
                "series": series(),
                "hierarchy": pl.DataFrame({"unique_id": ["a"], "region": ["n"]}),
            },
            "1 series have no row, for example 'b'",
        ),
        (
            {
                "series": series(),
                "known_future": pl.DataFrame({"ds": DAYS, "sky": ["blue"] * 14}),
            },
            "column 'sky' holds 'blue'; expected numbers",
        ),
        (
            {"series": series(ds=["2024-W01"] * 28)},
            "no row can be used: column 'ds' holds '2024-W01'; expected a date such as",
        ),
        (
            {"series": series(), "known_future": pl.DataFrame({"ds": DAYS, "price: [net]": 1.0})},
            r"the name of column 'price: \[net\]' may hold none of , :",
        ),
        (
            {
                "series": series(),
                "known_future": pl.DataFrame({"ds": ["2024-02-01", "2024-02-29"], "sale": 1}),
            },
            "known_future.csv: ends 2024-02-29 00:00, before series.csv begins, 2024-03-01 00:00",
        ),
        (
            {"series": series(y=["many"] * 28)},
            "no row can be used: column 'y' holds 'many'; expected a number",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_in_a_sentence(tmp_path, files, says):
    with pytest.raises(RefusedError, match=says):
        brought(tmp_path / "x", **files)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("unique_id;ds;y\na;2024-03-01;1\n", "separate the columns by commas, not by semicolons"),
        ("unique_id;ds;y\na;2024-03-01;1,5\n", "Its header is separated by semicolons; expected"),
    ],
)
def test_semicolons_are_told(tmp_path, text, says):
    (tmp_path / "series.csv").write_text(text)
    with pytest.raises(RefusedError, match=says):
        brought(tmp_path)


def test_rows_that_stand_there_twice_are_taken_once_and_counted(tmp_path):
    rows = series()
    static = pl.DataFrame({"unique_id": ["a", "a", "b"], "kind": ["food", "food", "toys"]})
    future = pl.DataFrame({"ds": [*DAYS, DAYS[3]], "sale": 1})
    lake, report = brought(
        tmp_path / "x", series=pl.concat([rows, rows[:3]]), static=static, known_future=future
    )
    told = report.findings.filter(code="same_row_again").select("file", "count", "example")
    assert set(told.rows()) == {
        ("series.csv", 3, "a"),
        ("static.csv", 1, "a"),
        ("known_future.csv", 1, "2024-03-04 00:00:00+00:00"),
    }
    assert report.ok() and collect(lake.read(SERIES)).height == 28


def test_a_plan_that_ends_before_the_series_is_kept_and_told(tmp_path):
    plan = pl.DataFrame({"ds": DAYS[:10], "sale": 1})
    lake, report = brought(tmp_path / "x", series=series(), known_future=plan)
    assert found(report) == {"ends_early"} and report.ok()
    assert collect(lake.read(COVARIATES)).height == 10


def test_a_column_that_stands_twice_is_refused(tmp_path):
    (tmp_path / "series.csv").write_text("unique_id,ds,y,y\na,2024-03-01,1,2\n")
    with pytest.raises(RefusedError, match="column 'y' stands twice in the header"):
        brought(tmp_path)


def test_what_a_series_is_stands_once_and_more_is_set_aside(tmp_path):
    static = pl.DataFrame({"unique_id": ["a", "a", "b"], "kind": ["food", "toys", "toys"]})
    lake, report = brought(tmp_path / "x", series=series(), static=static)
    assert found(report) == {"duplicate_key"} and not report.ok()
    kinds = collect(lake.read(ATTRIBUTES)).select("unique_id", "value")
    assert dict(kinds.iter_rows()) == {"a": "food", "b": "toys"}


def test_a_clock_that_is_not_filled_is_the_end_of_the_period(tmp_path):
    late = ["2024-04-01T00:00:00Z", *[""] * 27]
    lake, report = brought(tmp_path / "x", series=series(recorded_at=late))
    rows = collect(lake.read(SERIES)).sort("unique_id", "ds")
    assert report.ok() and rows.height == 28
    assert rows["recorded_at"][0] == datetime(2024, 4, 1, tzinfo=UTC)
    assert (rows["recorded_at"][1:] - rows["ds"][1:] == timedelta(days=1)).all()


def test_numbers_whose_squares_are_none_are_set_aside(tmp_path):
    rows = series(y=[1e300] + [1.0] * 27, visits=[1.0] * 27 + [-1e300])
    lake, report = brought(tmp_path / "x", series=rows)
    assert found(report) == {"too_high", "too_low"}
    assert collect(lake.read(SERIES)).height == collect(lake.read(COVARIATES)).height == 27


def test_an_hour_that_the_clock_skipped_is_set_aside_where_the_next_is_there(tmp_path):
    day = pl.datetime_range(
        pl.datetime(2024, 3, 31), pl.datetime(2024, 3, 31, 23), "1h", eager=True
    )
    rows = pl.DataFrame({"unique_id": "a", "ds": day.dt.to_string(), "y": [*range(24)]})
    folder = tmp_path / "x"
    folder.mkdir()
    rows.write_csv(folder / "series.csv")
    report = ingest(Lake(folder / "lake"), "series", folder, zone="Europe/Paris")
    assert found(report) == {"skipped_hour"}
    told = collect(Lake(folder / "lake").read(SERIES)).sort("ds")
    assert told["y"].to_list() == [0, 1, *range(3, 24)]
    assert told["ds"].diff().drop_nulls().unique().to_list() == [timedelta(hours=1)]


def test_gaps_negatives_and_zeros_are_kept_and_told(tmp_path):
    rows = series(y=[-1.0] + [1.0] * 13 + [0.0] * 14).filter(pl.col("ds") != DAYS[5])
    lake, report = brought(tmp_path / "x", series=rows)
    assert {"gap", "negative", "all_zero"} <= found(report)
    assert collect(lake.read(SERIES)).height == 26


def test_duplicates_and_text_go_to_quarantine_with_the_reason(tmp_path):
    rows = series().with_columns(pl.col("y").cast(pl.String))
    odd = pl.DataFrame({"unique_id": ["a", "b"], "ds": [DAYS[0], "2024-03-15"], "y": ["9", "many"]})
    lake, report = brought(tmp_path / "x", series=pl.concat([rows, odd]))
    assert {"duplicate_key", "not_a_number"} <= found(report)
    assert not report.ok()
    assert collect(lake.read(SERIES)).filter(unique_id="a", y=0.0).height == 1


def test_hours_with_an_offset_are_instants_so_a_clock_change_is_no_gap(tmp_path):
    hours = pl.datetime_range(
        datetime(2024, 3, 30, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC), "1h", eager=True
    )
    local = hours.dt.convert_time_zone("Europe/Berlin").dt.to_string("%Y-%m-%dT%H:%M:%S%:z")
    rows = pl.DataFrame({"unique_id": "a", "ds": local, "y": 1.0})
    lake, report = brought(tmp_path / "x", series=rows)
    assert "gap" not in found(report)
    assert collect(lake.read(SERIES))["ds"].sort().to_list() == hours.to_list()


def test_a_year_of_53_weeks_is_53_rows(tmp_path):
    weeks = pl.date_range(pl.date(2020, 1, 6), pl.date(2021, 3, 1), "1w", eager=True)
    rows = pl.DataFrame({"unique_id": "a", "ds": weeks, "y": 1.0})
    lake, report = brought(tmp_path / "x", series=rows)
    assert "gap" not in found(report)
    assert collect(lake.read(SERIES)).height == len(weeks)


@pytest.mark.parametrize(
    ("name", "count", "columns"),
    [("walmart", 371_242, 10), ("vn1", 195_689, 1), ("m4", None, 0)],
)
def test_public_data_come_whole(tmp_path, name, count, columns):
    folder = ROOT.parent / "shared" / "data" / name
    if not folder.is_dir():
        pytest.skip(f"needs the public {name} data in ../shared/data/{name}")
    if count is None:
        with pytest.raises(RefusedError, match="choose by the horizon: 48 for hourly"):
            ingest(Lake(tmp_path / "lake"), "m4", folder)
        return
    report = ingest(Lake(tmp_path / "lake"), name, folder)
    lake = Lake(tmp_path / "lake")
    assert report.ok()
    assert collect(lake.read(SERIES)).height == count
    assert collect(lake.read(COVARIATES))["name"].n_unique() == columns


def test_markdowns_are_known_ahead_and_weather_is_not(tmp_path):
    walmart = tmp_path / "walmart"
    walmart.mkdir()
    weeks = ["2012-01-06", "2012-01-13"]
    pl.DataFrame(
        {"Store": 1, "Dept": 2, "Date": weeks, "Weekly_Sales": [10.0, -2.0], "IsHoliday": "FALSE"}
    ).write_csv(walmart / "train.csv")
    wide = {"Store": 1, "Date": weeks, "Temperature": 40.5, "Fuel_Price": 3.0}
    wide |= {f"MarkDown{i}": ["NA", "7.5"] for i in range(1, 6)}
    wide |= {"CPI": 200.0, "Unemployment": 8.0, "IsHoliday": ["TRUE", "FALSE"]}
    pl.DataFrame(wide).write_csv(walmart / "features.csv")
    pl.DataFrame({"Store": [1], "Type": ["A"], "Size": [99]}).write_csv(walmart / "stores.csv")
    assert ingest(Lake(tmp_path / "lake"), "walmart", walmart).ok()
    lake = Lake(tmp_path / "lake")
    rows = collect(lake.read(COVARIATES))
    second = datetime(2012, 1, 13, tzinfo=UTC)
    markdown = rows.filter(name="MarkDown3")
    assert markdown["ds"].to_list() == [second] and markdown["value"].to_list() == [7.5]
    assert (second - markdown["recorded_at"][0]) == timedelta(weeks=39)
    assert (
        rows.filter(name="Temperature")["recorded_at"] > rows.filter(name="Temperature")["ds"]
    ).all()
    assert rows.filter(name="holiday").sort("ds")["value"].to_list() == [1.0, 0.0]
    assert collect(lake.read(SERIES)).filter(unique_id="1_2").height == 2


def test_the_test_part_of_m4_goes_on_after_the_training_part(tmp_path):
    from lanecast.sources import m4

    folder = tmp_path / "m4"
    folder.mkdir()
    hours = {"series_id": ["H1"] * 3 + ["H2"] * 2, "t": [1, 2, 3, 1, 2], "y": [1.0, 2, 3, 8, 9]}
    pl.DataFrame(hours).write_csv(folder / "hourly_train.csv")
    pl.DataFrame({"series_id": ["H1", "H2"], "t": [1, 1], "y": [4.0, 10]}).write_csv(
        folder / "hourly_test.csv"
    )
    piece = next(iter(m4.read_one(folder, "hourly")))
    rows = piece.rows.sort("unique_id", "ds")
    assert rows.filter(unique_id="H1")["y"].to_list() == [1, 2, 3, 4]
    assert rows.group_by("unique_id").agg(pl.col("ds").max())["ds"].n_unique() == 1
