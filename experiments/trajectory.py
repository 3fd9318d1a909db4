"""Where next, in the simulated company, against the best that anybody could say.

    python experiments/trajectory.py --parcels 8000 --days 60 --replicas 12

Replicas of a company redraw its luck and keep its network, people, orders and plans, so the next
stops of one parcel in the same state (where it is, last event, attempts) over many replicas are
draws of the true distribution at that state. The best rule names the likeliest stop; its rate lies
between two figures: that of the stop which was most frequent in the other replicas (a vote, which
errs where replicas are few), and the mean share of the most frequent one (which flatters). Both are
printed beside the models, by how many scans were known.
"""

import argparse
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from lanecast.parcel import trajectory
from lanecast.parcel.trajectory.evaluate import matched
from lanecast.parcel.trajectory.walk import walk
from lanecast.sources.world import World, simulate
from lanecast.tables.lake import Lake, collect

START = datetime(2025, 1, 1, tzinfo=UTC)
STATE = ["parcel_id", "here", "status", "attempts"]
LEARN = timedelta(days=25)
REPLAYED, MATURE = timedelta(days=7), timedelta(days=8)


def stored(world: World, folder: Path) -> Lake:
    """Return the lake of a company."""
    world.write(Lake(folder))
    return Lake(folder)


def states(lake: Lake, since: datetime, until: datetime) -> pl.DataFrame:
    """Return what was asked, the state at each question, and what came of it."""
    asked = collect(trajectory.asked(lake, since, until))
    came = collect(walk(lake)).select("parcel_id", "asof_h", "next_stop").drop_nulls()
    return asked.join(came, on=["parcel_id", "asof_h"])


def best(truth: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Return per question whether the vote of ``others`` is right, and the share of its winner.

    Questions in a state that no other replica reached are left out.
    """
    counts = others.group_by(*STATE, "next_stop").agg(n=pl.len())
    winner = (
        counts.sort("n", "next_stop", descending=[True, False])
        .group_by(STATE, maintain_order=True)
        .agg(vote=pl.col("next_stop").first(), share=pl.col("n").first() / pl.col("n").sum())
    )
    told = truth.join(winner, on=STATE, nulls_equal=True)
    return told.select("parcel_id", "asof_h", "share", vote=(pl.col("vote") == pl.col("next_stop")))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=8000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--replicas", type=int, default=12)
    parser.add_argument("--seed", type=int, default=3)
    given = parser.parse_args()
    end = START + timedelta(days=given.days)
    until = end - MATURE
    cut = until - REPLAYED
    size = {"parcels": given.parcels, "days": given.days, "seed": given.seed}
    with tempfile.TemporaryDirectory() as folder:
        lake = stored(simulate(**size), Path(folder) / "0")
        others = pl.concat(
            states(stored(simulate(**size, replica=k), Path(folder) / str(k)), START, end)
            for k in range(1, given.replicas + 1)
        )
        x = collect(trajectory.features(lake.asof(cut), cut - LEARN, cut).lazy())
        y = collect(trajectory.outcomes(lake, cut))
        asked = collect(trajectory.features(lake.asof(until), cut, until).lazy())
        models = (trajectory.Blend(), trajectory.Frequency(), trajectory.Frequency(levels=()))
        names = ("blend", "frequency", "lane")
        predicted = pl.concat(
            model.fit(x, y).predict(asked).with_columns(model=pl.lit(name))
            for name, model in zip(names, models, strict=True)
        )
        truth = collect(trajectory.outcomes(lake, end))
        bound = best(states(lake, cut, until), others)
    rows, _ = matched(predicted, truth)
    answered = rows.drop_nulls("stop")
    hit = answered.select("parcel_id", "asof_h", "step", "model", hit=pl.col("rank") == 1)
    wide = hit.with_columns(pl.col("hit").fill_null(False)).pivot(
        "model", index=["parcel_id", "asof_h", "step"], values="hit"
    )
    both = wide.join(bound, on=["parcel_id", "asof_h"])
    print(f"{wide.height} questions; {both.height} in a state that another replica reached")
    print("| scans known | n | lane | frequency | blend | vote | flattered |")
    print("|---|---|---|---|---|---|---|")
    grouped = both.with_columns(pl.col("step").clip(upper_bound=10)).group_by("step")
    for (step,), part in [*sorted(grouped, key=lambda each: each[0]), (("all",), both)]:
        values = part.select(pl.col("lane", "frequency", "blend", "vote", "share").mean()).row(0)
        print(f"| {step} | {part.height} |", " | ".join(f"{100 * v:.1f}" for v in values), "|")


if __name__ == "__main__":
    main()
