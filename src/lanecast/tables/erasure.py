"""Take a person's data out of a lake, out of its past too.

Rows are changed in one commit, and then everything older of the tables that hold personal columns
is deleted: data files, and the log, which has the least and the greatest value of each column.
Those tables cannot be read as of an earlier commit any more; the versions of each fact, and so
``lake.asof``, stay. A kill at any moment leaves a lake that can be read, and the same call done
again goes on: the buyer's orders, from which all else is found, are changed last.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import polars as pl
from deltalake import DeltaTable

from . import commits
from .address import TYPED_ADDRESSES
from .commerce import ADDRESSES, ORDERS
from .ingest import QUARANTINE
from .lake import Batch, Lake
from .parcel import PARCELS, SCANS
from .personal import PERSONAL
from .schema import Table

SOURCE = "erasure"
TOUCHED = (TYPED_ADDRESSES, ADDRESSES, SCANS, QUARANTINE, ORDERS)  # in this order


@dataclass(frozen=True)
class Person:
    """Whose data it is: what names the person in the tables.

    ``addresses`` are those that no other buyer ordered to.
    """

    buyer_id: str
    orders: tuple[str, ...]
    addresses: tuple[str, ...]
    parcels: tuple[str, ...]
    texts: tuple[str, ...]


def person(lake: Lake, buyer_id: str) -> Person:
    """Return what is known of a buyer, over all versions; of an unknown one, nothing."""
    known = _rows(lake, ORDERS, "order_id", "buyer_id", "address_id")
    ours = known.filter(pl.col("buyer_id") == buyer_id)
    others = known.filter(pl.col("buyer_id") != buyer_id)["address_id"]
    own = ours.filter(~pl.col("address_id").is_in(others.implode()))["address_id"].unique().sort()
    parcels = _rows(lake, PARCELS, "order_id", "parcel_id")
    parcels = parcels.filter(pl.col("order_id").is_in(ours["order_id"].implode()))
    typed = _rows(lake, TYPED_ADDRESSES, "address_id", "text")
    texts = typed.filter(pl.col("address_id").is_in(own.implode()))["text"]
    orders = ours["order_id"].unique().sort()
    names = (orders, own, parcels["parcel_id"].unique().sort(), texts.unique().sort())
    return Person(buyer_id, *(tuple(each) for each in names))


def erase(lake: Path, who: Person, name: str) -> dict[str, int]:
    """Take a person out of a lake, and return how many rows of each table were changed.

    Parameters
    ----------
    name
        What stands in the place of the buyer from now on.

    Raises
    ------
    LakeBusyError
        When another process is writing.
    """
    with Lake(lake).batch(SOURCE) as batch:
        changed = {table.name: _erase(batch, table, who, name) for table in TOUCHED}
    with commits.locked(lake):
        versions = commits.load(lake).versions
        for table in TOUCHED:
            if table.name in versions:
                purge(lake / table.name, versions[table.name])
    return changed


def _erase(batch: Batch, table: Table, who: Person, name: str) -> int:
    if table.name not in batch.versions:
        return 0
    stored = batch.stored(table)
    if table is ORDERS:  # by keys that stay, for the log of a table quotes what was looked for
        of, new = _in("order_id", who.orders), {"buyer_id": _quoted(name)}
    elif table is QUARANTINE:
        of, new = _in("row_id", _set_aside(batch, who)), {}
    elif table is TYPED_ADDRESSES:
        of, new = _in("address_id", who.addresses), {}
    else:
        key, names = ("parcel_id", who.parcels) if table is SCANS else ("address_id", who.addresses)
        there = " or ".join(f"{each} is not null" for each in PERSONAL[table.name])
        of = f"({_in(key, names)}) and ({there})"
        new = dict.fromkeys(PERSONAL[table.name], "null")
    told = stored.update(predicate=of, updates=new) if new else stored.delete(of)
    stored.update_incremental()
    batch.versions[table.name] = stored.version()
    return int(told["num_updated_rows" if new else "num_deleted_rows"] or 0)


def _set_aside(batch: Batch, who: Person) -> list[str]:
    """Return the rows of the quarantine that name the person."""
    rows = batch.read(QUARANTINE)
    assert rows is not None
    row = pl.col("row")
    ours = (
        (row.str.json_path_match("$.buyer_id") == who.buyer_id)
        | row.str.json_path_match("$.address_id").is_in(who.addresses)
        | row.str.json_path_match("$.text").is_in(who.texts)
        | row.str.json_path_match("$.parcel_id").is_in(who.parcels)
    )
    named = pl.col("value").is_in([who.buyer_id, *who.texts])
    return rows.filter(ours.fill_null(False) | named.fill_null(False)).collect()["row_id"].to_list()


def purge(table: Path, version: int) -> None:
    """Delete what no reader of ``version``, the newest, needs: older log, and data files."""
    stored, log = DeltaTable(table, version=version), table / "_delta_log"
    stored.create_checkpoint()
    point = log / f"{version:020d}.checkpoint.parquet"
    commits.force([point, log / "_last_checkpoint", log])
    kept = {unquote(uri).rpartition("/")[2] for uri in stored.file_uris()}
    for file in (*table.glob("*.parquet"), *log.glob("*.json"), *log.glob("*.checkpoint*.parquet")):
        old = file.name[:20].isdigit() and int(file.name[:20]) < version
        if old if file.parent == log else file.name not in kept:
            file.unlink()
    for folder in (table, log):
        commits.force([folder])


def _rows(lake: Lake, table: Table, *names: str) -> pl.DataFrame:
    if not lake.has(table):
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    rows: pl.DataFrame = lake.versions(table).select(*names).to_native().collect()
    return rows


def _in(column: str, values: Collection[str]) -> str:
    if not values:
        return "1 = 0"
    return f"{column} in ({', '.join(map(_quoted, values))})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
