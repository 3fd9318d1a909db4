"""Which addresses buyers gave with their orders, and which documents those are."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import narwhals as nw
import polars as pl

from lanecast.tables.address import TYPED_ADDRESSES
from lanecast.tables.commerce import ORDERS
from lanecast.tables.lake import Lake, collect

from ..fold import LONGEST
from ..gazetteer.arrays import Gazetteer
from . import Session
from .documents import STREET
from .index import Index

Progress = Callable[[str, float], None]
LATER_H = 1e7  # hours; puts texts that came after the order behind those before it


def given(lake: Lake, asof: datetime) -> nw.LazyFrame[Any]:
    """Return ``order_id, buyer_id, text, country, known_h`` of every order known by ``asof``.

    The order is as it was first recorded; the text is the last one recorded by then, or if the
    address came later than the order, the first one. ``known_h`` is the hour since 1970 UTC at
    which both were known.
    """
    known = lake.asof(asof)
    version, placed = nw.col("recorded_h"), nw.col("placed_h")
    orders = known.versions(ORDERS).filter(version == version.min().over("order_id"))
    texts = known.versions(TYPED_ADDRESSES).select("address_id", "text", "country", "recorded_h")
    asked = orders.select("order_id", "buyer_id", "address_id", placed_h="recorded_h")
    both = asked.join(texts, on="address_id").with_columns(
        turn=nw.when(version <= placed).then(version).otherwise(-version - LATER_H),
        known_h=nw.when(version <= placed).then(placed).otherwise(version),
    )
    then = both.filter(nw.col("turn") == nw.col("turn").max().over("order_id"))
    return then.select("order_id", "buyer_id", "text", "country", "known_h")


def orders(
    lake: Lake, asof: datetime, known: Gazetteer, index: Index, say: Progress | None = None
) -> pl.DataFrame:
    """Return ``given`` with ``document``, the street that each text means, by ``known_h``.

    That is the first suggestion for the whole text. Orders whose text means no street are not in
    it.
    """
    rows = collect(given(lake, asof))
    texts = rows.select("text", "country").unique(maintain_order=True)
    found = pl.Series(meant(texts, known, index, say), dtype=pl.Int32)
    streets = texts.with_columns(document=found).filter(found >= 0)
    return rows.join(streets, on=["text", "country"]).sort("known_h", "order_id")


def meant(
    texts: pl.DataFrame, known: Gazetteer, index: Index, say: Progress | None = None
) -> list[int]:
    """Return the street that each ``text`` of a ``country`` means; -1 where it means none."""
    sessions: dict[str, Session] = {}
    found = []
    for done, (text, country) in enumerate(texts.iter_rows(), 1):
        if country not in sessions:
            code = country if country in known.numbers else None
            sessions[country] = Session(known, index, code)
        long = len(text.encode("utf-8", "replace")) > LONGEST
        best = [] if long else sessions[country].suggest(text, 1)
        document = best[0].document if best else -1
        found.append(document if document >= 0 and index.kind[document] == STREET else -1)
        if say is not None and done % 200 == 0:
            say(f"{done:,} addresses", done / texts.height)
    return found
