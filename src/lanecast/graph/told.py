"""Ways and effects in words of JSON."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from .index import Index
from .journey import Journey
from .route import Routes
from .whatif import Effect

QUANTILES = (5, 10, 25, 50, 75, 90, 95)  # % of arrivals


def way(index: Index, of: Journey, ways: Routes) -> dict[str, Any]:
    """Return a way: its lanes, the usual instants, and quantiles of the arrival."""
    lanes = index.roads.lanes[list(of.lanes)]
    legs = lanes.select("lane_id", "head_id", "tail_id", "carrier_id", "mode").to_dicts()
    arrival = {f"q{q:02d}": instant(of.quantile(q / 100)) for q in QUANTILES}
    chance = None if ways.deadline is None else of.chance(ways.deadline)
    usual = [instant(at) for at in of.usual]
    return {"legs": legs, "usual_at": usual, "arrival": arrival, "in_time": chance}


def effect(of: Effect, most: int | None = None) -> dict[str, Any]:
    """Return what a change does: its sums, and the first ``most`` rows of those it touches."""
    sums = ("parcels", "affected", "cut_off", "extra_h")
    rows = of.table if most is None else of.table.head(most)
    return {each: getattr(of, each) for each in sums} | {"rows": rows.to_dicts()}


def departures(index: Index) -> tuple[datetime, datetime]:
    """Return from when until when (not included) departures are known."""
    first, days = index.roads.day0, index.roads.days
    begin, end = (datetime.fromtimestamp(day * 86_400, UTC) for day in (first, first + days))
    return begin, end


def instant(at: float) -> str | None:
    """Return seconds since 1970 as an instant; None for never."""
    return datetime.fromtimestamp(at, UTC).isoformat() if np.isfinite(at) else None
