"""What is known of a node: its attributes, its neighbours, and what scans showed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from .evidence import Ints
from .index import Index


@dataclass(frozen=True)
class Facts:
    """A node: ``node`` has its attributes; ``edges`` those that begin or end there, each once.

    ``edges`` are rows of the graph's, with ``neighbour`` and ``direction`` (``out`` or ``in``).
    """

    node: dict[str, Any]
    edges: pl.DataFrame


def facts(index: Index, row: int) -> Facts:
    """Return attributes and edges of the node in ``row``."""
    out = index.edges[int(index.first[row]) : int(index.first[row + 1])]
    into = index.edges[index.into[index.into_first[row] : index.into_first[row + 1]]]
    edges = pl.concat(
        [
            out.with_columns(direction=pl.lit("out"), neighbour=pl.col("tail_id")),
            into.with_columns(direction=pl.lit("in"), neighbour=pl.col("head_id")),
        ]
    )
    return Facts(index.graph.nodes.row(row, named=True), edges)


def neighbours(index: Index, row: int) -> Ints:
    """Return the rows of all nodes that an edge joins with the node in ``row``, each once."""
    names = facts(index, row).edges["neighbour"].unique()
    return np.array(sorted(index.position[name] for name in names), dtype=np.int64)
