import numpy as np
import polars as pl
import pytest

from lanecast.parcel.trajectory.walk import walk
from lanecast.tables.lake import collect

from ..stories import at, chaos, number, scan, told

SAID = ["here", "prev", "prev2", "first", "stops", "next_stop"]


def steps(lake, *names):
    rows = collect(walk(lake)).sort("parcel_id", "asof_h")
    return rows.select(*(names or SAID)).rows()


def test_a_way_is_told_stop_by_stop_with_what_came_next(tmp_path):
    lake = told(
        tmp_path / "lake",
        scan("1", "picked_up", 0, 0),
        scan("2", "arrived", 5, 5, "a"),
        scan("3", "departed", 6, 6, "a"),
        scan("4", "arrived", 9, 9.1, "b"),
        scan("5", "departed", 10, 10, "b"),
        scan("6", "arrived", 12, 12, "a"),
        scan("7", "delivered", 14, 14, "a"),
    )
    assert steps(lake) == [
        (None, None, None, None, 0, "a"),
        ("a", None, None, "a", 1, "b"),
        ("a", None, None, "a", 1, "b"),
        ("b", "a", None, "a", 2, "a"),
        ("b", "a", None, "a", 2, "a"),
        ("a", "b", "a", "a", 3, "no_further"),
        ("a", "b", "a", "a", 3, None),
    ]
    clocks = collect(walk(lake)).sort("asof_h").row(3, named=True)
    assert clocks["entered_h"] == number(at(9))
    assert clocks["left_h"] == number(at(6))
    assert clocks["next_h"] == clocks["next_known_h"] == number(at(12))


def test_a_loop_to_the_same_place_is_a_stop_and_a_second_look_at_it_is_none(tmp_path):
    loop = [
        scan("1", "departed", 0, 0, "a"),
        scan("2", "arrived", 2, 2, "a"),
        scan("3", "customs", 3, 3, "a"),
        scan("4", "departed", 4, 4, "a"),
    ]
    lake = told(tmp_path / "lake", *loop)
    assert steps(lake, "here", "stops", "next_stop") == [
        ("a", 1, "a"),
        ("a", 2, None),
        ("a", 2, None),
        ("a", 2, None),
    ]


def test_a_scan_that_comes_late_or_twice_adds_nothing_to_the_way(tmp_path):
    late = [
        scan("1", "departed", 0, 0, "a"),
        scan("2", "arrived", 5, 5, "c"),
        scan("3", "arrived", 3, 6, "b"),  # was there before, and is known after
        scan("4", "departed", 0, 7, "a"),  # sent again under another name
        scan("5", "arrived", 9, 9, "d"),
    ]
    lake = told(tmp_path / "lake", *late)
    assert steps(lake, "here", "prev", "stops", "next_stop") == [
        ("a", None, 1, "c"),
        ("c", "a", 2, "d"),
        ("c", "a", 2, "d"),
        ("c", "a", 2, "d"),
        ("d", "c", 3, None),
    ]


def test_what_is_recorded_at_one_instant_is_one_row(tmp_path):
    lake = told(
        tmp_path / "lake",
        scan("1", "arrived", 1, 5, "a"),
        scan("2", "departed", 2, 5, "a"),
        scan("3", "arrived", 4, 5, "b"),
        scan("4", "arrived", 9, 9, "c"),
    )
    assert steps(lake, "here", "prev", "next_stop") == [("b", "a", "c"), ("c", "b", None)]


def test_five_hundred_scans_are_walked_through(tmp_path):
    many = [scan(f"{i:03d}", "arrived", i, i, f"f{i % 7}") for i in range(500)]
    rows = collect(walk(told(tmp_path / "lake", *many))).sort("asof_h")
    assert rows.height == 500
    assert rows["stops"].to_list() == list(range(1, 501))
    assert rows["next_stop"].to_list() == [*(f"f{i % 7}" for i in range(1, 500)), None]


def naive(scans):
    """Walk scan by scan, as the file says it."""
    rows, latest, here, doing, trail = {}, -np.inf, None, None, []
    marks = []
    for index, one in enumerate(scans):
        if one["event_h"] >= latest:
            latest = one["event_h"]
            if (spot := one["facility_id"]) is not None:
                back = one["status"] == "arrived" and doing == "departed"
                if here is None or spot != here or back:
                    trail.append(spot)
                    marks.append((index, spot, one["event_h"]))
                elif one["status"] in ("delivered", "returned", "lost", "cancelled"):
                    marks.append((index, "no_further", one["event_h"]))
                here, doing = spot, one["status"]
            elif one["status"] in ("delivered", "returned", "lost", "cancelled"):
                marks.append((index, "no_further", one["event_h"]))
        past = [None, None, *trail]
        rows[one["recorded_h"]] = index, here, past[-2], len(trail)
    out = []
    for asof, (index, spot, prev, stops) in sorted(rows.items()):
        later = [mark for mark in marks if mark[0] > index]
        came = later[0] if later else (None, None, None)
        out.append((asof, spot, prev if stops > 1 else None, stops, came[1], came[2]))
    return out


@pytest.mark.parametrize("seed", [1, 2])
def test_the_walk_is_that_of_a_naive_loop(tmp_path, seed):
    from lanecast.tables.parcel import SCANS

    lake = chaos(tmp_path / "lake", seed, parcels=60)
    scans = collect(lake.read(SCANS)).sort("parcel_id", "recorded_h", "event_id")
    walked = collect(walk(lake)).sort("asof_h")
    for name, part in scans.group_by("parcel_id"):
        ours = walked.filter(parcel_id=name[0]).select(
            "asof_h", "here", "prev", "stops", "next_stop", "next_h"
        )
        theirs = naive(part.sort("recorded_h", "event_id").to_dicts())
        assert ours.rows() == theirs
    assert walked["next_stop"].null_count() < walked.height
    assert walked.filter(pl.col("stops") > 2).height > 20
