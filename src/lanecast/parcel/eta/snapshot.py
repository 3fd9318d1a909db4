"""The past, summarised at a moment: what sellers, lanes, places and states usually need."""

from collections.abc import Callable, Mapping
from typing import Any

import narwhals as nw
from narwhals.typing import FrameT

from lanecast.parcel import lookup
from lanecast.parcel.flow import still_open, with_flow
from lanecast.parcel.history import Chain, effects, merged, parts, total
from lanecast.parcel.lookup import Indexed

MEMORY_H = 24.0 * 400  # what a snapshot looks back on
RECENT_H = 24.0 * 90  # what it looks at to see how fast things go now

KEYS: dict[str, tuple[str, ...]] = {
    "whole": (),
    "merchant": ("merchant_id",),
    "category": ("category",),
    "speed": ("carrier_id", "service"),
    "region": ("goal_region",),
    "lane": ("origin_region", "goal_region"),
    "area": ("goal_area",),
    "place": ("goal_place",),
    "spot": ("status", "facility_id"),
    "spot_region": ("status", "facility_id", "goal_region"),
    "spot_place": ("status", "facility_id", "goal_place"),
}
CODES = (*dict.fromkeys(column for key in KEYS.values() for column in key), "payment")
GIVEN = tuple(
    name
    for name in CODES
    if name not in ("status", "facility_id", "goal_area", "goal_place")  # never null, or made here
)
SPOT = tuple(dict.fromkeys(column for key in KEYS.values() if "status" in key for column in key))
READ = (  # of a journey
    *("asof_h", "promised_h", "shipped_h", "delivered_h"),
    *("shipped_known_h", "delivered_known_h", "closed_known_h"),
    *(name for name in CODES if name not in ("status", "facility_id", "payment")),
)


def _chain(name: str, half_lives: Mapping[str, float], **levels: float) -> Chain:
    return Chain(name, half_lives, [(level, KEYS[level], k) for level, k in levels.items()])


HANDLING = _chain("handling", {"short": 21, "long": 120}, merchant=4, category=20)
TRANSIT = _chain(
    "transit",
    {"short": 14, "mid": 40, "long": 150},
    **{"speed": 20, "region": 20, "lane": 20, "area": 15, "place": 8, "merchant": 10},
)
SLACK = _chain("slack", {"short": 14, "long": 90}, lane=20, merchant=8, area=15)
LEFT = _chain("left", {"short": 14, "long": 60}, spot=10, spot_region=10, spot_place=10)
USUAL = {  # what the usual time of a row is made of
    "handling": (HANDLING, "long"),
    "transit": (TRANSIT, "mid"),
    "left": (LEFT, "short"),
    "slack": (SLACK, "long"),
}


def _tells_the_time(name: str) -> bool:
    """Return whether a column is equal for all rows of a day, or grows with the history.

    A tree that can tell the last days from the others learns there that deliveries are quick: of
    what was asked lately, only the quick ones are known (experiments/LOG.md).
    """
    whole = "_whole_" in name or "_speed_" in name or "_spot_short" in name
    grows = name.endswith("_n") and "_merchant_" not in name
    return whole or grows or ("_pace_" in name and "_group_" not in name)


FOR_USUAL = tuple(  # read for the usual time, and then left out of x
    name for each in USUAL.values() for name in parts(*each) if _tells_the_time(name)
)


def named(rows: FrameT) -> FrameT:
    """Add the keys by which the past is summarised; what is unknown is an empty text."""
    return rows.with_columns(
        nw.col(*GIVEN).fill_null(""),
        goal_area=nw.col("goal_postal_code").str.slice(0, 3).fill_null(""),
        goal_place=nw.coalesce("goal_facility_id", "goal_postal_code", nw.lit("")),
    )


def look_up(rows: FrameT, tables: Mapping[str, FrameT | Indexed]) -> FrameT:
    """Join each row of ``named`` to the tables that say something of it."""
    return lookup.look_up(rows, ((tables[name], KEYS[name]) for name in KEYS if name in tables))


def summarise(
    passed: FrameT, asked: FrameT, now_h: float, hold: Callable[[Any], Any]
) -> dict[str, FrameT]:
    """Return the tables of ``KEYS`` at ``now_h``; what was asked or became known later is left out.

    Parameters
    ----------
    passed
        ``named`` journeys.
    asked
        ``named`` questions that scans raised, with ``delivered_h`` and ``delivered_known_h``.
    hold
        Computes a small table once, so that the next step does not plan the last one anew.
    """
    asof, shipped, delivered = nw.col("asof_h"), nw.col("shipped_h"), nw.col("delivered_h")
    is_gone, is_home = nw.col("shipped_known_h") <= now_h, nw.col("delivered_known_h") <= now_h
    past = passed.select(*READ).filter(asof < now_h, asof > now_h - MEMORY_H)
    past = past.with_columns(
        shipped_h=nw.when(is_gone & is_home & (shipped > delivered - 6))
        .then(delivered - 6)
        .otherwise(nw.when(is_gone).then(shipped)),
        promise_h=(nw.col("promised_h") - asof).clip(24.0),
    )
    gone, home = past.filter(is_gone), past.filter(is_home)
    ends = "asof_h", "delivered_h", "delivered_known_h"
    spots = asked.select(*ends, *SPOT).filter(is_home, asof > now_h - MEMORY_H)

    def valued(rows: FrameT, value: nw.Expr, known: str) -> FrameT:
        return rows.with_columns(value=value.log(), known_h=nw.col(known)).filter(
            ~nw.col("value").is_null()
        )

    ratio = (delivered - asof).clip(12.0) / nw.col("promise_h")
    tables = merged(
        [
            effects(valued(gone, (shipped - asof).clip(2.0), "shipped_known_h"), HANDLING, now_h),
            effects(valued(home, delivered - shipped, "delivered_known_h"), TRANSIT, now_h),
            effects(valued(home, ratio, "delivered_known_h"), SLACK, now_h),
            effects(valued(spots, (delivered - asof).clip(0.5), "delivered_known_h"), LEFT, now_h),
        ],
        KEYS,
    )
    held = {name: hold(table) for name, table in tables.items()}
    recent = still_open(past.filter(asof > now_h - RECENT_H), now_h)
    of_parcels = {name: table for name, table in held.items() if "status" not in KEYS[name]}
    usual = {"handling_h": total(HANDLING, "long").exp(), "transit_h": total(TRANSIT, "long").exp()}
    alive = hold(look_up(recent, of_parcels).with_columns(**usual))
    return with_flow(held, KEYS, alive, now_h, lambda table: hold(_needed(table)))


def _needed(table: FrameT) -> FrameT:
    """Leave out what is read for no row, so that a look-up carries less."""
    names = table.collect_schema().names()
    return table.drop(*(each for each in names if _tells_the_time(each) and each not in FOR_USUAL))
