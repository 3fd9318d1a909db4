"""What depends on a hub: the places and the flows that have no way without it."""

from dataclasses import dataclass

import numpy as np
import polars as pl
import rustworkx as rx

from .flows import Flows
from .index import Index


@dataclass(frozen=True)
class Dependence:
    """What has no way without a node.

    ``flows`` has ``from``, ``to`` and ``parcels`` a day of those cut off, those that begin or end
    there included; ``places`` are the nodes that flows' origins reach only through it, and
    ``parcels`` of ``parcels_all`` a day are cut off.
    """

    flows: pl.DataFrame
    places: tuple[str, ...]
    parcels: float
    parcels_all: float


def depends(index: Index, row: int, flows: Flows) -> Dependence:
    """Return what depends on the node in ``row``.

    Seen from an origin, a node depends on the hub when every way to it leads through the hub: the
    hub dominates it (Lengauer and Tarjan, 1979). The tree of dominators of one origin answers for
    all its destinations at once. Timetables play no part: a lane without departures still counts.
    """
    roads = index.roads
    graph = rx.PyDiGraph(multigraph=True)
    graph.add_nodes_from(range(index.graph.nodes.height))
    graph.add_edges_from_no_data(list(zip(roads.head.tolist(), roads.tail.tolist(), strict=True)))
    lost = np.zeros(len(flows.start), bool)
    held: set[int] = set()
    for origin in np.unique(flows.start).tolist():
        of = flows.start == origin
        below = _dominated(graph, origin, row)
        held |= below
        lost[of] = np.isin(flows.goal[of], list(below))
    held.discard(row)
    lost |= (flows.start == row) | (flows.goal == row)
    names = index.names
    table = pl.DataFrame(
        {
            "from": names.gather(flows.start[lost]),
            "to": names.gather(flows.goal[lost]),
            "parcels": flows.weight[lost],
        }
    )
    return Dependence(
        table.sort("parcels", "from", "to", descending=[True, False, False]),
        tuple(sorted(names[place] for place in held)),
        float(flows.weight[lost].sum()),
        float(flows.weight.sum()),
    )


def _dominated(graph: "rx.PyDiGraph[int, None]", origin: int, hub: int) -> set[int]:
    """Return the nodes that ``origin`` reaches only through ``hub``, the hub included."""
    parent = rx.immediate_dominators(graph, origin)
    if hub not in parent or hub == origin:
        return set()
    children: dict[int, list[int]] = {}
    for node, over in parent.items():
        if node != over:
            children.setdefault(over, []).append(node)
    found, waiting = set(), [hub]
    while waiting:
        node = waiting.pop()
        found.add(node)
        waiting.extend(children.get(node, ()))
    return found
