"""A graph in memory, laid out so that a question costs what its answer costs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from .build import Graph
from .evidence import Ints
from .landmarks import Landmarks, landmarks
from .roads import Roads, roads


@dataclass(frozen=True)
class Index:
    """A graph with the way to each of its rows.

    ``position`` gives the row of a node; ``edges`` are the graph's sorted by head, those of node i
    from ``first[i]`` to ``first[i + 1]``; ``into`` [edge] lists the rows of edges by tail, those of
    node i from ``into_first[i]``. ``days_first`` points into the graph's days by row of its edges.
    """

    graph: Graph
    position: Mapping[str, int]
    edges: pl.DataFrame
    first: Ints
    into: Ints
    into_first: Ints
    roads: Roads
    landmarks: Landmarks

    @property
    def names(self) -> pl.Series:
        """Return the nodes by row."""
        return self.graph.nodes["node_id"]


def index(graph: Graph) -> Index:
    """Return ``graph`` ready for questions."""
    size = graph.nodes.height
    position = dict(zip(graph.nodes["node_id"], range(size), strict=True))
    rows = graph.nodes.select("node_id").with_row_index("row")
    edges = (
        graph.edges.join(rows, left_on="head_id", right_on="node_id", maintain_order="left")
        .rename({"row": "head"})
        .join(rows, left_on="tail_id", right_on="node_id", maintain_order="left")
        .rename({"row": "tail"})
        .sort("head", "relation", "edge_id")
    )
    head, tail = edges["head"].to_numpy(), edges["tail"].to_numpy()
    into = np.argsort(tail, kind="stable").astype(np.int64)
    nodes = np.arange(size + 1)
    found = roads(graph, position)
    return Index(
        graph,
        position,
        edges.drop("head", "tail"),
        np.searchsorted(head, nodes).astype(np.int64),
        into,
        np.searchsorted(tail[into], nodes).astype(np.int64),
        found,
        landmarks(found.head, found.tail, found.least_s, size),
    )
