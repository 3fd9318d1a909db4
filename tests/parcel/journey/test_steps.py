"""The steps of a parcel, and what the model reads of each."""

import math
from datetime import timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lanecast.parcel.journey import sequences
from lanecast.parcel.journey.inputs import NUMBERS, TEXTS
from lanecast.parcel.journey.steps import EPOCH, steps
from lanecast.parcel.questions import questions
from lanecast.tables.lake import collect

from ..stories import at, number, put, scan, shop, told


def walked(lake, since, until):
    return collect(steps(lake, since, until)).sort("parcel_id", "asof_h", "moment")


def test_steps_are_all_questions_of_the_parcels_that_raised_one_in_the_window(
    company_lake, company_days
):  # fmt: skip
    _, since, until = company_days
    every = collect(questions(company_lake, EPOCH, until))
    recent = {row["parcel_id"] for row in every.iter_rows(named=True)
              if row["asof_h"] >= number(since)}  # fmt: skip
    mine = walked(company_lake, since, until)
    wanted = every.filter(pl.col("parcel_id").is_in(recent)).sort("parcel_id", "asof_h", "moment")
    assert 0 < len(recent) < every["parcel_id"].n_unique()
    assert_frame_equal(mine.select(every.columns), wanted)
    assert mine["is_asked"].to_list() == [hour >= number(since) for hour in mine["asof_h"]]
    seen: dict[str, str] = {}
    for row in mine.iter_rows(named=True):
        seller = "from " + (row["origin_facility_id"] or "")
        seen[row["parcel_id"]] = row["facility_id"] or seen.get(row["parcel_id"], seller)
        assert row["reached_from"] == seen[row["parcel_id"]]
    nowhere = mine.filter(facility_id="").filter(~pl.col("reached_from").str.starts_with("from "))
    assert nowhere.height  # told without a place, after it had been seen at one


def test_a_step_lies_where_the_parcel_was_seen_last(company, company_lake, company_days):
    _, since, until = company_days
    spots = {row["facility_id"]: (row["lat"], row["lon"])
             for row in company.tables["facilities"].iter_rows(named=True)}  # fmt: skip
    mine = walked(company_lake, since, until)
    for place, *spot in mine.select("reached_from", "lat", "lon").unique().rows():
        assert tuple(spot) == spots.get(place, (None, None))


@pytest.mark.parametrize("name", ["unknown", "created"])
def test_a_parcel_of_which_nothing_is_told_has_its_checkout(tmp_path, name):
    lake = told(tmp_path / "lake", scan("e1", name, 5, 5))
    rows = walked(lake, at(-1), at(50))
    assert rows.select("moment", "facility_id", "reached_from").rows() == [
        ("checkout", "", "from f1")
    ]


def test_a_lake_without_scans_has_checkouts_as_steps_and_no_sequences(tmp_path):
    lake = shop(tmp_path / "lake", ["p1", "p2"])
    assert walked(lake, at(-1), at(50))["moment"].to_list() == ["checkout"] * 2
    with pytest.raises(FileNotFoundError, match="scans: no such table; write it first"):
        sequences(lake, at(-1), at(50))


def test_a_scan_that_is_recorded_later_is_no_step_yet(tmp_path):
    now = [scan("e1", "picked_up", 5, 5, "f1"), scan("e2", "arrived", 10, 10, "f2")]
    later = [scan("e3", "arrived", 12, 50, "f3"), scan("e4", "lost", 49, 49.5)]
    short, long = told(tmp_path / "a", *now), told(tmp_path / "b", *now, *later)
    for lake in (short, long):
        assert walked(lake, at(-1), at(49))["asof_h"].to_list() == [
            number(at(hour)) for hour in (0, 5, 10)
        ]
    mine, other = (sequences(lake, at(-1), at(49)) for lake in (short, long))
    for part in ("steps", "reach", "places"):
        assert_frame_equal(getattr(mine, part), getattr(other, part))


def test_a_place_is_known_as_it_was_told_by_then(tmp_path):
    lake = told(tmp_path / "lake", scan("e1", "picked_up", 5, 5, "f1"))
    hub = {"facility_id": "f1", "kind": "sort_hub", "country": "US", "region": "US-NY"}
    hub |= {"zone": "America/New_York"}
    put(lake, "facilities", hub | {"lat": 40.0, "lon": -74.0, "recorded_at": at(-9)})
    put(lake, "facilities", hub | {"lat": 41.0, "lon": -75.0, "recorded_at": at(20)})
    lake = type(lake)(lake.path)
    for until, lat in ((19, 40.0), (21, 41.0)):
        assert walked(lake, at(-1), at(until))["lat"].to_list() == [None, lat]
        assert sequences(lake, at(-1), at(until)).places["lat"].to_list() == [lat]


