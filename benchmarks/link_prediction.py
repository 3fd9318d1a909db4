"""Which flows appear next month? Ours, PyKEEN on the same triples, popularity and distance.

    python benchmarks/link_prediction.py                   # 20,000 parcels; some five minutes
    python benchmarks/link_prediction.py --scale           # 100,000 entities: time and memory

The simulated company keeps its timetable, so that next to no lane appears. What appears are flows:
facility to facility (first scan to the station of the address), and merchant to cell. Models learn
from all relations that were known at a moment and rank the tails of flows that became known in the
30 days after it, among all entities of a fitting kind, without those that were there before. Each
model has a few settings; the one with the best MRR at day ``--tune`` is used at the later moments.
``cold`` hides every tenth merchant from training: it is then known by its place alone.

PyKEEN is not among our requirements: install it into an environment of its own, beside Lanecast
(pip install pykeen). Where it is missing its rows are left out, and the output says so.
"""

import argparse
import json
import resource
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from lanecast.graph import build
from lanecast.graph.embed import Embedding
from lanecast.graph.link import Scorer, embedded, judged, near, popular, ranks
from lanecast.graph.triples import Ints, Triples, appeared, flows, triples
from lanecast.nn.training import Training
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake

MONTH = timedelta(days=30)
ASKED = ("flows_to", "sends_to_cell")
NEGATIVES = {"num_negs_per_pos": 32}
START = datetime(2025, 1, 1, tzinfo=UTC)
Fit = Callable[[Triples], Scorer]


def of(lake: Lake, at: datetime) -> Triples:
    """Return all relations that were known at a moment."""
    return triples(build(lake, at), flows(lake, at))


def task(lake: Lake, day: int) -> tuple[Triples, Ints]:
    """Return the past of a day, and the flows that became known in the month after it."""
    at = START + timedelta(days=day)
    past = of(lake, at)
    rows, _ = appeared(past, of(lake, at + MONTH))
    words = [number for number, name in enumerate(past.relations) if name in ASKED]
    return past, rows[np.isin(rows[:, 1], words)]


def ours(layers: int) -> Iterator[tuple[str, Fit]]:
    """Yield the settings of our models."""
    for n3 in (0.03, 0.1):
        how = Embedding(layers=layers, n3=n3)
        yield f"n3={n3}", lambda past, how=how: embedded(how.fit(past), past)  # type: ignore[misc]


def pykeen(name: str) -> Iterator[tuple[str, Fit]]:
    """Yield the settings of a model of PyKEEN.

    ComplEx by its defaults (components of deviation 1 to begin with) ranks hardly better than
    chance on so few triples: it begins as ours does, at 0.1. RotatE may take a margin of 3.
    """
    import torch
    from pykeen.models import ComplEx, RotatE
    from pykeen.training import LCWATrainingLoop, SLCWATrainingLoop
    from pykeen.triples import CoreTriplesFactory

    def trained(model: Any, kind: Any, factory: Any, epochs: int) -> Scorer:
        adam = torch.optim.Adam(model.parameters(), lr=0.01)
        more = {} if kind is LCWATrainingLoop else {"negative_sampler_kwargs": NEGATIVES}
        loop = kind(model=model, triples_factory=factory, optimizer=adam, **more)
        loop.train(factory, num_epochs=epochs, batch_size=512, use_tqdm=False)

        def score(head: Ints, relation: Ints) -> Any:
            with torch.no_grad():
                asked = torch.from_numpy(np.stack([head, relation], axis=1))
                return model.predict_t(asked).cpu().numpy()

        return score

    def factory(past: Triples, inverse: bool) -> Any:
        sizes = len(past.entities), len(past.relations)
        return CoreTriplesFactory.create(torch.from_numpy(past.rows), *sizes, inverse)

    def complex_(past: Triples, epochs: int, weight: float) -> Scorer:
        of, start = factory(past, True), partial(torch.nn.init.normal_, std=0.1)
        model = ComplEx(
            triples_factory=of,
            random_seed=0,
            embedding_dim=48,
            loss="crossentropy",
            entity_initializer=start,
            relation_initializer=start,
            regularizer_kwargs={"weight": weight, "p": 3.0, "normalize": False},
        )
        return trained(model, LCWATrainingLoop, of, epochs)

    def rotate(past: Triples, epochs: int, margin: float) -> Scorer:
        of = factory(past, False)
        model = RotatE(
            triples_factory=of,
            random_seed=0,
            embedding_dim=48,
            loss="nssa",
            loss_kwargs={"margin": margin},
        )
        return trained(model, SLCWATrainingLoop, of, epochs)

    make, values = (complex_, (0.001, 0.01)) if name == "ComplEx" else (rotate, (3.0, 9.0))
    for epochs, value in product((10, 20), values):
        label = f"epochs={epochs} {'n3' if name == 'ComplEx' else 'margin'}={value}"
        yield label, lambda past, e=epochs, v=value: make(past, e, v)  # type: ignore[misc]


