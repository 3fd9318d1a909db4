"""The public M4 competition, hourly and weekly: series without dates, of any length.

The files number the values of a series and do not say when they were. All series end together here,
at the end of 2017, and a value is recorded when its period is over. Where a file with the test part
lies beside, it goes on after the training part.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from . import files
from .panels import UTC_DS, Sheet, observed, sheet
from .piece import Piece
from .report import RefusedError

END = datetime(2018, 1, 1, tzinfo=UTC)
LENGTHS = {"hourly": timedelta(hours=1), "weekly": timedelta(weeks=1)}
HORIZONS = {"hourly": 48, "weekly": 13}
NEEDS = "M4 is hourly_train or weekly_train with series_id, t and y"
TYPES: dict[str, pl.DataType] = {"series_id": pl.String(), "t": pl.Int64(), "y": pl.Float64()}


def read(path: Path, zone: str | None, now: datetime, size: int) -> Iterator[Piece]:
    """Return the series of the one frequency that folder ``path`` holds.

    Raises
    ------
    RefusedError
        When there are none or two, or a column is missing or cannot be read.
    """
    return read_one(path, only(path, None))


def only(path: Path, horizon: int | None) -> str:
    """Return the frequency of a folder; of two, the one whose horizon in M4 is ``horizon``.

    Raises
    ------
    RefusedError
        When there is none, or it cannot be told which.
    """
    found = [n for n in LENGTHS if files.find(files.folder(path), f"{n}_train")]
    if not found:
        raise RefusedError(f"{path}: no hourly_train nor weekly_train, .csv or .parquet; {NEEDS}.")
    meant = [name for name in found if HORIZONS[name] == horizon]
    if len(found) > 1 and not meant:
        told = ", ".join(f"{HORIZONS[name]} for {name}" for name in found)
        raise RefusedError(
            f"{path}: has {' and '.join(found)} series; keep one of them, or choose by the "
            f"horizon: {told}; got {horizon}."
        )
    return (meant or found)[0]


def read_one(path: Path, name: str) -> Iterator[Piece]:
    """Return the series of one frequency."""
    key = ("series_id", "t")
    train = sheet(path, f"{name}_train", TYPES, key, ["y"], NEEDS)
    if files.find(path, f"{name}_test"):
        test = sheet(path, f"{name}_test", TYPES, key, ["y"], NEEDS)
        train = Sheet(train.name, _after(train.rows, test.rows), [*train.spoiled, *test.spoiled])
    return _pieces(train, LENGTHS[name])


def _after(train: pl.DataFrame, test: pl.DataFrame) -> pl.DataFrame:
    """Return the training part with the test part after it, numbered on where it begins at 1."""
    last = train.group_by("series_id").agg(last=pl.col("t").max())
    begun = test.group_by("series_id").agg(begun=pl.col("t").min())
    on = test.join(last, on="series_id").join(begun, on="series_id")
    shift = pl.when(pl.col("begun") <= pl.col("last")).then("last").otherwise(0)
    return pl.concat([train, on.select("series_id", (pl.col("t") + shift).alias("t"), "y")])


def _pieces(which: Sheet, length: timedelta) -> Iterator[Piece]:
    back = (pl.col("t").max().over("series_id") - pl.col("t") + 1).cast(pl.Int64)
    ds = pl.lit(END, UTC_DS) - back * pl.lit(length, pl.Duration("us"))
    rows = which.rows.select(unique_id="series_id", ds=ds.cast(UTC_DS), y="y")
    yield observed(rows.with_columns(recorded_at=pl.col("ds") + length), which)
