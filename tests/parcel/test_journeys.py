"""What became of a parcel, and when it became known."""

from datetime import UTC, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lanecast.parcel.journeys import CLOSED, OUTSIDE, journeys
from lanecast.tables.lake import collect

from .stories import at, cut, number, put, scan, shop, told

UNTIL = datetime(2025, 3, 1, tzinfo=UTC)
CLOCKS = [f"{name}{clock}" for name in ("shipped", "delivered", "closed")
          for clock in ("_h", "_known_h")]  # fmt: skip


def life(lake):
    return collect(journeys(lake)).sort("parcel_id")


def naive(scans):
    """Take of each milestone the scan that became known first."""
    row = {}
    ordered = sorted(scans, key=lambda s: (s["recorded_at"], s["event_at"]))
    for name, is_it in {
        "shipped": lambda s: s not in OUTSIDE,
        "delivered": lambda s: s == "delivered",
        "closed": lambda s: s in CLOSED,
    }.items():
        first = next((s for s in ordered if is_it(s["status"])), None)
        row[f"{name}_h"] = number(first["event_at"]) if first else None
        row[f"{name}_known_h"] = number(first["recorded_at"]) if first else None
    return row


def test_a_loop_over_parcels_finds_the_same_milestones(world, world_lake):
    scans = world.tables["scans"].filter(pl.col("recorded_at") <= UNTIL)
    parcels = world.tables["parcels"].filter(pl.col("recorded_at") < UNTIL)["parcel_id"].sort()
    by_parcel = {name: part.to_dicts() for (name,), part in scans.group_by("parcel_id")}
    loop = [{"parcel_id": p} | naive(by_parcel.get(p, [])) for p in parcels]
    mine = life(world_lake.asof(UNTIL)).select("parcel_id", *CLOCKS)
    assert_frame_equal(mine, pl.DataFrame(loop, infer_schema_length=None), rel_tol=0, abs_tol=1e-9)
    assert mine["closed_h"].count() > 0
    assert 0 < mine["delivered_h"].null_count() < mine.height


def test_a_milestone_never_changes_once_it_is_known(world, world_lake, tmp_path):
    """Else a summary of the past would read what was recorded later."""
    early = life(cut(world.tables, UNTIL, tmp_path / "lake"))
    later = life(world_lake).filter(pl.col("parcel_id").is_in(early["parcel_id"].to_list()))
    for name in ("shipped", "delivered", "closed"):
        known = early[f"{name}_known_h"].is_not_null()
        columns = [f"{name}_h", f"{name}_known_h"]
        assert_frame_equal(early.filter(known)[columns], later.filter(known)[columns])
        unknown = later.filter(~known)[f"{name}_known_h"].drop_nulls()
        assert (unknown > number(UNTIL)).all()


def test_a_parcel_nobody_picked_up_is_shipped_by_its_next_scan(tmp_path):
    row = life(told(tmp_path / "lake", scan("e1", "created", 1, 1), scan("e2", "arrived", 20, 21)))
    assert row.select(CLOCKS).row(0) == (number(at(20)), number(at(21)), None, None, None, None)


def test_a_delivery_before_the_hand_over_stays_as_it_was_recorded(tmp_path):
    lake = told(
        tmp_path / "lake", scan("e1", "delivered", 5, 40), scan("e2", "picked_up", 10, 10)
    )  # fmt: skip
    row = life(lake).row(0, named=True)
    assert (row["shipped_h"], row["shipped_known_h"]) == (number(at(10)), number(at(10)))
    assert (row["delivered_h"], row["delivered_known_h"]) == (number(at(5)), number(at(40)))


def test_a_delivery_reported_again_with_another_time_changes_nothing(tmp_path):
    lake = told(
        tmp_path / "lake",
        scan("e1", "delivered", 50, 51),
        scan("e2", "delivered", 30, 90),
        scan("e3", "lost", 80, 80),
        scan("e4", "returned", 70, 95),
    )
    row = life(lake).row(0, named=True)
    assert (row["delivered_h"], row["delivered_known_h"]) == (number(at(50)), number(at(51)))
    assert (row["closed_h"], row["closed_known_h"]) == (number(at(80)), number(at(80)))


def test_facts_are_those_of_the_checkout(tmp_path):
    lake = told(tmp_path / "lake", scan("e1", "picked_up", 10, 10))
    moved = {"merchant_id": "m1", "country": "US", "region": "US-TX", "zone": "America/Chicago"}
    put(lake, "merchants", moved | {"recorded_at": at(1)})
    assert life(type(lake)(lake.path))["origin_region"].to_list() == ["US-CA"]


def test_a_lake_without_scans_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="scans: no such table; write it first"):
        journeys(shop(tmp_path / "lake"))
