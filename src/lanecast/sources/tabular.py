"""Text files whose bytes may be broken: each row is read, and what is not UTF-8 is marked."""

from pathlib import Path

import polars as pl

from .files import first_line
from .report import RefusedError


def scan(file: Path) -> pl.LazyFrame:
    """Return the rows of a CSV (all columns text) or Parquet file; bad bytes become U+FFFD.

    Raises
    ------
    RefusedError
        When it is neither, or has no rows.
    """
    try:
        if file.suffix.lower() == ".parquet":
            rows = pl.scan_parquet(file)
        else:
            rows = pl.scan_csv(
                file, infer_schema=False, encoding="utf8-lossy", truncate_ragged_lines=True
            )
        names = rows.collect_schema().names()
        filled = rows.head(1).collect().height
    except (pl.exceptions.PolarsError, OSError) as error:
        what = "a Parquet file" if file.suffix.lower() == ".parquet" else "a CSV file"
        raise RefusedError(f"{file.name}: is not {what}: {first_line(error)}.") from error
    if not filled:
        raise RefusedError(f"{file.name}: has a header and no rows (columns: {len(names)}).")
    return rows


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
            truncate_ragged_lines=True,
        )
        rows.head(1).collect()
    except pl.exceptions.PolarsError as error:
        raise RefusedError(f"{file.name}: is not tab-separated: {first_line(error)}.") from error
    return width, rows
