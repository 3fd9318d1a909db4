"""Questions in SPARQL, answered by an embedded store (pyoxigraph, an extra)."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from . import rdf
from .build import Graph
from .vocabulary import RELATED, TERMS, XSD

if TYPE_CHECKING:
    from pyoxigraph import Store

MISSING = "SPARQL and RDF files need pyoxigraph; install it with: pip install lanecast[graph]"
_PREFIXES = {"lc": TERMS, "rel": RELATED, "xsd": XSD}


def loaded(graph: Graph) -> "Store":
    """Return a store in memory that holds ``graph``.

    Raises
    ------
    ModuleNotFoundError
        When pyoxigraph is not there.
    """
    from pyoxigraph import RdfFormat, Store

    store = Store()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "graph.nt"
        rdf.write(graph, file, "ntriples")
        store.bulk_load(path=file, format=RdfFormat.N_TRIPLES)
    return store


def ask(store: "Store", question: str) -> pl.DataFrame:
    """Return the answer as columns of text, one per variable; null where one is not bound.

    Prefixes ``lc``, ``rel`` and ``xsd`` are known. ASK gives one row of ``answer``; CONSTRUCT and
    DESCRIBE give ``subject``, ``predicate`` and ``object``.

    Raises
    ------
    ValueError
        When the question is not SPARQL, or would change something.
    """
    from pyoxigraph import QueryBoolean, QuerySolutions

    try:
        found = store.query(question, prefixes=_PREFIXES)
    except SyntaxError as error:
        raise ValueError(f"--sparql: this is no question in SPARQL: {error}.") from error
    if isinstance(found, QueryBoolean):
        return pl.DataFrame({"answer": [str(bool(found)).lower()]})
    if isinstance(found, QuerySolutions):
        names = [each.value for each in found.variables]
        rows = [[_said(value) for value in row] for row in found]
    else:
        names = ["subject", "predicate", "object"]
        rows = [[_said(value) for value in (each[0], each[1], each[2])] for each in found]
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def _said(value: object) -> str | None:
    return None if value is None else str(getattr(value, "value", value))
