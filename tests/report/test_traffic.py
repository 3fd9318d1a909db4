"""The two tables of the map, from a lake with facilities and from one without."""

from pathlib import Path

import pytest

from lanecast.report import network
from lanecast.tables.lake import Lake
from tests.parcel.stories import at, put, scan, shop, told

PLACE = {"country": "US", "region": "US-CA", "zone": "America/Los_Angeles", "recorded_at": at(-999)}
HUB = PLACE | {"kind": "sort_hub", "lat": 34.0, "lon": -118.0}


def rides(path: Path, *hours: tuple[float, float]) -> Lake:
    """Parcels that leave f1 and reach f2 at these hours; 5 h are planned."""
    rows = []
    for i, (leaves, arrives) in enumerate(hours):
        parcel = f"p{i}"
        rows.append(scan(f"a{i}", "departed", leaves, leaves, "f1", parcel))
        rows.append(scan(f"b{i}", "arrived", arrives, arrives, "f2", parcel))
    lake = told(path, *rows)
    put(lake, "facilities", HUB | {"facility_id": "f1"}, HUB | {"facility_id": "f2"})
    lane = {"lane_id": "l1", "from_facility_id": "f1", "to_facility_id": "f2", "carrier_id": "c1"}
    put(lake, "lanes", lane | {"mode": "road", "duration_s": 5 * 3600.0, "recorded_at": at(-999)})
    return Lake(path)


def test_a_lane_is_late_by_what_it_took_beyond_its_plan(tmp_path: Path) -> None:
    found = network(rides(tmp_path, (1, 9), (2, 6)), at(0), at(48))
    assert found is not None
    facilities, lanes = found
    assert set(facilities["facility_id"]) == {"f1", "f2"}
    row = lanes.row(0, named=True)
    assert lanes.height == 1
    assert (row["from_facility_id"], row["to_facility_id"], row["volume"]) == ("f1", "f2", 2)
    assert row["delay_h"] == pytest.approx((3 + 0) / 2)  # the early one makes up for nothing


def test_rides_outside_the_period_do_not_count(tmp_path: Path) -> None:
    found = network(rides(tmp_path, (1, 9), (60, 70)), at(0), at(48))
    assert found is not None
    assert found[1]["volume"].to_list() == [1]


def test_without_facilities_regions_are_joined(tmp_path: Path) -> None:
    names = [f"p{i}" for i in range(25)]
    lake = shop(tmp_path, names)
    rows = [scan(f"d{name}", "delivered", 50, 51, None, name) for name in names]
    put(lake, "scans", *(row | {"facility_id": "f1"} for row in rows))
    promise = {"promised_at": at(40), "promised_date": at(40).date(), "recorded_at": at(0)}
    put(lake, "promises", *(promise | {"parcel_id": name} for name in names))
    found = network(Lake(tmp_path), at(-1), at(48))
    assert found is not None
    facilities, lanes = found
    assert facilities["facility_id"].to_list() == ["US-CA", "US-NY"]
    assert lanes.rows() == [("US-CA", "US-NY", pytest.approx(10.0), 25)]


def test_a_lake_without_places_has_no_map(tmp_path: Path) -> None:
    assert network(shop(tmp_path), at(0), at(48)) is None