def test_a_story_becomes_numbers_and_texts(tmp_path):
    """A loop, a scan told late, one told twice, and two of one instant."""
    lake = told(
        tmp_path / "lake",
        scan("e1", "picked_up", 4, 5, "f1"),
        scan("e2", "arrived", 10, 10, "f2"),
        scan("e3", "departed", 12, 12, "f2"),
        scan("e4", "delivery_failed", 12, 12, "f2"),
        scan("e5", "arrived", 20, 20, "f1"),
        scan("e6", "arrived", 15, 22, "f3"),
        scan("e7", "arrived", 15, 23, "f3"),
    )
    x = sequences(lake, at(11), at(30))
    rows = x.steps
    assert [hour - number(at(0)) for hour in rows["asof_h"]] == pytest.approx(
        [0, 5, 10, 12, 20, 22, 23]
    )
    assert rows["is_asked"].to_list() == [False] * 3 + [True] * 4
    assert rows["facility_id"].to_list() == ["", "f1", "f2", "f2", "f1", "f1", "f1"]
    assert rows["status"].to_list()[3:] == ["delivery_failed", "arrived", "arrived", "arrived"]
    assert rows["attempts"].to_list() == [0, 0, 0, 1, 1, 1, 1]
    since = [math.expm1(each) for each in rows["since_step"].drop_nulls()]
    assert since == pytest.approx([5, 5, 2, 8, 2, 1])
    assert [math.expm1(each) for each in rows["since_placed"]] == pytest.approx(
        [0, 5, 10, 12, 20, 22, 23]
    )
    assert [math.expm1(each) for each in rows["since_event"]] == pytest.approx(
        [0, 1, 0, 0, 0, 2, 3]
    )
    assert [round(math.expm1(each)) for each in rows["scans"]] == [0, 1, 2, 4, 5, 6, 7]
    assert set(rows.columns) >= {*NUMBERS, *TEXTS}
    assert x.places["facility_id"].to_list() == ["f1", "f2", "f3"]


def test_the_hour_of_the_day_and_of_the_week_is_local(tmp_path):
    lake = told(tmp_path / "lake", scan("e1", "picked_up", 5, 5, "f1"))
    row = sequences(lake, at(-1), at(30)).steps.row(0, named=True)
    local = at(0) - timedelta(minutes=300)  # Monday, 7:00
    day, week = local.hour * math.tau / 24, local.hour * math.tau / 168
    assert (row["hour_sin"], row["hour_cos"]) == pytest.approx((math.sin(day), math.cos(day)))
    assert (row["week_sin"], row["week_cos"]) == pytest.approx((math.sin(week), math.cos(week)))


def test_distances_are_those_on_a_sphere_within_a_continent(company_lake, company_days):
    """On a plane that is true halfway, which is worse across oceans."""
    _, since, until = company_days
    rows = walked(company_lake, since, until)
    x = sequences(company_lake, since, until).steps
    columns = ("lat", "lon", "origin_lat", "origin_lon", "goal_lat", "goal_lon")
    near = 0
    for (lat, lon, *fixed), mine in zip(
        rows.select(columns).rows(), x["to_goal_km"].to_list(), strict=True
    ):
        here = (lat, lon) if lat is not None else fixed[:2]
        a, b, c, d = (math.radians(each) for each in (*here, *fixed[2:]))
        cosine = math.sin(a) * math.sin(c) + math.cos(a) * math.cos(c) * math.cos(d - b)
        arc_km = 6371 * math.acos(min(1, cosine))
        if arc_km < 3000:
            near += 1
            assert math.expm1(mine) == pytest.approx(arc_km, rel=0.02, abs=0.1)
    assert near > 100


def test_five_hundred_scans_are_five_hundred_and_one_steps(tmp_path):
    lake = told(
        tmp_path / "lake",
        *(scan(f"e{i:03}", "arrived", i, i, f"f{i % 7}") for i in range(1, 501)),
    )
    x = sequences(lake, at(400), at(600))
    assert x.steps.height == 501
    assert x.steps["is_asked"].sum() == 101
    assert x.steps["asof_h"].is_sorted()


def test_a_checkout_comes_before_a_scan_of_the_same_instant(tmp_path):
    names = [f"p{i}" for i in range(5)]
    lake = told(tmp_path / "lake", *(scan(f"e{p}", "picked_up", 0, 0, "f1", p) for p in names))
    rows = sequences(lake, at(-1), at(30)).steps
    assert rows["moment"].to_list() == ["checkout", "shipped"] * 5


def test_a_day_off_is_known_once_it_was_told(tmp_path):
    """A strike on Thursday the 6th is told that morning."""
    lake = told(
        tmp_path / "lake",
        *(scan(f"e{i}", "arrived", i, i, "f1") for i in (10, 20, 30, 60, 84)),
    )
    day = {"country": "US", "region": "US-NY", "recorded_at": at(-99), "is_working": True}
    put(lake, "calendars", *(day | {"date": at(24 * i).date()} for i in range(5)))
    strike = {"is_working": False, "date": at(72).date(), "recorded_at": at(70)}
    put(lake, "calendars", day | strike)
    lake = type(lake)(lake.path)
    rows = sequences(lake, at(-1), at(99)).steps
    known = rows.select("is_working", "works_tomorrow").rows()
    assert known == [(1, 1)] * 5 + [(0, 1)]
    early = sequences(lake, at(-1), at(69)).steps
    assert_frame_equal(early, rows.head(early.height))
