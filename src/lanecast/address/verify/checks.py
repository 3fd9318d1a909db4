"""Many addresses verified at once, each text once, and what became of the deliveries to them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import narwhals as nw
import polars as pl

from lanecast.tables.address import ADDRESS_CHECKS, TYPED_ADDRESSES
from lanecast.tables.lake import Lake, collect

from ..fold import LONGEST
from ..gazetteer.arrays import Gazetteer
from . import verify
from .deliveries import deliveries, typed
from .models.deliverable import FittedDeliverable, marked, signs_of
from .record import place_of

Progress = Callable[[str, float], None]
CHECKED: dict[str, Any] = {
    "text": pl.String,
    "country": pl.String,
    "next_action": pl.String,
    "granularity": pl.String,
    "place": pl.String,
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
        ``text, country, next_action, granularity`` (the finest that is confirmed), ``place`` (of
        ``record``) and ``signs``, what is wrong, of ``models.deliverable.SIGNS``. What is longer
        than 64 KiB is not read.
    """
    asked = texts.select("text", "country").unique(maintain_order=True)
    rows = []
    for done, (text, country) in enumerate(asked.iter_rows(), 1):
        long = len(text.encode("utf-8", "replace")) > LONGEST
        reply = verify("" if long else text, known, country)
        held = (*signs_of(reply), *["too_long"] * long)
        verdict = reply.verdict
        action, level = verdict["possible_next_action"], verdict["validation_granularity"]
        place = place_of(reply.country, reply.components)
        rows.append((text, country, action, level, place, list(held)))
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
    parcels = tried(lake, asof)
    return judged(parcels, checked(parcels, known, say))


def tried(lake: Lake, asof: datetime) -> pl.DataFrame:
    """Return ``deliveries`` and ``typed`` of every parcel tried by ``asof``."""
    return collect(deliveries(lake, asof)).join(collect(typed(lake, asof)), on="parcel_id")


def judged(parcels: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
    """Return parcels of ``tried`` with what was ``checked`` of their texts."""
    return parcels.join(said, on=["text", "country"]).sort("asof_h", "known_h", "parcel_id")


def due(lake: Lake, asof: datetime, version: str) -> pl.DataFrame:
    """Return ``address_id, text, country`` of addresses that ``version`` has not checked as typed.

    The text is the last one known by ``asof``.
    """
    known = lake.asof(asof)
    columns = ("address_id", "text", "country")
    texts = known.read(TYPED_ADDRESSES).select(*columns, "recorded_h")
    if not known.has(ADDRESS_CHECKS):
        return collect(texts.select(*columns))
    checks = known.read(ADDRESS_CHECKS).filter(nw.col("version") == version)
    both = texts.join(checks.select("address_id", "asof_h"), on="address_id", how="left")
    stale = nw.col("asof_h").is_null() | (nw.col("asof_h") < nw.col("recorded_h"))
    return collect(both.filter(stale).select(*columns))


def risks(
    said: pl.DataFrame, fitted: FittedDeliverable, asof: datetime, version: str
) -> pl.DataFrame:
    """Return rows of the table ``address_checks``.

    Parameters
    ----------
    said
        ``address_id`` and the columns of ``checked``.
    asof
        Everything recorded by then was used, by ``fitted`` too.
    """
    chance = fitted.predict(marked(said["signs"].to_list()), said["place"].to_list())
    return said.select(
        "address_id",
        pl.lit(asof).cast(pl.Datetime("us", "UTC")).alias("asof"),
        "next_action",
        "granularity",
        pl.col("signs").list.join(","),
        pl.col("signs").list.len().cast(pl.Int16).alias("faults"),
        pl.Series("not_found", chance),
        pl.lit(version).alias("version"),
    )
