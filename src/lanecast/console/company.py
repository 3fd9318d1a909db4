"""What a company calls its places, where they are, and in which currency it reckons."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from pathlib import Path

import narwhals as nw
import polars as pl

from lanecast.service import questions
from lanecast.service.desk import View
from lanecast.service.parts import Parts
from lanecast.service.tenants import Tenant
from lanecast.tables.commerce import ORDERS
from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import FACILITIES
from lanecast.tables.parcel import PARCELS
from lanecast.tables.planning import ASSORTMENT, WORKERS
from lanecast.tables.schema import Table

from . import commands, people
from .states import Empty

PAID = (ORDERS, ASSORTMENT, WORKERS)  # tables that say what a company pays and is paid in


@dataclass(frozen=True)
class Place:
    """A facility."""

    facility_id: str
    name: str
    kind: str
    zone: tzinfo | None
    lat: float | None
    lon: float | None


def listed(parts: Parts, tenant: Tenant, asof: datetime | None = None) -> tuple[View, pl.DataFrame]:
    """Return the parcels as lists show them, now or as of a moment.

    Raises
    ------
    Empty
        Where there are none and nobody has to wait.
    """
    if not tenant.lake().has(PARCELS):
        why = "The lake of this company holds no parcels yet."
        raise Empty("No parcels", why, commands.PARCELS)
    return questions.listed(parts, tenant, asof)


def places(tenant: Tenant) -> dict[str, Place]:
    """Return the facilities of a company by their ids."""
    versions = tenant.lake().pinned.versions
    return _places(tenant.path, versions.get(FACILITIES.name, -1))


def currency(tenant: Tenant) -> str | None:
    """Return the currency that a company reckons in; None where that is not one.

    That of its orders, or, where buyers pay in several, of its goods and people.
    """
    versions = tenant.lake().pinned.versions
    return _currency(tenant.path, tuple(versions.get(each.name, -1) for each in PAID))


def paid_in(tenant: Tenant, order_id: str | None) -> str | None:
    """Return the currency that an order was paid in."""
    lake = tenant.lake()
    if order_id is None or not lake.has(ORDERS):
        return None
    rows = lake.read(ORDERS).filter(nw.col("order_id") == order_id).select("currency")
    found = collect(rows)["currency"]
    return str(found[-1]) if found.len() else None


def called(known: dict[str, Place], facility_id: str | None) -> str:
    """Return what people call a facility."""
    if facility_id is None:
        return people.DASH
    return known[facility_id].name if facility_id in known else facility_id


# Read anew when the table has a new version; commits of other tables leave it as it is.
@lru_cache(maxsize=16)
def _places(path: Path, version: int) -> dict[str, Place]:
    lake = Lake(path)
    if not lake.has(FACILITIES):
        return {}
    rows = collect(lake.read(FACILITIES)).to_dicts()
    return {
        row["facility_id"]: Place(
            row["facility_id"],
            row["name"] or row["facility_id"],
            row["kind"],
            people.zone(row["zone"] or ""),
            row["lat"],
            row["lon"],
        )
        for row in rows
    }


@lru_cache(maxsize=16)
def _currency(path: Path, versions: tuple[int, ...]) -> str | None:
    lake = Lake(path)

    def all_of(*tables: Table) -> set[str]:
        return {
            str(each)
            for table in tables
            if lake.has(table)
            for each in collect(lake.read(table).select("currency").unique())["currency"]
        }

    sold, paid = all_of(ORDERS), all_of(*PAID[1:])
    found = sold if len(sold) == 1 else paid
    return found.pop() if len(found) == 1 else None
