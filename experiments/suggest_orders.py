"""Does an order learnt from a shop's orders beat the plain one?

    python experiments/suggest_orders.py --seeds 6 7 [--concentrated]

A simulated company's buyers order to streets of one size. With ``--concentrated`` most addresses
are taken out, so that of the twelve streets of a postal code the k-th keeps one in k of its own: a
shop is known in some streets. Learnt is from the first 70 % of the orders, measured on the rest,
against the streets that are true in the simulation; 95 % are over buyers.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.stored import gazetteer
from lanecast.address.suggest import answered
from lanecast.address.suggest.documents import STREET
from lanecast.address.suggest.evaluate import ranks
from lanecast.address.suggest.given import orders
from lanecast.address.suggest.index import Index
from lanecast.address.suggest.learnt import Learnt, learn
from lanecast.address.suggest.questions import Question, looked_at, questions
from lanecast.address.suggest.search import Words
from lanecast.address.suggest.stored import index
from lanecast.address.suggest.terms import terms
from lanecast.sources.world import World, simulate
from lanecast.tables.lake import Lake

END = datetime(2030, 1, 1, tzinfo=UTC)
PAST = 0.7
MOST = 30  # key strokes
DRAWS = 1000


def company(world: World, concentrated: bool, seed: int) -> tuple[pl.DataFrame, Gazetteer, Index]:
    """Return orders with their ``document`` and the ``true`` one, and what there is."""
    lake = Lake(Path(tempfile.mkdtemp()) / "lake")
    world.write(lake)
    lake = Lake(lake.path)
    known = gazetteer(lake)
    held, s = index(lake, known), known.streets
    every = np.arange(len(s.road))
    names = pl.DataFrame(
        {"row": every, "road": s.road.take(every), "postal_code": s.code.take(every)}
    )
    own = np.flatnonzero(held.kind == STREET)
    names = names.join(pl.DataFrame({"row": held.row[own].astype(np.int64), "true": own}), on="row")
    true = world.truth["address_truth"].join(names, on=["road", "postal_code"])
    to = world.tables["orders"].select("order_id", "address_id")
    rows = orders(lake, END, known, held).join(to, on="order_id")
    rows = rows.join(true.select("address_id", "true", "postal_code"), on="address_id")
    rows = rows.sort("known_h", "order_id").with_columns(pl.col("true").cast(pl.Int32))
    if concentrated:
        rng = np.random.default_rng(seed)
        streets = rows.select("postal_code", "true").unique().sort("true")
        streets = streets.with_columns(chance=pl.Series(rng.random(streets.height)))
        streets = streets.with_columns(
            keep=1 / pl.col("chance").rank("ordinal").over("postal_code")
        )
        homes = rows.select("address_id", "true").unique().sort("address_id")
        homes = homes.join(streets, on="true", maintain_order="left")
        homes = homes.filter(pl.Series(rng.random(homes.height)) < pl.col("keep"))
        rows = rows.join(homes.select("address_id"), on="address_id", how="semi")
    return rows, known, held


def places(
    asked: list[Question], learnt: Learnt, known: Gazetteer, held: Index
) -> dict[str, np.ndarray]:
    """Return the place of what was meant in each order."""
    x, meant = looked_at(asked, known, held)
    scores = {"plain": x.plain, "learnt": learnt.fitted.predict(x.plain, x.popular)}
    return {name: ranks(score, meant, x.many) for name, score in scores.items()}


def strokes(
    each: list[Question], texts: list[str], learnt: Learnt, known: Gazetteer, held: Index, top: int
) -> dict[str, np.ndarray]:
    """Return after how many letters what was meant is among the first ``top``; none is one more."""
    lengths = [min(len(text), MOST) for text in texts]
    asked = [
        replace(one, text=text[:n])
        for one, text, most in zip(each, texts, lengths, strict=True)
        for n in range(1, most + 1)
    ]
    of = np.repeat(np.arange(len(each)), lengths)
    at = np.concatenate([np.arange(1, most + 1) for most in lengths])
    out = {}
    for name, found in places(asked, learnt, known, held).items():
        first = np.array(lengths) + 1
        np.minimum.at(first, of[found < top], at[found < top])
        out[name] = first
    return out


def milliseconds(asked: list[Question], learnt: Learnt, known: Gazetteer, held: Index) -> str:
    """Return what a question takes of the processor in the plain order and in the learnt one."""
    took = []
    for order in (None, learnt):
        began = time.process_time()
        for one in asked:
            answered(Words(held), terms(one.text), 10, one.bias, known.streets, order)
        took.append(1000 * (time.process_time() - began) / len(asked))
    return f"{took[0]:.2f} ms, learnt {took[1]:.2f} ms"


def beside(name: str, found: dict[str, np.ndarray], buyers: np.ndarray) -> None:
    """Print the mean of each order, and the differences with their intervals."""
    who, which = np.unique(buyers, return_inverse=True)
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(who), (DRAWS, len(who)))
    many = np.bincount(which)
    told = [f"{order} {value.mean():.4f}" for order, value in found.items()]
    more = np.bincount(which, found["learnt"].astype(float) - found["plain"])
    means = more[drawn].sum(axis=1) / many[drawn].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    told.append(f"difference {more.sum() / many.sum():+.4f} [{low:+.4f}, {high:+.4f}]")
    print(f"{name:12s}", ", ".join(told), flush=True)


def main() -> None:
    """Learn in each company, and print all of them together."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seeds", type=int, nargs="+", default=[6, 7])
    asked.add_argument("--parcels", type=int, default=15_000)
    asked.add_argument("--orders", type=int, default=250, help="that are asked about")
    asked.add_argument("--concentrated", action="store_true")
    args = asked.parse_args()
    parts: dict[str, list[dict[str, np.ndarray]]] = {}
    buyers: dict[str, list[np.ndarray]] = {"strokes": [], "places": []}
    for seed in args.seeds:
        world = simulate(parcels=args.parcels, days=120, seed=seed, streets=True)
        rows, known, held = company(world, args.concentrated, seed)
        cut = rows["known_h"].quantile(PAST)
        past, later = rows.filter(pl.col("known_h") < cut), rows.filter(pl.col("known_h") >= cut)
        learnt, _ = learn(past, known, held)
        right = (rows["document"] == rows["true"]).sum() / rows.height
        print(
            f"seed {seed}: {rows.height:,} orders, text means the true street {right:.4f}, "
            f"weight {learnt.fitted.weight}"
        )
        some = later.sample(args.orders, seed=seed).sort("known_h", "order_id")
        some = some.with_columns(document="true")
        typed = questions(rows, some, known, seed=seed + 100)
        found = places(typed, learnt, known, held)
        each = questions(rows, some, known, each=1)
        for name, hits in (("first", 1), ("among ten", 10)):
            shares = {order: at < hits for order, at in found.items()}
            parts.setdefault(name, []).append(shares)
        for top in (1, 3):
            taken = strokes(each, some["text"].to_list(), learnt, known, held, top)
            parts.setdefault(f"strokes, {top}", []).append(taken)
        buyers["places"].append(np.array([f"{seed} {one.buyer_id}" for one in typed]))
        buyers["strokes"].append(np.array([f"{seed} {one.buyer_id}" for one in each]))
        print(milliseconds(typed[:1000], learnt, known, held), flush=True)
    for name, of in parts.items():
        whole = {order: np.concatenate([one[order] for one in of]) for order in of[0]}
        beside(name, whole, np.concatenate(buyers["strokes" if "," in name else "places"]))


if __name__ == "__main__":
    main()
