"""How long a large graph takes to be written to a file and read back, and how much memory.

    python benchmarks/graph_files.py            # 100,000 nodes, 1,000,000 edges, days and proofs
    python benchmarks/graph_files.py --edges 100000 --forms turtle graphml

The network is that of `benchmarks/graph.py`, with a lane node, a day and a proof for each edge.
Each step runs in a process of its own; memory is the most that it held, the graph included. Prints
JSON; ``same`` says whether what was read is what was written.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from graph import made

from lanecast.graph import Graph, graphml, neo4j, rdf
from lanecast.graph.exchange import PARTS

FORMS = ("turtle", "ntriples", "graphml", "neo4j")


def network(nodes: int, edges: int) -> Graph:
    """Return the network with a day and a proof for each edge."""
    graph = made(nodes, edges, "network")
    names = graph.edges.select("edge_id")
    days = names.with_columns(
        date=pl.lit(date(2025, 3, 1)),
        hour=pl.lit(6, pl.Int16),
        measure=pl.lit("transit"),
        bin=pl.lit(120, pl.Int16),
        n=pl.lit(3, pl.Int64),
    )
    proofs = names.with_columns(
        event_id=pl.concat_str(pl.lit("event_"), pl.int_range(pl.len())), seen_at=graph.asof
    )
    proofs = proofs.cast({"seen_at": PARTS["proofs"]["seen_at"]})
    lanes = graph.edges.select(node_id="lane_id", kind=pl.lit("lane"), label="lane_id")
    nodes = pl.concat([graph.nodes.cast(dict(PARTS["nodes"])), lanes], how="diagonal")
    return replace(
        graph,
        nodes=nodes.sort("node_id"),
        edges=graph.edges.cast(dict(PARTS["edges"])),
        days=days.sort("edge_id"),
        proofs=proofs.sort("edge_id"),
    )


def step(form: str, do: str, path: Path, graph: Graph) -> dict[str, Any]:
    """Write or read, and say how long it took."""
    of: Any = {"graphml": graphml, "neo4j": neo4j}.get(form, rdf)
    more = (form,) if of is rdf else ()
    started = time.perf_counter()
    if do == "write":
        of.write(graph, path, *more)
        files = path.iterdir() if path.is_dir() else [path]
        size = sum(each.stat().st_size for each in files)
        return {"write_s": time.perf_counter() - started, "size_mb": size / 1e6}
    back = of.read(path, *more)
    result: dict[str, Any] = {"read_s": time.perf_counter() - started}
    names = [name for name in PARTS if name != "graph"]
    return result | {"same": all(getattr(back, n).equals(getattr(graph, n)) for n in names)}


def main() -> None:
    """Measure each format in processes of their own, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=100_000)
    parser.add_argument("--edges", type=int, default=1_000_000)
    parser.add_argument("--forms", nargs="+", choices=FORMS, default=FORMS)
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        form, do, path = given.step
        found = step(form, do, Path(path), network(given.nodes, given.edges))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(json.dumps(found | {f"{do}_peak_gb": peak}))
        return
    result: dict[str, Any] = {"nodes": given.nodes, "edges": given.edges}
    size = ["--nodes", str(given.nodes), "--edges", str(given.edges)]
    for form in given.forms:
        result[form] = {}
        with tempfile.TemporaryDirectory() as folder:
            for do in ("write", "read"):
                words = [sys.executable, __file__, *size, "--step", form, do, f"{folder}/graph"]
                done = subprocess.run(words, check=True, capture_output=True, text=True)
                result[form] |= json.loads(done.stdout)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
