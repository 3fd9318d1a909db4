"""A question holds what was recorded by its own moment, and nothing else."""

from datetime import UTC, datetime
from itertools import groupby

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lanecast.parcel.questions import questions
from lanecast.tables.lake import collect
from lanecast.tables.status import FINAL

from .stories import at, number, put, scan, shop, told

EVER = at(-9999), at(9999)
SINCE, UNTIL = datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 4, 10, tzinfo=UTC)
STATE = [
    *("parcel_id", "moment", "asof_h", "status", "facility_id", "event_h", "attempts", "scans"),
]


def asked(lake, since=EVER[0], until=EVER[1], **how):
    return collect(questions(lake, since, until, **how)).sort("parcel_id", "asof_h", "moment")


def naive(parcel, recorded, scans):
    """Walk through the scans of one parcel in the order in which they became known."""
    yield (parcel, "checkout", number(recorded), "created", "", number(recorded), 0, 0)
    seen = []
    ordered = sorted(scans, key=lambda s: (s["recorded_at"], s["event_id"]))
    for instant, together in groupby(ordered, key=lambda s: s["recorded_at"]):
        new = list(together)
        picked_up_before = any(s["status"] == "picked_up" for s in seen)
        seen += new
        if any(s["status"] in FINAL for s in seen):
            return
        said = {s["status"] for s in new} - {"created", "unknown"}
        if not said:
            continue
        first = "picked_up" in said and not picked_up_before
        latest = max(s["event_at"] for s in seen)
        state = [s for s in seen if s["event_at"] == latest][-1]
        yield (
            parcel,
            "shipped" if first else "in_transit",
            number(instant),
            state["status"],
            state["facility_id"] or "",
            number(latest),
            sum(s["status"] == "delivery_failed" for s in seen),
            sum(s["status"] != "created" for s in seen),
        )


def test_a_loop_over_parcels_asks_the_same(world, world_lake):
    scans = world.tables["scans"].filter(pl.col("recorded_at") <= UNTIL)
    by_parcel = {name: part.to_dicts() for (name,), part in scans.group_by("parcel_id")}
    parcels = world.tables["parcels"].select("parcel_id", "recorded_at").rows()
    rows = [row for p, t in parcels for row in naive(p, t, by_parcel.get(p, []))]
    loop = pl.DataFrame(rows, schema=STATE, orient="row").sort("parcel_id", "asof_h", "moment")
    mine = asked(world_lake, SINCE, UNTIL).select(STATE)
    assert_frame_equal(mine, loop, check_dtypes=False, rel_tol=0, abs_tol=1e-9)
    latest = pl.col("event_at").cum_max().over("parcel_id", order_by="recorded_at")
    assert scans.filter(pl.col("event_at") < latest).height > 50, "scans come out of order"
    assert set(mine["moment"]) == {"checkout", "shipped", "in_transit"}


def test_questions_are_asked_once_and_inside_the_window(world_lake):
    low, high = datetime(2025, 2, 1, tzinfo=UTC), datetime(2025, 2, 8, tzinfo=UTC)
    window = asked(world_lake, low, high)
    assert window.select("parcel_id", "asof_h").is_unique().all()
    assert window["asof_h"].min() >= number(low)
    assert window["asof_h"].max() < number(high)
    whole = asked(world_lake, SINCE, UNTIL)
    inside = pl.col("asof_h").is_between(number(low), number(high), closed="left")
    assert_frame_equal(window, whole.filter(inside))


def test_a_window_is_the_sum_of_its_parts(world_lake):
    low, middle, high = (datetime(2025, 2, day, tzinfo=UTC) for day in (1, 4, 8))
    parts = pl.concat([asked(world_lake, low, middle), asked(world_lake, middle, high)])
    whole = asked(world_lake, low, high)
    assert_frame_equal(parts.sort("parcel_id", "asof_h", "moment"), whole, check_exact=True)


