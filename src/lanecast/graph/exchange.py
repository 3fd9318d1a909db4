"""What every file format carries: the parts of a graph, each value as text and back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import narwhals as nw
import polars as pl

from lanecast.tables.lake import Lake
from lanecast.tables.network import CALENDARS
from lanecast.tables.schema import Table, check

from .build import Graph
from .store import FRAMES, MADE, save
from .usable import check_usable

INSTANT = pl.Datetime("us", "UTC")
_DATE, _OFFSET = "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%.f%:z"


def _schema(table: Table) -> pl.Schema:
    kinds = {name: each.dtype for name, each in table.columns.items() if name not in MADE}
    empty = nw.from_dict({name: [] for name in kinds}, schema=kinds, backend="polars")
    schema: pl.Schema = empty.to_native().schema
    return schema


PARTS: Mapping[str, pl.Schema] = {
    **{name: _schema(table) for name, table in FRAMES.items()},
    "holidays": pl.Schema({"region": pl.String, "date": pl.Date}),
    "graph": pl.Schema({"asof": INSTANT}),
}
"""Columns of ``nodes``, ``edges``, ``days``, ``proofs``, ``holidays`` and the one row ``graph``."""


def parts(graph: Graph) -> dict[str, pl.DataFrame]:
    """Return the frames of ``graph`` by the names of ``PARTS``."""
    of = {name: getattr(graph, name) for name in PARTS if name != "graph"}
    of["graph"] = pl.DataFrame({"asof": [graph.asof]}, schema=PARTS["graph"])
    return {name: of[name].select(PARTS[name].names()) for name in PARTS}


def text(name: str, kind: pl.DataType) -> pl.Expr:
    """Return a column as text from which ``typed`` makes the same value; null stays null."""
    value = pl.col(name)
    if kind == pl.Date:
        return value.dt.strftime(_DATE)
    if kind == INSTANT:
        return value.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    return value.cast(pl.String)


def typed(part: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of a part from columns of text; a column that is not there is null.

    Raises
    ------
    ValueError
        When a text is no value of its column: names part, column, how many, and an example.
    """
    schema = PARTS[part]
    rows = rows.with_columns(
        pl.lit(None, pl.String).alias(name) for name in schema if name not in rows.columns
    )
    out = rows.select(_value(name, kind) for name, kind in schema.items())
    for name, kind in schema.items():
        if wrong := out[name].null_count() - rows[name].null_count():
            example = rows[name].filter(out[name].is_null() & rows[name].is_not_null())[0]
            raise ValueError(
                f"{part}.{name}: {wrong} values, for example {example!r}; expected {kind}."
            )
    return out


def _value(name: str, kind: pl.DataType) -> pl.Expr:
    value = pl.col(name)
    if kind == pl.Boolean:
        said: Mapping[Any, Any] = {"true": True, "1": True, "false": False, "0": False}
        return value.replace_strict(said, default=None, return_dtype=pl.Boolean)
    if kind == pl.Date:
        return value.str.to_date(_DATE, strict=False)
    if kind == INSTANT:
        whole = value.str.replace("Z$", "+00:00")
        return whole.str.to_datetime(_OFFSET, time_unit="us", time_zone="UTC", strict=False)
    return value.cast(kind, strict=False)


def whole(found: Mapping[str, pl.DataFrame]) -> Graph:
    """Return the graph of these parts, of columns of text, after checking it.

    Raises
    ------
    ValueError
        When a value breaks a rule of its table, a key occurs twice, an edge ends at no node, a day
        or proof belongs to no edge; or as ``check_usable``.
    """
    rows = {name: typed(name, found[name]) for name in PARTS}
    if rows["graph"].height != 1 or rows["graph"]["asof"][0] is None:
        raise ValueError(
            f"graph.asof: expected one moment at which the graph was known; got "
            f"{rows['graph']['asof'].to_list()}."
        )
    asof: datetime = rows["graph"]["asof"][0]
    for name, table in FRAMES.items():
        made = {each: value for each, value in (("asof", asof), ("holds", True))}
        full = rows[name].with_columns(pl.lit(v).alias(k) for k, v in made.items())
        check(table, nw.from_native(full))
        rows[name] = rows[name].sort(table.key)
    for end in ("head_id", "tail_id", "lane_id"):
        _known(rows["edges"], end, rows["nodes"]["node_id"], "edges")
    for name in ("days", "proofs"):
        _known(rows[name], "edge_id", rows["edges"]["edge_id"], name)
    check(CALENDARS, nw.from_native(_calendars(rows["holidays"], asof)))
    rows["holidays"] = rows["holidays"].sort("region", "date")
    graph = Graph(asof, **{name: rows[name] for name in PARTS if name != "graph"})
    check_usable(graph)
    return graph


def _known(rows: pl.DataFrame, column: str, names: pl.Series, part: str) -> None:
    lost = rows.filter(~pl.col(column).is_in(names.implode()))[column]
    if lost.len():
        raise ValueError(
            f"{part}.{column}: {lost.len()} rows, for example {lost[0]!r}, name what is not there."
        )


def keep(graph: Graph, lake: Lake) -> int:
    """Save an imported graph; its holidays become calendars where the lake has none.

    Raises
    ------
    ValueError, LakeBusyError
        As ``save``.
    """
    is_new = graph.holidays.height and not lake.has(CALENDARS)
    return save(graph, lake, _calendars(graph.holidays, graph.asof) if is_new else None)


def _calendars(holidays: pl.DataFrame, asof: datetime) -> pl.DataFrame:
    return holidays.with_columns(
        is_working=pl.lit(False), holiday=pl.lit("imported"), recorded_at=asof
    )
