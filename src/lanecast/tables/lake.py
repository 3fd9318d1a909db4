"""A lake of Delta tables; the only file that knows engines."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import narwhals as nw
import polars as pl
from deltalake import DeltaTable, write_deltalake

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
    """

    path: Path
    engine: Literal["polars", "spark"] = "polars"
    until: datetime | None = None
    commit: int | None = None

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

    def has(self, table: Table) -> bool:
        """Return whether anything was ever written to ``table``."""
        return table.name in self.pinned.versions

    def read(self, table: Table) -> nw.LazyFrame[Any]:
        """Return each fact of ``table`` in the last version known by ``until``.

        Beside every instant ``*_at`` and ``asof`` stands a number ``*_h``: hours since 1970 UTC,
        for arithmetic that is equal on every engine.

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

    @contextmanager
    def batch(self, source: str) -> "Iterator[Batch]":
        """Collect writes to many tables that become visible together, or not at all."""
        with commits.locked(self.path):
            before = commits.load(self.path)
            batch = Batch(self.path, dict(before.versions))
            yield batch
            if any(batch.rows.values()) or batch.versions != before.versions:
                now = datetime.now(UTC).isoformat(timespec="seconds")
                commits.publish(
                    self.path,
                    commits.Commit(before.number + 1, batch.versions, source, now, batch.rows),
                )

    def _scan(self, table: Table) -> nw.LazyFrame[Any]:
        if not self.has(table):
            raise FileNotFoundError(
                f"{self.path / table.name}: no such table; write it first (lanecast ingest)."
            )
        uri, version = str(self.path / table.name), self.pinned.versions[table.name]
        instants = [n for n, c in table.columns.items() if isinstance(c.dtype, nw.Datetime)]
        if self.engine == "polars":
            scan = pl.scan_delta(uri, version=version)
            return nw.from_native(
                scan.with_columns(
                    (pl.col(n).dt.epoch("us") / HOUR_US).alias(hours(n)) for n in instants
                )
            )

        from pyspark.sql import SparkSession
        from pyspark.sql import functions as f

        stored = DeltaTable(uri, version=version)
        if "deletionVectors" in (stored.protocol().reader_features or []):
            raise ValueError(f"{uri}: has deletion vectors, which only a Delta jar can read.")
        session = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
        read = session.read.parquet(*stored.file_uris())
        return nw.from_native(
            read.withColumns({hours(n): f.unix_micros(n) / HOUR_US for n in instants})
        )


@dataclass
class Batch:
    """Writes to several tables that no reader sees until the batch ends."""

    path: Path
    versions: dict[str, int]
    rows: dict[str, int] = field(default_factory=dict)

    def append(self, table: Table, rows: Frame) -> tuple[int, pl.DataFrame]:
        """Append what is not stored yet; return how many rows, and those that contradict it.

        A row with a stored key and clock and the same values is known already and left out; one
        with other values is returned, not written.
        """
        new = collect(check(table, rows.lazy()))
        uri = self.path / table.name
        if table.name not in self.versions:
            stored = DeltaTable.create(uri, new.schema, mode="overwrite", name=table.name)
        else:
            stored = DeltaTable(uri)
            if stored.version() != self.versions[table.name]:
                stored.restore(self.versions[table.name])  # left by a writer that was killed
        key = [*table.key, table.clock]
        old = pl.scan_delta(str(uri), version=stored.version())
        known = old.join(new.lazy().select(key), on=key, how="semi").collect()
        clash = new.clear()
        if known.height:
            same = new.join(known.select(new.columns), on=new.columns, how="semi", nulls_equal=True)
            clash = new.join(known, on=key, how="semi").join(same, on=key, how="anti")
            new = new.join(known, on=key, how="anti")
        if new.height:
            write_deltalake(stored, new, mode="append")
            stored.update_incremental()
        self.versions[table.name] = stored.version()
        self.rows[table.name] = self.rows.get(table.name, 0) + new.height
        return new.height, clash


def hours(instant: str) -> str:
    """Return the name of the number that stands beside an instant: ``placed_at``, ``placed_h``."""
    return instant.removesuffix("_at") + "_h"


def collect(rows: nw.LazyFrame[Any]) -> pl.DataFrame:
    """Bring ``rows`` into memory, whichever engine computes them."""
    return rows.collect("polars").to_native()  # type: ignore[no-any-return]
