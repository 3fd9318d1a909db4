"""From the tables to a model that is put right: learn, hold against later days, learn again."""

from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl

from lanecast.tables.lake import Lake

from .answers import answers
from .inputs import Sequences, sequences
from .model import FittedJourney, Journey

HELD = timedelta(days=14)


def learnt(
    lake: Lake,
    since: datetime,
    asof: datetime,
    model: Journey | None = None,
    held: timedelta = HELD,
    vectors: pl.DataFrame | None = None,
) -> FittedJourney:
    """Return the model of what was known at ``asof``, its chances put right.

    A first model learns up to ``held`` before ``asof``. How its chances have to be moved to fit the
    days since then is kept for a second one, which learns from everything.

    Parameters
    ----------
    since
        Parcels with a step since then are learnt from, from their checkout on.
    vectors
        As of ``context``.

    Raises
    ------
    ValueError
        When nothing had ended ``held`` before ``asof``, or nobody was asked about since then.
    """
    model, then = model or Journey(), asof - held
    x = sequences(lake.asof(asof), since, asof, vectors)
    is_late = pl.col("asof_h") >= then.timestamp() / 3600
    past = Sequences(x.steps.filter(~is_late), x.reach, x.places)
    later = replace(x, steps=x.steps.with_columns(is_asked=is_late).filter(
        is_late.any().over("parcel_id")))  # fmt: skip
    if later.steps.is_empty():
        raise ValueError(f"held: expected steps in the last {held} before {asof}, got none.")
    first = model.fit(past, answers(lake, then, past.steps))
    right = first.calibrated(later, answers(lake, asof, later.steps)).calibration
    return replace(model.fit(x, answers(lake, asof, x.steps)), calibration=right)
