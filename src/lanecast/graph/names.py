"""How nodes and edges are named, so that every engine and every export says the same."""

import polars as pl


def node(kind: str, identifier: pl.Expr) -> pl.Expr:
    """Return the node of ``kind`` that an identifier names, for example ``facility:hub_1``."""
    return pl.concat_str(pl.lit(f"{kind}:"), identifier)


def edges(rows: pl.DataFrame) -> pl.DataFrame:
    """Return ``rows`` with ``edge_id`` from head, relation, tail, and lane where there is one."""
    name = pl.concat_str("head_id", "relation", "tail_id", separator="|")
    lane = pl.col("lane_id")
    return rows.with_columns(
        edge_id=pl.when(lane.is_null())
        .then(name)
        .otherwise(pl.concat_str(name, lane, separator="|"))
    )


def plain(node_id: str) -> str:
    """Return the identifier within a node's name."""
    return node_id.partition(":")[2]
