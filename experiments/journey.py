"""Does one journey model earn its place? Against trees per task, single-task twins, and a blend.

    python experiments/journey.py --parcels 20000 --days 120 --epochs 6

A simulated company; everything is fitted on what was known at the cut-off, five weeks before the
end, and asked at every scan of the two weeks after it. Prints Markdown tables.

Rows: trees (LightGBM per task on the same inputs, with the two steps before; for the remaining time
the trees of ``parcel.eta`` on their features), twin (the same net, one task each), joint, and
blend (geometric mean of chances or quantiles of trees and joint).
"""

import argparse
import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import lightgbm as lgb
import numpy as np
import polars as pl

from lanecast.metrics.calibration import ece
from lanecast.metrics.detection import average_precision
from lanecast.metrics.quantile import crps
from lanecast.nn.training import Training
from lanecast.parcel import eta
from lanecast.parcel.journey import Answered, Journey, Sequences, answers, sequences
from lanecast.parcel.journey.inputs import NUMBERS, TEXTS
from lanecast.parcel.journey.reach import KEYS, MOST
from lanecast.parcel.vocabulary import learn
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import LEVELS

START = date(2025, 1, 1)
LEVEL = np.array(LEVELS)
ID = ["parcel_id", "asof_h"]
TREES = {"num_threads": 1, "verbosity": -1, "seed": 0, "deterministic": True}


def inputs(x: Sequences, texts=None):
    """Return what trees read at each step: its inputs, those before, and shares of the lanes."""
    texts = texts or learn(x.steps, TEXTS)
    codes = pl.DataFrame(texts.encode(x.steps), schema=[f"c_{name}" for name in TEXTS])
    rows = pl.concat([x.steps.select(*ID, *KEYS, *NUMBERS), codes], how="horizontal")
    late = ["c_status", "c_facility_id", "since_step"]
    rows = rows.with_columns(
        pl.col(late).shift(k).over("parcel_id").name.suffix(f"_{k}") for k in (1, 2)
    )
    shares = x.reach.filter(pl.col("rank") < 4).pivot(
        "rank", index=KEYS, values=["to_goal", "to_region", "to_any"]
    )
    rows = rows.join(shares, on=KEYS, how="left", maintain_order="left", nulls_equal=True)
    return rows.drop(*ID, *KEYS).to_numpy().astype(np.float32), texts


def ranks(x: Sequences, y: pl.DataFrame) -> np.ndarray:
    """Return the rank of the place that came among the lanes: MOST new, MOST + 1 none, -1 open."""
    rows = x.steps.select(*ID, *KEYS).join(y.select(*ID, "place"), on=ID, how="left",
                                           maintain_order="left")  # fmt: skip
    found = rows.join(x.reach.select(*KEYS, "place", "rank"), on=[*KEYS, "place"], how="left",
                      maintain_order="left", nulls_equal=True)  # fmt: skip
    rank = found["rank"].cast(pl.Int64).fill_null(MOST).to_numpy().copy()
    rank[(found["place"] == "").fill_null(False).to_numpy()] = MOST + 1
    rank[found["place"].is_null().to_numpy()] = -1
    return rank


def classes(inside: np.ndarray, label: np.ndarray, outside: np.ndarray, n: int) -> np.ndarray:
    """Return chances of n classes by LightGBM, shape (n_rows, n)."""
    known = label >= 0
    objective = {"objective": "multiclass", "num_class": n} if n > 2 else {"objective": "binary"}
    data = lgb.Dataset(inside[known], label[known])
    chance = lgb.train(TREES | objective, data, 100).predict(outside)
    return np.asarray(chance) if n > 2 else np.column_stack([1 - chance, chance])


