"""Does the knowledge graph help the ETA? The time-dependent way ahead as columns of ``eta``.

    python experiments/eta_graph.py --parcels 20000 --days 120 --seeds 3

A simulated company; fitted once, two weeks asked. Each question also gets, from the graph as of the
last Sunday midnight before it, when the parcel would usually reach the facility of its address by
the earliest way from where it is, in hours and as hour of the day there, and the same in the times
that nine in ten keep. Before its first facility it is taken to begin at the one that took most of
the merchant's parcels; at checkout, when it is usually handed over;
what has just departed is taken to have come two hours before. Prints, by model and moment, the
error with and without, and the difference with a 95 % interval (days of
asking are drawn anew).
"""

import argparse
import json
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from lanecast.cli.training import blend
from lanecast.graph import build
from lanecast.graph.bins import Floats
from lanecast.graph.evidence import Ints
from lanecast.graph.index import Index, index
from lanecast.metrics.interval import paired_bootstrap
from lanecast.metrics.quantile import crps
from lanecast.parcel import eta
from lanecast.parcel.eta.evaluate import matched
from lanecast.parcel.eta.models.boosted import Boosted
from lanecast.parcel.questions import questions
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import LEVELS, QUANTILES

START = datetime(2025, 1, 1, tzinfo=UTC)
KEY = ("parcel_id", "moment", "asof_h")
WEEK_H = 168.0
ONWARD_S = 7200.0  # by which what has departed is taken to have come before
ROUNDS = 12


def arrivals(ix: Index, start: Ints, goal: Ints, at: Floats, slow: bool) -> Floats:
    """Return the earliest arrival [s] of each question, all at once: every lane, round by round."""
    roads = ix.roads
    best = np.full((ix.graph.nodes.height, len(at)), np.inf)
    best[start, np.arange(len(at))] = at
    lanes = np.flatnonzero(~roads.is_corridor).tolist()
    for _ in range(ROUNDS):
        before = best.copy()
        for lane in lanes:
            head, tail = int(roads.head[lane]), int(roads.tail[lane])
            some = np.flatnonzero(before[head] < best[tail])
            if len(some):
                arrive = roads.arrival(np.full(len(some), lane), before[head, some], slow)
                best[tail, some] = np.minimum(best[tail, some], arrive)
        if (best == before).all():
            break
    result: Floats = best[goal, np.arange(len(at))]
    return result


def ways(lake: Lake, x: pl.DataFrame, since: datetime, until: datetime) -> pl.DataFrame:
    """Return ``x`` with the columns of the graph; null where a place is unknown."""
    asked = collect(questions(lake.asof(until), since, until).lazy()).select(
        *KEY, "status", "merchant_id", "facility_id", "goal_facility_id", "utc_offset_min"
    )
    rows = x.select(*KEY, "handling_h").join(asked.unique(KEY), on=KEY, how="left")
    assert rows.height == x.height
    checkout = pl.col("moment") == "checkout"
    gone = pl.col("status") == "departed"
    rows = rows.with_row_index("row").with_columns(
        here="facility:" + pl.when(pl.col("facility_id") != "").then("facility_id"),
        merchant="merchant:" + pl.col("merchant_id"),
        goal="facility:" + pl.col("goal_facility_id"),
        at=pl.col("asof_h") * 3600
        + pl.when(checkout).then(pl.col("handling_h").fill_null(0.0) * 3600).otherwise(0.0)
        - pl.when(gone).then(ONWARD_S).otherwise(0.0),
        week=((pl.col("asof_h") - START.timestamp() / 3600) / WEEK_H).floor(),
    )
    usual, slow = np.full((2, rows.height), np.nan)
    for (week,), part in rows.partition_by("week", as_dict=True).items():
        known = build(lake, START + timedelta(hours=max(WEEK_H * float(week), 24.0)))
        ix = index(known)
        first = known.edges.filter(pl.col("relation") == "ships_from").sort("parcels", "tail_id")
        first = first.unique("head_id", keep="last", maintain_order=True)
        part = part.join(
            first.select("tail_id", merchant="head_id"), on="merchant", how="left"
        ).with_columns(here=pl.coalesce("here", "tail_id"))
        names = pl.DataFrame({"name": ix.names}).with_row_index("place")
        for end in ("here", "goal"):
            part = part.join(names, left_on=end, right_on="name", how="left").rename(
                {"place": f"{end}_row"}
            )
        part = part.drop_nulls(["here_row", "goal_row"])
        for block in part.iter_slices(4000):
            start, goal, at = (block[name].to_numpy() for name in ("here_row", "goal_row", "at"))
            row = block["row"].to_numpy()
            usual[row] = arrivals(ix, start, goal, at, False)
            slow[row] = arrivals(ix, start, goal, at, True)
    asof_h = rows["asof_h"].to_numpy()
    offset = rows["utc_offset_min"].fill_null(0).to_numpy() / 60
    found = [np.where(np.isfinite(each), each / 3600, np.nan) for each in (usual, slow)]
    return x.with_columns(
        graph_h=pl.Series(found[0] - asof_h).fill_nan(None),
        graph_hour=pl.Series((found[0] + offset) % 24).fill_nan(None),
        graph_slow_h=pl.Series(found[1] - asof_h).fill_nan(None),
        graph_slow_hour=pl.Series((found[1] + offset) % 24).fill_nan(None),
    )


