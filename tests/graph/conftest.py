from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pytest

from lanecast.graph.build import Graph, build
from lanecast.tables.lake import Lake
from lanecast.tables.network import CALENDARS, CARRIERS, FACILITIES, LANES
from lanecast.tables.parcel import SCANS
from lanecast.tables.schema import Table

START = datetime(2025, 3, 3, tzinfo=UTC)  # a Monday
NOW = datetime(2025, 4, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def graph(world_lake: Lake) -> Graph:
    """The graph of the small company, as of the end."""
    return build(world_lake, NOW)


def frame(table: Table, rows: list[dict[str, Any]]) -> nw.DataFrame[Any]:
    """Return rows of ``table``, with a null where nothing is said."""
    columns = {name: [row.get(name) for row in rows] for name in table.columns}
    schema = {name: column.dtype for name, column in table.columns.items()}
    return nw.from_dict(columns, schema=schema, backend="polars")


def facility(name: str, **more: Any) -> dict[str, Any]:
    place = {"facility_id": name, "kind": "sort_hub", "country": "DE", "region": "DE-BE"}
    return place | {"zone": "Europe/Berlin", "recorded_at": START - timedelta(days=5)} | more


def lane(name: str, origin: str, target: str, **more: Any) -> dict[str, Any]:
    ends = {"lane_id": name, "from_facility_id": origin, "to_facility_id": target}
    plan = {"carrier_id": "c1", "mode": "road", "duration_s": 7200.0, "weekdays": "1111111"}
    times = {"first_departure_s": 64800.0, "headway_s": 86400.0, "departures_per_day": 1}
    return ends | plan | times | {"cutoff_s": 0.0, "recorded_at": START - timedelta(days=5)} | more


def scan(parcel: str, status: str, place: str | None, at: datetime, **more: Any) -> dict[str, Any]:
    event = f"{parcel} {status} {place} {at:%d %H:%M:%S}"
    what = {"event_id": event, "parcel_id": parcel, "status": status, "event_at": at}
    return what | {"facility_id": place, "recorded_at": at + timedelta(minutes=1)} | more


def ride(parcel: str, origin: str, target: str, leaves: datetime, hours: float) -> list[Any]:
    """Return the scans of a parcel that came an hour before it left, and arrived in the end."""
    return [
        scan(parcel, "arrived", origin, leaves - timedelta(hours=1), carrier_id="c1"),
        scan(parcel, "departed", origin, leaves, carrier_id="c1"),
        scan(parcel, "arrived", target, leaves + timedelta(hours=hours), carrier_id="c1"),
    ]


def written(path: Path, **rows: list[dict[str, Any]]) -> Lake:
    """Return a lake with these tables; carriers are there without being named."""
    tables = {table.name: table for table in (FACILITIES, CARRIERS, LANES, CALENDARS, SCANS)}
    lake = Lake(path)
    given = {"carriers": [{"carrier_id": "c1", "recorded_at": START - timedelta(days=5)}]} | rows
    with lake.batch("test") as batch:
        for name, each in given.items():
            batch.append(tables[name], frame(tables[name], each))
    return Lake(path)


def same(one: Graph, other: Graph) -> bool:
    """Return whether two graphs hold the same rows."""
    frames = [name for name, value in vars(one).items() if isinstance(value, pl.DataFrame)]
    return all(getattr(one, name).equals(getattr(other, name)) for name in frames)