def models() -> dict[str, list[tuple[str, Fit]]]:
    """Return the settings of each model that is there."""
    found = {
        "popular": [("", popular)],
        "near": [("", near)],
        "ComplEx": list(ours(0)),
        "propagated": list(ours(2)),
    }
    try:
        for name in ("ComplEx", "RotatE"):
            found[f"PyKEEN {name}"] = list(pykeen(name))
    except ImportError:
        print("PyKEEN is not installed: its rows are left out (pip install pykeen).")
    return found


def figures(score: Scorer, past: Triples, asked: Ints) -> dict[str, Any]:
    """Return MRR and hits by relation."""
    rows = judged(score, past, asked).fill_null("all").to_dicts()
    return {row.pop("relation"): {k: round(v, 4) for k, v in row.items()} for row in rows}


def cold(lake: Lake, at: datetime) -> dict[str, Any]:
    """Return how well flows of merchants are ranked that training has not seen."""
    graph, sent = build(lake, at), flows(lake, at)
    merchants = graph.nodes.filter(kind="merchant")["node_id"].gather_every(10).implode()
    ends = [pl.col(end).is_in(merchants) for end in ("head_id", "tail_id")]
    theirs = sent.filter(pl.col("head_id").is_in(merchants), relation="sends_to_cell")
    others = sent.filter(~ends[0])
    seen = replace(
        graph,
        nodes=graph.nodes.filter(~pl.col("node_id").is_in(merchants)),
        edges=graph.edges.filter(~pl.any_horizontal(ends)),
    )
    static = pl.col("relation").is_in(["located_in", "in_cell", "ships_from"])
    there = replace(graph, edges=graph.edges.filter(~pl.any_horizontal(ends) | static))
    past, now = triples(seen, others), triples(there, others)
    asked, _ = appeared(now, triples(there, pl.concat([others, theirs])))
    found = {"popular": figures(popular(now), now, asked)["all"]}
    found["near"] = figures(near(now), now, asked)["all"]
    for name, layers in (("ComplEx", 0), ("propagated", 2)):
        model = Embedding(layers=layers).fit(past)
        found[name] = figures(embedded(model, now), now, asked)["all"]
    return found


def scale(
    layers: int, entities: int = 100_000, rows: int = 1_000_000, questions: int = 2_000
) -> dict[str, Any]:
    """Return time and memory of one epoch and of filtered ranks over many entities."""
    rng = np.random.default_rng(0)
    ends = [
        (entities * rng.random(rows) ** 3).astype(np.int64) for _ in range(2)
    ]  # a few have many
    drawn = np.stack([ends[0], rng.integers(0, 8, rows), ends[1]], axis=1)
    names = tuple(f"facility:{number:06d}" for number in range(entities))
    place = np.full((entities, 2), np.nan)
    about = np.zeros((entities, 2), dtype=np.int64)
    about[:, 0] = np.arange(entities)
    words = tuple(f"relation_{number}" for number in range(8))
    all_rows = np.unique(drawn, axis=0)
    picked = rng.permutation(len(all_rows))
    past = Triples(names, words, ("a",), all_rows[picked[questions:]], about, place)
    asked = all_rows[picked[:questions]]
    training = Training(epochs=1, batch=8192, rate=0.03, decay=0.0)
    started = time.perf_counter()
    model = Embedding(layers=layers, against=500, training=training).fit(past)
    fitted = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    ranks(embedded(model, past), past, asked)
    result = {"entities": entities, "triples": len(past.rows), "epoch_s": fitted - started}
    result |= {"questions": questions, "ranks_s": time.perf_counter() - fitted}
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return result | {"fit_peak_gb": before, "peak_gb": after}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=180)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tune", type=int, default=30)
    parser.add_argument("--test", type=int, nargs="+", default=[60, 120])
    parser.add_argument("--scale", action="store_true")
    parser.add_argument("--layers", type=int, default=0, help="of propagation, with --scale")
    given = parser.parse_args()
    if given.scale:
        print(json.dumps(scale(given.layers), indent=1, default=float))
        return
    warnings.simplefilter("ignore")  # PyKEEN's
    result: dict[str, Any] = {"tuned at day": given.tune}
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "lake")
        simulate(parcels=given.parcels, days=given.days, seed=given.seed).write(lake)
        lake = Lake(lake.path)
        tasks = {day: task(lake, day) for day in (given.tune, *given.test)}
        result["cold"] = cold(lake, START + timedelta(days=given.test[-1]))
    for day, (past, asked) in tasks.items():
        result[f"day {day}"] = {"entities": len(past.entities), "triples": len(past.rows)}
        result[f"day {day}"]["asked"] = len(asked)
    for name, settings in models().items():
        tuned = [
            figures(fit(tasks[given.tune][0]), *tasks[given.tune])["all"]["mrr"]
            for _, fit in settings
        ]
        label, fit = settings[int(np.argmax(tuned))]
        for day in given.test:
            started = time.perf_counter()
            score = fit(tasks[day][0])
            spent = time.perf_counter() - started
            found = figures(score, *tasks[day])
            result[f"day {day}"][name] = {"setting": label, "fit_s": round(spent, 1), **found}
        print(name, json.dumps(result[f"day {given.test[0]}"][name]["all"]), flush=True)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