def mixed(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the geometric mean of chances, normalised."""
    both = np.sqrt(np.maximum(a, 1e-9) * np.maximum(b, 1e-9))
    return both / both.sum(1, keepdims=True)


def top(chance: np.ndarray, rank: np.ndarray, k: int) -> float:
    """Return the share of next places, where there was one, that are among the k likeliest."""
    moving = (rank >= 0) & (rank <= MOST)
    best = np.argsort(-chance[moving, : MOST + 1], axis=1)[:, :k]
    return float((best == rank[moving, None]).any(1).mean())


def remaining(hours: np.ndarray, y: pl.DataFrame, steps: pl.DataFrame) -> dict[str, float]:
    """Return CRPS [days] early (up to two scans), late, and coverage."""
    done = (y["end"] == "delivered").fill_null(False).to_numpy()
    early = (steps["scans"].to_numpy() <= np.log1p(2)) & done
    late = done & ~early
    days = y["end_after_h"].to_numpy() / 24
    score = {name: crps(days[part], hours[part] / 24, LEVEL).mean()
             for name, part in (("early", early), ("late", late))}  # fmt: skip
    inside = (days >= hours[:, 3] / 24) & (days <= hours[:, 11] / 24)
    return score | {"cover": float(inside[done].mean())}


def main() -> None:
    """Fit everything once and print the tables."""
    parse = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parse.add_argument("--parcels", type=int, default=20_000)
    parse.add_argument("--days", type=int, default=120)
    parse.add_argument("--epochs", type=int, default=6)
    parse.add_argument("--threads", type=int, default=2)
    parse.add_argument("--seed", type=int, default=0)
    parse.add_argument("--twins", action="store_true")
    given = parse.parse_args()
    start = datetime(START.year, START.month, START.day, tzinfo=UTC)
    end = start + timedelta(days=given.days)
    cut, asked = end - timedelta(days=35), end - timedelta(days=21)
    with tempfile.TemporaryDirectory() as folder:
        world = simulate(parcels=given.parcels, days=given.days, seed=given.seed, start=START)
        world.write(Lake(Path(folder)))
        lake = Lake(Path(folder))
        x, later = sequences(lake.asof(cut), start, cut), sequences(lake.asof(asked), cut, asked)
        y = answers(lake, cut, x.steps)
        eta_x, eta_y = (
            collect(eta.features(lake.asof(cut), start + timedelta(days=14), cut).lazy()),
            collect(eta.outcomes(lake.asof(cut), cut).lazy()),
        )
        eta_later = collect(eta.features(lake.asof(asked), cut, asked).lazy())
        steps = later.steps.filter("is_asked")
        truth = steps.select(ID).join(answers(lake, end, later.steps), on=ID, how="left",
                                      maintain_order="left")  # fmt: skip
    training = Training(given.epochs, batch=64, rate=2e-3, threads=given.threads, seed=given.seed)
    whole = Journey(training)
    fitted = {"joint": whole.fit(x, y)}
    if given.twins:
        fitted |= {task: replace(whole, tasks=(task,)).fit(x, y) for task in whole.tasks}
    said: dict[str, Answered] = {name: each.answer(later) for name, each in fitted.items()}
    joint = said["joint"]
    inside, texts = inputs(x)
    outside, _ = inputs(later, texts)
    outside = outside[later.steps["is_asked"].to_numpy()]
    rank = ranks(replace(later, steps=steps), truth)
    fails = pl.Series(truth["attempt"]).replace_strict(
        {"delivered": 0, "delivery_failed": 1}, default=None, return_dtype=pl.Int64
    )
    failing = joint.chances["attempt"].sum(2)[:, 1]
    trees_place = classes(inside, ranks(x, y), outside, MOST + 2)
    known = x.steps.select(ID).join(y.select(*ID, "attempt"), on=ID, how="left",
                                    maintain_order="left")["attempt"]  # fmt: skip
    label = known.replace_strict({"delivered": 0, "delivery_failed": 1}, default=-1)
    trees_fail = classes(inside, label.to_numpy(), outside, 2)[:, 1]
    boosted, blend = eta.Boosted().fit(eta_x, eta_y), eta.Blend().fit(eta_x, eta_y)
    ours = steps.select(ID).with_row_index("row")
    asked_eta = eta_later.join(ours, on=ID, how="inner", maintain_order="left")
    order = asked_eta["row"].to_numpy()
    y_eta, s_eta = truth[order], steps[order]
    joint_h = joint.hours("end", LEVEL, "delivered")[order]
    trees_h, blend_h = boosted.hours(asked_eta), blend.hours(asked_eta)
    print("\n| next place | top 1 | top 3 |\n|---|---|---|")
    frequency = np.eye(MOST + 2)[:, ::-1][np.full(len(rank), MOST + 1)] * 0
    frequency[:, :MOST] = np.linspace(1, 0.1, MOST)
    rows = {"frequency": frequency, "trees": trees_place, "joint": joint.place}
    if given.twins:
        rows["twin"] = said["place"].place
    rows["blend"] = mixed(trees_place, joint.place)
    for name, chance in rows.items():
        print(f"| {name} | {top(chance, rank, 1):.4f} | {top(chance, rank, 3):.4f} |")
    print("\n| next attempt fails | PR-AUC | ECE |\n|---|---|---|")
    told = fails.is_not_null().to_numpy()
    event = fails.drop_nulls().to_numpy()
    risks = {"trees": trees_fail, "joint": failing}
    if given.twins:
        risks["twin"] = said["attempt"].chances["attempt"].sum(2)[:, 1]
    risks["blend"] = np.sqrt(trees_fail * failing)
    for name, risk in risks.items():
        area = average_precision(risk[told], event)
        print(f"| {name} | {area:.4f} | {ece(risk[told], event):.4f} |")
    print("\n| remaining time | CRPS to 2 scans | CRPS later | cover 80 % |\n|---|---|---|---|")
    times = {"trees": trees_h, "eta blend": blend_h, "joint": joint_h}
    if given.twins:
        times["twin"] = said["end"].hours("end", LEVEL, "delivered")[order]
    times["trees + joint"] = np.sqrt(trees_h * joint_h)
    times["eta blend + joint"] = np.sqrt(blend_h * joint_h)
    for name, hours in times.items():
        score = remaining(hours, y_eta, s_eta)
        print(f"| {name} | {score['early']:.4f} | {score['late']:.4f} | {score['cover']:.3f} |")


if __name__ == "__main__":
    main()
