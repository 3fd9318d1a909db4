"""Many addresses verified at once, each text once, and what became of the deliveries to them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import polars as pl

from lanecast.tables.lake import Lake, collect

from ..fold import LONGEST
from ..gazetteer.arrays import Gazetteer
from . import verify
from .deliveries import deliveries, typed
from .models.deliverable import signs_of

Progress = Callable[[str, float], None]
CHECKED: dict[str, Any] = {
    "text": pl.String,
    "country": pl.String,
    "next_action": pl.String,
    "granularity": pl.String,
    "signs": pl.List(pl.String),
}


def checked(texts: pl.DataFrame, known: Gazetteer, say: Progress | None = None) -> pl.DataFrame:
    """Return what is said of each distinct text.

    Parameters
    ----------
    texts
        ``text`` and ``country`` (ISO 3166-1 alpha-2).
    known
        What proves them.
    say
        Called with what is done, and which share of it.

    Returns
    -------
    DataFrame
        ``text, country, next_action, granularity`` (the finest that is confirmed) and ``signs``,
        what is wrong, of ``models.deliverable.SIGNS``. What is longer than 64 KiB is not read.
    """
    asked = texts.select("text", "country").unique(maintain_order=True)
    rows = []
    for done, (text, country) in enumerate(asked.iter_rows(), 1):
        long = len(text.encode("utf-8", "replace")) > LONGEST
        reply = verify("" if long else text, known, country)
        held = (*signs_of(reply), *["too_long"] * long)
        verdict = reply.verdict
        action, level = verdict["possible_next_action"], verdict["validation_granularity"]
        rows.append((text, country, action, level, list(held)))
        if say is not None and done % 200 == 0:
            say(f"{done:,} addresses", done / asked.height)
    return pl.DataFrame(rows, CHECKED, orient="row")


def history(
    lake: Lake, asof: datetime, known: Gazetteer, say: Progress | None = None
) -> pl.DataFrame:
    """Return what was said of the address of every parcel tried by ``asof``, and what came of it.

    Returns
    -------
    DataFrame
        ``parcel_id, address_id``, ``asof_h`` (when the parcel became known; the text is of that
        hour), ``first_h``, ``known_h`` and ``not_found`` of ``deliveries``, and the columns of
        ``checked``, in the order in which parcels and then attempts became known.
    """
    tried = collect(deliveries(lake, asof)).join(collect(typed(lake, asof)), on="parcel_id")
    said = checked(tried, known, say)
    return tried.join(said, on=["text", "country"]).sort("asof_h", "known_h", "parcel_id")
