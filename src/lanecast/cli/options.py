"""Options that several commands share, and what they stand for."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import narwhals as nw
import typer

from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import PARCELS, SCANS
from lanecast.tables.schema import Table

from .raw import Source
from .talk import moment, span

LakeOption = Annotated[Path, typer.Option("--lake", help="Folder of the lake.")]
ModelOption = Annotated[Path, typer.Option("--model", help="Folder of the fitted model.")]
JsonOption = Annotated[
    Path | None, typer.Option("--json", help="Write the result as JSON to this file; - prints it.")
]
AsofOption = Annotated[
    str | None,
    typer.Option(
        "--asof", help="Use only what was recorded by then: a date, or an instant with offset."
    ),
]
SeedOption = Annotated[
    int,
    typer.Option("--seed", help="Seed; the same one, the same result.", min=0, max=2**31 - 1),
]

FromOption = Annotated[str | None, typer.Option("--from", help="First moment, a date or instant.")]
ToOption = Annotated[str | None, typer.Option("--to", help="Moment after the last.")]
DaysOption = Annotated[
    int, typer.Option("--days", help="Days of history to learn from.", min=30, max=3660)
]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Write the predictions to this Parquet file too.")
]
DriversOption = Annotated[
    str | None,
    typer.Option(
        "--drivers",
        metavar="PARCEL_ID",
        help="Only say what moved the last answer about this parcel; nothing is stored.",
    ),
]
DataOption = Annotated[
    Path, typer.Option("--data", help="Folder of raw files, or a lake (--source lake).")
]
SourceOption = Annotated[
    Source, typer.Option("--source", help="What --data holds; world: csv of a simulation.")
]
FirstDayOption = Annotated[str, typer.Option("--from", help="First day of the period.")]
LastDayOption = Annotated[str, typer.Option("--to", help="Day after the last.")]
EveryOption = Annotated[str, typer.Option("--every", help="Time between refits, e.g. 7d.")]
ZONES = {
    "olist": "America/Sao_Paulo",
    "delhivery": "Asia/Kolkata",
}  # zone in which a source counts its days
WARM_UP = timedelta(days=7)  # nothing is learnt from the first days: they have no history
AHEAD = timedelta(days=31)  # after the last scan, in which a question may still be meant


def opened(
    path: Path,
    asof: str | None = None,
    zone: str = "UTC",
    option: str = "lake",
    needed: Table = SCANS,
) -> tuple[Lake, datetime]:
    """Return the lake as of a moment, and that moment: by default of its last scan.

    Parameters
    ----------
    needed
        Table whose last row stands for the last scan, where no scans are read.

    Raises
    ------
    ValueError
        When there is no lake with such a table, or it does not know that moment.
    """
    lake = Lake(named_as_a_lake(option, folder_of(option, path)))
    name = needed.name
    if not lake.has(needed):
        lost = " any more (its folder _commits is lost)" if (path / name).is_dir() else ""
        raise ValueError(
            f"--{option}: {path} holds no {name}{lost}; fill it with lanecast ingest, or lanecast "
            "demo."
        )
    last: datetime = collect(lake.read(needed).select(nw.col("recorded_at").max())).item()
    if asof is None:
        now = last + timedelta(microseconds=1)
    else:
        now = moment("asof", asof, zone)
        if now > last + AHEAD:
            raise ValueError(
                f"--asof: the last {name[:-1]} of {path} was recorded at {last:%Y-%m-%d}; expected "
                f"a moment until {last + AHEAD:%Y-%m-%d}, got {asof!r}."
            )
        if needed is SCANS and now < (first := first_parcel(lake, option)):
            raise ValueError(
                f"--asof: the first parcel of {path} was recorded at {first:%Y-%m-%d}; expected a "
                f"later moment, got {asof!r}."
            )
    return lake.asof(now), now


def folder_of(option: str, path: Path) -> Path:
    """Return ``path`` if it is a folder.

    Raises
    ------
    ValueError
        When it is missing, or a file.
    """
    if not path.is_dir():
        what = "is a file; expected a folder" if path.exists() else "is missing"
        raise ValueError(
            f"--{option}: {path} {what}. Name the folder of a lake, or make one: lanecast ingest "
            "fills it from your files, lanecast demo from a simulated company."
        )
    return path


def named_as_a_lake(option: str, path: Path) -> Path:
    """Return ``path`` if a lake may lie there.

    Raises
    ------
    ValueError
        When its name holds what the readers of Delta tables take for a pattern.
    """
    if bad := set("[]%") & set(str(path)):
        raise ValueError(f"--{option}: the path {path} may not hold {' '.join(sorted(bad))}.")
    return path


def period(
    since: str | None, until: str | None, start: datetime, end: datetime, known: Lake
) -> tuple[datetime, datetime]:
    """Return the moments that --from and --to name; ``start`` and ``end`` where they are not given.

    Raises
    ------
    ValueError
        When the period is empty, or wholly outside of what the lake knows.
    """
    low = moment("from", since) if since else start
    high = moment("to", until) if until else end
    first, last = first_parcel(known), known.until or high
    if low >= high:
        raise ValueError(
            f"--from: expected a moment before --to, {high:%Y-%m-%d %H:%M}; got {since or low}."
        )
    if low > last or high <= first:
        late = low > last
        blamed = since is not None and (late or until is None)
        option, given = ("from", since) if blamed else ("to", until)
        raise ValueError(
            f"--{option}: the lake knows {first:%Y-%m-%d} to {last:%Y-%m-%d}; got {given}."
        )
    return low, high


def first_parcel(lake: Lake, option: str = "lake") -> datetime:
    """Return when the first parcel was recorded.

    Raises
    ------
    ValueError
        When none was.
    """
    found: datetime | None = None
    if lake.has(PARCELS):
        found = collect(lake.read(PARCELS).select(nw.col("recorded_at").min())).item()
    if found is None:
        until = f" by {lake.until:%Y-%m-%d %H:%M}" if lake.until else ""
        raise ValueError(f"--{option}: no parcel was recorded in {lake.path}{until}.")
    return found


def replayed(
    since: str, until: str, every: str, zone: str = "UTC"
) -> tuple[datetime, datetime, timedelta]:
    """Return the first moment of a replay, the one after its last, and the time between refits.

    Raises
    ------
    ValueError
        When the period is empty, or one of them is none.
    """
    start, end, step = moment("from", since, zone), moment("to", until, zone), span("every", every)
    if start >= end:
        raise ValueError(f"--from: expected a day before --to {until}, got {since}.")
    return start, end, step


def drivers_alone(drivers: str | None, out: Path | None) -> None:
    """Refuse to write to ``out`` where only drivers are told.

    Raises
    ------
    ValueError
        When both are given.
    """
    if drivers is not None and out is not None:
        raise ValueError(f"--out: with --drivers nothing is written to {out}; leave one out.")
