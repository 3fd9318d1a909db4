"""What the sources of time series share: files read cell by cell, and frames as their tables."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from lanecast.tables.schema import Table
from lanecast.tables.series import ATTRIBUTES, COVARIATES, MEASURE, SERIES

from . import files
from .oddities import Odd
from .piece import Piece
from .report import Finding, RefusedError

UTC_DS = pl.Datetime("us", "UTC")
Spoiled = list[tuple[pl.DataFrame, Odd]]


@dataclass
class Sheet:
    """A file with each cell as its type, and the rows of which nothing can be made.

    ``again`` holds the keys of rows that stand there once more, cell by cell.
    """

    name: str
    rows: pl.DataFrame
    spoiled: Spoiled = field(default_factory=list)
    again: pl.DataFrame = field(default_factory=pl.DataFrame)

    def said(self, table: Table) -> list[Finding]:
        """Return what is to be said of rows that stand there once more, as rows of ``table``."""
        if self.again.is_empty():
            return []
        key = self.again.columns[0]
        return [
            Finding(
                self.name, table.name, key, "same_row_again", "note", self.again.height,
                str(self.again[key][0]), "taken once",
            )
        ]  # fmt: skip


def sheet(
    path: Path,
    stem: str,
    types: Mapping[str, pl.DataType],
    key: Sequence[str],
    numbers: Sequence[str],
    whose: str,
) -> Sheet:
    """Read file ``stem`` of folder ``path``; rows without a key or one of ``numbers`` are spoiled.

    Raises
    ------
    RefusedError
        When the file or a column is missing or not readable.
    """
    file = files.find(files.folder(path), stem)
    if file is None:
        raise RefusedError(f"{path}: no {stem}.csv nor {stem}.parquet; {whose}.")
    raw, rows = files.read(file, {n: t for n, t in types.items() if not _dated(t)})
    dated = [name for name, kind in types.items() if _dated(kind)]
    if dated:
        _, as_is = files.read(file, {name: pl.String() for name in dated})
        raw = pl.concat([raw, as_is], how="horizontal")
        rows = pl.concat([rows, as_is.select(_ds(n) for n in dated)], how="horizontal")
    out = Sheet(file.name, rows.with_row_index("#"))
    day = "a date such as 2012-02-10"
    broken = [
        *((n, "missing", "a value", rows[n].is_null() & raw[n].is_null()) for n in key),
        *((n, "not_a_time", day, rows[n].is_null() & _filled(raw[n], n in key)) for n in dated),
        *((n, "not_a_number", "a number", rows[n].is_null()) for n in (*key, *numbers)),
    ]
    good = pl.repeat(True, rows.height, dtype=pl.Boolean, eager=True)
    for name, code, valid, where in broken:
        bad = where & good
        if bad.any():
            out.spoiled.append((raw.filter(bad), Odd(name, code, valid, pl.lit(True))))
            good &= ~bad
    out.rows = out.rows.filter(good)
    kept = out.rows.unique(key, keep="first", maintain_order=True)
    if kept.height < out.rows.height:
        again = out.rows.join(kept.select("#"), on="#", how="anti")
        clash = again.join(kept, on=[c for c in types], how="anti", nulls_equal=True)
        out.again = again.join(clash.select("#"), on="#", how="anti").select(key)
        clash = clash.drop("#")
        if clash.height:
            valid = f"one row per {', '.join(key)}; the first was taken"
            out.spoiled.append((clash, Odd(", ".join(key), "duplicate_key", valid, pl.lit(True))))
    out.rows = kept.drop("#")
    return out


def _filled(text: pl.Series, always: bool) -> pl.Series:
    return (text.str.strip_chars().fill_null("") != "") | always


def _dated(kind: pl.DataType) -> bool:
    return isinstance(kind, pl.Date | pl.Datetime)


def _ds(name: str) -> pl.Expr:
    """Return a time without offset as ``ds``: its civil date, or the clock of UTC."""
    text = pl.col(name).str.strip_chars().str.replace("[t ]", "T", literal=False)
    date = text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
    clock = [
        text.str.to_datetime(form, strict=False, time_unit="us")
        for form in ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M")
    ]
    offset = text.str.to_datetime("%+", strict=False, time_unit="us", time_zone="UTC")
    short = pl.when(text.str.len_chars() == 10).then(date)
    naive = pl.coalesce(short, *clock).dt.replace_time_zone("UTC")
    return pl.coalesce(offset, naive).alias(name)


def observed(rows: pl.DataFrame, which: Sheet, findings: Sequence[Finding] = ()) -> Piece:
    """Return ``rows`` (``unique_id, ds, y, recorded_at``) as the table of series."""
    return Piece(SERIES, which.name, rows, which.spoiled, [*findings, *which.said(SERIES)])


def measured(
    rows: pl.DataFrame, names: Iterable[str], recorded: pl.Expr, kind: str = MEASURE
) -> pl.DataFrame:
    """Return columns ``names`` of ``rows`` (``unique_id, ds``) as covariates, without nulls."""
    return pl.concat(
        rows.select(
            "unique_id",
            "ds",
            name=pl.lit(name),
            kind=pl.lit(kind),
            value=pl.col(name).cast(pl.Float64, strict=False),
            recorded_at=recorded,
        ).drop_nulls(["value", "ds"])
        for name in names
    )


def covariates(
    parts: Sequence[pl.DataFrame], which: Sheet, findings: Sequence[Finding] = ()
) -> Piece:
    """Return covariates as a piece."""
    said = [*findings, *which.said(COVARIATES)]
    return Piece(COVARIATES, which.name, pl.concat(parts), which.spoiled, said)


def described(
    rows: pl.DataFrame, levels: Mapping[str, int | None], recorded: pl.Expr
) -> pl.DataFrame:
    """Return columns of ``rows`` (``unique_id``) as attributes, with their place in the tree."""
    return pl.concat(
        rows.select(
            "unique_id",
            name=pl.lit(name),
            value=pl.col(name).cast(pl.String),
            level=pl.lit(level, pl.Int16),
            recorded_at=recorded,
        ).drop_nulls("value")
        for name, level in levels.items()
    )


def attributes(rows: pl.DataFrame, which: Sheet, findings: Sequence[Finding] = ()) -> Piece:
    """Return attributes as a piece."""
    return Piece(ATTRIBUTES, which.name, rows, which.spoiled, findings)
