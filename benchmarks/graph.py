"""How fast a large graph answers: neighbours and facts of a node, and the fastest way.

    python benchmarks/graph.py                          # 100,000 nodes and 1,000,000 edges
    python benchmarks/graph.py --nodes 10000 --edges 100000 --shape random

Two shapes. ``network`` lies on a plane like a carrier's: hubs that are joined to each other, sort
centres about them, and stations about those, with lanes to the nearest by two carriers. ``random``
joins any two places, which no carrier does and which is the worst case for bounds. Every lane has a
timetable and local time; ways are asked between stations at random moments of a week. Prints JSON;
``plain_ms`` is the same question by Dijkstra's algorithm with a heap in Python, for comparison, and
``differ`` counts answers that are not the same (it must be 0).
"""

import argparse
import heapq
import json
import time
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
from scipy.spatial import cKDTree

from lanecast.graph import Graph
from lanecast.graph.facts import facts
from lanecast.graph.index import Index, index
from lanecast.graph.route import routes
from lanecast.graph.search import earliest
from lanecast.tables.graph import GRAPH_DAYS, GRAPH_EDGES, GRAPH_NODES

AT = datetime(2025, 3, 24, tzinfo=UTC)
ZONES = ("Europe/Lisbon", "Europe/Berlin", "Europe/Athens")
SPEED = 62_000 / 3600  # m/s


