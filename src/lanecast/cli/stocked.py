"""A lake that knows stock, and a model of its items."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import narwhals as nw

from lanecast.planning.inventory.learnt import Learnt
from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import CALENDARS, FACILITIES
from lanecast.tables.planning import (
    ASSORTMENT,
    PRICES,
    PROMOTIONS,
    REPLENISHMENTS,
    SALES,
    STOCK,
)

from .options import folder_of, named_as_a_lake
from .saved import loaded, warn
from .talk import moment, note

LEARNT_FROM = (
    ASSORTMENT, PRICES, PROMOTIONS, SALES, STOCK, REPLENISHMENTS, CALENDARS, FACILITIES
)  # fmt: skip
FRESH = timedelta(days=7)  # in which a level is taken to be the one of now


def stocked(path: Path, asof: str | None, option: str = "lake") -> tuple[Lake, datetime]:
    """Return the lake as of the evening of a day, and that evening; by default of its last books.

    Raises
    ------
    ValueError
        When there is no lake with stock, or it knows none by then.
    """
    lake = Lake(named_as_a_lake(option, folder_of(option, path)))
    if not lake.has(STOCK):
        raise ValueError(
            f"--{option}: {path} holds no stock; ingest assortment, prices, sales, stock and "
            "replenishments first (see docs/inventory.md)."
        )
    last, first = collect(
        lake.read(STOCK).select(last=nw.col("recorded_at").max(), first=nw.col("recorded_at").min())
    ).row(0)
    if asof is None:
        return lake.asof(last), last
    now = moment("asof", asof)
    if not first <= now <= last + timedelta(days=31):
        raise ValueError(
            f"--asof: stock is known from {first:%Y-%m-%d} to {last:%Y-%m-%d}; got {asof!r}."
        )
    return lake.asof(now), now


def usable(model: Path, known: Lake, now: datetime) -> Learnt:
    """Return the model of a folder; say so if it knows too much or too little for ``now``.

    Raises
    ------
    ValueError
        When it cannot be used.
    """
    tables = tuple(each for each in LEARNT_FROM if known.has(each))
    fitted, _, about = loaded(model, "inventory", Learnt, tables)
    warn(model, about, now)
    until = datetime.fromisoformat(about["about"]["trained_until"])
    if now - until > FRESH:
        note(f"{model} learnt until {until:%Y-%m-%d}; levels may have moved since.")
    return replace(fitted, names=tuple(fitted.names))
