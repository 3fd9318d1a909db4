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

ProblemArgument = Annotated[Literal["eta"], typer.Argument(help="The question; today: eta.")]
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
SeedOption = Annotated[int, typer.Option("--seed", help="Seed; the same one, the same result.")]

ZONES = {"olist": "America/Sao_Paulo"}  # zone in which a source counts its days
WARM_UP = timedelta(days=7)  # nothing is learnt from the first days: they have no history


def opened(path: Path, asof: str | None = None, zone: str = "UTC") -> tuple[Lake, datetime]:
    """Return the lake as of a moment, and that moment: by default of its last scan.

    Raises
    ------
    FileNotFoundError
        When there is no lake with scans.
    """
    lake = Lake(path)
    if not lake.has(SCANS):
        raise FileNotFoundError(
            f"--lake: {path} holds no scans; fill it with lanecast ingest, or lanecast demo."
        )
    if asof is not None:
        now = moment("asof", asof, zone)
    else:
        last = collect(lake.read(SCANS).select(nw.col("recorded_at").max()))
        now = last.item() + timedelta(microseconds=1)
    return lake.asof(now), now


def first_parcel(lake: Lake) -> datetime:
    """Return when the first parcel was recorded.

    Raises
    ------
    ValueError
        When none was.
    """
    found: datetime | None = collect(lake.read(PARCELS).select(nw.col("recorded_at").min())).item()
    if found is None:
        raise ValueError(f"asof: no parcel was recorded by {lake.until}; choose a later moment.")
    return found


def blend(seed: int) -> eta.Blend:
    """Return the blend with this seed everywhere."""
    deep = eta.Deep(training=replace(eta.Deep().training, seed=seed))
    return eta.Blend(eta.Boosted(seed=seed), deep)


def entries(seed: int) -> dict[str, Entry]:
    """Return the models of a back-test: ours, the baseline, and a default LightGBM, twice."""
    return {
        "blend": Entry(blend(seed)),
        "lane_quantiles": Entry(eta.LaneQuantiles()),
        "plain_once": Entry(eta.Plain(), once=True),
        "plain_60d": Entry(eta.Plain(days=60)),
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
