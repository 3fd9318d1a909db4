"""Whole ways in the simulated company: predicted against true, in the measures of the field.

    python experiments/ways.py --parcels 8000 --days 60 --epochs 6

Two days of questions after one fit. From each the way ahead is drawn by the models of
``parcel.trajectory`` stop after stop, and by ``rollout`` of the journey model, and the likeliest
way is compared with the true one. Then rounds: the parcels that leave one station on one day, in
the order in which they are handed over; there the error by parcel and that by step are two things.
"""

import argparse
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from lanecast.metrics.routing import (
    END,
    edit_distance,
    hit_rate,
    kendall,
    package_error,
    square_deviation,
    step_error,
)
from lanecast.nn.training import Training
from lanecast.parcel import journey, trajectory
from lanecast.parcel.journey.rollout import FINAL
from lanecast.parcel.trajectory.walk import walk
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake, collect
from lanecast.tables.trajectory import NO_FURTHER, SOMEWHERE_NEW

START = datetime(2025, 1, 1, tzinfo=UTC)
LEARN, ASKED, MATURE = timedelta(days=25), timedelta(days=2), timedelta(days=14)
QUESTION = ["parcel_id", "asof_h"]
MINUTES = 60.0
SAME_DAY_H = 14.0  # later ends are no part of the round


