"""Which node is meant, and where its parcels stand."""

from difflib import get_close_matches

import polars as pl

from lanecast.tables.graph import NODE_KINDS

from .index import Index

NEAR = 3  # names that are suggested


def node_of(index: Index, name: str, option: str = "node") -> int:
    """Return the row of the node that ``name`` means: its whole name, or its identifier alone.

    Raises
    ------
    ValueError
        When there is no such node, or several kinds have one; the nearest names are suggested.
    """
    if name in index.position:
        return index.position[name]
    found = [f"{kind}:{name}" for kind in NODE_KINDS if f"{kind}:{name}" in index.position]
    if len(found) == 1:
        return index.position[found[0]]
    if found:
        raise ValueError(f"{option}: {name!r} is several nodes; expected {' or '.join(found)}.")
    raise ValueError(f"{option}: {name!r} is no node of the graph; {_near(index, name)}.")


def _near(index: Index, name: str) -> str:
    if not index.position:
        return "the graph is empty"
    kind, colon, rest = name.partition(":")
    names = index.names
    among = names.filter(names.str.starts_with(f"{kind}:")) if colon in name and rest else names
    among = names if among.is_empty() else among
    start = name if colon else f"facility:{name}"
    near = get_close_matches(start, among.head(20_000).to_list(), NEAR, cutoff=0.5)
    if near:
        return "the nearest are " + ", ".join(near)
    return f"expected for example {among[0]}"


def stand(index: Index, name: str, option: str = "node") -> int:
    """Return the row of the node from which, or to which, parcels of ``name`` travel.

    A facility is its own, a merchant ships from the facility that took most of its parcels, and a
    cell is served by the one that brought most. A region is its own where corridors between
    regions are all that is known.

    Raises
    ------
    ValueError
        As ``node_of``; and when no lane touches the place.
    """
    row = node_of(index, name, option)
    node_id = index.names[row]
    if index.roads.first[row] < index.roads.first[row + 1] or (index.roads.tail == row).any():
        return row
    kind = node_id.partition(":")[0]
    if kind == "merchant":
        ends = index.edges[index.first[row] : index.first[row + 1]]
        ends = ends.filter(pl.col("relation") == "ships_from")
        best = ends.sort("parcels", "tail_id")["tail_id"]
    else:
        edges = index.into[index.into_first[row] : index.into_first[row + 1]]
        ends = index.edges[edges].filter(pl.col("relation") == "serves")
        best = ends.sort("parcels", "head_id")["head_id"]
    if kind in ("merchant", "cell") and len(best):
        return index.position[best[-1]]
    if kind == "facility":
        return row
    raise ValueError(
        f"{option}: no lane begins or ends at {node_id}; expected a facility, or a merchant or "
        "cell that one serves."
    )
