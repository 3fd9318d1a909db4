"""Canonical tables as files in one folder: `orders.csv`, `scans.parquet`, ..., any of them."""

from collections.abc import Iterator
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

import polars as pl

from lanecast.tables import address, commerce, events, network, parcel, planning, series, trajectory
from lanecast.tables.schema import Table

from . import files
from .piece import Piece
from .report import Finding, RefusedError, Severity

TABLES = (
    network.FACILITIES,
    network.CARRIERS,
    network.LANES,
    network.CALENDARS,
    commerce.MERCHANTS,
    commerce.PRODUCTS,
    commerce.ADDRESSES,
    commerce.ORDERS,
    commerce.ORDER_LINES,
    parcel.PARCELS,
    parcel.PROMISES,
    parcel.SCANS,
    events.CLAIMS,
    trajectory.LANE_HISTORY,
    trajectory.LEG_PLANS,
    *planning.RECORDS,
    *address.TABLES,
    *series.TABLES,
)
"""What may come, each table after those that it refers to."""


def read(path: Path, zone: str | None, now: datetime, size: int) -> Iterator[Piece]:
    """Return the rows of the files in folder ``path``, at most ``size`` at a time.

    Raises
    ------
    RefusedError
        When no file is there, or one cannot be read or lacks a column. Every file is opened
        before the first row is handed over.
    """
    found = [
        (table, file) for table in TABLES if (file := files.find(files.folder(path), table.name))
    ]
    strangers = _strangers(path, [file for _, file in found])
    absent = [table.name for table in TABLES if table not in [here for here, _ in found]]
    meant = {name: near(Path(name).stem.lower(), absent) for name in strangers}
    if not found:
        has = f" It has {', '.join(strangers)}." if strangers else " It has no such file at all."
        hints = [f" Is {table} meant by {name}?" for name, table in meant.items() if table]
        raise RefusedError(
            f"{path}: no file of a canonical table; expected {', '.join(absent)} as .csv or "
            f".parquet.{has}{''.join(hints[:1])}"
        )
    opened = []
    for table, file in found:
        rows = files.scan(file)
        required = [name for name, column in table.columns.items() if column.required]
        files.demand(file.name, rows.collect_schema().names(), required)
        opened.append((table, file, rows))
    return _pieces(opened, [_ignored(name, table) for name, table in meant.items()], size)


def _pieces(
    opened: list[tuple[Table, Path, pl.LazyFrame]], said: list[Finding], size: int
) -> Iterator[Piece]:
    for table, file, rows in opened:
        said = [*said, *_columns(table, file, rows.collect_schema().names())]
        for batch in files.batches(file, rows, size):
            yield Piece(table, file.name, batch, findings=said)
            said = []


def near(name: str, names: list[str]) -> str:
    """Return the one of ``names`` that may be meant by ``name``; empty where none is."""
    return next(iter(get_close_matches(name, names, 1, 0.6)), "")


def _strangers(path: Path, used: list[Path]) -> list[str]:
    return sorted(
        file.name
        for file in path.iterdir()
        if file.suffix.lower() in files.KINDS and file not in used
    )


def _ignored(name: str, table: str) -> Finding:
    action = f"ignored; is {table} meant?" if table else "ignored"
    return Finding(name, table, "", "unknown_file", "warning", 1, name, action)


def _columns(table: Table, file: Path, given: list[str]) -> list[Finding]:
    found = []
    absent = [name for name in table.columns if name not in given]
    for name in given:
        if name not in table.columns:
            meant = near(name.strip().lower(), absent)
            action = f"ignored; is {meant} meant?" if meant else "ignored"
            how: Severity = "warning" if meant else "note"
            found.append(
                Finding(file.name, table.name, name, "unknown_column", how, 1, name, action)
            )
    return found
