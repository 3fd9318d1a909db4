"""The twin of the map in a table: lanes or places, the worst first."""

from typing import Any

import polars as pl
from markupsafe import Markup

from ..drawing import pieces
from ..drawing.pieces import cell, chip, chips, joined, number
from ..ordering import LAST, Order, pager
from ..page import Page
from ..people import DASH, percent, words
from .network_parts import Found, shown
from .network_words import a_day, hours, ratio

ROWS = 50
LANES = {
    "head": "From", "tail": "To", "ratio": "Over plan", "delay_h": "Delay", "lost_h": "Lost a day",
    "parcels_per_day": "Parcels a day", "miss_rate": "Missed", "utilisation": "Fill",
}  # fmt: skip
PLACES = {
    "label": "Place", "role": "Kind", "ratio": "Over plan", "lost_h": "Lost a day",
    "parcels_per_day": "Parcels a day", "country": "Country",
}  # fmt: skip
WORDS = {"head", "tail", "label", "role", "country"}
ROW = Markup('<tr data-row><th scope="row"><a href="{href}" data-turn>{name}</a></th>{cells}</tr>')


def table(page: Page, found: Found | None) -> Markup:
    """Return the twin of the map: lanes or places, the worst first."""
    if found is None:
        return Markup("")
    query, is_lanes = page.query, page.query.text("show") != "places"
    rows, lanes = shown(page, found)
    if is_lanes:
        ends = {"head": "head_id", "tail": "tail_id"}
        rows = lanes.with_columns(
            pl.col(each).replace(found.names).alias(name) for name, each in ends.items()
        )
    told = LANES if is_lanes else PLACES
    order = Order.read(query, told, "lost_h")
    rows = rows.sort(
        order.by,
        "lane_id" if is_lanes else "node_id",
        descending=[order.down, False],
        nulls_last=True,
    )
    here = rows.slice(query.count("page", 0, LAST) * ROWS, ROWS)
    away = {"page": None, "sort": None, "order": None}
    drawn = pieces.table(
        "Lanes" if is_lanes else "Places",
        joined(order.head(name, told[name], name not in WORDS) for name in told),
        joined(_row(page, row, list(told)) for row in here.to_dicts()),
        chips(
            "Lanes or places",
            chip("Lanes", "show-lanes", query.with_(show=None, **away), is_lanes),
            chip("Places", "show-places", query.with_(show="places", **away), not is_lanes),
        ),
        "network",
    )
    return drawn + pager(query, ROWS, here.height, rows.height, "lanes" if is_lanes else "places")


def _row(page: Page, row: dict[str, Any], names: list[str]) -> Markup:
    cells = joined(
        (cell if name in WORDS else number)(_value(name, row[name])) for name in names[1:]
    )
    node = row.get("lane_id") or row["node_id"]
    return ROW.format(href=page.query.with_(node=node), name=row[names[0]] or node, cells=cells)


def _value(name: str, value: Any) -> Any:
    if value is None:
        return DASH
    if name == "ratio":
        return ratio(value)
    if name in ("miss_rate", "utilisation"):
        return percent(value)
    if name == "delay_h":
        return hours(value)
    if name == "lost_h":
        return f"{value:.1f} h"
    if name == "parcels_per_day":
        return a_day(value)
    return words(value) if name == "role" else value