def scored(fitted: Any, x: pl.DataFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    """Return absolute error and CRPS [days] of each question that was answered."""
    rows = matched(fitted.predict(x), outcomes).drop_nulls("hours")
    days = rows["hours"].to_numpy() / 24
    loss = crps(days, rows.select(QUANTILES).to_numpy() / 24, np.array(LEVELS))
    error = np.abs(rows["asof_to_delivered_h"].to_numpy() / 24 - days)
    return rows.select("parcel_id", "moment", "asof", mae=pl.Series(error), crps=pl.Series(loss))


def compared(plain: pl.DataFrame, more: pl.DataFrame) -> list[dict[str, Any]]:
    """Return by moment both errors, and their difference with its interval."""
    both = plain.join(more, on=["parcel_id", "moment", "asof"], suffix="_graph", validate="1:1")
    table = []
    for (moment,), rows in both.sort("moment").partition_by("moment", as_dict=True).items():
        for name in ("mae", "crps"):
            ours, peer = rows[f"{name}_graph"].to_numpy(), rows[name].to_numpy()
            day = rows["asof"].dt.date().to_physical().to_numpy()
            gap = paired_bootstrap(ours, peer, day)
            table.append(
                {"moment": moment, "score": name, "n": rows.height, "without": peer.mean()}
                | {"with": ours.mean(), "low": gap.low, "high": gap.high}
            )
    return table


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--models", nargs="+", default=["boosted", "blend"])
    given = parser.parse_args()
    cut = START + timedelta(days=given.days - 41)
    end = cut + timedelta(days=14)
    for seed in range(given.first, given.first + given.seeds):
        with tempfile.TemporaryDirectory() as folder:
            simulate(parcels=given.parcels, days=given.days, seed=seed).write(Lake(Path(folder)))
            lake = Lake(Path(folder))
            begin = START + timedelta(days=7)
            x = collect(eta.features(lake.asof(cut), begin, cut).lazy())
            y = collect(eta.outcomes(lake.asof(cut), cut).lazy())
            asked = collect(eta.features(lake.asof(end), cut, end).lazy())
            outcomes = collect(eta.outcomes(lake, datetime.now(UTC)).lazy())
            started = time.process_time()
            more = ways(lake, x, begin, cut), ways(lake, asked, cut, end)
            spent = time.process_time() - started
        print(json.dumps({"seed": seed, "rows": x.height, "graph s of processor": spent}))
        null = pl.col("graph_h").is_null().mean()
        print(more[1].group_by("moment", "status").agg(pl.len(), null).sort("moment").rows())
        for name in given.models:
            model = Boosted(seed=seed) if name == "boosted" else blend(seed)
            plain = scored(model.fit(x, y), asked, outcomes)
            ours = scored(model.fit(more[0], y), more[1], outcomes)
            with pl.Config(tbl_formatting="MARKDOWN", tbl_hide_dataframe_shape=True):
                table = pl.DataFrame(compared(plain, ours))
                print(f"{name}\n{table.with_columns(pl.selectors.float().round(4))}", flush=True)


if __name__ == "__main__":
    main()
