"""A graph as tables of the lake: each save writes only what has changed since the last."""

from datetime import datetime
from typing import Any

import narwhals as nw
import polars as pl

from lanecast.tables.graph import GRAPH_DAYS, GRAPH_EDGES, GRAPH_NODES, GRAPH_PROOFS
from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import CALENDARS
from lanecast.tables.schema import Table

from .build import Graph

FRAMES = {"nodes": GRAPH_NODES, "edges": GRAPH_EDGES, "days": GRAPH_DAYS, "proofs": GRAPH_PROOFS}
MADE = ("asof", "holds")  # columns that storing adds


def stored(lake: Lake) -> datetime | None:
    """Return the moment of the newest graph that ``lake`` holds, or None."""
    if not lake.has(GRAPH_NODES):
        return None
    newest = [
        collect(lake.versions(table).select(nw.col("asof").max())).item()
        for table in FRAMES.values()
        if lake.has(table)
    ]
    return max((at for at in newest if at is not None), default=None)


def load(lake: Lake) -> Graph:
    """Return the newest graph that ``lake`` holds; of ``lake.asof(t)``, the newest of before t.

    Raises
    ------
    ValueError
        When it holds none.
    """
    asof = stored(lake)
    if asof is None:
        raise ValueError(f"--data: {lake.path} holds no graph; make one with lanecast graph build.")
    frames = {name: _read(lake, table) for name, table in FRAMES.items()}
    holidays = pl.DataFrame(schema={"region": pl.String, "date": pl.Date})
    past = lake.asof(asof)
    if past.has(CALENDARS):
        off = past.read(CALENDARS).filter(~nw.col("holiday").is_null())
        holidays = collect(off.select("region", "date")).sort("region", "date")
    return Graph(asof, holidays=holidays, **frames)


def _read(lake: Lake, table: Table) -> pl.DataFrame:
    names = [name for name in table.columns if name not in MADE]
    is_there = nw.col("holds") if "holds" in table.columns else nw.col("n") > 0
    return collect(lake.read(table).filter(is_there).select(*names)).sort(table.key)


def save(graph: Graph, lake: Lake, calendars: pl.DataFrame | None = None) -> int:
    """Write what differs from the newest graph that ``lake`` holds; return how many rows that was.

    ``calendars`` are rows of that table which become visible with it, or not at all.

    What is not there any more is written once more as not holding, so that every version of the
    tables can be read as of its moment.

    Raises
    ------
    ValueError
        When the lake holds a graph of a later moment, or another one of the same.
    LakeBusyError
        When another process is writing.
    """
    newest = stored(lake)
    if newest is not None and graph.asof < newest:
        raise ValueError(
            f"asof: {lake.path} holds a graph of {newest:%Y-%m-%d %H:%M}; expected a moment not "
            f"before it, got {graph.asof:%Y-%m-%d %H:%M}."
        )
    written = 0
    with lake.batch("graph") as batch:
        changed = [(table, _versions(graph, lake, name)) for name, table in FRAMES.items()]
        if newest == graph.asof and any(batch.compare(*each)[1].height for each in changed):
            raise ValueError(
                f"asof: {lake.path} holds another graph of that very moment, "
                f"{newest:%Y-%m-%d %H:%M}; expected a later one."
            )
        for table, rows in changed:
            written += batch.append(table, rows)[0]
        if calendars is not None:
            batch.append(CALENDARS, nw.from_native(calendars))
    return written


def _versions(graph: Graph, lake: Lake, name: str) -> nw.DataFrame[Any]:
    """Return the rows of a part that its table of ``lake`` must be given."""
    rows, table = getattr(graph, name), FRAMES[name]
    changed = _changed(rows, _read(lake, table) if lake.has(table) else rows.clear(), table)
    return nw.from_native(changed.with_columns(asof=graph.asof))


def _changed(rows: pl.DataFrame, old: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Return new and changed rows, and those that are gone, with what says so."""
    names, key = rows.columns, list(table.key)
    fresh = rows.join(old.select(names), on=names, how="anti", nulls_equal=True)
    gone = old.select(names).join(rows, on=key, how="anti")
    if "holds" in table.columns:
        return pl.concat(
            [fresh.with_columns(holds=pl.lit(True)), gone.with_columns(holds=pl.lit(False))]
        )
    return pl.concat([fresh, gone.with_columns(n=pl.lit(0, pl.Int64))])
