"""Build a graph from a lake as of a moment, or extend one by what became known since."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from lanecast.tables.lake import Lake

from .known import Known, known, touched
from .nodes import nodes
from .observe import CELL, EDGE, observe
from .relations import EDGE_COLUMNS, derived, stated


@dataclass(frozen=True)
class Graph:
    """A knowledge graph as it was known at ``asof``, as frames of the tables of that name.

    ``nodes``, ``edges``, ``days`` and ``proofs`` are rows of ``graph_nodes``, ``graph_edges``,
    ``graph_days`` and ``graph_proofs`` without ``asof`` and ``holds``, sorted by key; ``holidays``
    has ``region`` and ``date`` on which no lane departs there. Two graphs of the same moment are
    equal, however they came to be.
    """

    asof: datetime
    nodes: pl.DataFrame
    edges: pl.DataFrame
    days: pl.DataFrame
    proofs: pl.DataFrame
    holidays: pl.DataFrame


def build(lake: Lake, asof: datetime) -> Graph:
    """Return the graph of everything that ``lake`` knew at ``asof``; it may be empty.

    Raises
    ------
    ValueError
        When ``asof`` has no time zone, or a facility names no IANA zone.
    """
    facts = known(lake, asof)
    seen = observe(facts)
    return _assembled(asof, facts, seen.edges, seen.days, seen.proofs)


def extend(graph: Graph, lake: Lake, asof: datetime) -> Graph:
    """Return ``build(lake, asof)`` by looking only at parcels of which something became known.

    What those parcels showed at ``graph.asof`` is subtracted, what they show now is added. Where
    a timetable, a zone or a past holiday was corrected, everything is built anew.

    Raises
    ------
    ValueError
        When ``asof`` is before the graph, or as ``build``.
    """
    if asof < graph.asof:
        raise ValueError(
            f"asof: the graph knows {graph.asof:%Y-%m-%d %H:%M} already; expected a later moment, "
            f"got {asof:%Y-%m-%d %H:%M}."
        )
    facts, old = known(lake, asof), known(lake, graph.asof)
    if _plan(facts, graph.asof) != _plan(old, graph.asof):
        return build(lake, asof)
    changed = touched(lake, graph.asof, asof)
    before, after = observe(old.of(changed)), observe(facts.of(changed))
    minus = before.days.with_columns(n=-pl.col("n"))
    parts = (minus, after.days)
    days = pl.concat([graph.days, *(part.select(graph.days.columns) for part in parts)])
    names = ["edge_id", "event_id"]
    kept = graph.proofs.join(before.proofs, on=names, how="anti")
    shown = graph.edges.filter(pl.col("scans") > 0).select("edge_id", *EDGE)
    return _assembled(
        asof,
        facts,
        pl.concat([shown, before.edges.select(shown.columns), after.edges.select(shown.columns)]),
        days.group_by(CELL).agg(pl.col("n").sum()).filter(pl.col("n") > 0),
        pl.concat([kept, after.proofs.select(kept.columns)]),
    )


def _plan(facts: Known, until: datetime) -> tuple[list[tuple[object, ...]], ...]:
    """Return what a count rests on beside scans: timetables, zones, holidays that have passed."""
    holidays = facts.calendars.filter(
        pl.col("holiday").is_not_null(), pl.col("date") <= until.date()
    )
    return (
        facts.lanes.rows(),
        facts.facilities.select("facility_id", "region", "zone").rows(),
        holidays.select("region", "date").rows(),
    )


def _assembled(
    asof: datetime, facts: Known, shown: pl.DataFrame, days: pl.DataFrame, proofs: pl.DataFrame
) -> Graph:
    proved = proofs.group_by("edge_id").agg(
        scans=pl.len().cast(pl.Int64),
        first_proof=pl.col("seen_at").min(),
        last_seen_at=pl.col("seen_at").max(),
    )
    volume = (
        days.filter(pl.col("measure") == "volume")
        .group_by("edge_id")
        .agg(parcels=pl.col("n").sum())
    )
    told = stated(facts).with_columns(is_planned=pl.lit(True))
    seen = shown.unique("edge_id").join(told, on="edge_id", how="anti")
    seen = seen.with_columns(is_planned=pl.lit(False)).join(proved, on="edge_id", how="semi")
    rows = (
        pl.concat([told, seen], how="diagonal")
        .join(proved, on="edge_id", how="left")
        .join(volume, on="edge_id", how="left")
        .with_columns(
            pl.col("scans", "parcels").fill_null(0),
            first_seen_at=pl.min_horizontal("first_seen_at", "first_proof"),
        )
        .select(EDGE_COLUMNS)
    )
    lanes = rows.filter(pl.col("relation") == "lane")
    whole = pl.concat([rows, derived(lanes).cast(rows.schema)]).sort("edge_id")
    holidays = facts.calendars.filter(pl.col("holiday").is_not_null())
    return Graph(
        asof,
        nodes(facts, whole),
        whole,
        days.select(*CELL, "n").sort(CELL),
        proofs.select("edge_id", "event_id", "seen_at").sort("edge_id", "event_id"),
        holidays.select("region", "date").sort("region", "date"),
    )
