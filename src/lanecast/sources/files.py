"""Files at the door: found, readable and with the columns one expects, or refused in a sentence."""

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from .report import RefusedError

KINDS = (".csv", ".parquet")
BLOCK = 1 << 22
SMALL = 1 << 26  # bytes of text that are read at once
GROUP = 100_000  # rows of a Parquet group, of which a piece reads only its own


def folder(path: Path) -> Path:
    """Return ``path`` if it is a folder.

    Raises
    ------
    RefusedError
        When it is missing, or a file.
    """
    if not path.exists():
        raise RefusedError(f"{path}: no such folder; give the folder that holds the files.")
    if not path.is_dir():
        raise RefusedError(f"{path}: is a file; give the folder that holds it.")
    return path


def find(path: Path, stem: str) -> Path | None:
    """Return the one file ``stem.csv`` or ``stem.parquet`` of folder ``path``, or None."""
    found = [file for kind in KINDS if (file := path / f"{stem}{kind}").is_file()]
    if len(found) > 1:
        raise RefusedError(f"{path}: has {found[0].name} and {found[1].name}; keep one of them.")
    return found[0] if found else None


def scan(file: Path) -> pl.LazyFrame:
    """Return the rows of a CSV (all columns text) or Parquet file.

    Raises
    ------
    RefusedError
        When the file is empty, has no rows, is not UTF-8, or is not the format of its name.
    """
    if not file.stat().st_size:
        raise RefusedError(f"{file.name}: is empty; expected a header and rows.")
    try:
        if file.suffix == ".parquet":
            rows = pl.scan_parquet(file)
        else:
            utf8(file)
            rows = pl.scan_csv(file, infer_schema=False)
        names = rows.collect_schema().names()
        filled = rows.head(1).collect().height
    except (pl.exceptions.PolarsError, OSError) as error:
        what = "a Parquet file" if file.suffix == ".parquet" else "a CSV file"
        hint = "" if isinstance(error, OSError) else _semicolons(file)
        raise RefusedError(f"{file.name}: is not {what}: {first_line(error)}.{hint}") from error
    if file.suffix == ".csv" and (again := _again(names)):
        raise RefusedError(
            f"{file.name}: column {again!r} stands twice in the header; expected each name once."
        )
    if not filled:
        raise RefusedError(f"{file.name}: has a header and no rows ({', '.join(names)}).")
    return rows


def _semicolons(file: Path) -> str:
    """Return what to do where a header is of semicolons, and commas are those of decimals."""
    if file.suffix != ".csv":
        return ""
    with file.open("rb") as stream:
        header = stream.readline(BLOCK)
    if b"," in header or b";" not in header:
        return ""
    return " Its header is separated by semicolons; expected commas, and a point in decimals."


def _again(names: Sequence[str]) -> str | None:
    """Return a name that a header has twice, which Polars then numbers."""
    found = (re.fullmatch(r"(.*)_duplicated_\d+", name) for name in names)
    return next((match[1] for match in found if match and match[1] in names), None)


def utf8(file: Path) -> None:
    """Refuse a text file that is not UTF-8, naming where."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    done = lines = 0
    with file.open("rb") as stream:
        while True:
            block = stream.read(BLOCK)
            waiting = len(decoder.getstate()[0])
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                at = done - waiting + error.start
                row = lines + block[: max(at - done, 0)].count(b"\n") + 1
                byte = error.object[error.start]
                raise RefusedError(
                    f"{file.name}: byte 0x{byte:02x} at offset {at} (line {row}) is not UTF-8; "
                    "save the file as UTF-8."
                ) from error
            if not block:
                return
            done += len(block)
            lines += block.count(b"\n")


def demand(file: str, given: Iterable[str], required: Iterable[str]) -> None:
    """Refuse a file that lacks columns, naming all of them and a column that may be meant.

    Raises
    ------
    RefusedError
        When a required column is not among those given.
    """
    given, required = list(given), list(required)
    if not (lost := [name for name in required if name not in given]):
        return
    free = {name.strip().lower(): name for name in given if name not in required}
    near = {name: get_close_matches(name, free, 1, 0.5) for name in lost}
    meant = next(((name, free[found[0]]) for name, found in near.items() if found), None)
    hint, has = ".", f"It has {', '.join(given)}."
    if len(given) == 1 and ";" in given[0]:
        hint = "; separate the columns by commas, not by semicolons."
    elif meant:
        hint = f"; is {meant[1]!r} meant{f' for {meant[0]!r}' if len(lost) > 1 else ''}?"
    raise RefusedError(f"{file}: no column {', '.join(map(repr, lost))}{hint} {has}")


def batches(file: Path, rows: pl.LazyFrame, size: int) -> Iterator[pl.DataFrame]:
    """Yield ``rows`` of ``file`` in pieces of at most ``size``, in order.

    A large text file passes through a temporary Parquet file, because pieces of that can be read
    without what stands before them.

    Raises
    ------
    RefusedError
        When a later part of the file cannot be read.
    """
    try:
        with TemporaryDirectory(prefix="lanecast-") as folder:
            if file.suffix == ".csv" and file.stat().st_size <= SMALL:
                rows = rows.collect().lazy()
            elif file.suffix == ".csv":
                rows.sink_parquet(between := Path(folder) / "rows.parquet", row_group_size=GROUP)
                rows = pl.scan_parquet(between)
            for start in range(0, rows.select(pl.len()).collect().item(), size):
                yield rows.slice(start, size).collect(engine="streaming")
    except pl.exceptions.PolarsError as error:
        raise RefusedError(
            f"{file.name}: cannot be read to its end: {first_line(error)}."
        ) from error


def read(file: Path, types: Mapping[str, pl.DataType]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return columns of a file as they are, and in their types; what cannot be one is null.

    Text that is a number or a local time becomes one. Further columns are dropped.
    """
    rows = scan(file)
    demand(file.name, rows.collect_schema().names(), types)
    try:
        raw = rows.select(list(types)).collect()
    except pl.exceptions.PolarsError as error:
        raise RefusedError(
            f"{file.name}: cannot be read to its end: {first_line(error)}.{_semicolons(file)}"
        ) from error
    return raw, raw.select(_typed(name, raw.schema[name], to) for name, to in types.items())


def _typed(name: str, given: pl.DataType, to: pl.DataType) -> pl.Expr:
    if given == pl.String and isinstance(to, pl.Datetime):
        return pl.col(name).str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False)
    return pl.col(name).cast(to, strict=False)


def first_line(error: Exception) -> str:
    """Return the first line of an error of somebody else's, as our sentences quote it."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    if lines[0].startswith("could not parse `"):  # what follows is of somebody's file
        return "a field cannot be read; is a quotation mark not closed"
    return lines[0].rstrip(".")
