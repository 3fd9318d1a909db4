"""What a graph is made from: the tables of a lake as they were known at a moment."""

from dataclasses import dataclass
from datetime import datetime

import narwhals as nw
import polars as pl

from lanecast.tables.commerce import ADDRESSES, MERCHANTS
from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import CALENDARS, CARRIERS, FACILITIES, LANES
from lanecast.tables.parcel import PARCELS, SCANS
from lanecast.tables.schema import Table

_PLACES = ("country", "region", "zone", "lat", "lon")
_READ: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (FACILITIES, ("facility_id", "kind", "name", *_PLACES, "capacity_per_h")),
    (CARRIERS, ("carrier_id", "name")),
    (LANES, tuple(name for name in LANES.columns if name != "recorded_at")),
    (CALENDARS, ("region", "date", "is_working", "holiday")),
    (MERCHANTS, ("merchant_id", "facility_id", "city", *_PLACES)),
    (ADDRESSES, ("address_id", "facility_id", "city", *_PLACES)),
    (PARCELS, ("parcel_id", "merchant_id", "address_id", "carrier_id", "service", "category")),
    (
        SCANS,
        (
            *("event_id", "parcel_id", "status", "event_at", "recorded_at", "utc_offset_min"),
            *("facility_id", "carrier_id"),
        ),
    ),
)


@dataclass(frozen=True)
class Known:
    """Frames of the tables of that name; a table that the lake lacks has no rows.

    Every frame but ``scans`` has ``first_seen_at``, when the first version of a row became known.
    """

    facilities: pl.DataFrame
    carriers: pl.DataFrame
    lanes: pl.DataFrame
    calendars: pl.DataFrame
    merchants: pl.DataFrame
    addresses: pl.DataFrame
    parcels: pl.DataFrame
    scans: pl.DataFrame

    def of(self, parcels: pl.DataFrame) -> "Known":
        """Return the same with the ``parcel_id`` of ``parcels`` only."""
        rows = {
            name: frame.join(parcels, on="parcel_id", how="semi") if "parcel_id" in frame else frame
            for name, frame in vars(self).items()
        }
        return Known(**rows)


def known(lake: Lake, asof: datetime) -> Known:
    """Return what ``lake`` knew at ``asof``; what was recorded later is not read."""
    past = lake.asof(asof)
    return Known(**{table.name: _read(past, table, names) for table, names in _READ})


def _read(past: Lake, table: Table, names: tuple[str, ...]) -> pl.DataFrame:
    if not past.has(table):
        kinds = {name: table.columns[name].dtype for name in names}
        empty = nw.from_dict({name: [] for name in names}, schema=kinds, backend="polars")
        return _with_first(empty.to_native(), table)
    if not table.versions:
        return collect(past.read(table).select(*names))
    first = past.versions(table).group_by(*table.key).agg(first_seen_at=nw.col(table.clock).min())
    rows = past.read(table).select(*names).join(first, on=list(table.key), how="left")
    return collect(rows).sort(*table.key)


def _with_first(empty: pl.DataFrame, table: Table) -> pl.DataFrame:
    if not table.versions:
        return empty
    return empty.with_columns(first_seen_at=pl.lit(None, pl.Datetime("us", "UTC")))


def touched(lake: Lake, since: datetime, until: datetime) -> pl.DataFrame:
    """Return the ``parcel_id`` of which something became known in (since, until].

    A corrected address or seller touches every parcel that goes or comes there.
    """
    past = lake.asof(until)

    def fresh(table: Table, *names: str) -> pl.DataFrame:
        if not past.has(table):
            return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
        return collect(
            past.versions(table).filter(nw.col(table.clock) > since).select(*names).unique()
        )

    parts = [fresh(SCANS, "parcel_id"), fresh(PARCELS, "parcel_id")]
    if past.has(PARCELS):
        parcels = collect(past.versions(PARCELS).select("parcel_id", "address_id", "merchant_id"))
        for table, key in ((ADDRESSES, "address_id"), (MERCHANTS, "merchant_id")):
            moved = parcels.join(fresh(table, key), on=key, how="semi")
            parts.append(moved.select("parcel_id"))
    return pl.concat(parts).unique()
