"""How long it usually takes, against a loop over deliveries known before the week."""

import math

import numpy as np
import polars as pl

from lanecast.parcel.journey.left import (
    ALWAYS_H,
    LEVELS,
    SHORTEST_H,
    WAYS,
    WORTH,
    left,
    usually_left,
)
from lanecast.parcel.journey.reach import WEEK_H


def told(n=300, seed=0):
    rng = np.random.default_rng(seed)
    rows = (
        pl.DataFrame(
            {
                "parcel_id": [f"p{i % 90}" for i in range(n)],
                "asof_h": rng.uniform(0, 5 * WEEK_H, n),
                "status": rng.choice(["arrived", "departed"], n),
                "reached_from": rng.choice(["a", "b"], n),
                "goal_region": rng.choice(["R", "S"], n),
                "goal_facility_id": rng.choice(["x", "y", "z"], n),
                "merchant_id": rng.choice(["m1", "m2"], n),
            }
        )
        .sort("asof_h")
        .with_columns(week=(pl.col("asof_h") / WEEK_H).floor().cast(pl.Int32))
    )
    ends = pl.DataFrame({"parcel_id": [f"p{i}" for i in range(60)]}).with_columns(
        delivered_h=pl.Series(rng.uniform(0, 5 * WEEK_H, 60))
    )
    return rows, ends.with_columns(known_h=pl.col("delivered_h") + pl.Series(rng.gamma(1, 20, 60)))


def naive(row, rows, ends, levels):
    mean, n = math.log(ALWAYS_H), 0
    for level in levels:
        logs = [
            math.log(max(ends[other["parcel_id"]][0] - other["asof_h"], SHORTEST_H))
            for other in rows
            if other["parcel_id"] in ends
            and ends[other["parcel_id"]][1] // WEEK_H < row["week"]
            and all(other[key] == row[key] for key in LEVELS[level])
        ]
        n = len(logs)
        mean = (sum(logs) + WORTH * mean) / (n + WORTH)
    return mean, math.log1p(n)


def test_usual_times_agree_with_a_loop():
    rows, ends = told()
    found = usually_left(rows, left(rows, ends))
    known = {name: (end, then) for name, end, then in ends.iter_rows()}
    every = rows.to_dicts()
    for row, mine in zip(every, found.iter_rows(named=True), strict=True):
        for name, levels in WAYS.items():
            wanted = naive(row, every, known, levels)
            np.testing.assert_allclose((mine[f"{name}_left"], mine[f"{name}_n"]), wanted)


def test_nothing_known_is_the_usual_of_all():
    rows, ends = told()
    found = usually_left(rows, left(rows, ends.clear()))
    assert (found["usually_left"] - math.log(ALWAYS_H)).abs().max() < 1e-12
    assert found["usually_n"].max() == 0
