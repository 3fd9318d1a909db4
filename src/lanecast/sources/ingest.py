"""From files to canonical tables, whole or not at all."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol

import narwhals as nw
import polars as pl

from lanecast.tables import commerce, network, parcel, planning
from lanecast.tables.ingest import QUARANTINE
from lanecast.tables.lake import Batch, Frame, Lake, unknown
from lanecast.tables.schema import Table

from . import csv, delhivery, epcis, m4, m5, olist, series, vn1, walmart
from .lint import Linted, Linter
from .oddities import Odd
from .piece import Piece
from .report import RefusedError, Report, Tally
from .sequence import Sequences
from .types import zone_of

Progress = Callable[[str, int], None]
Source = Literal["csv", "olist", "delhivery", "epcis", "series", "walmart", "m5", "m4", "vn1"]
CONTRADICTS = "the values that are stored under this key; a correction needs a later recorded_at"
REFERRED = {
    table.name: table
    for table in (
        network.FACILITIES,
        network.CARRIERS,
        commerce.MERCHANTS,
        commerce.PRODUCTS,
        commerce.ADDRESSES,
        commerce.ORDERS,
        parcel.PARCELS,
        planning.WORKERS,
    )
}


class Store(Protocol):
    """Where judged rows go: a batch of the lake, or its rehearsal."""

    def read(self, table: Table) -> pl.LazyFrame | None:
        """Return every row of ``table``, those of this ingest included."""

    def append(self, table: Table, rows: Frame) -> tuple[int, pl.DataFrame]:
        """Add the rows that are new; return how many, and those that contradict others."""


@dataclass
class Rehearsal:
    """A batch that writes nothing: what would be new stays in memory."""

    batch: Batch
    kept: dict[str, list[pl.DataFrame]] = field(default_factory=dict)

    def read(self, table: Table) -> pl.LazyFrame | None:
        """Return what is stored and what would be."""
        old = self.batch.read(table)
        frames = [
            *([old] if old is not None else []),
            *map(pl.DataFrame.lazy, self.kept.get(table.name, [])),
        ]
        return pl.concat(frames) if frames else None

    def append(self, table: Table, rows: Frame) -> tuple[int, pl.DataFrame]:
        """Return what appending would."""
        new, clash = self.batch.compare(table, rows)
        if kept := self.kept.get(table.name):
            new, more = unknown(table, new, pl.concat(kept).lazy())
            clash = pl.concat([clash, more])
        self.kept.setdefault(table.name, []).append(new)
        return new.height, clash


def ingest(
    lake: Lake,
    source: Source,
    path: Path,
    *,
    dry_run: bool = False,
    zone: str | None = None,
    now: datetime | None = None,
    progress: Progress | None = None,
    batch_rows: int = 1_000_000,
) -> Report:
    """Read the files of ``path``, and store their valid rows in ``lake`` as one commit.

    Rows that break a rule go, whole, to the table ``quarantine``. Rows that are stored already
    are left out, so the same files may come again.

    Parameters
    ----------
    source
        ``"olist"``, ``"delhivery"``, ``"walmart"``, ``"m5"``, ``"m4"`` and ``"vn1"``, public data
        sets; ``"csv"``, canonical tables as CSV or Parquet; ``"series"``, time series of one's own;
        or ``"epcis"``, GS1 EPCIS 2.0 documents.
    dry_run
        Judge everything and store nothing; the new rows are held in memory meanwhile.
    zone
        IANA zone of times that have no offset.
    now
        Moment of the ingest, with a time zone; the present if not given.
    progress
        Called with the name of a table and the rows of it that are done.
    batch_rows
        Rows that are in memory at once.

    Raises
    ------
    RefusedError
        When files or columns are missing or not readable, or the disk is full. The lake is then
        as it was.
    LakeBusyError
        When another process is writing to the lake.
    """
    if now is not None and now.tzinfo is None:
        raise RefusedError(f"now: {now} has no time zone; give one, for example +00:00.")
    when = (now or datetime.now(UTC)).astimezone(UTC)
    if source not in SOURCES:
        raise RefusedError(f"source: {source!r} is unknown; expected {', '.join(SOURCES)}.")
    pieces = SOURCES[source](path, zone_of(zone), when, batch_rows)
    with told_when_full(lake), store(lake, source, dry_run) as target:
        return _run(Ingest(target, source, zone, when, progress or _silent), pieces)


def ingest_pieces(lake: Lake, source: str, pieces: Iterator[Piece]) -> Report:
    """Store tables that a source has made already, as ``ingest`` does."""
    with told_when_full(lake), store(lake, source, dry_run=False) as target:
        return _run(Ingest(target, source, None, datetime.now(UTC), _silent), pieces)


@dataclass
class Ingest:
    """One ingest on its way: where rows go, and what has been counted."""

    store: Store
    source: str
    zone: str | None
    now: datetime
    progress: Progress
    tally: Tally = field(default_factory=Tally)
    sequences: Sequences = field(default_factory=Sequences)
    keys: dict[str, pl.DataFrame] = field(default_factory=dict)

    def add(self, piece: Piece) -> None:
        """Judge and store one piece."""
        self.tally.find(piece.findings)
        table, linter = piece.table, Linter(self.source, piece.file, self.zone, self.now)
        judged = linter.lint(table, piece.rows, self._known(piece))
        for rows, rule in piece.spoiled:
            linter.set_aside(table.name, rows, rule, judged)
            judged.read += rows.height
        new, clash = self.store.append(table, nw.from_native(judged.good.lazy()))
        if clash.height:
            rule = Odd(", ".join(table.identity), "contradicts", CONTRADICTS, pl.lit(True))
            linter.set_aside(table.name, clash, rule, judged)
        if new:
            self.keys.pop(table.name, None)
        if judged.bad:
            bad = pl.concat(judged.bad).unique("row_id", keep="first")
            self.store.append(QUARANTINE, nw.from_native(bad.lazy()))
        if table is parcel.SCANS:
            self.sequences.add(piece.file, judged.good)
        self._count(piece, judged, new)

    def _count(self, piece: Piece, judged: Linted, new: int) -> None:
        known = judged.read - judged.set_aside - new
        self.tally.count(piece.table.name, judged.read, new, known, judged.set_aside)
        self.tally.find(judged.findings)
        self.tally.share(judged.shares)
        self.progress(piece.table.name, self.tally.rows[piece.table.name][0])

    def _known(self, piece: Piece) -> dict[str, pl.DataFrame]:
        known = {}
        for column, target in piece.table.references.items():
            if column not in piece.rows.columns or not piece.rows[column].count():
                continue
            name, key = target.split(".")
            if name not in self.keys:
                rows = self.store.read(REFERRED[name])
                if rows is None:
                    raise RefusedError(
                        f"{piece.file}: column {column!r} refers to {name}, for example "
                        f"{piece.rows[column].drop_nulls()[0]!r}, and there are no {name}, "
                        f"neither here nor in the lake; {self._instead(name)}."
                    )
                wanted = [key, *(c for c in ("zone",) if c in REFERRED[name].columns)]
                self.keys[name] = (
                    rows.select(wanted).unique(key, keep="any").collect().rename({key: "key"})
                )
            known[column] = self.keys[name]
        return known

    def _instead(self, table: str) -> str:
        """Return what to do where ``table`` is missing: a file may be named almost like it."""
        told = self.tally.findings.values()
        strangers = [
            each.file for each in told if each.code == "unknown_file" and each.table == table
        ]
        if strangers:
            return f"is {strangers[0]} meant? Name it like the table"
        return "bring them first or together"

    def report(self) -> Report:
        """Return what was counted, with what only all scans together tell."""
        parcels, orders = (self.store.read(t) for t in (parcel.PARCELS, commerce.ORDERS))
        placed = None
        if parcels is not None and orders is not None:
            placed = (
                parcels.select("parcel_id", "order_id")
                .unique("parcel_id")
                .join(orders.group_by("order_id").agg(pl.col("placed_at").min()), on="order_id")
                .select("parcel_id", "placed_at")
            )
        self.tally.find(self.sequences.findings(placed))
        return self.tally.report()


def _run(work: Ingest, pieces: Iterator[Piece]) -> Report:
    for piece in pieces:
        work.add(piece)
    return work.report()


@contextmanager
def store(lake: Lake, source: str, dry_run: bool) -> Iterator[Store]:
    """Yield where rows go: a batch, or for a dry run its rehearsal on the newest commit."""
    if dry_run:
        yield Rehearsal(Batch(lake.path, dict(Lake(lake.path).pinned.versions)))
    else:
        with lake.batch(source) as batch:
            yield batch


@contextmanager
def told_when_full(lake: Lake) -> Iterator[None]:
    """Turn the many errors of a full disk into one sentence."""
    try:
        yield
    except Exception as error:  # Rust libraries have their own classes for it
        full = getattr(error, "errno", None) == errno.ENOSPC
        if full or any(mark in str(error).lower() for mark in FULL):
            raise RefusedError(
                f"{lake.path}: no space left on the device; free some and ingest again. "
                "Nothing was changed."
            ) from error
        raise


FULL = ("no space left on device", "storagefull", "os error 28", "disk quota exceeded")
SOURCES = {
    "olist": olist.read,
    "delhivery": delhivery.read,
    "csv": csv.read,
    "epcis": epcis.read,
    "series": series.read,
    "walmart": walmart.read,
    "m5": m5.read,
    "m4": m4.read,
    "vn1": vn1.read,
}


def _silent(table: str, rows: int) -> None:
    """Say nothing."""
