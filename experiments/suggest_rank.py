"""Does a learnt order beat the plain one? python experiments/suggest_rank.py --folder F.

``F`` is the folder of benchmarks/suggest.py. LightGBM (lambdarank) learns from questions of one
seed, on the features that the plain order uses, and is measured on those of another, beside it.
"""

import argparse
import runpy
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import polars as pl

from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.stored import kept
from lanecast.address.suggest import answered
from lanecast.address.suggest.documents import documents
from lanecast.address.suggest.index import Index, build
from lanecast.address.suggest.rank import NAMES, Bias
from lanecast.address.suggest.search import Words
from lanecast.address.suggest.stored import FORM
from lanecast.address.suggest.terms import terms

BENCHMARK = Path(__file__).parent.parent / "benchmarks" / "suggest.py"
SETTINGS = {
    "objective": "lambdarank", "learning_rate": 0.1, "num_leaves": 15, "verbosity": -1,
    "min_data_in_leaf": 50, "lambdarank_truncation_level": 15, "num_threads": 1, "seed": 0,
}  # fmt: skip


def looked_at(known: Gazetteer, index: Index, rows: pl.DataFrame) -> list[tuple[Any, Any, Any]]:
    """Return for each question the features of what was found, the plain score, and the truth."""
    out = []
    for text, street in zip(rows["text"], rows["street"], strict=True):
        best = answered(Words(index), terms(text), 10, Bias(), known.streets)
        out.append((best.features, best.score, index.row[best.docs] == street))
    return out


def told(name: str, rows: pl.DataFrame, ranks: list[int]) -> None:
    """Print the share of questions whose truth is among the first ten, and first."""
    found = rows.with_columns(rank=pl.Series(ranks))
    table = found.group_by("typed", "slips", maintain_order=True).agg(
        hit=(pl.col("rank") < 10).mean(), first=(pl.col("rank") == 0).mean()
    )
    print(name, "all:", round(float((found["rank"] < 10).mean()), 4))  # type: ignore[arg-type]
    print(table)


def main() -> None:
    """Learn, and print both orders."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--folder", type=Path, required=True)
    asked.add_argument("--addresses", type=int, default=300)
    args = asked.parse_args()
    bench = runpy.run_path(str(BENCHMARK))
    known = bench["gazetteer"](args.folder)
    index = kept(
        args.folder / "index", {"form": FORM}, Index, lambda: build(documents(known), known.streets)
    )
    learn, judge = (bench["questions"](known, seed, args.addresses, False) for seed in (101, 102))
    seen = [each for each in looked_at(known, index, learn) if each[2].any()]
    data = lgb.Dataset(
        np.concatenate([features for features, _, _ in seen]),
        np.concatenate([truth for _, _, truth in seen]).astype(int),
        group=[len(truth) for _, _, truth in seen],
        feature_name=list(NAMES),
    )
    model = lgb.train(SETTINGS, data, num_boost_round=150)
    plain, learnt = [], []
    for features, score, truth in looked_at(known, index, judge):
        for ranks, order in (
            (plain, np.argsort(-score, kind="stable")),
            (learnt, np.argsort(-model.predict(features), kind="stable") if len(score) else score),
        ):
            at = np.flatnonzero(truth[np.asarray(order, np.int64)])
            ranks.append(int(at[0]) if len(at) else 999)
    told("plain", judge, plain)
    told("learnt", judge, learnt)
    print(dict(zip(NAMES, model.feature_importance("gain").round().tolist(), strict=True)))
    print(f"{len(model.model_to_string()) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
