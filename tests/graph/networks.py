"""Random networks for tests, and a graph made from plain rows."""

from datetime import UTC, datetime
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from lanecast.graph.build import Graph
from lanecast.tables.graph import GRAPH_DAYS, GRAPH_EDGES, GRAPH_NODES

AT = datetime(2025, 3, 24, 8, tzinfo=UTC)  # a Monday in the week in which clocks change
ZONES = ("Europe/Berlin", "America/New_York", "UTC", "Asia/Kolkata")


def rows_of(table: Any, rows: list[dict[str, Any]], drop: tuple[str, ...]) -> pl.DataFrame:
    names = {n: c.dtype for n, c in table.columns.items() if n not in drop}
    columns = {name: [row.get(name) for row in rows] for name in names}
    return nw.from_dict(columns, schema=names, backend="polars").to_native()


def made(nodes: list[dict[str, Any]], edges: list[dict[str, Any]], days: Any = None) -> Graph:
    """Return a graph of plain rows, as of ``AT``; 27 and 28 March 2025 are off in region R0."""
    filled = [{"scans": 0, "parcels": 0, "is_planned": True} | edge for edge in edges]
    for edge in filled:
        ends = (edge["head_id"], edge["relation"], edge["tail_id"], edge.get("lane_id"))
        edge["edge_id"] = "|".join(filter(None, ends))
    off = [datetime(2025, 3, day).date() for day in (27, 28)]  # noqa: DTZ001
    return Graph(
        AT,
        rows_of(GRAPH_NODES, nodes, ("asof", "holds")).sort("node_id"),
        rows_of(GRAPH_EDGES, filled, ("asof", "holds")).sort("edge_id"),
        rows_of(GRAPH_DAYS, days or [], ("asof",)),
        pl.DataFrame(schema={"edge_id": pl.String, "event_id": pl.String}),
        pl.DataFrame({"region": ["R0", "R0"], "date": off}),
    )


def place(number: int, rng: np.random.Generator) -> dict[str, Any]:
    zone = ZONES[int(rng.integers(len(ZONES)))]
    name = {"node_id": f"facility:{number:03d}", "kind": "facility", "label": f"{number}"}
    return name | {"role": "sort_hub", "region": f"R{number % 3}", "zone": zone}


def plan(number: int, head: int, tail: int, rng: np.random.Generator) -> dict[str, Any]:
    """Return a lane: one in five without a timetable, one in twenty without any departure."""
    edge = {"head_id": f"facility:{head:03d}", "tail_id": f"facility:{tail:03d}"}
    edge |= {"relation": "lane", "lane_id": f"lane:{number}", "mode": "road", "carrier_id": "c"}
    edge |= {"duration_s": float(rng.integers(600, 40_000))}
    if rng.random() < 0.2:
        return edge
    week = "".join("1" if rng.random() < 0.7 else "0" for _ in range(7))
    daily = 0 if rng.random() < 0.05 else int(rng.integers(1, 4))
    times = {"first_departure_s": float(300 * rng.integers(0, 280)), "headway_s": 9000.0}
    return edge | times | {"weekdays": week, "departures_per_day": daily, "cutoff_s": 1800.0}


def random_graph(seed: int, places: int = 12, lanes: int = 40) -> Graph:
    rng = np.random.default_rng(seed)
    ends = [rng.choice(places, 2, replace=False) for _ in range(lanes)]
    edges = [plan(i, int(a), int(b), rng) for i, (a, b) in enumerate(ends)]
    return made([place(i, rng) for i in range(places)], edges)
