"""What changes when a facility closes, a lane slows down, or a lane is added."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from .bins import Bools, Floats
from .flows import Flows, Ways, ways
from .index import Index
from .journey import journey
from .search import UNCHANGED, Change

SAMPLES = 128


def closing(index: Index, row: int) -> Change:
    """Return the change that no lane begins or ends at the node in ``row``."""
    return Change(closed_at(index, row))


def closed_at(index: Index, row: int) -> Floats:
    """Return factors on riding times [lane]: inf for the lanes of the node in ``row``, else 1."""
    factor = np.ones(len(index.roads.head))
    factor[(index.roads.head == row) | (index.roads.tail == row)] = np.inf
    return factor


def slowing(index: Index, lane_id: str, times: float) -> Change:
    """Return the change that riding on a lane takes ``times`` as long.

    Raises
    ------
    ValueError
        When there is no such lane, or ``times`` is below 1.
    """
    lanes = index.roads.lanes["lane_id"]
    of = np.flatnonzero((lanes == lane_id).fill_null(False).to_numpy())
    if not len(of):
        raise ValueError(f"--slow: {lane_id!r} is no lane that can be travelled.")
    if not times >= 1:
        raise ValueError(f"--slow: expected a factor of at least 1, got {times}.")
    factor = np.ones(len(lanes))
    factor[of] = times
    return Change(factor)


def adding(start: int, goal: int, hours: float) -> Change:
    """Return the change that a lane leaves ``start`` at any time and takes ``hours`` to ``goal``.

    Raises
    ------
    ValueError
        When both are the same place, or the time is not positive.
    """
    if start == goal:
        raise ValueError("--add: a lane needs two places; got the same one twice.")
    if not 0 < hours < 10_000:
        raise ValueError(f"--add: expected hours above 0 and below 10000, got {hours}.")
    return Change(None, [(start, goal, 3600 * hours)])


def together(changes: Sequence[Change]) -> Change:
    """Return the change that all of ``changes``, at least one, happen at once."""
    factors = [each.factor for each in changes if each.factor is not None]
    added = [lane for each in changes for lane in each.added]
    return Change(np.prod(factors, axis=0) if factors else None, added)


@dataclass(frozen=True)
class Effect:
    """What a change does to flows.

    ``table`` has a row per flow that it touches: ``from``, ``to``, ``parcels`` (a day, or 1 with
    ``parcel_id`` for those under way), usual hours ``old_h`` and ``new_h`` (null: no way), and
    quantiles of both, ``old_q50_h``, ``old_q90_h``, ``new_q50_h``, ``new_q90_h``. ``parcels`` are
    all, ``affected`` those touched, ``cut_off`` those left without a way, ``extra_h`` the
    parcel-hours that the others take longer (negative: shorter), a day or in all.
    """

    table: pl.DataFrame
    parcels: float
    affected: float
    cut_off: float
    extra_h: float


def effect(index: Index, flows: Flows, change: Change, before: Ways | None = None) -> Effect:
    """Return what ``change`` does to ``flows``, each asked at each of its moments.

    A flow is affected at a moment when its fastest way uses a lane that is closed or slowed, or
    becomes another one because of an added lane. Old and new arrivals are compared as
    distributions, both sampled with the same seed.
    """
    before = before or ways(index, flows)
    if change.factor is None:
        asked = np.ones(before.hours.shape, dtype=bool)
    else:
        asked = before.through({*np.flatnonzero(change.factor != 1.0).tolist()})
    some: Bools = np.asarray(asked.any(axis=1))
    after = ways(index, flows.only(some), change)
    hours = before.hours.copy()
    hours[some] = np.where(asked[some], after.hours, hours[some])
    touched: Bools = asked if change.factor is not None else hours < before.hours - 1e-9
    lost = touched & np.isinf(hours)
    both = touched & np.isfinite(hours) & np.isfinite(before.hours)
    weight = np.broadcast_to(flows.weight[:, None] / flows.at.shape[1], hours.shape)
    lanes = list(before.lanes)
    for place, flow in enumerate(np.flatnonzero(some)):
        lanes[flow] = after.lanes[place]
    return Effect(
        _table(index, flows, change, before, Ways(hours, tuple(lanes)), touched),
        float(flows.weight.sum()),
        float(weight[touched].sum()),
        float(weight[lost].sum()),
        float((weight[both] * (hours[both] - before.hours[both])).sum()),
    )


def _table(
    index: Index, flows: Flows, change: Change, before: Ways, after: Ways, touched: Bools
) -> pl.DataFrame:
    """Return a row per flow that is affected, at the first of its moments at which it is."""
    names, rows = index.names, []
    drawn: dict[tuple[object, ...], tuple[float | None, float | None]] = {}
    for flow in np.flatnonzero(touched.any(axis=1)).tolist():
        moment = int(np.argmax(touched[flow]))
        at = float(flows.at[flow, moment])
        row: dict[str, Any] = {"parcel_id": flows.parcel_id[flow]} if flows.parcel_id else {}
        row |= {"from": names[int(flows.start[flow])], "to": names[int(flows.goal[flow])]}
        row["parcels"] = float(flows.weight[flow])
        for name, of, now in (("old", before, UNCHANGED), ("new", after, change)):
            usual, way = float(of.hours[flow, moment]), of.lanes[flow][moment]
            key = (way, at, name)
            if key not in drawn:
                drawn[key] = _quantiles(index, way, at, now)
            row[f"{name}_h"] = usual if np.isfinite(usual) else None
            row[f"{name}_q50_h"], row[f"{name}_q90_h"] = drawn[key]
        rows.append(row)
    schema = _schema(bool(flows.parcel_id))
    return pl.DataFrame(rows, schema=schema).sort(
        "parcels", "from", "to", descending=[True, False, False]
    )


def _schema(is_parcel: bool) -> dict[str, type[pl.DataType]]:
    names = ("parcels", "old_h", "new_h", "old_q50_h", "old_q90_h", "new_q50_h", "new_q90_h")
    texts = ("parcel_id", "from", "to") if is_parcel else ("from", "to")
    return dict.fromkeys(texts, pl.String) | dict.fromkeys(names, pl.Float64)


def _quantiles(
    index: Index, way: Sequence[int], at: float, change: Change
) -> tuple[float | None, float | None]:
    if not way:
        return None, None
    arrivals: Floats = journey(index, way, at, change, SAMPLES).arrivals
    found = np.quantile(arrivals, [0.5, 0.9], method="higher")
    middle, late = (float(h) if np.isfinite(h) else None for h in (found - at) / 3600)
    return middle, late
