"""The files of the Delhivery data, read and cleaned of rows that nothing can be made of."""

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from lanecast.tables.schema import Table

from . import files
from .oddities import Odd
from .piece import Piece
from .report import Finding, RefusedError

CLOCK = pl.Datetime("us")
MEASURES = ("n_legs", "median_actual_min", "median_osrm_min", "osrm_time", "actual_time")
SHAPES: dict[str, tuple[str, tuple[str, ...], dict[str, pl.DataType]]] = {
    "legs": (
        "legs",
        ("trip_uuid", "od_start_time"),
        {
            "trip_uuid": pl.String(),
            "source_center": pl.String(),
            "destination_center": pl.String(),
            "route_type": pl.String(),
            "od_start_time": CLOCK,
            "osrm_time": pl.Float64(),
            "actual_time": pl.Float64(),
        },
    ),
    "lanes": (
        "lanes_train",
        ("source_center", "destination_center"),
        {
            "source_center": pl.String(),
            "destination_center": pl.String(),
            "n_legs": pl.Int64(),
            "median_actual_min": pl.Float64(),
            "median_osrm_min": pl.Float64(),
            "median_osrm_km": pl.Float64(),
            "major_route_type": pl.String(),
        },
    ),
    "centers": (
        "centers",
        ("hub_id",),
        {"hub_id": pl.String(), "city": pl.String(), "state": pl.String()},
    ),
}
BECOMES = {"legs": "scans", "lanes": "lane_history", "centers": "facilities"}


@dataclass
class Raw:
    """The files as frames; rows of which nothing can be made are in ``spoiled``."""

    legs: pl.DataFrame
    lanes: pl.DataFrame
    centers: pl.DataFrame
    names: dict[str, str] = field(default_factory=dict)
    spoiled: dict[str, list[tuple[pl.DataFrame, Odd]]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def piece(self, table: Table, which: str, rows: pl.DataFrame) -> Piece:
        """Return a piece with what was spoiled in its file."""
        found, self.findings = self.findings, []
        return Piece(table, self.names[which], rows, self.spoiled[which], found)

    def say(self, which: str, column: str, code: str, rows: pl.DataFrame, action: str) -> None:
        """Tell of rows of a file to which a rule of this source was applied."""
        if rows.height:
            what = (self.names[which], BECOMES[which], column, code)
            example = str(rows.row(0)[0])
            self.findings.append(Finding(*what, "note", rows.height, example, action))


def load(path: Path) -> Raw:
    """Read the files in folder ``path``; each cell as its type, or its row is spoiled.

    Raises
    ------
    RefusedError
        When a file or a column is missing or not readable.
    """
    frames: dict[str, pl.DataFrame] = {}
    names: dict[str, str] = {}
    spoiled: dict[str, list[tuple[pl.DataFrame, Odd]]] = {}
    for which, (stem, key, types) in SHAPES.items():
        file = files.find(path, stem)
        if file is None:
            needed = ", ".join(stem for stem, _, _ in SHAPES.values())
            raise RefusedError(
                f"{path}: no {stem}.csv nor {stem}.parquet; Delhivery needs {needed}."
            )
        names[which] = file.name
        frames[which], spoiled[which] = _clean(file, key, types)
    return Raw(frames["legs"], frames["lanes"], frames["centers"], names, spoiled)


def _clean(
    file: Path, key: tuple[str, ...], types: dict[str, pl.DataType]
) -> tuple[pl.DataFrame, list[tuple[pl.DataFrame, Odd]]]:
    """Return the good rows of a file, and the others with the first rule that each one broke."""
    raw, rows = files.read(file, types)
    if (clock := "od_start_time") in types and raw.schema[clock] == pl.String:
        times = raw[clock].str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
        rows = rows.with_columns(times.alias(clock))
    rows = rows.with_row_index("#")
    broken = [
        *((name, *_unread(dtype), raw[name].is_not_null() & rows[name].is_null())
          for name, dtype in types.items()),
        *((name, "missing", "a value", rows[name].is_null())
          for name in types if name in (*key, *MEASURES) or name.endswith("_center")),
        *((name, "too_low", "a number above 0", ~(rows[name] > 0))
          for name in types if name in MEASURES),
    ]  # fmt: skip
    spoiled = []
    good = pl.repeat(True, raw.height, dtype=pl.Boolean, eager=True)
    for name, code, valid, where in broken:
        bad = where.fill_null(False) & good
        if bad.any():
            spoiled.append((raw.filter(bad), Odd(name, code, valid, pl.lit(True))))
            good &= ~bad
    rows = rows.filter(good)
    kept = rows.unique(key, keep="first", maintain_order=True)
    others = rows.join(kept.select("#"), on="#", how="anti")
    clash = others.join(kept, on=list(types), how="anti", nulls_equal=True).drop("#")
    if clash.height:
        valid = f"one row per {', '.join(key)}; the first was taken"
        spoiled.append((clash, Odd(", ".join(key), "duplicate_key", valid, pl.lit(True))))
    return kept.drop("#"), spoiled


def _unread(dtype: pl.DataType) -> tuple[str, str]:
    if dtype == CLOCK:
        return "not_a_time", "a local time like 2018-09-27 00:02:18"
    return "not_a_number", "a number"
