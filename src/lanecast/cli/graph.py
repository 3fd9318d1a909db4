"""``lanecast graph build | path | facts``: the knowledge graph, and what it knows."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import narwhals as nw
import numpy as np
import polars as pl
import typer

from lanecast.graph import Graph, extend, load, save, stored, told
from lanecast.graph import build as made
from lanecast.graph.facts import facts as known
from lanecast.graph.index import Index, index
from lanecast.graph.journey import Journey
from lanecast.graph.names import plain
from lanecast.graph.places import node_of, stand
from lanecast.graph.route import Routes, routes
from lanecast.graph.statistics import rates, times
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import SCANS

from .options import AsofOption, JsonOption, folder_of, opened
from .talk import moment, note, progress, show, tell, writable, write_json

DataOption = Annotated[Path, typer.Option("--data", "--lake", help="Folder of the lake.")]
MOST = 12  # rows that are shown to a person; --json has all


def indexed(data: Path) -> Index:
    """Return the newest graph of a lake, ready for questions."""
    return index(load(Lake(folder_of("data", data))))


def note_age(data: Path, graph: Graph) -> None:
    """Say so where the lake has scans that its graph has not; after what could be refused."""
    lake, asof = Lake(data), graph.asof
    if not lake.has(SCANS):
        return
    last = collect(lake.read(SCANS).select(nw.col("recorded_at").max())).item()
    if last is not None and last - asof > timedelta(days=1):
        note(
            f"the graph is of {asof:%Y-%m-%d %H:%M} UTC and {data} has scans until "
            f"{last:%Y-%m-%d %H:%M}; lanecast graph build --data {data} adds them."
        )


def build(
    data: DataOption = Path("lake"), asof: AsofOption = None, json: JsonOption = None
) -> None:
    """Build the graph as of a moment, by default of the last scan; a stored one is extended.

    Example:

      lanecast graph build --data lake --asof 2025-04-01
    """
    writable(json=json)
    lake, now = opened(data, asof, option="data")
    newest = stored(Lake(data))
    if newest is not None and now < newest:
        raise ValueError(
            f"--asof: {data} holds a graph of {newest:%Y-%m-%dT%H:%M:%SZ} already; expected a "
            f"moment not before it, got {asof or now}."
        )
    with progress(quiet=json is not None) as say:
        say("reading scans" if newest is None else "adding what is new", 0.2)
        graph = made(lake, now) if newest is None else extend(load(Lake(data)), lake, now)
        say("storing", 0.8)
        rows = save(graph, Lake(data))
    kinds, relations = (
        dict(of.value_counts(sort=True).iter_rows())
        for of in (graph.nodes["kind"], graph.edges["relation"])
    )
    result: dict[str, Any] = {"asof": now.isoformat(), "nodes": graph.nodes.height}
    result |= {"edges": graph.edges.height, "days": graph.days.height}
    result |= {"proofs": graph.proofs.height, "rows_written": rows}
    if json is not None:
        result |= {"kinds": kinds, "relations": relations}
        write_json(json, result, f"{rows:,} rows are stored in {data}")
        return
    counts = [*kinds.items(), *relations.items()]
    what = ["node"] * len(kinds) + ["edge"] * len(relations)
    table = {"what": what, "kind": [c[0] for c in counts], "number": [c[1] for c in counts]}
    show(pl.DataFrame(table), f"The graph as of {now:%Y-%m-%d %H:%M} UTC")
    tell(f"{rows:,} rows written to {data}. Next: lanecast graph bottlenecks --data {data}")


def path(
    start: Annotated[str, typer.Argument(metavar="FROM", help="Facility, merchant or cell.")],
    goal: Annotated[str, typer.Argument(metavar="TO", help="Facility, merchant or cell.")],
    at: Annotated[
        str,
        typer.Option(
            "--at", help="When the parcel stands there: an instant with offset, or a date there."
        ),
    ],
    data: DataOption = Path("lake"),
    k: Annotated[int, typer.Option("--k", help="Ways to show.", min=1, max=20)] = 3,
    deadline: Annotated[
        str | None,
        typer.Option(
            "--deadline", help="By when it should arrive: an instant, or a date where it arrives."
        ),
    ] = None,
    json: JsonOption = None,
) -> None:
    """Show the fastest and the most reliable (surest) way between two places, and ways that differ.

    A date is the midnight with which it begins: that of --at at FROM, that of --deadline at TO.

    Example:

      lanecast graph path hub_us_ny_01 sta_us_ca_01 --at 2025-04-02T08:00:00Z --k 3
    """
    writable(json=json)
    moment("at", at)  # what is no moment anywhere is refused before anything is read
    if deadline:
        moment("deadline", deadline)
    found = indexed(data)
    ends = stand(found, start, "FROM"), stand(found, goal, "TO")
    here, there = (found.graph.nodes["zone"][row] or "UTC" for row in ends)
    leaves = moment("at", at, here)
    until = moment("deadline", deadline, there) if deadline else None
    if until is not None and until <= leaves:
        raise ValueError(f"--deadline: expected a moment after --at {at}; got {deadline}.")
    _within(found, leaves, at)
    note_age(data, found.graph)
    ways = routes(found, *ends, leaves.timestamp(), k, until.timestamp() if until else None)
    names = [found.names[row] for row in ends]
    if json is not None:
        said = [told.way(found, way, ways) for way in ways.ways]
        result = {"from": names[0], "to": names[1], "at": leaves.isoformat(), "ways": said}
        write_json(json, result | {"reliable": ways.reliable})
        return
    began = f"{leaves.astimezone(ZoneInfo(here)):%Y-%m-%d %H:%M} {here}"
    if not ways.ways:
        tell(f"There is no way from {names[0]} to {names[1]} after {began}.")
        return
    if not ways.ways[0].lanes:
        tell(f"{names[0]} is there already.")
        return
    tell(f"{names[0]}, from {began} on, to {names[1]}; clocks below are of {there}.")
    show(_ways(ways, there), "Ways")
    show(_legs(found, ways.ways[0], there), "The fastest, leg by leg, in usual times")


def _within(found: Index, at: datetime, given: str) -> None:
    """Refuse a moment for which the graph has no departures."""
    first, last = told.departures(found)
    if not first <= at < last:
        raise ValueError(
            f"--at: the graph of {found.graph.asof:%Y-%m-%d} knows departures from "
            f"{first:%Y-%m-%d} to {last:%Y-%m-%d}; got {given}."
        )


def _ways(ways: Routes, zone: str) -> pl.DataFrame:
    rows = []
    for number, way in enumerate(ways.ways):
        note = ["fastest"] * (number == 0) + ["surest"] * (number == ways.reliable)
        row = {"way": number + 1, "legs": len(way.lanes), "usual": _local(way.usual[-1], zone)}
        row |= {f"q{q}": _local(way.quantile(q / 100), zone) for q in (50, 90)}
        if ways.deadline is not None:
            row["in time"] = way.chance(ways.deadline)
        rows.append(row | {"note": ", ".join(note)})
    return pl.DataFrame(rows)


def _legs(found: Index, way: Journey, zone: str) -> pl.DataFrame:
    lanes = found.roads.lanes[list(way.lanes)]
    return lanes.select(
        pl.col("head_id").map_elements(plain, pl.String).alias("from"),
        pl.col("tail_id").map_elements(plain, pl.String).alias("to"),
        carrier="carrier_id",
        mode="mode",
        arrives=pl.Series([_local(at, zone) for at in way.usual[1:]]),
    )


def _local(at: float, zone: str) -> str:
    if not np.isfinite(at):
        return "never"
    return f"{datetime.fromtimestamp(at, ZoneInfo(zone)):%m-%d %H:%M}"


def facts(
    node: Annotated[str, typer.Argument(help="Node, for example facility:hub_us_ny_01.")],
    data: DataOption = Path("lake"),
    json: JsonOption = None,
) -> None:
    """Show what is known of a node: attributes, neighbours, and statistics of its lanes.

    Example:

      lanecast graph facts hub_us_ny_01 --data lake
    """
    writable(json=json)
    found = indexed(data)
    row = node_of(found, node, "NODE")
    note_age(data, found.graph)
    said = known(found, row)
    name = said.node["node_id"]
    ours = pl.any_horizontal(pl.col("head_id", "tail_id", "lane_id") == name)
    lanes = rates(found).with_row_index("lane").filter(ours.fill_null(False))
    clocks = times(found, lanes["lane"][0]) if said.node["kind"] == "lane" and len(lanes) else None
    if json is not None:
        result = {"node": said.node, "edges": said.edges.to_dicts()}
        result |= {"lanes": lanes.drop("lane").to_dicts()}
        write_json(json, result | {"times": [] if clocks is None else clocks.to_dicts()})
        return
    words = {key: str(value) for key, value in said.node.items() if value is not None}
    show(pl.DataFrame({"attribute": list(words), "value": list(words.values())}), name)
    edges = said.edges.sort("parcels", "edge_id", descending=[True, False])
    names = ("direction", "relation", "neighbour", "parcels", "scans")
    show(edges.select(names).head(MOST), f"{edges.height} edges, the busiest first")
    if len(lanes):
        short = lanes.sort("parcels_per_day", descending=True).head(MOST)
        show(
            short.select(
                pl.coalesce("lane_id", pl.lit("corridor")).alias("lane"),
                pl.col("parcels_per_day").alias("parcels/d"),
                pl.col("utilisation").alias("used"),
                pl.col("ratio").alias("to plan"),
                pl.col("miss_rate").alias("missed"),
            ),
            f"{len(lanes)} lanes, last 28 days",
        )
    if clocks is not None:
        whole = clocks.filter(pl.col("weekday").is_null())
        show(whole.select("measure", "n", "q10_h", "q50_h", "q90_h"), "Hours")
