"""A graph as GraphML; days and proofs of an edge are JSON in its data. Read by rustworkx.

XML cannot hold some characters: they are written ``_xHHHH_``, ``_x`` itself ``_x005F_x``, and text
that is empty ``_x_``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.parsers.expat import ParserCreate

import polars as pl
import rustworkx

from .build import Graph
from .exchange import PARTS, parts, text, whole

ROWS = 50_000  # that are written at once
_MARKS = {"nodes": "node", "edges": "edge"}
_ENDS = {"nodes": {"node_id": "id"}, "edges": {"edge_id": "id", "head_id": "source"}}
_ENDS["edges"]["tail_id"] = "target"
_OF_EDGES = ("days", "proofs")
_FORBIDDEN = [chr(i) for i in (*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF)]
_XML = {each: f"_x{ord(each):04X}_" for each in _FORBIDDEN}
_XML |= {"_x": "_x005F_x", "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_XML |= {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
_BACK = {f"_x{ord(each):04X}_": each for each in (*_FORBIDDEN, "_")} | {"_x_": ""}
_KINDS = {pl.Boolean: "boolean", pl.Float64: "double", pl.Int64: "long", pl.Int16: "int"}


def write(graph: Graph, path: Path) -> None:
    """Write ``graph`` to a file."""
    of = parts(graph)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        file.write('<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n')
        for part, mark in _MARKS.items():
            file.writelines(_key(mark, name, kind) for name, kind in _data(part).items())
        file.writelines(_key("edge", name, pl.String()) for name in _OF_EDGES)
        file.writelines(_key("graph", name, pl.String()) for name in ("asof", "holidays"))
        file.write('<graph id="lanecast" edgedefault="directed">\n')
        whole_graph = of["graph"].with_columns(holidays=pl.lit(_json(of["holidays"])))
        kinds = pl.Schema({**PARTS["graph"], "holidays": pl.String()})
        file.writelines(whole_graph.select(_values("graph", kinds)).to_series())
        for part, mark in _MARKS.items():
            for chunk in of[part].iter_slices(ROWS):
                kinds = _data(part)
                if part == "edges":
                    for name in _OF_EDGES:
                        chunk = chunk.join(_listed(of[name], name, chunk), on="edge_id", how="left")
                        kinds[name] = pl.String()
                ends = [
                    pl.concat_str(pl.lit(f' {xml}="'), _escaped(pl.col(name)), pl.lit('"'))
                    for name, xml in _ENDS[part].items()
                ]
                row = [pl.lit(f"<{mark}"), *ends, pl.lit(">"), _values(mark, kinds)]
                said = pl.concat_str(*row, pl.lit(f"</{mark}>\n"))
                file.writelines(chunk.select(said).to_series())
        file.write("</graph>\n</graphml>\n")


def _data(part: str) -> pl.Schema:
    return pl.Schema([each for each in PARTS[part].items() if each[0] not in _ENDS[part]])


def _key(mark: str, name: str, kind: pl.DataType) -> str:
    said = next((said for each, said in _KINDS.items() if kind == each), "string")
    return f'<key id="{mark}.{name}" for="{mark}" attr.name="{name}" attr.type="{said}"/>\n'


def _values(mark: str, kinds: Mapping[str, pl.DataType]) -> pl.Expr:
    said = []
    for name, kind in kinds.items():
        value = _escaped(pl.col(name)) if kind == pl.String else text(name, kind)
        start = pl.lit(f'<data key="{mark}.{name}">')
        said.append(pl.concat_str(start, value, pl.lit("</data>")))
    return pl.concat_str(*said, ignore_nulls=True)


def _escaped(value: pl.Expr) -> pl.Expr:
    safe = value.str.replace_many(list(_XML), list(_XML.values()))
    return pl.when(value == "").then(pl.lit("_x_")).otherwise(safe)


def _json(rows: pl.DataFrame) -> str:
    return rows.select(text(name, kind) for name, kind in rows.schema.items()).write_json()


def _listed(rows: pl.DataFrame, name: str, edges: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that belong to each edge as one text of JSON."""
    rows = rows.join(edges.select("edge_id"), on="edge_id", how="semi")
    texts = [text(each, kind) for each, kind in _inner(name).items()]
    each = pl.struct(texts).struct.json_encode()
    listed = rows.group_by("edge_id", maintain_order=True).agg(each.str.join(","))
    return listed.select("edge_id", pl.concat_str(pl.lit("["), pl.nth(1), pl.lit("]")).alias(name))


