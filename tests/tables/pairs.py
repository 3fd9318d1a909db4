"""A process that writes two tables per commit, or reads them, until it is told to stop.

Every commit appends ``ROWS`` rows with the number of the commit to both, so whoever sees another
number or count in one of them has seen half a commit.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import narwhals as nw
import polars as pl

from lanecast.tables.columns import RECORDED
from lanecast.tables.lake import Lake
from lanecast.tables.schema import Column, Table

ROWS = 200
START = datetime(2026, 1, 1, tzinfo=UTC)
LEFT, RIGHT = (
    Table(
        name,
        "For the tests.",
        key=("row_id",),
        clock="recorded_at",
        columns={
            "row_id": Column(nw.String(), "", "Row."),
            "number": Column(nw.Int64(), "1", "Commit that wrote it."),
            "recorded_at": RECORDED,
        },
    )
    for name in ("left", "right")
)


def rows(number: int) -> nw.DataFrame[pl.DataFrame]:
    """Return the rows of commit ``number``; an hour lies between two."""
    ids = [f"{number}-{i}" for i in range(ROWS)]
    at = START + timedelta(hours=number)
    return nw.from_native(pl.DataFrame({"row_id": ids, "number": number, "recorded_at": at}))


def append(path: Path) -> int:
    """Write one more commit and return its number."""
    lake = Lake(path)
    number = lake.pinned.number + 1
    with lake.batch("pairs") as batch:
        batch.append(LEFT, rows(number))
        batch.append(RIGHT, rows(number))
    return number


def look(path: Path, commit: int | None = None) -> int:
    """Return the number of the commit that is seen, after proving that it is seen whole."""
    lake = Lake(path, commit=commit)
    number = lake.pinned.number
    for table in (LEFT, RIGHT):
        if number:
            seen = lake.read(table).collect().to_native().group_by("number").len().sort("number")
            expected = {"number": range(1, number + 1), "len": [ROWS] * number}
            assert seen.to_dict(as_series=False) == {k: list(v) for k, v in expected.items()}, (
                f"commit {number} shows {seen.to_dict(as_series=False)} in {table.name}"
            )
    return number


if __name__ == "__main__":
    act, folder, last = {"write": append, "read": look}[sys.argv[1]], sys.argv[2], int(sys.argv[3])
    while True:
        seen = act(Path(folder))
        print(seen, flush=True)
        if seen >= last:
            break
