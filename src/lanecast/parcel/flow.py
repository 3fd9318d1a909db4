"""How fast parcels go now, and how many wait, beside what is usual."""

from collections.abc import Callable, Mapping
from typing import Any

import narwhals as nw
from narwhals.typing import FrameT

from .history import backlog, merged, pace

FLOWS = {  # what is looked at: the key, its start, end and usual span, days, and the shrinkage
    "transit": ("region", ("shipped_known_h", "delivered_known_h", "transit_h"), (4, 7, 14), 20),
    "handling": ("merchant", ("asof_h", "shipped_known_h", "handling_h"), (4, 10), 5),
    "promise": ("lane", ("asof_h", "delivered_known_h", "promise_h"), (7, 21), 20),
}


def with_flow(
    tables: Mapping[str, FrameT],
    keys: Mapping[str, tuple[str, ...]],
    alive: FrameT,
    now_h: float,
    hold: Callable[[Any], Any],
) -> dict[str, FrameT]:
    """Add how fast things go now, and what waits, to the tables of the usual.

    Parameters
    ----------
    tables
        By name of ``keys``, with ``whole``, ``region``, ``merchant`` and ``lane`` among them.
    alive
        Parcels of late that were not closed, with ``transit_h``, ``handling_h`` and ``promise_h``,
        the spans [h] that are usual for each (null: not known; left out).
    hold
        Computes a small table once.

    Returns
    -------
    dict
        The tables with ``{flow}_pace_{days}``; ``whole`` has those of all, and ``snapshot_h``.
    """
    found: dict[str, Any] = {}
    for name, (key, (start, end, usual), days, k) in FLOWS.items():
        spans = alive.with_columns(start_h=nw.col(start), end_h=nw.col(end), usual_h=nw.col(usual))
        known = spans.filter(~nw.col("start_h").is_null(), ~nw.col("usual_h").is_null())
        found[key] = pace(known, keys[key], now_h, days, k, name)
    waiting = backlog(alive.with_columns(usual_h=nw.col("handling_h")), now_h)
    groups = {key: group for key, (_, group) in found.items()}
    out: dict[str, Any] = merged([tables, groups, {"merchant": waiting}], keys)
    for whole, _ in found.values():
        out["whole"] = out["whole"].join(whole, how="cross")
    out["whole"] = out["whole"].with_columns(snapshot_h=nw.lit(now_h))
    return {name: hold(table) for name, table in out.items()}


def still_open(rows: FrameT, now_h: float) -> FrameT:
    """Return the journeys that were not known to be closed at ``now_h``."""
    closed = nw.col("closed_known_h")
    return rows.filter(closed.is_null() | (closed > now_h))
