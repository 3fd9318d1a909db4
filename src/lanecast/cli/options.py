"""Options that several commands share, and what they stand for."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import narwhals as nw
import polars as pl
import typer

from lanecast.experiment import Entry
from lanecast.parcel import eta
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import PARCELS, SCANS

from .talk import moment

ProblemArgument = Annotated[
    Literal["eta", "trajectory", "events", "demand", "inventory", "workforce"],
    typer.Argument(
        help="The question: eta, when it arrives; trajectory, where it goes next; events, what "
        "goes wrong; demand, how much is sold; inventory, what to order; workforce, who works when."
    ),
]
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

ZONES = {
    "olist": "America/Sao_Paulo",
    "delhivery": "Asia/Kolkata",
}  # zone in which a source counts its days
WARM_UP = timedelta(days=7)  # nothing is learnt from the first days: they have no history
AHEAD = timedelta(days=31)  # after the last scan, in which a question may still be meant


def opened(
    path: Path, asof: str | None = None, zone: str = "UTC", option: str = "lake"
) -> tuple[Lake, datetime]:
    """Return the lake as of a moment, and that moment: by default of its last scan.

    Raises
    ------
    ValueError
        When there is no lake with scans, or it does not know that moment.
    """
    lake = Lake(named_as_a_lake(option, folder_of(option, path)))
    if not lake.has(SCANS):
        lost = " any more (its folder _commits is lost)" if (path / SCANS.name).is_dir() else ""
        raise ValueError(
            f"--{option}: {path} holds no scans{lost}; fill it with lanecast ingest, or lanecast "
            "demo."
        )
    last: datetime = collect(lake.read(SCANS).select(nw.col("recorded_at").max())).item()
    if asof is None:
        now = last + timedelta(microseconds=1)
    else:
        now = moment("asof", asof, zone)
        if now > last + AHEAD:
            raise ValueError(
                f"--asof: the last scan of {path} was recorded at {last:%Y-%m-%d}; expected a "
                f"moment until {last + AHEAD:%Y-%m-%d}, got {asof!r}."
            )
        if now < (first := first_parcel(lake, option)):
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
        raise ValueError(f"--{option}: {path} {what}.")
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
        option, given = ("from", since) if low > last else ("to", until)
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


def blend(seed: int) -> eta.Blend:
    """Return the blend with this seed everywhere."""
    deep = eta.Deep(training=replace(eta.Deep().training, seed=seed))
    return eta.Blend(eta.Boosted(seed=seed), deep)


def entries(seed: int) -> dict[str, Entry]:
    """Return the models of a back-test: ours, the baseline, and what everybody has at hand."""
    return {
        "blend": Entry(blend(seed)),
        "lane_quantiles": Entry(eta.LaneQuantiles()),
        "plain_once": Entry(eta.Plain(), once=True),
        "plain_60d": Entry(eta.Plain(days=60)),
        "pinball_60d": Entry(eta.Pinball(days=60)),
    }


def limits(lake: Lake, since: datetime, until: datetime) -> eta.Limits:
    """Return where parcels of [since, until) must go, and the working days there."""
    known: Any = lake.asof(until)
    days = eta.calendar(known).get("calendar")
    calendar = (
        None if days is None else collect(days.lazy()).select("goal_region", "day", "is_working")
    )
    return eta.Limits(collect(eta.places(known, since, until)), calendar)


def answered(frame: pl.DataFrame) -> dict[str, int]:
    """Return how many rows of predictions were answered by what."""
    counted = frame.select(pl.col("fallback").fill_null("model")).to_series().value_counts()
    return dict(counted.iter_rows())
