"""The words in which a graph is told as RDF: one class per part, one property per column."""

from collections.abc import Iterator

import polars as pl

from lanecast.tables.graph import RELATIONS

from .exchange import INSTANT, PARTS
from .store import FRAMES

TERMS = "urn:lanecast:graph#"
RELATED = "urn:lanecast:relation#"
XSD = "http://www.w3.org/2001/XMLSchema#"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
CLASSES = {
    "nodes": "Node",
    "edges": "Edge",
    "days": "Day",
    "proofs": "Proof",
    "holidays": "Holiday",
    "graph": "Graph",
}
NAMED = {"nodes": "node_id", "edges": "edge_id"}  # parts whose rows have names of their own
LINKS = {
    "edges": {"head_id": "nodes", "tail_id": "nodes", "lane_id": "nodes"},
    "days": {"edge_id": "edges"},
    "proofs": {"edge_id": "edges"},
}


def term(part: str, column: str) -> str:
    """Return the property that a column is; what points to a thing has no ``_id`` in its name."""
    return column.removesuffix("_id") if column in LINKS.get(part, {}) else column


def datatype(kind: pl.DataType) -> str | None:
    """Return the type of literals of a column, as XML Schema names it; None for plain text."""
    if kind.is_integer():
        return "integer"
    named = {pl.Boolean: "boolean", pl.Float64: "double", pl.Date: "date", INSTANT: "dateTime"}
    return next((name for each, name in named.items() if kind == each), None)


def reference() -> str:
    """Return the page that explains the vocabulary, as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# The vocabulary of the graph\n"
    yield "Made by `lanecast graph vocabulary`; [what the graph is](graph.md).\n"
    yield f"```turtle\n@prefix lc: <{TERMS}> .\n@prefix rel: <{RELATED}> .\n```\n"
    yield (
        "A node or an edge is named `urn:lanecast:node:` or `urn:lanecast:edge:` and its "
        "identifier, percent-encoded. Days, proofs and holidays are blank nodes. What is not known "
        "is not said. A file has one `lc:Graph`.\n"
    )
    yield (
        "Beside its `lc:Edge`, each edge is said once more as a plain statement from head to tail, "
        "which is what queries walk along: "
        + ", ".join(f"`rel:{name}`" for name in RELATIONS)
        + ". An import leaves these out, since the `lc:Edge` says the same.\n"
    )
    for part, name in CLASSES.items():
        table = FRAMES.get(part)
        yield f"## lc:{name}\n"
        yield f"{table.doc if table else _DOCS[part]}\n"
        yield "| property | value | |\n|---|---|---|"
        for column, kind in PARTS[part].items():
            goal = LINKS.get(part, {}).get(column)
            value = f"lc:{CLASSES[goal]}" if goal else f"xsd:{datatype(kind) or 'string'}"
            doc = table.columns[column].doc if table else _DOCS[column]
            yield f"| `lc:{term(part, column)}` | {value} | {doc} |"
        yield ""


_DOCS = {
    "holidays": "A day on which no lane departs in a region.",
    "graph": "The graph itself.",
    "region": "Region it holds in.",
    "date": "Local civil day.",
    "asof": "Everything recorded by then has been used.",
}