def ends(nodes: int, edges: int, shape: str, rng: np.random.Generator) -> tuple[Any, Any]:
    """Return positions [m] and the (head, tail) of lanes between them."""
    at = rng.uniform(0, 2_000_000, (nodes, 2))
    if shape == "random":
        return at, rng.integers(0, nodes, (edges, 2))
    hubs, centres = max(nodes // 400, 4), max(nodes // 16, 12)
    hub, centre = np.arange(hubs), np.arange(hubs, hubs + centres)
    station = np.arange(hubs + centres, nodes)
    pairs = [np.stack(np.meshgrid(hub, hub), -1).reshape(-1, 2)]

    def near(of: Any, among: Any, many: int) -> None:
        found = cKDTree(at[among]).query(at[of], min(many, len(among)))[1].reshape(len(of), -1)
        one = np.stack([np.repeat(of, found.shape[1]), among[found].reshape(-1)], axis=1)
        pairs.extend([one, one[:, ::-1]])

    near(centre, hub, 3)
    near(centre, centre, 8)
    near(station, centre, 4)
    joined = np.concatenate(pairs)
    left = max(edges - len(joined), 0)
    near(station[: left // 4], station, 3)
    joined = np.concatenate(pairs)
    joined = joined[joined[:, 0] != joined[:, 1]]
    again = joined[rng.integers(0, len(joined), max(edges - len(joined), 0))]  # another carrier
    return at, np.concatenate([joined, again])[:edges]


def made(nodes: int, edges: int, shape: str, seed: int = 0) -> Graph:
    """Return a graph of facilities and lanes."""
    rng = np.random.default_rng(seed)
    at, pairs = ends(nodes, edges, shape, rng)
    length = np.hypot(*(at[pairs[:, 0]] - at[pairs[:, 1]]).T)
    names = pl.Series([f"facility:{i:06d}" for i in range(nodes)])
    size = len(pairs)
    table = pl.DataFrame(
        {
            "head_id": names.gather(pairs[:, 0]),
            "tail_id": names.gather(pairs[:, 1]),
            "lane_id": pl.Series([f"lane:{i:07d}" for i in range(size)]),
            "relation": ["lane"] * size,
            "carrier_id": pl.Series(rng.choice(["norda", "velox"], size)),
            "mode": ["road"] * size,
            "is_planned": [True] * size,
            "scans": [0] * size,
            "parcels": [0] * size,
            "duration_s": length / SPEED + 1200,
            "first_departure_s": 300.0 * rng.integers(0, 288, size),
            "headway_s": [9000.0] * size,
            "departures_per_day": rng.integers(1, 4, size),
            "weekdays": pl.Series(rng.choice(["1111100", "1111110", "1111111"], size)),
            "cutoff_s": [1800.0] * size,
        }
    ).with_columns(
        edge_id=pl.concat_str("head_id", "relation", "tail_id", "lane_id", separator="|")
    )
    zone = np.clip(at[:, 0] // 700_000, 0, 2).astype(int)
    places = pl.DataFrame(
        {
            "node_id": names,
            "kind": ["facility"] * nodes,
            "label": names,
            "role": ["delivery_station"] * nodes,
            "region": pl.Series(["R0", "R1", "R2"]).gather(zone),
            "zone": pl.Series(ZONES).gather(zone),
        }
    )
    days = {name: [] for name in GRAPH_DAYS.columns if name != "asof"}  # type: ignore[var-annotated]
    kinds = {"edge_id": pl.String, "measure": pl.String, "bin": pl.Int16, "n": pl.Int64}
    kinds |= {"date": pl.Date, "hour": pl.Int16}
    nothing = pl.DataFrame(days, schema=kinds)
    return Graph(
        AT,
        _filled(places, GRAPH_NODES).sort("node_id"),
        _filled(table, GRAPH_EDGES).sort("edge_id"),
        nothing,
        pl.DataFrame(schema={"edge_id": pl.String, "event_id": pl.String}),
        pl.DataFrame(schema={"region": pl.String, "date": pl.Date}),
    )


def _filled(rows: pl.DataFrame, table: Any) -> pl.DataFrame:
    names = [name for name in table.columns if name not in ("asof", "holds")]
    texts = ("country", "role", "region", "zone", "mode")
    return rows.with_columns(
        pl.lit(None, pl.String if name in texts else pl.Float64).alias(name)
        for name in names
        if name not in rows.columns
    ).select(names)


def plain(ix: Index, start: int, goal: int, at: float) -> float:
    """Return the earliest arrival by Dijkstra's algorithm, a node at a time."""
    best, heap, done = {start: at}, [(at, start)], set()
    while heap:
        now, here = heapq.heappop(heap)
        if here == goal:
            return now
        if here in done:
            continue
        done.add(here)
        lane = np.arange(ix.roads.first[here], ix.roads.first[here + 1])
        arrive = ix.roads.arrival(lane, np.full(len(lane), now))
        for tail, then in zip(ix.roads.tail[lane].tolist(), arrive.tolist(), strict=True):
            if then < best.get(tail, np.inf):
                best[tail] = then
                heapq.heappush(heap, (then, tail))
    return float("inf")


def spent(ask: Any, questions: list[Any]) -> tuple[list[Any], dict[str, float]]:
    """Return the answers and how long each took [ms]; ``cpu_`` is the processor time."""
    answers, times, busy = [], [], []
    for question in questions:
        started, begun = time.perf_counter(), time.process_time()
        answers.append(ask(*question))
        times.append(1000 * (time.perf_counter() - started))
        busy.append(1000 * (time.process_time() - begun))
    levels = (50, 95, 99)
    wall, cpu = np.percentile(times, levels), np.percentile(busy, levels)
    spent = {f"p{level}_ms": at for level, at in zip(levels, wall, strict=True)}
    spent |= {f"cpu_p{level}_ms": at for level, at in zip(levels, cpu, strict=True)}
    return answers, spent | {"max_ms": max(times)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=100_000)
    parser.add_argument("--edges", type=int, default=1_000_000)
    parser.add_argument("--shape", choices=["network", "random"], default="network")
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--plain", type=int, default=5)
    given = parser.parse_args()
    graph = made(given.nodes, given.edges, given.shape)
    started = time.perf_counter()
    ix = index(graph)
    result: dict[str, Any] = {"nodes": graph.nodes.height, "edges": graph.edges.height}
    result |= {"shape": given.shape, "index_s": time.perf_counter() - started}
    rng = np.random.default_rng(1)
    low = graph.nodes.height // 10
    pairs = rng.integers(low, graph.nodes.height, (given.times, 2)).tolist()
    moments = (AT.timestamp() + rng.uniform(0, 7 * 86_400, given.times)).tolist()
    asked = [(ix, a, b, at) for (a, b), at in zip(pairs, moments, strict=True)]
    earliest(*asked[0])
    _, result["neighbours"] = spent(
        lambda ix, node: facts(ix, node).edges, [(ix, a) for a, _ in pairs]
    )
    ways, result["path"] = spent(earliest, asked)
    result["found"] = sum(np.isfinite(at) for at, _ in ways)
    result["legs"] = float(np.mean([len(way) for _, way in ways]))
    _, result["three_ways_with_distribution"] = spent(routes, asked[: max(given.times // 10, 1)])
    others, result["plain_dijkstra"] = spent(plain, asked[: given.plain])
    same = [abs(a - b) < 1e-3 or a == b for (a, _), b in zip(ways, others, strict=False)]
    result["differ"] = len(same) - sum(same)
    print(json.dumps(result, indent=1, default=float))


if __name__ == "__main__":
    main()