def _inner(name: str) -> pl.Schema:
    return pl.Schema([each for each in PARTS[name].items() if each[0] != "edge_id"])


def read(path: Path) -> Graph:
    """Return the graph of a file; data that are not ours are passed over.

    Raises
    ------
    ValueError
        When the file is not GraphML with one directed graph; as ``exchange.whole``.
    """
    try:
        marks = _marks(path)
        graphs = rustworkx.read_graphml(str(path))
    except Exception as error:  # rustworkx raises what it finds: many types
        raise ValueError(f"{path}: this is not GraphML: {error}.") from error
    if len(graphs) != 1 or not isinstance(graphs[0], rustworkx.PyDiGraph):
        raise ValueError(
            f"{path}: this is not GraphML of one directed graph; it has {len(graphs)}."
        )
    graph: Any = graphs[0]
    found = {"nodes": _texts(graph.nodes(), "nodes")}
    ends = graph.edge_list()
    _all_there(path, marks, len(ends))
    names = found["nodes"]["node_id"]
    found["edges"] = _texts(graph.edges(), "edges").with_columns(
        head_id=names.gather([head for head, _ in ends]),
        tail_id=names.gather([tail for _, tail in ends]),
    )
    for part in _OF_EDGES:
        found[part] = _rows(found["edges"].select("edge_id", part), part)
    attributes = pl.DataFrame(
        [{"asof": graph.attrs.get("asof"), "holidays": graph.attrs.get("holidays")}],
        schema={"asof": pl.String, "holidays": pl.String},
    ).with_columns(_plain(pl.col("asof", "holidays")))
    found["graph"] = attributes.select("asof")
    found["holidays"] = _rows(attributes, "holidays")
    return whole(found)


def _marks(path: Path) -> tuple[set[str], list[dict[str, str]]]:
    """Return the names of all nodes of a file, and what each of its edges says of itself."""
    nodes: set[str] = set()
    edges: list[dict[str, str]] = []

    def seen(mark: str, said: dict[str, str]) -> None:
        if (plain := mark.rpartition(":")[2]) == "edge":
            edges.append(said)
        elif plain == "node":
            nodes.add(said.get("id", ""))

    parser = ParserCreate()
    parser.StartElementHandler = seen
    with path.open("rb") as file:
        parser.ParseFile(file)
    return nodes, edges


def _all_there(path: Path, marks: tuple[set[str], list[dict[str, str]]], read: int) -> None:
    """Refuse a file of which an edge was not read: rustworkx passes over those without ends."""
    nodes, edges = marks
    for said in edges:
        for end in ("source", "target"):
            if (name := said.get(end)) not in nodes:
                edge = said.get("id") or " to ".join(str(said.get(e)) for e in ("source", "target"))
                raise ValueError(f"{path}: edge {edge!r}: its {end} {name!r} is no node of it.")
    if read != len(edges):
        raise ValueError(
            f"{path}: {len(edges)} edges, of which {read} can be read; expected each with the id "
            "of a node of the file as source and as target, and directed."
        )


def _texts(rows: list[dict[str, Any]], part: str) -> pl.DataFrame:
    """Return data of nodes or edges as columns of text."""
    names = [*_data(part), *(_OF_EDGES if part == "edges" else ())]
    columns = {name: _said([row.get(name) for row in rows]) for name in names}
    columns[next(iter(_ENDS[part]))] = _said([row.get("id") for row in rows])
    return pl.DataFrame(columns)


def _said(values: list[Any]) -> pl.Series:
    """Return values as text, each read back as what it was."""
    column = pl.Series(values, strict=False) if values else pl.Series(dtype=pl.String)
    if column.dtype == pl.String:
        return column.to_frame("v").select(_plain(pl.col("v"))).to_series()
    return column.cast(pl.String)


def _plain(value: pl.Expr) -> pl.Expr:
    return value.str.replace_many(list(_BACK), list(_BACK.values()))


def _rows(listed: pl.DataFrame, part: str) -> pl.DataFrame:
    """Return the rows that texts of JSON hold, with the names they belong to."""
    inner = _inner(part)
    kind = pl.List(pl.Struct(dict.fromkeys(inner, pl.String)))
    there = listed.filter(pl.col(part).is_not_null())
    try:
        rows = there.with_columns(pl.col(part).str.json_decode(kind))
    except pl.exceptions.ComputeError as error:
        raise ValueError(f"{part}: expected a list of objects in JSON: {error}.") from error
    return rows.explode(part).unnest(part)
