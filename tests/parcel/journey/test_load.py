"""How busy a place is, counted in a loop over scans."""

import math

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lanecast.parcel.journey.load import busy, load

SCHEMA = {
    "parcel_id": pl.String, "facility_id": pl.String, "status": pl.String,
    "recorded_h": pl.Float64,
}  # fmt: skip
SUMS = ("arrived", "left", "stayed_h")

scan = st.tuples(
    st.sampled_from("ab"), st.sampled_from(["x", "y", "", None]),
    st.sampled_from(["arrived", "arrived", "departed", "out_for_delivery", "delayed"]),
    st.integers(0, 800).map(lambda quarter: quarter / 2),
)  # fmt: skip
stories = st.lists(scan, max_size=20).map(lambda each: sorted(each, key=lambda s: (s[0], s[3])))


def frame(told):
    return pl.DataFrame(told, schema=SCHEMA, orient="row")


def naive(told, place, hour):
    """Sum up what had become known by ``hour``."""
    known = [s for s in told if s[1] == place and s[3] <= hour]
    arrived = [s for s in known if s[2] == "arrived"]
    stays = []
    for parcel in {s[0] for s in known}:
        came = [s[3] for s in arrived if s[0] == parcel]
        went = [s[3] for s in known if s[0] == parcel and s[2] in ("departed", "out_for_delivery")]
        if came and went:
            stays.append(min(max(min(went) - min(came), 0.0), 240.0))
    return len(arrived), len(stays), sum(stays)


def ratios(told, place, now):
    now = math.floor(now)
    at = {span: naive(told, place, now - span) for span in (0, 24, 336)}
    day, fortnight = ([a - b for a, b in zip(at[0], at[span], strict=True)] for span in (24, 336))
    arrivals = math.log((day[0] + 3) / (fortnight[0] * 24 / 336 + 3))
    stay, usual = ((part[2] + 1) / (part[1] + 1) for part in (day, fortnight))
    return arrivals, math.log(stay / usual)


@given(stories)
def test_running_sums_are_those_of_a_loop_over_scans(told):
    table = load(frame(told))
    for row in table.iter_rows(named=True):
        mine = tuple(row[name] for name in SUMS)
        loop = naive(told, row["facility_id"], row["hour"])
        assert all(abs(a - b) < 1e-9 for a, b in zip(mine, loop, strict=True))
    assert table.select("facility_id", "hour").is_unique().all()


@given(stories, st.lists(st.tuples(st.sampled_from("xyz"), st.floats(0, 700)), max_size=4))
def test_a_place_is_as_busy_as_a_loop_over_scans_says(told, questions):
    rows = pl.DataFrame(questions, schema={"here": pl.String, "asof_h": pl.Float64}, orient="row")
    rows = rows.sort("asof_h")
    found = busy(rows, load(frame(told)), "here", "h")
    for row in found.iter_rows(named=True):
        arrivals, stay = ratios(told, row["here"], row["asof_h"])
        assert abs(row["h_arrivals"] - arrivals) < 1e-9
        assert abs(row["h_stay"] - stay) < 1e-9
    assert_frame_equal(found.select(rows.columns), rows)


@settings(max_examples=40)
@given(stories, st.integers(0, 400))
def test_what_becomes_known_later_changes_no_earlier_sum(told, hour):
    known = [s for s in told if s[3] <= hour]
    places = pl.DataFrame({"here": ["x", "y"], "asof_h": [float(hour)] * 2})
    then, now = (busy(places, load(frame(each)), "here", "h") for each in (known, told))
    assert_frame_equal(then, now, abs_tol=1e-9)


def test_nobody_knows_a_place_that_is_null_or_was_never_seen():
    rows = pl.DataFrame({"here": ["q", None, ""], "asof_h": 5.0})
    found = busy(rows, load(frame([("a", "x", "arrived", 1.0)])), "here", "h")
    assert found.select("h_arrivals", "h_stay").unique().rows() == [(0.0, 0.0)]