def test_checkout_alone_needs_no_scans(world_lake, tmp_path):
    only = asked(world_lake, SINCE, UNTIL, scans=False)
    both = asked(world_lake, SINCE, UNTIL)
    assert_frame_equal(only, both.filter(moment="checkout"))
    assert asked(shop(tmp_path / "lake"))["moment"].to_list() == ["checkout"]


def test_a_correction_changes_later_rows_only(tmp_path):
    lake = told(
        tmp_path / "lake",
        scan("e1", "picked_up", 10, 10, "f1"),
        scan("e2", "arrived", 30, 30, "f2"),
    )
    moved = {"merchant_id": "m1", "country": "US", "region": "US-TX", "postal_code": "75001"}
    moved |= {"city": "x", "zone": "America/Chicago", "recorded_at": at(20)}
    put(lake, "merchants", moved)
    put(lake, "promises", promise(5, 100), promise(25, 200))
    rows = asked(type(lake)(lake.path))
    assert rows["asof_h"].to_list() == [number(at(h)) for h in (0, 10, 30)]
    assert rows["origin_region"].to_list() == ["US-CA", "US-CA", "US-TX"]
    assert rows["origin_lat"].to_list() == [34.0, 34.0, None]
    promised = [None, number(at(100)), number(at(200))]
    assert rows["promised_h"].to_list() == promised


def promise(recorded, promised):
    row = {"parcel_id": "p1", "promised_at": at(promised), "promised_date": at(promised).date()}
    return row | {"recorded_at": at(recorded)}


def test_a_version_counts_from_its_very_instant_on(tmp_path):
    lake = told(tmp_path / "lake", scan("e1", "picked_up", 10, 10))
    put(lake, "promises", promise(10, 100))
    assert asked(type(lake)(lake.path))["promised_h"].to_list() == [None, number(at(100))]


@pytest.mark.parametrize(
    ("first", "second", "moment", "status"),
    [
        ("picked_up", "departed", "shipped", "departed"),
        ("picked_up", "created", "shipped", "created"),
        ("arrived", "unknown", "in_transit", "unknown"),
        ("arrived", "departed", "in_transit", "departed"),
    ],
)
def test_scans_recorded_at_one_instant_raise_one_question(
    tmp_path, first, second, moment, status
):  # fmt: skip
    lake = told(tmp_path / "lake", scan("e1", first, 9, 10), scan("e2", second, 9.5, 10))
    rows = asked(lake).filter(pl.col("moment") != "checkout")
    assert rows.select("moment", "asof_h", "status").rows() == [(moment, number(at(10)), status)]


def test_the_state_is_the_last_event_that_happened_not_the_last_one_recorded(tmp_path):
    lake = told(
        tmp_path / "lake",
        scan("e1", "arrived", 20, 21, "f2"),
        scan("e2", "picked_up", 8, 30, "f1"),
    )
    rows = asked(lake).filter(pl.col("moment") != "checkout")
    assert rows["moment"].to_list() == ["in_transit", "shipped"]
    assert rows["status"].to_list() == ["arrived", "arrived"]
    assert rows["facility_id"].to_list() == ["f2", "f2"]
    assert rows["scans"].to_list() == [1, 2]


@pytest.mark.parametrize("end", FINAL)
def test_nothing_is_asked_once_the_end_is_known(tmp_path, end):
    lake = told(
        tmp_path / "lake",
        scan("e1", "picked_up", 5, 5),
        scan("e2", end, 10, 20),
        scan("e3", "arrived", 9, 15),
        scan("e4", "departed", 9, 20),
        scan("e5", "departed", 9, 25),
    )
    assert asked(lake)["asof_h"].to_list() == [number(at(h)) for h in (0, 5, 15)]


def test_what_was_not_known_yet_is_null(tmp_path):
    lake = told(tmp_path / "lake", scan("e1", "picked_up", -5, -5))
    rows = asked(lake)
    assert rows["moment"].to_list() == ["shipped", "checkout"]
    assert rows["merchant_id"].to_list() == [None, "m1"]
