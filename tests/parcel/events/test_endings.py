"""What became of a parcel, story by story; and when that was known."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import narwhals as nw
import polars as pl
import pytest

from lanecast.parcel import events
from lanecast.tables.events import CLAIMS
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import PROMISES, SCANS

from ..stories import at, number, scan, shop, told


def promised(lake, hours=100.0, parcel="p1"):
    row = {"parcel_id": parcel, "promised_at": at(hours), "promised_date": at(hours).date()}
    Lake(lake.path).write(PROMISES, nw.from_native(pl.DataFrame([row | {"recorded_at": at(0)}])))
    return Lake(lake.path)


def claimed(lake, hours, parcel="p1"):
    row = {"parcel_id": parcel, "kind": "not_received", "claimed_at": at(hours)}
    row |= {"source": "buyer", "recorded_at": at(hours)}
    Lake(lake.path).write(CLAIMS, nw.from_native(pl.DataFrame([row])))
    return Lake(lake.path)


def became(lake, event, hours):
    """Return what is known at ``hours`` of an event: 1, 0, or None."""
    rows = collect(events.outcomes(lake.asof(at(hours)), at(hours))).filter(event=event)
    return rows["happened"].item()


SHIPPED = scan("e1", "picked_up", 5, 5)


@pytest.fixture
def delivered(tmp_path):
    return promised(told(tmp_path / "lake", SHIPPED, scan("e2", "delivered", 50, 50)))


def test_in_time_is_known_with_the_delivery(delivered):
    assert [became(delivered, "late", h) for h in (49, 50, 500)] == [None, 0, 0]
    assert [became(delivered, "lost", h) for h in (49, 50, 5000)] == [None, 0, 0]


def test_late_is_known_with_the_delivery_or_a_day_after_the_promise(tmp_path):
    soon = promised(told(tmp_path / "a", SHIPPED, scan("e2", "delivered", 110, 110)))
    assert [became(soon, "late", h) for h in (109, 110)] == [None, 1]
    long = promised(told(tmp_path / "b", SHIPPED, scan("e2", "delivered", 300, 300)))
    assert [became(long, "late", h) for h in (123, 124, 400)] == [None, 1, 1]


def test_a_scan_that_comes_late_within_the_day_of_grace_is_believed(tmp_path):
    lake = promised(told(tmp_path / "lake", SHIPPED, scan("e2", "delivered", 99, 115)))
    assert [became(lake, "late", h) for h in (114, 116)] == [None, 0]


def test_what_was_never_handed_over_is_neither_late_nor_lost(tmp_path):
    lake = promised(told(tmp_path / "lake", scan("e1", "created", 1, 1)))
    assert became(lake, "late", 9000) is None
    assert became(lake, "lost", 9000) is None


def test_lost_is_a_scan_or_a_long_silence(tmp_path):
    scanned = promised(told(tmp_path / "a", SHIPPED, scan("e2", "lost", 60, 60)))
    assert [became(scanned, "lost", h) for h in (59, 60)] == [None, 1]
    silent = promised(told(tmp_path / "b", SHIPPED))
    assert [became(silent, "lost", 100 + 45 * 24 + h) for h in (-1, 1)] == [None, 1]


def test_a_failed_attempt_may_show_only_in_the_number_of_the_next(tmp_path):
    seen = told(tmp_path / "a", SHIPPED, scan("e2", "delivery_failed", 40, 40))
    assert [became(seen, "failed_first", h) for h in (39, 40)] == [None, 1]
    number_two = scan("e2", "delivered", 50, 50) | {"attempt": 2}
    unseen = told(tmp_path / "b", SHIPPED | {"attempt": None}, number_two)
    assert became(unseen, "failed_first", 50) == 1
    first = told(tmp_path / "c", SHIPPED, scan("e2", "ready_for_pickup", 40, 40))
    assert became(first, "failed_first", 40) == 0


def test_a_return_is_known_when_it_begins(tmp_path):
    lake = told(tmp_path / "lake", SHIPPED, scan("e2", "returning", 60, 60))
    assert [became(lake, "returned", h) for h in (59, 60)] == [None, 1]
    assert became(lake, "lost", 61) == 0


def test_a_delivery_can_be_disputed_for_a_month(delivered):
    assert became(delivered, "not_received", 5000) is None  # no claims are kept at all
    lake = claimed(delivered, 80)
    assert [became(lake, "not_received", h) for h in (79, 80, 5000)] == [None, 1, 1]


def test_nobody_disputes_what_was_not_delivered(tmp_path):
    lake = told(tmp_path / "lake", SHIPPED, scan("e2", "delivered", 50, 50))
    assert became(claimed(lake, 30), "not_received", 5000) == 0


def test_what_is_known_stays(world_lake):
    """An answer never changes, and its clock never moves."""
    days = [datetime(2025, 2, 10, tzinfo=UTC) + timedelta(days=20 * k) for k in range(3)]
    seen = [collect(events.outcomes(world_lake.asof(day), day)) for day in days]
    for one, later in pairwise(seen):
        both = one.drop_nulls("happened").join(later, on=["parcel_id", "event"], how="left")
        assert both.height > 500
        assert (both["happened"] == both["happened_right"]).all()
        assert (both["known_h"] == both["known_h_right"]).all()
        assert (both["known_h"] <= both["seen_h"]).all()


BAD = {
    "no scans at all": [],
    "scans of the future": [scan("e1", "picked_up", 900, 6), scan("e2", "delivered", 950, 50)],
    "out of order": [scan("e1", "delivered", 50, 50), scan("e2", "picked_up", 60, 70)],
    "twice": [scan("e1", "picked_up", 5, 5), scan("e2", "picked_up", 5, 5)],
    "an unknown facility": [scan("e1", "picked_up", 5, 5, "nowhere")],
    "a loop": [scan(f"e{i}", "arrived", i, i, f"f{i % 2}") for i in range(1, 20)],
    "500 scans": [scan(f"e{i:03d}", "departed", i / 9, i / 9, "f1") for i in range(1, 501)],
}


@pytest.mark.parametrize("scans", BAD.values(), ids=BAD)
def test_odd_parcels_have_features_outcomes_and_answers(scans, tmp_path, fitted):
    other = scan("z", "picked_up", 5, 5, parcel="p2")
    lake = told(tmp_path / "lake", *scans, other)
    if not scans:
        lake = shop(tmp_path / "bare", ("p1", "p2"))
        lake.write(SCANS, nw.from_native(pl.DataFrame([other], schema_overrides={
            "facility_id": pl.String})))  # fmt: skip
        lake = Lake(lake.path)
    rows = collect(events.features(lake, at(-24), at(72)).lazy()).filter(parcel_id="p1")
    assert (rows["moment"] == "checkout").sum() == 1
    assert rows.height <= 1 + max(len(scans), 0)
    assert rows.select("parcel_id", "moment", "asof_h").is_unique().all()
    said = fitted.predict(rows)
    assert said["chance"].is_between(0, 1).all()
    assert set(said["event"]) >= {"failed_first"}
    y = collect(events.outcomes(lake.asof(at(72)), at(72))).filter(parcel_id="p1")
    assert y.height == 5
    assert y["happened"].is_in([0.0, 1.0, None], nulls_equal=True).all()
    assert number(at(72)) == y["seen_h"][0]
