"""``lanecast fit journey``, and what it adds to ``lanecast predict eta --journey``."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from lanecast import artifact
from lanecast.parcel.eta.models import FittedBlend, WithJourney
from lanecast.parcel.journey import FittedJourney, Journey, assemble, context, learnt, steps
from lanecast.tables.commerce import ADDRESSES, MERCHANTS, ORDERS
from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import CALENDARS, FACILITIES
from lanecast.tables.parcel import PARCELS, PROMISES, SCANS

from .options import (
    WARM_UP,
    AsofOption,
    DaysOption,
    JsonOption,
    LakeOption,
    ModelOption,
    SeedOption,
    first_parcel,
    opened,
)
from .saved import digest, loaded
from .talk import makeable, progress, tell, writable, write_json

LEARNT_FROM = (PARCELS, ORDERS, MERCHANTS, ADDRESSES, PROMISES, SCANS, CALENDARS, FACILITIES)


def model(seed: int) -> Journey:
    """Return the model before it has seen data, with this seed."""
    return Journey(training=replace(Journey().training, seed=seed))


def fit(
    lake: LakeOption = Path("lake"),
    model_: ModelOption = Path("journey"),
    asof: AsofOption = None,
    days: DaysOption = 540,
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    """Learn whole journeys in one net: the next stop and event, the end, and when; save it.

    Example:

      lanecast fit journey --lake lake --model journey --asof 2025-04-01
    """
    makeable("model", model_)
    writable(json=json)
    known, now = opened(lake, asof)
    since = max(first_parcel(known) + WARM_UP, now - timedelta(days=days))
    with progress(quiet=json is not None) as say:
        say("learning", 0.1)
        try:
            fitted = learnt(known, since, now, model(seed))
        except ValueError as error:
            raise ValueError(f"--asof: too little was known by {now:%Y-%m-%d}: {error}") from error
        say("saving", 0.95)
        about = {"problem": "journey", "trained_until": now.isoformat(), "seed": seed}
        told = {name: nw.from_native(each) for name, each in context(known, now).items()}
        artifact.save(model_, fitted, told, tables=LEARNT_FROM, about=about)
    result = {"model": str(model_), **about, "places": len(fitted.places)}
    if json is not None:
        write_json(json, result, f"the model is saved in {model_}")
        return
    tell(
        f"Model: {model_}. Next: lanecast predict eta --lake {lake} --model model "
        f"--journey {model_}"
    )


def beside(
    folder: Path,
    blend: FittedBlend,
    about: dict[str, Any],
    x: pl.DataFrame,
    known: Lake,
    start: datetime,
    end: datetime,
) -> pl.DataFrame:
    """Return predictions for ``x``, asked in [start, end), of a blend and the journey model."""
    fitted, told, manifest = loaded(folder, "journey", FittedJourney, LEARNT_FROM, "--journey")
    rows: pl.DataFrame = collect(steps(known, start, end))
    if rows.is_empty():
        return blend.predict(x)
    past = assemble(rows, {name: table.to_native() for name, table in told.items()})
    answers = WithJourney(blend, fitted).predict(x, past)
    return answers.with_columns(version=pl.col("version") + digest(about) + digest(manifest))
