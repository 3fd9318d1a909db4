"""What the tables know of stock at a moment: items, what is under way, lead times, sales.

An item is a product in a place, ``unique_id`` product/place. Rows come in the version known at the
moment.
"""

import math
from datetime import datetime

import narwhals as nw

from lanecast.tables.lake import Frame, Lake
from lanecast.tables.network import CALENDARS, FACILITIES
from lanecast.tables.parcel import LEVELS, QUANTILES
from lanecast.tables.planning import (
    ASSORTMENT,
    PRICES,
    PROMOTIONS,
    REPLENISHMENTS,
    SALES,
    STOCK,
)

DAY_H = 24.0
CENTS = 100.0
ITEM = nw.concat_str([nw.col("product_id"), nw.col("facility_id")], separator="/")


def items(lake: Lake, asof: datetime) -> Frame:
    """Return the items that lie somewhere, as ``Limits.items`` wants them.

    Returns
    -------
    Frame
        ``unique_id``, ``source_id`` (the supplier), ``on_hand`` and ``on_order`` [units] at the end
        of the last day whose books are closed, ``lead_d``, ``review_d``, ``case_pack``,
        ``shelf_life_d`` (0: none), ``unit_cost`` and ``price`` [currency], ``category``. Products
        whose last day of sale is over are left out.
    """
    known, day = lake.asof(asof), _day(asof)
    stock = known.read(STOCK)
    newest = nw.col("day").max().over("product_id", "facility_id")
    last = stock.filter(nw.col("day") == newest)
    plan = known.read(ASSORTMENT).select(
        "product_id", "category", "lead_time_d", "review_d", "case_pack", "shelf_life_d",
        "end_day", "cost_minor", source_id=nw.col("supplier_id"),
    )  # fmt: skip
    price = known.read(PRICES).filter(nw.col("day") == day)
    return (
        last.join(plan, on="product_id", how="inner")
        .filter(nw.col("end_day").is_null() | (nw.col("end_day") >= day))
        .join(
            price.select("product_id", "facility_id", "price_minor"),
            on=["product_id", "facility_id"],
            how="inner",
        )
        .select(
            "source_id",
            "category",
            "review_d",
            unique_id=ITEM,
            on_hand=nw.col("on_hand_units").cast(nw.Float64()),
            on_order=nw.col("on_order_units").cast(nw.Float64()),
            lead_d=nw.col("lead_time_d").cast(nw.Float64()),
            case_pack=nw.col("case_pack").cast(nw.Float64()),
            shelf_life_d=nw.col("shelf_life_d").fill_null(0).cast(nw.Float64()),
            unit_cost=nw.col("cost_minor") / CENTS,
            price=nw.col("price_minor") / CENTS,
        )
    )


def arriving(lake: Lake, asof: datetime) -> Frame:
    """Return what is under way: ``unique_id``, ``in_d`` (1: the next morning), ``units``.

    By the day on which the supplier said; what is overdue is expected the next morning. Half a day
    counts as a whole one, on every engine (``round`` would take it to the even day on some).
    """
    now_h = asof.timestamp() / 3600
    rows = lake.asof(asof).read(REPLENISHMENTS).filter(nw.col("received_h").is_null())
    due = ((nw.col("expected_h") - now_h) / DAY_H + 0.5).floor()
    return rows.select(
        unique_id=ITEM,
        in_d=nw.when(due > 1).then(due).otherwise(1.0),
        units=nw.col("units").cast(nw.Float64()),
    )


def lateness(lake: Lake, asof: datetime) -> Frame:
    """Return one row: quantiles of the time from order to receipt, over the time that was stated.

    Columns ``q010`` ... ``q990`` and the number ``orders``; times the stated hours of an item they
    are its lead time.
    """
    rows = lake.asof(asof).read(REPLENISHMENTS).filter(~nw.col("received_h").is_null())
    took = nw.col("received_h") - nw.col("ordered_h")
    stated = nw.col("expected_h") - nw.col("ordered_h")
    ratio = rows.filter(nw.col("expected_h") > nw.col("ordered_h")).select(ratio=took / stated)
    return ratio.select(
        nw.len().alias("orders"),
        *(
            nw.col("ratio").quantile(level, interpolation="linear").alias(name)
            for name, level in zip(QUANTILES, LEVELS, strict=True)
        ),
    )


def sales(lake: Lake, asof: datetime, days: int) -> Frame:
    """Return sales of the last ``days``: ``unique_id``, ``day``, ``units``, ``share`` and ``met``.

    ``day`` counts from 1970-01-01; ``share`` is the part of the day's usual demand that had passed
    when stock ran out, and ``met`` 1 on days on which it did not.
    """
    rows = lake.asof(asof).read(SALES).filter(nw.col("day") >= _day(asof) - days)
    share = nw.col("in_stock_share").fill_null(1.0)
    return rows.select(
        unique_id=ITEM,
        day=nw.col("day"),
        units=nw.col("units").cast(nw.Float64()),
        share=share,
        met=nw.when(share >= 1).then(1).otherwise(0),
    )


def tags(lake: Lake, asof: datetime, first: int) -> Frame:
    """Return prices from day ``first`` on, planned ones too, each with when it became known.

    ``unique_id``, ``day``, ``log_ratio`` (of the price to the regular one) and ``known_h``, one row
    per version: a price of a past day may have been another one as it was planned.
    """
    rows = (
        lake.asof(asof)
        .versions(PRICES)
        .filter(
            (nw.col("day") >= first) & (nw.col("price_minor") > 0) & (nw.col("regular_minor") > 0)
        )
    )
    ratio = nw.col("price_minor").cast(nw.Float64()) / nw.col("regular_minor").cast(nw.Float64())
    return rows.select("day", unique_id=ITEM, log_ratio=ratio.log(), known_h=nw.col("recorded_h"))


def promotions(lake: Lake, asof: datetime) -> Frame:
    """Return promotions: ``unique_id``, ``kind``, ``start_day``, ``end_day``, ``known_h``."""
    rows = lake.asof(asof).versions(PROMOTIONS)
    known = nw.col("recorded_h")
    return rows.select("kind", "start_day", "end_day", unique_id=ITEM, known_h=known)


def holidays(lake: Lake, asof: datetime) -> Frame:
    """Return holidays of places: ``facility_id`` and ``day``; known ahead."""
    known = lake.asof(asof)
    days = known.read(CALENDARS).filter(~nw.col("holiday").is_null()).select("region", "day")
    place = known.read(FACILITIES).select("facility_id", "region")
    return place.join(days, on="region", how="inner").select("facility_id", "day")


def _day(asof: datetime) -> int:
    return math.floor(asof.timestamp() / 86400)
