"""The past, summarised at a moment: how long things take, and how often they go wrong, where."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import narwhals as nw
from narwhals.typing import FrameT

from lanecast.parcel import lookup
from lanecast.parcel.flow import still_open, with_flow
from lanecast.parcel.history import Chain, effects, merged, parts, total
from lanecast.tables.events import EVENTS

MEMORY_H = 24.0 * 400  # what a snapshot looks back on
RECENT_H = 24.0 * 90  # what it looks at to see how fast things go now
DUE_H = 24.0 * 5  # after the promise; what is not there then, is missing

KEYS: dict[str, tuple[str, ...]] = {
    "whole": (),
    "merchant": ("merchant_id",),
    "category": ("category",),
    "speed": ("carrier_id", "service"),
    "region": ("goal_region",),
    "lane": ("origin_region", "goal_region"),
    "area": ("goal_area",),
    "place": ("goal_place",),
    "door": ("goal_postal_code", "goal_kind"),
    "address": ("address_id",),
}
GIVEN = (
    *("merchant_id", "category", "carrier_id", "service", "goal_region", "origin_region"),
    *("goal_postal_code", "goal_kind", "address_id", "payment"),
)
READ = (  # of a journey
    *("asof_h", "promised_h", "ship_by_h", "shipped_h", "delivered_h", "buyer_id"),
    *("shipped_known_h", "delivered_known_h", "closed_known_h"),
    *(f"{event}_{of}" for event in EVENTS for of in ("hit", "known_h")),
    *dict.fromkeys(column for key in KEYS.values() for column in key),
)

OF_DISPUTE = ("not_received_hit", "not_received_known_h")


def _chain(name: str, half_lives: Mapping[str, float], **levels: float) -> Chain:
    return Chain(name, half_lives, [(level, KEYS[level], k) for level, k in levels.items()])


BOTH = {"short": 21.0, "long": 120.0}
HANDLING = _chain("handling", BOTH, merchant=4, category=20)
TRANSIT = _chain("transit", BOTH, speed=20, region=20, lane=20, area=15, place=8, merchant=10)
SLACK = _chain("slack", BOTH, lane=20, merchant=8, area=15)
OVERDUE = _chain("overdue", BOTH, merchant=6, category=40)  # handed over after the limit
MISSING = _chain("missing", BOTH, region=50, area=30, place=20)  # not there, long due
RATES = {  # how often an event happens
    "late": _chain("late", BOTH, region=60, lane=60, area=40, place=20, merchant=20),
    "failed_first": _chain("failed", {"long": 120.0}, speed=60, area=40, door=20, address=4),
    "returned": _chain("returned", {"long": 120.0}, speed=100, door=40, address=6),
    "lost": _chain("lost", {"long": 240.0}, speed=200, lane=100, merchant=50, category=100),
    "not_received": _chain("claim", {"long": 240.0}, speed=200, area=100, place=60, merchant=60),
}

# what is usual at a buyer's door, to judge the buyer by; never of the place, for it holds the buyer
AROUND = _chain("around", {"long": 240.0}, speed=200, area=100, place=60, door=40)


def tells_the_time(name: str) -> bool:
    """Return whether a column is equal for all rows of a day, or grows with the history.

    A tree that can tell the last days from the others learns there that all is well: of what was
    asked lately, mostly the good ends are known.
    """
    whole = "_whole_" in name or "_speed_" in name
    grows = name.endswith("_n") and "_merchant_" not in name
    return whole or grows or ("_pace_" in name and "_group_" not in name)


def named(rows: FrameT) -> FrameT:
    """Add the keys by which the past is summarised; what is unknown is an empty text."""
    return rows.with_columns(
        nw.col(*GIVEN).fill_null(""),
        goal_area=nw.col("goal_postal_code").str.slice(0, 3).fill_null(""),
        goal_place=nw.coalesce("goal_facility_id", "goal_postal_code", nw.lit("")),
    )


def look_up(rows: FrameT, tables: Mapping[str, FrameT]) -> FrameT:
    """Join each row of ``named`` to the tables that say something of it."""
    return lookup.look_up(rows, ((tables[name], key) for name, key in KEYS.items()))


def summarise(passed: FrameT, now_h: float, hold: Callable[[Any], Any]) -> dict[str, FrameT]:
    """Return the tables of ``KEYS`` at ``now_h``; what became known later is left out.

    Parameters
    ----------
    passed
        ``named`` endings, at least what is ``READ`` of them.
    hold
        Computes a small table once, so that the next step does not plan the last one anew.
    """
    asof, shipped, delivered = nw.col("asof_h"), nw.col("shipped_h"), nw.col("delivered_h")
    is_gone, is_home = nw.col("shipped_known_h") <= now_h, nw.col("delivered_known_h") <= now_h
    past = passed.filter(asof < now_h, asof > now_h - MEMORY_H)
    gone, home = past.filter(is_gone), past.filter(is_home & is_gone)

    def valued(rows: FrameT, value: nw.Expr, known: str) -> FrameT:
        return rows.with_columns(value=value, known_h=nw.col(known)).filter(
            ~nw.col("value").is_null()
        )

    promise_h = (nw.col("promised_h") - asof).clip(24.0)
    transit = (delivered - shipped).clip(6.0).log()
    spans: list[Any] = [
        effects(valued(gone, (shipped - asof).clip(2.0).log(), "shipped_known_h"), HANDLING, now_h),
        effects(valued(home, transit, "delivered_known_h"), TRANSIT, now_h),
        effects(
            valued(home, ((delivered - asof).clip(12.0) / promise_h).log(), "delivered_known_h"),
            SLACK,
            now_h,
        ),
    ]
    gone_h = nw.col("shipped_known_h").fill_null(float("inf"))
    limit_h = nw.col("ship_by_h")
    overdue = past.with_columns(until_h=nw.when(gone_h < limit_h).then(gone_h).otherwise(limit_h))
    spans.append(
        effects(
            valued(overdue, (gone_h > limit_h).cast(nw.Float64()), "until_h").filter(
                ~limit_h.is_null()
            ),
            OVERDUE,
            now_h,
        )
    )
    end_h = nw.min_horizontal("delivered_known_h", "closed_known_h").fill_null(float("inf"))
    due = gone.with_columns(due_h=nw.col("promised_h") + DUE_H).filter(nw.col("due_h") <= now_h)
    spans.append(effects(valued(due, (end_h > now_h).cast(nw.Float64()), "due_h"), MISSING, now_h))
    rates: list[Any] = [
        effects(valued(past, nw.col(f"{event}_hit"), f"{event}_known_h"), chain, now_h)
        for event, chain in RATES.items()
    ]
    tables: dict[str, Any] = merged([*spans, *rates], KEYS)
    held = {name: hold(table) for name, table in tables.items()}
    disputed = valued(past, nw.col("not_received_hit"), "not_received_known_h")
    held["buyer"] = hold(_claimants(past, effects(disputed, AROUND, now_h), now_h))
    recent = still_open(past.filter(asof > now_h - RECENT_H), now_h).with_columns(
        promise_h=(nw.col("promised_h") - asof).clip(24.0)
    )
    usual = {"handling_h": total(HANDLING, "long").exp(), "transit_h": total(TRANSIT, "long").exp()}
    alive = hold(look_up(recent, held).with_columns(**usual))
    of_keys = {name: held[name] for name in KEYS}
    return with_flow(of_keys, KEYS, alive, now_h, hold) | {"buyer": held["buyer"]}


def _claimants(past: FrameT, tables: Mapping[str, FrameT], now_h: float) -> FrameT:
    """Return what each buyer received, and disputed beyond what the places and couriers explain.

    Whoever lives where parcels are stolen disputes often and is no cheat: of the disputes is taken
    off what is usual there.
    """
    known = past.filter(nw.col("delivered_known_h") <= now_h)
    levels = ["whole", *(name for name, *_ in AROUND.levels)]
    found = (
        (tables[name].select(*KEYS[name], column), KEYS[name])
        for name, column in zip(levels, parts(AROUND, "long"), strict=True)
    )
    rows = lookup.look_up(known.select("buyer_id", *_given(levels), *OF_DISPUTE), found)
    claims = nw.when(nw.col("not_received_known_h") <= now_h).then(nw.col("not_received_hit"))
    excess = claims.fill_null(0.0) - total(AROUND, "long").clip(0.0, 1.0)
    return (
        rows.with_columns(excess=excess.fill_null(0.0))
        .group_by("buyer_id")
        .agg(buyer_claims=nw.col("excess").sum(), buyer_parcels=nw.len().cast(nw.Float64()))
    )


def _given(levels: Sequence[str]) -> list[str]:
    """Return the columns of the keys of ``levels``."""
    return list(dict.fromkeys(column for level in levels for column in KEYS[level]))
