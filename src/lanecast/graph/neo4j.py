"""A graph as the CSV files that ``neo4j-admin database import`` reads, one per part.

Neo4j has no relationships of relationships: days and proofs are nodes that name their ``edge_id``.
"""

from collections import Counter
from pathlib import Path

import polars as pl

from .build import Graph
from .exchange import INSTANT, PARTS, parts, text, whole
from .vocabulary import CLASSES

_ROLES = {
    "nodes": {"node_id": "node_id:ID", "kind": ":LABEL"},
    "edges": {"head_id": ":START_ID", "relation": ":TYPE", "tail_id": ":END_ID"},
}
_KINDS = {pl.Boolean: "boolean", pl.Float64: "double", pl.Int64: "long", pl.Int16: "int"}
_TIMES = {pl.Date: "date", INSTANT: "datetime"}
_LABEL = ":LABEL"
FILES = {part: f"{part}.csv" for part in PARTS} | {"edges": "relationships.csv"}
IMPORT = " ".join(
    [
        "neo4j-admin database import full --multiline-fields=true",
        *(f"--nodes={name}" for part, name in FILES.items() if part != "edges"),
        f"--relationships={FILES['edges']}",
    ]
)
"""The command that loads the files, in their folder."""


def write(graph: Graph, folder: Path) -> None:
    """Write ``graph`` into a new folder, with headers that Neo4j understands."""
    folder.mkdir()
    for part, rows in parts(graph).items():
        said = rows.select(
            text(name, kind).alias(_header(part, name, kind)) for name, kind in PARTS[part].items()
        )
        if part not in _ROLES:
            said = said.with_columns(pl.lit(CLASSES[part]).alias(_LABEL))
        said.write_csv(folder / FILES[part], quote_style="non_numeric")


def _header(part: str, name: str, kind: pl.DataType) -> str:
    role = _ROLES.get(part, {}).get(name)
    if role is not None:
        return role
    said = next((said for each, said in (_KINDS | _TIMES).items() if kind == each), "string")
    return f"{name}:{said}"


def read(folder: Path) -> Graph:
    """Return the graph of a folder of such files.

    Raises
    ------
    ValueError
        When a file is missing or not CSV; as ``exchange.whole``.
    """
    return whole({part: _read(part, folder / name) for part, name in FILES.items()})


def _read(part: str, path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise ValueError(f"{path}: the file is missing; expected {', '.join(FILES.values())}.")
    try:
        rows = pl.read_csv(path, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"{path}: this is not CSV: {error}.") from error
    of = {role: name for name, role in _ROLES.get(part, {}).items()}
    names = {each: of.get(each, each.split(":")[0]) for each in rows.columns}
    if twice := [each for each, many in Counter(names.values()).items() if each and many > 1]:
        raise ValueError(
            f"{path}: column {twice[0]!r} is there twice; expected a first line with the header "
            f"{', '.join(_header(part, *each) for each in PARTS[part].items())}."
        )
    return rows.select(pl.col(each).alias(name) for each, name in names.items() if name)
