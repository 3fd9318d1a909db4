"""The knowledge graph against the truth of the simulated company.

    python experiments/graph.py --parcels 20000 --days 180 --first 10 --seeds 6

Prints, as Markdown: how many lanes that truly shifted are found and how many others are told
(in the whole network, and with the shifted lanes taken out, where every alarm is false); whether
predicted arrivals of single rides and of whole ways cover what truly happened later; and what
extending a graph by a day costs against building it anew.
"""

import argparse
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from lanecast.graph import Graph, build, extend
from lanecast.graph.changes import changes
from lanecast.graph.index import Index, index
from lanecast.graph.journey import journey
from lanecast.sources.world import World, simulate
from lanecast.tables.lake import Lake

START = datetime(2025, 1, 1, tzinfo=UTC)
EDGE = 8  # days at both ends of the window in which a shift cannot be seen


def shifts(world: World, graph: Graph, days: int) -> dict[str, Any]:
    """Return counts of lanes told and of lanes that shifted."""
    truth = world.truth["lane_times"].select(
        pl.concat_str(pl.lit("lane:"), "lane_id").alias("lane_id"),
        shifted=(pl.col("shift") != 1) & pl.col("shift_day").is_between(EDGE, days - EDGE),
        ever=pl.col("shift") != 1,
    )
    rows = changes(graph).join(truth, on="lane_id", how="left")
    rows = rows.with_columns(pl.col("shifted", "ever").fill_null(False))
    told = rows.filter("is_changed")
    calm = rows.filter(~pl.col("ever"))["edge_id"]
    quiet = graph.days.filter(pl.col("edge_id").is_in(calm.implode()))
    alone = changes(Graph(**{**vars(graph), "days": quiet}))
    return {
        "lanes": rows.height,
        "shifted": int(rows["shifted"].sum()),
        "found": int(told["shifted"].sum()),
        "false": int((~told["ever"]).sum()),
        "calm lanes": alone.height,
        "alarms among calm": int(alone["is_changed"].sum()),
    }


def covered(world: World, ix: Index, until: datetime) -> dict[str, float]:
    """Return the share of true arrivals inside predicted 80 % ranges, and the bias [h]."""
    cut = ix.graph.asof
    number = dict(zip(ix.roads.lanes["lane_id"].str.slice(5), ix.roads.lanes["lane"], strict=True))
    legs = (
        world.truth["legs"]
        .sort("parcel_id", "departed_at")
        .with_columns(came=pl.col("arrived_at").shift().over("parcel_id"))
    )
    legs = legs.filter(pl.col("arrived_at").null_count().over("parcel_id") == 0)
    came = pl.col("came")
    ways = (
        legs.group_by("parcel_id", maintain_order=True)
        .agg("lane_id", came=came.get(1, null_on_oob=True), end=pl.col("arrived_at").last())
        .filter(came > cut, came < until)
    )
    rides = legs.filter(came > cut, came < until)
    out: dict[str, float] = {}
    single = rides.sample(min(600, rides.height), seed=0)
    asked = {
        "ride": [([row["lane_id"]], row["came"], row["arrived_at"]) for row in single.to_dicts()],
        "way": [
            (row["lane_id"][1:], row["came"], row["end"])
            for row in ways.sample(min(600, ways.height), seed=0).to_dicts()
        ],
    }
    for name, each in asked.items():
        inside, late = [], []
        for lanes, came, end in each:
            if any(lane not in number for lane in lanes):
                continue
            found = journey(ix, [number[lane] for lane in lanes], came.timestamp(), samples=256)
            low, mid, high = (found.quantile(q) for q in (0.1, 0.5, 0.9))
            inside.append(low <= end.timestamp() <= high)
            late.append((end.timestamp() - mid) / 3600)
        out |= {f"{name}s": len(inside), f"{name} in 80 %": float(np.mean(inside))}
        out |= {f"{name} median error h": float(np.median(late))}
        out |= {f"{name} MAE h": float(np.mean(np.abs(late)))}
    return out


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=180)
    parser.add_argument("--first", type=int, default=10, help="seeds 0 to 3 shaped `changes`")
    parser.add_argument("--seeds", type=int, default=6)
    given = parser.parse_args()
    told, seen, cost = [], [], []
    for seed in range(given.first, given.first + given.seeds):
        with tempfile.TemporaryDirectory() as folder:
            world = simulate(parcels=given.parcels, days=given.days, seed=seed)
            world.write(Lake(Path(folder)))
            lake, end = Lake(Path(folder)), START + timedelta(days=given.days)
            started = time.process_time()
            graph = build(lake, end)
            built = time.process_time() - started
            told.append({"seed": seed} | shifts(world, graph, given.days))
            old = build(lake, end - timedelta(days=1))
            started = time.process_time()
            extend(old, lake, end)
            cost.append({"seed": seed, "build s": built, "a day s": time.process_time() - started})
            ix = index(build(lake, end - timedelta(days=40)))
            seen.append({"seed": seed} | covered(world, ix, end - timedelta(days=10)))
    with pl.Config(
        tbl_formatting="MARKDOWN", tbl_rows=-1, tbl_cols=-1, tbl_hide_dataframe_shape=True,
        tbl_hide_column_data_types=True, float_precision=3,
    ):  # fmt: skip
        for rows in (told, seen, cost):
            print(pl.DataFrame(rows), "\n")
    whole = pl.DataFrame(told).sum()
    print(whole.to_dicts()[0])


if __name__ == "__main__":
    main()
