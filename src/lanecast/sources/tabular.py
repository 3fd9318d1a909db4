"""Text files whose bytes may be broken: each row is read, and what is not UTF-8 is marked."""

import csv
import gzip
from pathlib import Path
from typing import Any

import polars as pl

from .files import first_line
from .report import RefusedError

SIGNS = {";": "semicolons", "\t": "tabs", "|": "upright strokes"}
GZIP = b"\x1f\x8b"
READ: dict[str, Any] = {"infer_schema": False, "encoding": "utf8-lossy"}


def scan(file: Path) -> pl.LazyFrame:
    """Return the rows of a CSV (all columns text) or Parquet file; bad bytes become U+FFFD.

    Raises
    ------
    RefusedError
        When it is neither, has no rows, or a row with more fields than columns.
    """
    kind = "a Parquet file" if file.suffix.lower() == ".parquet" else "a CSV file"
    try:
        if kind == "a Parquet file":
            rows = pl.scan_parquet(file)
        else:
            rows = pl.scan_csv(file, **READ, truncate_ragged_lines=True)
        names = rows.collect_schema().names()
        if any(sign in name for name in names for sign in "\ufffd\0"):
            raise RefusedError(f"{file.name}: its header is not UTF-8; save the file as UTF-8.")
        if kind == "a CSV file":
            for sign, what in SIGNS.items():
                if len(names) == 1 and sign in names[0]:
                    raise RefusedError(f"{file.name}: {_separated(what)}")
            _check(file)
        filled = rows.head(1).collect().height
    except (pl.exceptions.PolarsError, OSError) as error:
        raise RefusedError(f"{file.name}: is not {kind}: {first_line(error)}.") from error
    if not filled:
        raise RefusedError(f"{file.name}: has a header and no rows (columns: {len(names)}).")
    return rows


def _check(file: Path) -> None:
    """Read a CSV once to its end: nothing that it holds may be dropped without a word.

    A field that is not empty has a column; a quotation mark that opens a field is closed.
    """
    try:
        pl.scan_csv(file, **READ).select(pl.all().count()).collect(engine="streaming")
    except pl.exceptions.PolarsError as error:  # it may quote an address
        if (wrong := _fault(file, ragged="more fields" in str(error))) is not None:
            raise RefusedError(f"{file.name}: {wrong}") from None


def _fault(file: Path, ragged: bool) -> str | None:
    """Return what is wrong with a CSV; None: only empty fields are too many."""
    broken = 'a quotation mark is not closed; expected " around a field, and "" for one in it.'
    line, many, mark = 1, 0, None
    with file.open("rb") as stream:
        packed = stream.read(len(GZIP)) == GZIP
    with (gzip.open if packed else open)(
        file, "rt", encoding="utf-8-sig", errors="replace", newline=""
    ) as stream:
        records = csv.reader(stream, strict=True)
        try:
            for fields in records:
                many = many or len(fields)
                if many == 1 and line == 1 and ";" in "".join(fields):
                    return _separated("semicolons")
                if ragged and any(map(str.strip, fields[many:])):
                    return (
                        f"line {line} has {len(fields)} fields, the header {many}; write a field "
                        "with commas in quotation marks."
                    )
                mark = mark or (line if any('"' in field for field in fields) else None)
                line = records.line_num + 1
        except csv.Error:
            return f"line {line}: {broken}"
    if ragged:
        return None
    return f"line {mark}: {broken}" if mark else broken


def _separated(what: str) -> str:
    return f"its header is separated by {what}; expected commas: save the file as CSV with commas."


def tabbed(file: Path) -> tuple[int, pl.LazyFrame]:
    """Return how many columns a tab-separated file without header has, and its rows.

    Raises
    ------
    RefusedError
        When it cannot be read.
    """
    with file.open("rb") as stream:
        width = stream.readline(1 << 20).count(b"\t") + 1
    try:
        rows = pl.scan_csv(
            file,
            separator="\t",
            has_header=False,
            quote_char=None,
            encoding="utf8-lossy",
            schema={f"column_{i + 1}": pl.String for i in range(width)},
        )
        rows.select(pl.all().count()).collect(engine="streaming")
    except pl.exceptions.PolarsError as error:
        if "more fields" in str(error):
            raise RefusedError(
                f"{file.name}: {_wider(file, width)}; expected {width} columns, as in its first."
            ) from None
        raise RefusedError(f"{file.name}: is not tab-separated: {first_line(error)}.") from error
    return width, rows


def _wider(file: Path, width: int) -> str:
    """Return which line has more columns than the first."""
    with file.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if (many := line.count(b"\t") + 1) > width:
                return f"line {number} has {many} columns"
    return "a line has more columns"
