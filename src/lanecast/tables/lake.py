"""A lake of Delta tables; the only file that knows engines."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

import narwhals as nw
import polars as pl
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import TableNotFoundError

from . import commits
from .schema import Table, check

Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]
HOUR_US = 3_600_000_000


@dataclass(frozen=True)
class Lake:
    """A folder with one Delta table per canonical table, seen as of an instant.

    Parameters
    ----------
    path
        The folder.
    engine
        Who computes: ``"polars"`` in this process, or ``"spark"`` in the session that is active.
    until
        Rows that became known later are not there; None shows everything.
    commit
        Number of the commit to read (time travel); None is the newest when this object is made,
        so that all reads through one ``Lake`` agree while others write.
    parcels
        Of tables about parcels, rows of other parcels are not there; None shows all.
    """

    path: Path
    engine: Literal["polars", "spark"] = "polars"
    until: datetime | None = None
    commit: int | None = None
    parcels: frozenset[str] | None = None

    @cached_property
    def pinned(self) -> commits.Commit:
        """Return the commit that this lake shows."""
        return commits.load(self.path, self.commit)

    def asof(self, instant: datetime) -> "Lake":
        """Return the lake as it was at ``instant``; going forward again is not possible."""
        if instant.tzinfo is None:
            raise ValueError(f"asof: {instant} has no time zone; give one, for example +00:00.")
        until = min(instant, self.until or instant).astimezone(UTC)
        return replace(self, until=until, commit=self.pinned.number)

    def of(self, parcels: Iterable[str]) -> "Lake":
        """Return the lake as if there were these parcels only: for a request about a few."""
        return replace(self, commit=self.pinned.number, parcels=frozenset(parcels))

    def has(self, table: Table) -> bool:
        """Return whether anything was ever written to ``table``."""
        return table.name in self.pinned.versions

    def read(self, table: Table) -> nw.LazyFrame[Any]:
        """Return each fact of ``table`` in the last version known by ``until``.

        Beside every instant ``*_at`` and ``asof`` stands a number ``*_h``, hours since 1970 UTC,
        and beside every ``*date`` a number ``*day``, for arithmetic that is equal on every engine.

        Raises
        ------
        FileNotFoundError
            When the table was never written.
        """
        rows = self.versions(table)
        if table.versions:
            clock = nw.col(table.clock)
            rows = rows.filter(clock == clock.max().over(*table.key))
        return rows

    def versions(self, table: Table) -> nw.LazyFrame[Any]:
        """Return every version of each fact that was known by ``until``; as ``read`` otherwise."""
        rows = self._scan(table)
        if self.parcels is not None and "parcel_id" in table.columns:
            rows = rows.filter(nw.col("parcel_id").is_in(sorted(self.parcels)))
        return rows if self.until is None else rows.filter(nw.col(table.clock) <= self.until)

    def write(self, table: Table, rows: Frame, source: str = "lanecast") -> int:
        """Append checked ``rows`` as one commit and return how many were new.

        Raises
        ------
        ValueError
            When a row is not valid, or one with the same key and clock has other values.
        LakeBusyError
            When another process is writing.
        """
        with self.batch(source) as batch:
            new, clash = batch.append(table, rows)
            if clash.height:
                raise ValueError(
                    f"{table.name}: {clash.height} rows are stored already with other values, for "
                    f"example {clash.row(0, named=True)}; a correction needs a later {table.clock}."
                )
        return new

    def hold(self, rows: nw.LazyFrame[Any]) -> Frame:
        """Compute ``rows`` once for many uses: in memory, or on the cluster, its plan forgotten."""
        if self.engine == "polars":
            return rows.collect()
        return nw.from_native(rows.to_native().localCheckpoint())  # type: ignore[no-any-return]

    @contextmanager
    def batch(self, source: str) -> "Iterator[Batch]":
        """Collect writes to many tables that become visible together, or not at all."""
        if bad := set("[]%") & set(str(self.path)):
            raise ValueError(f"{self.path}: the path of a lake may not hold {' '.join(bad)}.")
        with commits.locked(self.path):
            before = commits.load(self.path)
            batch = Batch(self.path, dict(before.versions))
            yield batch
            if any(batch.rows.values()) or batch.versions != before.versions:
                for name, version in batch.versions.items():
                    first = before.versions.get(name, -1) + 1
                    commits.settle(self.path / name, first, version)
                now = datetime.now(UTC).isoformat(timespec="seconds")
                commits.publish(
                    self.path,
                    commits.Commit(before.number + 1, batch.versions, source, now, batch.rows),
                )

    def _delta(self, table: Table) -> DeltaTable:
        version = self.pinned.versions[table.name]
        try:
            return DeltaTable(self.path / table.name, version=version)
        except TableNotFoundError as error:
            if not DeltaTable.is_deltatable(str(self.path / table.name)):
                raise
            raise ValueError(
                f"{table.name}: version {version} of commit {self.pinned.number} is not there any "
                f"more: personal data were erased since; read the newest commit of {self.path}."
            ) from error

    def _scan(self, table: Table) -> nw.LazyFrame[Any]:
        if not self.has(table):
            raise FileNotFoundError(
                f"{self.path / table.name}: no such table; write it first: lanecast ingest "
                f"--source csv --lake {self.path} FOLDER, with {table.name}.csv or .parquet there."
            )
        stored = self._delta(table)
        instants = [n for n, c in table.columns.items() if isinstance(c.dtype, nw.Datetime)]
        dates = [n for n, c in table.columns.items() if c.dtype == nw.Date]
        if self.engine == "polars":
            return nw.from_native(
                scan(stored).with_columns(
                    *((pl.col(n).dt.epoch("us") / HOUR_US).alias(hours(n)) for n in instants),
                    *(pl.col(n).dt.epoch("d").alias(days(n)) for n in dates),
                )
            )

        from pyspark.sql import SparkSession
        from pyspark.sql import functions as f
        from pyspark.sql.types import StructType

        session = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
        schema = StructType.fromJson(json.loads(stored.schema().to_json()))
        if paths := files(stored):
            read = session.read.schema(schema).parquet(*paths)
        else:
            read = session.createDataFrame([], schema)
        return nw.from_native(
            read.withColumns(
                {hours(n): f.unix_micros(n) / HOUR_US for n in instants}
                | {days(n): f.unix_date(n) for n in dates}
            )
        )


@dataclass
class Batch:
    """Writes to several tables that no reader sees until the batch ends."""

    path: Path
    versions: dict[str, int]
    rows: dict[str, int] = field(default_factory=dict)

    def read(self, table: Table) -> pl.LazyFrame | None:
        """Return every stored row of ``table``, this batch's own included; None where none is."""
        if table.name not in self.versions:
            return None
        return scan(DeltaTable(self.path / table.name, version=self.versions[table.name]))

    def compare(self, table: Table, rows: Frame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the rows that are not stored yet, and those that contradict stored ones.

        A row that is stored with the same values is in neither; in a table without versions the
        clock is no value: an event that is sent again later is the same event.
        """
        return unknown(table, collect(check(table, rows.lazy())), self.read(table))

    def append(self, table: Table, rows: Frame) -> tuple[int, pl.DataFrame]:
        """Append what is not stored yet; return how many rows, and those that contradict it."""
        new, clash = self.compare(table, rows)
        uri = self.path / table.name
        if table.name not in self.versions:
            stored = DeltaTable.create(uri, new.schema, mode="overwrite", name=table.name)
            self.versions[table.name] = stored.version()
        if new.height:
            stored = self.stored(table)
            write_deltalake(stored, new, mode="append")
            stored.update_incremental()
            self.versions[table.name] = stored.version()
        self.rows[table.name] = self.rows.get(table.name, 0) + new.height
        return new.height, clash

    def join(self, table: Table, parts: int) -> None:
        """Join the small files of ``table`` once there are more than ``parts``; rows stay."""
        if table.name not in self.versions:
            return
        there = DeltaTable(self.path / table.name, version=self.versions[table.name])
        if len(there.file_uris()) > parts:
            stored = self.stored(table)
            stored.optimize.compact()
            stored.update_incremental()
            self.versions[table.name] = stored.version()

    def stored(self, table: Table) -> DeltaTable:
        """Return a table to write to, at the version that this batch has."""
        stored = DeltaTable(self.path / table.name)
        if stored.version() != self.versions[table.name]:
            stored.restore(self.versions[table.name])  # left by a writer that was killed
        return stored


def unknown(
    table: Table, rows: pl.DataFrame, old: pl.LazyFrame | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the ``rows`` that ``old`` does not have, and those that contradict it."""
    if old is None or rows.is_empty():
        return rows, rows.clear()
    key = list(table.identity)
    if table.versions:  # another instant is another version, so the rest need not be read
        clock = rows[table.clock]
        old = old.filter(pl.col(table.clock).is_between(clock.min(), clock.max()))
    met = (
        old.select(key)
        .join(rows.lazy().select(key), on=key, how="semi")
        .collect(engine="streaming")
    )
    if met.is_empty():
        return rows, rows.clear()
    known = old.join(met.lazy(), on=key, how="semi").collect(engine="streaming")
    values = [c for c in table.columns if table.versions or c != table.clock]
    same = rows.join(known, on=values, how="semi", nulls_equal=True).select(key)
    clash = rows.join(met, on=key, how="semi").join(same, on=key, how="anti")
    return rows.join(met, on=key, how="anti"), clash


def files(stored: DeltaTable) -> list[str]:
    """Return the Parquet files of one version of a table.

    Raises
    ------
    ValueError
        When rows in them are marked as deleted, which only a Delta reader would see.
    """
    if "deletionVectors" in (stored.protocol().reader_features or []):
        raise ValueError(f"{stored.table_uri}: has deletion vectors; run REORG TABLE ... (PURGE).")
    return [unquote(uri) for uri in stored.file_uris()]


def scan(stored: DeltaTable) -> pl.LazyFrame:
    """Return the rows of one version of a table; its folder may have spaces in its name."""
    schema = pl.Schema(stored.schema())
    if paths := files(stored):
        return pl.scan_parquet(paths, schema=schema, glob=False, missing_columns="insert")
    return pl.LazyFrame(schema=schema)


def hours(instant: str) -> str:
    """Return the name of the number that stands beside an instant: ``placed_at``, ``placed_h``."""
    return instant.removesuffix("_at") + "_h"


def days(date: str) -> str:
    """Return the name of the number that stands beside a date: ``promised_date``, ``promised_day``.

    It counts days since 1970-01-01, a Thursday.
    """
    return date.removesuffix("date") + "day"


def collect(rows: nw.LazyFrame[Any]) -> pl.DataFrame:
    """Bring ``rows`` into memory, whichever engine computes them."""
    return rows.collect("polars").to_native()  # type: ignore[no-any-return]