def true_ways(lake: Lake, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the stops that followed each question, with the end, of parcels that have ended."""
    told = collect(walk(lake)).sort(*QUESTION)
    last = told.filter(next_stop=NO_FURTHER).unique("parcel_id", keep="last")
    ends = last.select("parcel_id", stop="next_stop", at_h="next_h", stops=pl.col("stops") + 1)
    begun = told.drop_nulls("here").unique(["parcel_id", "stops"], keep="first")
    stays = begun.select("parcel_id", stop="here", at_h="entered_h", stops="stops")
    every = pl.concat([stays.join(ends, on="parcel_id", how="semi"), ends]).rename({"stops": "nth"})
    asked = rows.select(*QUESTION, "stops").join(every, on="parcel_id")
    return asked.filter(pl.col("nth") > pl.col("stops")).sort(*QUESTION, "nth").drop("stops")


def of_rollout(drawn: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return what ``rollout`` drew as stops, one row each, and the end."""
    here = drawn.join(rows.select("parcel_id", "here"), on="parcel_id").sort(
        "parcel_id", "draw", "step"
    )
    before = pl.col("facility_id").shift(1).over("parcel_id", "draw")
    moved = (pl.col("facility_id") != pl.coalesce(before, "here", pl.lit(""))) & (
        pl.col("facility_id") != ""
    )
    new = pl.col("facility_id") == "somewhere new"
    ends = here.filter(pl.col("status").is_in(FINAL)).with_columns(stop=pl.lit(NO_FURTHER))
    stops = here.filter(moved).with_columns(
        stop=pl.when(new).then(pl.lit(SOMEWHERE_NEW)).otherwise("facility_id")
    )
    both = pl.concat([stops, ends], how="diagonal").sort(
        "parcel_id", "draw", "step", maintain_order=True
    )
    nth = pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("parcel_id", "draw")
    return both.select("parcel_id", "draw", nth.alias("step"), "stop", "at_h")


def score(drawn: pl.DataFrame, truth: pl.DataFrame) -> dict[str, float]:
    """Compare the likeliest way of each question with the true one.

    Parameters
    ----------
    drawn, truth
        ``parcel_id`` names the question.
    """
    said = trajectory.likeliest(drawn, 1).select("parcel_id", "stops")
    real = truth.group_by("parcel_id", maintain_order=True).agg(true="stop")
    both = real.join(said, on="parcel_id", how="inner")
    codes = {name: k for k, name in enumerate(both["stops"].explode().append(
        both["true"].explode()).unique().sort())}  # fmt: skip

    def rows(lists: list[list[str]]) -> np.ndarray[Any, Any]:
        out = np.full((len(lists), max(map(len, lists))), END)
        for row, names in zip(out, lists, strict=True):
            row[: len(names)] = [codes[name] for name in names]
        return out

    ours, theirs = both["stops"].to_list(), both["true"].to_list()
    a, b = rows(ours), rows(theirs)
    edits = edit_distance(a, b)
    same = [i for i, (x, y) in enumerate(zip(ours, theirs, strict=True))
            if sorted(x) == sorted(y) and len(set(y)) == len(y) > 1]  # fmt: skip
    wide = max(a.shape[1], b.shape[1])
    a, b = (np.pad(each, ((0, 0), (0, wide - each.shape[1])), constant_values=END)[same]
            for each in (a, b))  # fmt: skip
    told = trajectory.arrivals(drawn).filter(visit=1)
    met = truth.unique(["parcel_id", "stop"], keep="first").join(told, on=["parcel_id", "stop"])
    last = met.filter(stop=NO_FURTHER)
    first = met.filter(pl.col("nth") == pl.col("nth").min().over("parcel_id"))
    scores = {
        "n": float(both.height),
        "stops": float(np.mean([len(each) for each in theirs])),
        "exact": float((edits == 0).mean()),
        "ED": float(edits.mean()),
        "same stops": len(same) / both.height,
        "HR@3": float(hit_rate(a, b, 3).mean()),
        "KRC": float(np.nanmean(kendall(a, b))),
        "LSD": float(square_deviation(a, b).mean()),
    }
    for name, part in (("next", first), ("any", met), ("end", last)):
        scores[f"{name} MAE h"] = float((part["q500"] - part["at_h"]).abs().mean() or 0)  # type: ignore[arg-type]
        inside = part["at_h"].is_between(part["q100"], part["q900"])
        scores[f"{name} in 80 %"] = float(inside.mean() or 0)  # type: ignore[arg-type]
    return scores


def rounds(lake: Lake, fitted: Any, since: datetime, until: datetime) -> dict[str, float]:
    """Score the order in which a round is delivered, and its times by parcel and by step."""
    x = collect(trajectory.features(lake, since, until).lazy())
    x = x.filter(status="out_for_delivery")
    said = fitted.predict(x).filter(stop=NO_FURTHER)
    hour = (pl.col("asof_h") * 3_600_000_000).round().cast(pl.Int64)
    came = collect(trajectory.outcomes(lake, until + MATURE)).filter(stop=NO_FURTHER)
    came = came.with_columns(micros=hour).select("parcel_id", "micros", "asof_h", "end_h")
    both = said.with_columns(micros=pl.col("asof").dt.epoch("us")).join(
        came, on=["parcel_id", "micros"]
    )
    both = both.with_columns(
        said_h=pl.col("asof_h") + pl.col("asof_to_arrived_h"), day=pl.col("asof").dt.date()
    ).unique(["parcel_id", "day"], keep="first")
    both = both.filter(pl.col("end_h") - pl.col("asof_h") < SAME_DAY_H)
    groups = both.sort("parcel_id").group_by("facility_id", "day", maintain_order=True)
    lists = groups.agg("said_h", "end_h").filter(pl.col("end_h").list.len() >= 3)
    wide = int(lists["end_h"].list.len().max() or 0)  # type: ignore[arg-type]
    times = [np.full((lists.height, wide), np.nan) for _ in range(2)]
    for array, name in zip(times, ("said_h", "end_h"), strict=True):
        for row, values in zip(array, lists[name].to_list(), strict=True):
            row[: len(values)] = values
    there = ~np.isnan(times[1])
    a, b = (np.where(np.sort(there, axis=1)[:, ::-1], np.argsort(each, axis=1), END)
            for each in times)  # fmt: skip
    return {
        "rounds": float(lists.height),
        "parcels": float(there.sum()),
        "HR@3": float(hit_rate(a, b, 3).mean()),
        "KRC": float(np.nanmean(kendall(a, b))),
        "LSD": float(square_deviation(a, b).mean()),
        "ED": float(edit_distance(a, b).mean()),
        "by parcel, min": float(np.nanmean(package_error(*times)) * MINUTES),
        "by step, min": float(np.nanmean(step_error(*times)) * MINUTES),
    }


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=8000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--draws", type=int, default=64)
    parser.add_argument("--most", type=int, default=600, help="questions")
    parser.add_argument("--seed", type=int, default=3)
    given = parser.parse_args()
    end = START + timedelta(days=given.days)
    until = end - MATURE
    cut = until - ASKED
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder))
        simulate(parcels=given.parcels, days=given.days, seed=given.seed).write(lake)
        lake = Lake(lake.path)
        asked = collect(trajectory.asked(lake, cut, until)).drop_nulls("here")
        asked = asked.sort(*QUESTION).sample(min(given.most, asked.height), seed=given.seed)
        named = pl.format("{}@{}", "parcel_id", "asof_h")
        truth = true_ways(lake, asked).with_columns(parcel_id=named)
        rows = asked.with_columns(parcel_id=named)
        x = collect(trajectory.features(lake.asof(cut), cut - LEARN, cut).lazy())
        y = collect(trajectory.outcomes(lake, cut))
        context, clocks = trajectory.context(lake, cut), collect(trajectory.clocks(lake, cut))
        table = {}
        fitted = trajectory.Blend().fit(x, y)
        models = {
            "share of the lane": trajectory.Frequency(levels=()).fit(x, y),
            "shares with back-off": trajectory.Frequency().fit(x, y),
            "blend": fitted,
        }
        for name, model in models.items():
            begun = time.process_time()
            drawn = trajectory.ways(model, rows, context, clocks, draws=given.draws)
            table[name] = score(drawn, truth) | {"s": time.process_time() - begun}
        training = Training(epochs=given.epochs, batch=128, rate=2e-3, threads=1)
        seen = journey.sequences(lake.asof(cut), cut - LEARN, cut)
        net = journey.Journey(training).fit(seen, journey.answers(lake, cut, seen.steps))
        steps = collect(journey.steps(lake, cut, until))
        own = asked.select("parcel_id", "here", until_h="asof_h").join(steps, on="parcel_id")
        own = own.filter(pl.col("asof_h") <= pl.col("until_h")).with_columns(
            parcel_id=pl.format("{}@{}", "parcel_id", "until_h")
        )
        begun = time.process_time()
        past = own.select(steps.columns)
        drawn = journey.rollout(net, past, journey.context(lake, cut), draws=given.draws)
        drawn = of_rollout(drawn, rows)
        table["journey model"] = score(drawn, truth) | {"s": time.process_time() - begun}
        turn = rounds(lake.asof(until + MATURE), fitted, cut, until)
    names = list(table["blend"])
    print("| ways | " + " | ".join(names) + " |\n" + "|---" * (len(names) + 1) + "|")
    for name, row in table.items():
        print(f"| {name} |", " | ".join(f"{row[key]:.3g}" for key in names), "|")
    print("\n| " + " | ".join(turn) + " |\n" + "|---" * len(turn) + "|")
    print("|", " | ".join(f"{value:.3g}" for value in turn.values()), "|")


if __name__ == "__main__":
    main()
