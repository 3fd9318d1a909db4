from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from lanecast.sources.ingest import ingest
from lanecast.sources.report import RefusedError
from lanecast.tables import network, parcel, trajectory
from lanecast.tables.ingest import QUARANTINE
from lanecast.tables.lake import Lake, collect

ENDS = "source_center,destination_center"
MEDIANS = "median_actual_min,median_osrm_min,median_osrm_km"
FILES = {
    "legs": f"""trip_uuid,{ENDS},route_type,od_start_time,osrm_time,actual_time
t1,A,B,FTL,2018-09-27 00:30:00.250000,30,45
t1,B,C,FTL,2018-09-27 02:00:00,20,40.5
t2,C,A,Carting,2018-09-28 10:00:00,50,120
""",
    "lanes_train": f"""{ENDS},n_legs,{MEDIANS},major_route_type
A,B,14,60,30,25.5,FTL
B,B,1,60,30,25.5,FTL
""",
    "centers": """hub_id,city,state
A,Pune_Tathawde_H,Maharashtra
B,Nashik_D,Maharashtra
""",
}
MIDNIGHT = datetime(2018, 9, 26, 18, 30, tzinfo=UTC)  # 00:00 of 27 September in India


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "delhivery"
    path.mkdir()
    for stem, text in FILES.items():
        (path / f"{stem}.csv").write_text(text)
    return path


def rows(lake, table):
    return collect(Lake(lake.path).read(table))


def test_a_trip_is_a_parcel_and_a_leg_a_departure_and_an_arrival(lake, folder):
    assert ingest(lake, "delhivery", folder).ok()
    trips = rows(lake, parcel.PARCELS).sort("parcel_id")
    assert trips.select("parcel_id", "merchant_id", "service").rows() == [
        ("t1", "A", "FTL"),
        ("t2", "C", "Carting"),
    ]
    assert trips["recorded_at"][0] == MIDNIGHT + timedelta(minutes=30, milliseconds=250)
    scans = rows(lake, parcel.SCANS).filter(parcel_id="t1").sort("event_at")
    assert scans.select("status", "facility_id").rows() == [
        ("departed", "A"),
        ("arrived", "B"),
        ("departed", "B"),
        ("arrived", "C"),
    ]
    assert scans["event_at"][3] == MIDNIGHT + timedelta(hours=2, minutes=40.5)
    assert (scans["event_at"] == scans["recorded_at"]).all()
    assert (scans["utc_offset_min"] == 330).all()


def test_how_long_a_leg_took_is_not_known_before_it_has_ended(lake, folder):
    ingest(lake, "delhivery", folder)
    during = Lake(lake.path).asof(MIDNIGHT + timedelta(minutes=60))
    assert collect(during.read(parcel.SCANS))["status"].to_list() == ["departed"]
    assert collect(during.read(trajectory.LEG_PLANS))["to_facility_id"].to_list() == ["B"]
    assert collect(during.read(parcel.PARCELS))["parcel_id"].to_list() == ["t1"]


def test_what_lanes_did_before_is_known_when_the_first_leg_begins(lake, folder):
    ingest(lake, "delhivery", folder)
    history = collect(Lake(lake.path).asof(MIDNIGHT).read(trajectory.LANE_HISTORY))
    first = history.filter(to_facility_id="B", from_facility_id="A").row(0, named=True)
    assert (first["legs"], first["duration_s"], first["planned_s"]) == (14, 3600, 1800)
    assert (first["distance_m"], first["service"]) == (25_500, "FTL")
    assert rows(lake, network.LANES).height == 1  # a lane to itself is history, but no lane
    before = Lake(lake.path).asof(MIDNIGHT - timedelta(seconds=1))
    assert collect(before.read(trajectory.LANE_HISTORY)).is_empty()


def test_a_centre_without_a_name_is_a_place_too(lake, folder):
    ingest(lake, "delhivery", folder)
    places = rows(lake, network.FACILITIES).sort("facility_id")
    assert places["facility_id"].to_list() == ["A", "B", "C"]
    assert places["kind"].to_list() == ["sort_hub", "delivery_station", "delivery_station"]
    assert places["region"].to_list() == ["Maharashtra", "Maharashtra", "Unknown"]


def test_rows_of_which_nothing_can_be_made_are_set_aside_whole(lake, folder):
    legs = folder / "legs.csv"
    bad = [
        "t3,A,B,FTL,yesterday,30,45",
        "t4,A,B,FTL,2018-09-28 10:00:00,30,-5",
        "t5,A,,FTL,2018-09-28 10:00:00,30,45",
        "t6,A,B,FTL,2018-09-28 10:00:00,30,soon",
        "t2,C,B,Carting,2018-09-28 10:00:00,50,120",
    ]
    good = FILES["legs"].splitlines()
    legs.write_text("\n".join([*good, *bad, good[-1]]))
    report = ingest(lake, "delhivery", folder)
    assert report.rows["quarantined"].sum() == len(bad)
    assert sorted(rows(lake, QUARANTINE).select("code", "column").rows()) == [
        ("duplicate_key", "trip_uuid, od_start_time"),
        ("missing", "destination_center"),
        ("not_a_number", "actual_time"),
        ("not_a_time", "od_start_time"),
        ("too_low", "actual_time"),
    ]
    assert rows(lake, parcel.PARCELS).height == 2


def test_a_missing_file_or_column_is_named_and_nothing_is_written(lake, folder):
    (folder / "centers.csv").write_text("hub,city,state\nA,x,y\n")
    with pytest.raises(RefusedError, match=r"no column 'hub_id'; is 'hub' meant"):
        ingest(lake, "delhivery", folder)
    (folder / "lanes_train.csv").unlink()
    with pytest.raises(RefusedError, match=r"no lanes_train\.csv nor lanes_train\.parquet"):
        ingest(lake, "delhivery", folder)
    assert not lake.path.exists()


def test_csv_and_parquet_say_the_same_and_coming_again_adds_nothing(lake, folder, tmp_path):
    ingest(lake, "delhivery", folder)
    other = tmp_path / "parquet"
    other.mkdir()
    for stem in FILES:
        frame = pl.read_csv(folder / f"{stem}.csv", try_parse_dates=True)
        frame.write_parquet(other / f"{stem}.parquet")
    again = ingest(Lake(lake.path), "delhivery", other)
    assert again.ok()
    assert again.rows["new"].sum() == 0


def test_the_public_files_in_full(lake, delhivery_dir):
    """Counts that anybody can check in the files."""
    report = ingest(lake, "delhivery", delhivery_dir)
    assert report.ok()
    legs = pl.read_parquet(delhivery_dir / "legs.parquet")
    stored = dict(report.rows.select("table", "new").rows())
    assert stored["scans"] == 2 * legs.height
    assert stored["leg_plans"] == legs.height
    assert stored["parcels"] == legs["trip_uuid"].n_unique()
    scans = rows(lake, parcel.SCANS).sort("parcel_id", "event_at", "status")
    later = scans.filter(pl.col("parcel_id") == pl.col("parcel_id").shift(-1))
    hours = scans["event_at"].diff().dt.total_seconds().drop_nulls() / 60
    same = scans["parcel_id"] == scans["parcel_id"].shift(1)
    leg = same & (scans["status"] == "arrived")
    assert hours.filter(leg[1:]).sum() == pytest.approx(legs["actual_time"].sum())
    assert later.height == scans.height - stored["parcels"]
