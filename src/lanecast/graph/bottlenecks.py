"""Where the network is weakest: the parcel-hours that losing a facility or a lane would cost."""

import numpy as np
import polars as pl

from .bins import Bools, Floats
from .flows import Flows, ways
from .index import Index
from .search import Change
from .whatif import closed_at

FILTER = 3  # candidates that are truly removed, per row that is wanted
CUT_OFF_H = 168.0  # what a parcel without any way is counted as: a week


def bottlenecks(index: Index, flows: Flows, top: int = 10) -> pl.DataFrame:
    """Return facilities and lanes whose loss costs most, the worst first.

    Candidates are those through which most parcels pass (betweenness weighted by volume, along the
    fastest ways); of ``FILTER`` times as many as are wanted each is removed and all flows that used
    it are sent anew. Flows that begin or end at a facility do not count for it: they are its own.

    Returns
    -------
    DataFrame
        ``kind`` (facility or lane), ``node_id``, ``parcels`` a day that pass, ``cut_off`` a day of
        those without another way, ``extra_h`` parcel-hours a day of the others, and
        ``criticality_h``, both together with ``CUT_OFF_H`` per parcel cut off.
    """
    before = ways(index, flows)
    roads, moments = index.roads, flows.at.shape[1]
    passing = np.zeros(len(roads.head))
    through = np.zeros(index.graph.nodes.height)
    for flow, each in enumerate(before.lanes):
        for way in each:
            share = flows.weight[flow] / moments
            passing[list(way)] += share
            through[roads.tail[list(way[:-1])]] += share
    rows = []
    for kind, volume in (("facility", through), ("lane", passing)):
        order = np.argsort(-volume, kind="stable")[: FILTER * top]
        for at in order[volume[order] > 0].tolist():
            if kind == "facility":
                closed, name = closed_at(index, at), index.names[at]
                own = (flows.start != at) & (flows.goal != at)
            else:
                closed = np.ones(len(roads.head))
                closed[at] = np.inf
                name = roads.lanes["lane_id"][at] or roads.lanes["edge_id"][at]
                own = np.ones(len(flows.start), bool)
            used = before.through({*np.flatnonzero(np.isinf(closed)).tolist()})
            used &= own[:, None] & np.isfinite(before.hours)
            rows.append(
                {"kind": kind, "node_id": name}
                | _cost(index, flows, used, before.hours, Change(closed))
            )
    found = pl.DataFrame(rows, schema=_SCHEMA)
    return found.sort("criticality_h", "node_id", descending=[True, False]).head(top)


_SCHEMA = {"kind": pl.String, "node_id": pl.String, "parcels": pl.Float64}
_SCHEMA |= dict.fromkeys(("cut_off", "extra_h", "criticality_h"), pl.Float64)


def _cost(
    index: Index,
    flows: Flows,
    used: Bools,
    hours: Floats,
    change: Change,
) -> dict[str, float]:
    some: Bools = np.asarray(used.any(axis=1))
    part = flows.only(some)
    after = ways(index, part, change).hours
    weight = part.weight[:, None] / flows.at.shape[1] * used[some]
    lost = np.isinf(after)
    cut_off = float((weight * lost).sum())
    extra = float((weight * np.where(lost, 0.0, after - np.where(lost, 0.0, hours[some]))).sum())
    return {
        "parcels": float(weight.sum()),
        "cut_off": cut_off,
        "extra_h": extra,
        "criticality_h": extra + CUT_OFF_H * cut_off,
    }
