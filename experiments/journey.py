"""Does one journey model earn its place? Against trees, single-task twins, graph vectors, a blend.

    python experiments/journey.py --parcels 20000 --epochs 6
    python experiments/journey.py --parcels 275000 --folder DIR data trees eta early joint tables

A simulated company; everything is fitted on what was known at the cut-off, five weeks before the
end, and asked at every scan of the two weeks after it. Stages that are named are run alone and keep
their answers in the folder, so that they can run beside each other. Prints Markdown tables.

    data     inputs and truth; vectors of the places from the graph as of the cut-off
    trees    LightGBM per task on the same inputs and the two steps before; for the remaining time
             its centre, and how far off others of like spread were, from steps that are settled
    eta      trees and blend of ``parcel.eta`` on their own features
    early    the model two weeks before the cut-off, and what puts it right on those two weeks
    joint    the model at the cut-off, put right by ``early`` (left out, ``early`` stands for it)
    graph    the same with vectors of the graph as traits of places
    twins    the same net for one task each (``place``, ``attempt``, ``event``, ``end`` for one)
    cold     the model that has never met one place in twelve, nor a parcel that saw one
    tables   what came of it
"""

import argparse
import pickle
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import lightgbm as lgb
import numpy as np
import polars as pl
import torch

from lanecast import graph
from lanecast.graph.embed import Embedding
from lanecast.graph.triples import triples
from lanecast.metrics.calibration import ece
from lanecast.metrics.detection import average_precision
from lanecast.metrics.quantile import crps
from lanecast.nn.training import Training
from lanecast.parcel import eta
from lanecast.parcel.events.models.recalibration import corrected, straight
from lanecast.parcel.journey import Journey, Sequences, answers, sequences
from lanecast.parcel.journey.arrays import HEADS
from lanecast.parcel.journey.inputs import NUMBERS, PLACES, TEXTS, VECTOR
from lanecast.parcel.journey.reach import KEYS, MOST
from lanecast.parcel.vocabulary import learn
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import LEVELS

START = datetime(2025, 1, 1, tzinfo=UTC)
LEVEL = np.array(LEVELS)
ID = ["parcel_id", "asof_h"]
TASKS = ("place", "attempt", "event", "end")
STAGES = ("data", "trees", "eta", "early", "joint", "graph", "twins", "cold", "tables")
RANKS = 5  # lanes that trees tell apart; further ones are one class
NOT_RUN = "not run"
STEPS = 500_000  # that trees learn from at most, spread evenly
SETTLED_H = 14 * 24.0  # steps so old have nearly all ended
EVENTS = [word for word in HEADS["event"] if " " not in word]


def spots(lake: Lake, asof: datetime) -> pl.DataFrame:
    """Return vectors of places learnt from the graph of ``asof``."""
    told = triples(graph.build(lake, asof))
    vectors = Embedding(layers=1, width=8).fit(told).vectors(told)
    names = pl.DataFrame({"node": told.entities}).with_row_index("row")
    places = names.filter(pl.col("node").str.starts_with("facility:"))
    numbers = {f"{VECTOR}{i}": each for i, each in enumerate(vectors[places["row"]].T)}
    return places.select(facility_id=pl.col("node").str.slice(9)).with_columns(
        **{name: pl.Series(each, dtype=pl.Float64) for name, each in numbers.items()}
    )


def some(x: Sequences, names: pl.Series) -> Sequences:
    """Return the steps of some parcels."""
    return replace(x, steps=x.steps.filter(pl.col("parcel_id").is_in(names.implode())))


def data(given: argparse.Namespace, folder: Path) -> None:
    """Simulate, and write what is read and what came of it."""
    end = START + timedelta(days=given.days)
    cut, asked = end - timedelta(days=35), end - timedelta(days=21)
    mid = cut - timedelta(days=14)
    with TemporaryDirectory() as name:
        path = given.lake or Path(name)
        if given.lake is None:
            world = simulate(parcels=given.parcels, days=given.days, seed=given.seed,
                             start=date(START.year, 1, 1))  # fmt: skip
            world.write(Lake(path))
        lake = Lake(path)
        vectors = spots(lake.asof(cut), cut)
        x = sequences(lake.asof(cut), START, cut, vectors)
        y = answers(lake, cut, x.steps)
        mid_h = mid.timestamp() / 3600
        early = replace(x, steps=x.steps.filter(pl.col("asof_h") < mid_h))
        early_y = answers(lake, mid, early.steps)
        between = x.steps.with_columns(is_asked=pl.col("asof_h") >= mid_h)
        between = between.filter(pl.col("is_asked").any().over("parcel_id"))
        names = between["parcel_id"].unique().sort().sample(fraction=1, shuffle=True, seed=0)
        between = some(replace(x, steps=between), names[: given.asked])
        later = sequences(lake.asof(asked), cut, asked, vectors)
        names = later.steps["parcel_id"].unique().sort().sample(fraction=1, shuffle=True, seed=0)
        later = some(later, names[: given.asked])
        steps = later.steps.filter("is_asked")
        truth = steps.select(ID).join(answers(lake, end, steps), on=ID, how="left",
                                      maintain_order="left")  # fmt: skip
        eta_x = collect(eta.features(lake.asof(cut), START + timedelta(days=14), cut).lazy())
        eta_y = collect(eta.outcomes(lake.asof(cut), cut).lazy())
        eta_later = collect(eta.features(lake.asof(asked), cut, asked).lazy())
    keep(folder / "data", x=x, y=y, early=early, early_y=early_y, between=between, later=later,
         truth=truth)  # fmt: skip
    keep(folder / "eta_data", x=eta_x, y=eta_y,
         later=eta_later.join(steps.select(ID), on=ID, how="semi"))  # fmt: skip
    print(f"{x.steps['parcel_id'].n_unique():,} parcels to learn from, {x.steps.height:,} steps; "
          f"{later.steps['parcel_id'].n_unique():,} asked about, {steps.height:,} steps; "
          f"{x.places.height} places", flush=True)  # fmt: skip


def keep(path: Path, **what: object) -> None:
    """Write arrays and frames for the stages to come."""
    with path.with_suffix(".pkl").open("wb") as file:
        pickle.dump(what, file, protocol=5)


def kept(path: Path) -> dict:
    """Return what an earlier stage of this very experiment wrote."""
    with path.with_suffix(".pkl").open("rb") as file:
        return pickle.load(file)  # noqa: S301, written by this script


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


def ranks(x: Sequences, place: pl.Series) -> np.ndarray:
    """Return the rank of each place among the lanes: MOST new, MOST + 1 none, -1 open."""
    rows = x.steps.select(KEYS).with_columns(place=place)
    found = rows.join(x.reach.select(*KEYS, "place", "rank"), on=[*KEYS, "place"], how="left",
                      maintain_order="left", nulls_equal=True)  # fmt: skip
    rank = found["rank"].cast(pl.Int64).fill_null(MOST).to_numpy().copy()
    rank[(found["place"] == "").fill_null(False).to_numpy()] = MOST + 1
    rank[found["place"].is_null().to_numpy()] = -1
    return rank


def codes(words: pl.Series, among: tuple[str, ...] | list[str]) -> np.ndarray:
    """Return the place of each word among others, -1 for any other."""
    each = {word: i for i, word in enumerate(among)}
    return words.replace_strict(each, default=-1, return_dtype=pl.Int64).to_numpy()


def boosted(given, inside, label, known=None, n=None, **objective: object) -> lgb.Booster:
    """Fit LightGBM, its defaults, to rows that are known, ``STEPS`` at most; to n classes."""
    if n is not None:
        known = label >= 0
        objective = (
            {"objective": "multiclass", "num_class": n} if n > 2 else {"objective": "binary"}
        )
    rows = np.flatnonzero(known)[:: max(1, int(known.sum()) // STEPS)]
    settings = {"num_threads": given.threads, "verbosity": -1, "seed": given.seed} | objective
    return lgb.train(settings, lgb.Dataset(inside[rows], label[rows]), 100)


def trees(given: argparse.Namespace, folder: Path) -> None:
    """Fit a forest per task."""
    from_, told = kept(folder / "data"), {}
    x, later = from_["x"], from_["later"]
    rows = x.steps.select(ID).join(from_["y"].unique(ID, keep="last"), on=ID, how="left",
                                   maintain_order="left")  # fmt: skip
    inside, texts = inputs(x)
    outside = inputs(later, texts)[0][later.steps["is_asked"].to_numpy()]
    fit = partial(boosted, given, inside)
    rank = ranks(x, rows["place"])
    few = np.select([rank < RANKS, rank < MOST, rank == MOST], [rank, RANKS, RANKS + 1], RANKS + 2)
    chance = fit(np.where(rank < 0, -1, few), n=RANKS + 3).predict(outside)
    place = np.zeros((len(outside), MOST + 2))
    place[:, :RANKS] = chance[:, :RANKS]
    tail = np.linspace(1, 0.1, MOST - RANKS)
    place[:, RANKS:MOST] = chance[:, [RANKS]] * tail / tail.sum()
    place[:, MOST:] = chance[:, RANKS + 1 :]
    told["place"] = place
    told["event"] = fit(codes(rows["event"], EVENTS), n=len(EVENTS)).predict(outside)
    told["end"] = fit(codes(rows["end"], HEADS["end"]), n=4).predict(outside)
    fails = codes(rows["attempt"], HEADS["attempt"])
    told["attempt_raw"] = fit(fails, n=2).predict(outside)
    mid_h = from_["early_y"].select((pl.col("asof_h") + pl.col("end_after_h")).max()).item()
    is_early = (x.steps["asof_h"] < mid_h).to_numpy()
    known = is_early & (x.steps["asof_h"] + rows["attempt_after_h"] < mid_h).to_numpy()
    first = fit(fails, known & (fails >= 0), objective="binary")
    held = ~is_early & (fails >= 0)
    line = straight(first.predict(inside[held]), fails[held], np.ones(held.sum()))
    told["attempt"] = corrected(told["attempt_raw"], line)
    done = (rows["end"] == "delivered").fill_null(False).to_numpy()
    done &= (x.steps["asof_h"] < x.steps["asof_h"].max() - SETTLED_H).to_numpy()
    log = np.log(np.maximum(rows["end_after_h"].to_numpy(), 0.25)) - rows_usual(x)
    aside = (x.steps["parcel_id"].hash(0) % 10 == 0).to_numpy()  # parcels that show how far off
    centre = fit(log, done & ~aside, objective="regression_l1")
    gap = log - centre.predict(inside)
    spread = fit(np.abs(gap), done & ~aside)
    edges = np.quantile(spread.predict(inside[done & aside]), np.linspace(0, 1, 11)[1:-1])
    tenth = np.digitize(spread.predict(inside), edges)
    shape = np.stack([np.quantile(gap[done & aside & (tenth == i)], LEVEL) for i in range(10)])
    middle = (centre.predict(outside) + rows_usual(later, asked=True))[:, None]
    told["hours"] = np.exp(middle + shape[np.digitize(spread.predict(outside), edges)])
    keep(folder / "trees", **told)


def rows_usual(x: Sequences, asked: bool = False) -> np.ndarray:
    """Return the log of the hours that it usually takes from each step."""
    rows = x.steps.filter("is_asked") if asked else x.steps
    return rows["usually_left"].to_numpy()


def of_eta(given: argparse.Namespace, folder: Path) -> None:
    """Fit trees and blend of ``parcel.eta``."""
    from_ = kept(folder / "eta_data")
    x, later = from_["x"], from_["later"]
    names = x["parcel_id"].unique().sort().sample(fraction=1, shuffle=True, seed=0)
    x = x.filter(pl.col("parcel_id").is_in(names[: given.eta_parcels].implode()))
    answered = {"asked": later.select(ID)}
    for name, model in (("trees", eta.Boosted()), ("blend", eta.Blend())):
        answered[name] = model.fit(x, from_["y"]).hours(later)
    keep(folder / "eta", **answered)


def plain(x: Sequences) -> Sequences:
    """Return the same without vectors of the graph."""
    return replace(x, places=x.places.select(~pl.selectors.starts_with(VECTOR)))


def colds(x: Sequences) -> pl.Series:
    """Return every twelfth of the places that parcels saw."""
    seen = pl.concat([x.steps[name].rename("place") for name in PLACES]).unique().drop_nulls()
    seen = seen.filter(seen != "").sort().sample(fraction=1, shuffle=True, seed=1)
    return seen[: max(1, len(seen) // 12)]


def touched(x: Sequences, places: pl.Series) -> pl.Series:
    """Return the parcels that started at, were seen at, or go to one of ``places``."""
    hit = pl.any_horizontal(pl.col(name).is_in(places.implode()) for name in PLACES)
    return x.steps.filter(hit)["parcel_id"].unique()


def without(x: Sequences, places: pl.Series) -> Sequences:
    """Return what is left when some places have never been."""
    gone = touched(x, places).implode()
    return Sequences(
        x.steps.filter(~pl.col("parcel_id").is_in(gone)),
        x.reach.filter(~pl.col("place").is_in(places.implode())),
        x.places.filter(~pl.col("facility_id").is_in(places.implode())),
    )


def nets(given: argparse.Namespace, folder: Path, name: str) -> None:
    """Fit the net ``name`` and write what it says."""
    from_ = kept(folder / "data")
    how = Training(given.epochs, given.batch, given.rate, threads=given.threads, seed=given.seed)
    model, x, y, later = Journey(how), from_["x"], from_["y"], plain(from_["later"])
    if name == "early" or given.early:
        x, y = from_["early"], from_["early_y"]
    if name == "graph":
        later = from_["later"]
    else:
        x = plain(x)
    if name == "cold":
        x = without(x, colds(plain(from_["x"])))
    if name in TASKS:
        model = replace(model, tasks=(name,))
    wall, cpu = time.perf_counter(), time.process_time()
    fitted = model.fit(x, y)
    took = time.perf_counter() - wall, time.process_time() - cpu
    where = torch.cuda.get_device_name() if torch.cuda.is_available() else "processor"
    print(f"{name}: {x.steps['parcel_id'].n_unique():,} parcels, {given.epochs} epochs of batches "
          f"of {given.batch}, {took[0]:.0f} s, {took[1]:.0f} s of the processor; {where}, "
          f"{given.threads} threads", flush=True)  # fmt: skip
    if name == "early":
        right = fitted.calibrated(plain(from_["between"]), answers_of(from_)).calibration
    elif (folder / "early.pkl").exists():
        right = kept(folder / "early")["calibration"]
    else:
        right = None
    told, said = {"calibration": right}, {"raw_": fitted.answer(later)}
    said[""] = said["raw_"] if right is None or name in TASKS else right.applied(said["raw_"])
    for kind, each in said.items():
        told |= {
            f"{kind}place": each.place,
            f"{kind}event": np.column_stack([each.chance("event", word) for word in EVENTS]),
            f"{kind}attempt": each.chance("attempt", "delivery_failed"),
            f"{kind}end": np.column_stack([each.chance("end", word) for word in HEADS["end"]]),
            f"{kind}hours": each.hours("end", LEVEL, "delivered"),
        }
    keep(folder / name, **told)


def answers_of(from_: dict) -> pl.DataFrame:
    """Return what was known at the cut-off of the two weeks before it."""
    asked = from_["between"].steps.filter("is_asked").select(ID)
    return from_["y"].join(asked, on=ID, how="semi")


def middle(*parts: np.ndarray | None) -> np.ndarray | None:
    """Return the geometric mean, None where a part was not run."""
    if any(part is None for part in parts):
        return None
    return np.exp(np.mean(np.log(np.maximum(parts, 1e-9)), axis=0))


def mixed(*parts: np.ndarray | None) -> np.ndarray | None:
    """Return the geometric mean of chances, normalised; None where a part was not run."""
    both = middle(*parts)
    return None if both is None else both / both.sum(1, keepdims=True)


def top(chance: np.ndarray, rank: np.ndarray, k: int) -> np.ndarray:
    """Return of next places, where there was one, whether they are among the k likeliest."""
    moving = (rank >= 0) & (rank <= MOST)
    best = np.argsort(-chance[moving, : MOST + 1], axis=1)[:, :k]
    return (best == rank[moving, None]).any(1)


def ceiling(steps: pl.DataFrame, rank: np.ndarray) -> float:
    """Return how often a table that knew these very steps would have named the next place."""
    by = ["status", "reached_from", "goal_facility_id", "carrier_id", "service"]
    rows = steps.with_columns(rank=pl.Series(rank)).filter(pl.col("rank").is_between(0, MOST))
    counts = rows.group_by(*by, "rank").len().group_by(by).agg(pl.col("len").max())
    return counts["len"].sum() / rows.height


def apart(gap: np.ndarray, who: pl.Series, seed: int = 0) -> str:
    """Return the 90 % interval of the mean of ``gap``, parcels drawn anew."""
    per = (
        pl.DataFrame({"who": who, "gap": gap}).group_by("who").agg(pl.col("gap").sum(), n=pl.len())
    )
    total, n = per["gap"].to_numpy(), per["n"].to_numpy()
    drawn = np.random.default_rng(seed).integers(len(n), size=(300, len(n)))
    low, high = np.quantile(total[drawn].sum(1) / n[drawn].sum(1), [0.05, 0.95])
    return f"{low:+.4f} to {high:+.4f}"


def row(name: str, *cells: object) -> None:
    """Print a row of a table."""
    print("|", " | ".join([name, *(f"{c:.4f}" if isinstance(c, float) else str(c) for c in cells)]),
          "|")  # fmt: skip


def compared(of: Callable[[str, str], np.ndarray | None], what: str) -> dict:
    """Return what each model said, None where its stage was not run."""
    twin = {"hours": "end"}.get(what, what)
    both = middle if what in ("attempt", "hours") else mixed

    def right(name: str) -> np.ndarray | None:
        return None if of(name, "calibration") is None else of(name, what)

    return {
        "trees": of("trees", what),
        "twin": of(twin, f"raw_{what}"),
        "joint": of("joint", f"raw_{what}"),
        "joint, put right": right("joint"),
        "joint + graph": of("graph", f"raw_{what}"),
        "joint + graph, put right": right("graph"),
        "trees + joint": both(of("trees", what), of("joint", what)),
    }


def against(
    mine: np.ndarray,
    other: np.ndarray | None,
    score: Callable[[np.ndarray], np.ndarray],
    who: pl.Series,
) -> str:
    """Return the interval of how much higher a score is than that of the joint model."""
    return NOT_RUN if other is None else apart(mine * 1.0 - score(other), who)


def tables(given: argparse.Namespace, folder: Path) -> None:
    """Print what came of it, and which stages were not run."""
    from_ = kept(folder / "data")
    later, truth = plain(from_["later"]), from_["truth"]
    steps = later.steps.filter("is_asked")
    asked = replace(later, steps=steps)
    names = ("trees", "early", "joint", "graph", "cold", *TASKS)
    said = {name: kept(folder / name) for name in names if (folder / f"{name}.pkl").exists()}
    if "joint" not in said and "early" in said:
        said["joint"] = said["early"]

    def of(name: str, key: str) -> np.ndarray | None:
        return said[name][key] if name in said else None

    rank, who = ranks(asked, truth["place"]), steps["parcel_id"]
    frequency = np.zeros((len(rank), MOST + 2))
    frequency[:, :MOST] = np.linspace(1, 0.1, MOST)
    print(f"\n| next place | top 1 | top 3 | top 1, less joint's | (a table fitted to these steps: "
          f"{ceiling(steps, rank):.4f}) |\n|---|---|---|---|---|")  # fmt: skip
    moving = (rank >= 0) & (rank <= MOST)
    for name, chance in {"lanes by how often": frequency, **compared(of, "place")}.items():
        if chance is None:
            row(name, *[NOT_RUN] * 3, "")
            continue
        hit = top(chance, rank, 1)
        gap = against(hit, of("joint", "place"), lambda each: top(each, rank, 1),
                      who.filter(moving))  # fmt: skip
        row(name, float(hit.mean()), float(top(chance, rank, 3).mean()), gap, "")
    came = codes(truth["event"], EVENTS)
    print("\n| next event | right | log loss | log loss, less joint's |\n|---|---|---|---|")
    label = came[came >= 0]

    def lost(chance: np.ndarray) -> np.ndarray:
        each = chance[came >= 0][np.arange(len(label)), label]
        return -np.log(np.maximum(each, 1e-9))

    for name, chance in compared(of, "event").items():
        if chance is None:
            row(name, *[NOT_RUN] * 3)
            continue
        right = float((chance[came >= 0].argmax(1) == label).mean())
        gap = against(lost(chance), of("joint", "event"), lost, who.filter(came >= 0))
        row(name, right, float(lost(chance).mean()), gap)
    for head, word in (("attempt", "delivery_failed"), ("end", "returned"), ("end", "lost")):
        known = truth[head].is_not_null().to_numpy()
        hit = (truth[head] == word).fill_null(False).to_numpy()[known]
        print(f"\n| chance of {word}, share {hit.mean():.4f} | PR-AUC | ECE |\n|---|---|---|")
        for name, chance in compared(of, head).items():
            if chance is None:
                row(name, NOT_RUN, NOT_RUN)
                continue
            risk = chance if head == "attempt" else chance[:, HEADS["end"].index(word)]
            row(name, float(average_precision(risk[known], hit)), float(ece(risk[known], hit)))
    theirs = kept(folder / "eta") if (folder / "eta.pkl").exists() else {"asked": steps.select(ID)}
    rows = truth.select(ID).with_row_index("row")
    order = theirs["asked"].join(rows, on=ID, how="left", maintain_order="left")["row"].to_numpy()
    done = (truth["end"] == "delivered").fill_null(False).to_numpy()[order]
    days = truth["end_after_h"].to_numpy()[order] / 24
    early = steps["scans"].to_numpy()[order] <= np.log1p(2)
    of_theirs = {f"{name} of eta": theirs.get(name) for name in ("trees", "blend")}
    times = {name: None if each is None else each[order]
             for name, each in compared(of, "hours").items()}  # fmt: skip
    joint = of("joint", "hours")
    joint = None if joint is None else joint[order]
    times |= of_theirs
    times |= {f"{name} + joint": middle(each, joint) for name, each in of_theirs.items()}
    parts = (of_theirs["blend of eta"], times["trees"], joint)
    times["blend of eta + trees + joint"] = middle(*parts)
    score = {name: crps(days[done], hours[done] / 24, LEVEL)
             for name, hours in times.items() if hours is not None}  # fmt: skip
    print("\n| remaining time, CRPS [d] | to 2 scans | later | cover 80 % | "
          "against trees, to 2 scans | later |"
          "\n|---|---|---|---|---|---|")  # fmt: skip
    first, whom = early[done], who.gather(order).filter(done)
    for name, hours in times.items():
        if hours is None:
            row(name, *[NOT_RUN] * 5)
            continue
        inside = (days >= hours[:, 3] / 24) & (days <= hours[:, 11] / 24)
        gaps = [apart((score[name] - score["trees"])[part], whom.filter(part))
                if "trees" in score else NOT_RUN for part in (first, ~first)]  # fmt: skip
        row(name, *(float(score[name][part].mean()) for part in (first, ~first)),
            float(inside[done].mean()), *gaps)  # fmt: skip
    if "cold" in said and "joint" in said:
        hit = who.is_in(touched(later, colds(plain(from_["x"]))).implode()).to_numpy()
        print(f"\n| {int(hit.sum()):,} steps of cold places | base | warm | cold | gain lost |"
              "\n|---|---|---|---|---|")  # fmt: skip
        moved = hit[moving]
        one = [float(top(each, rank, 1)[moved].mean())
               for each in (frequency, said["joint"]["place"], said["cold"]["place"])]  # fmt: skip
        row("next place, top 1", *one, 1 - (one[2] - one[0]) / (one[1] - one[0]))
        there = hit[order][done]
        cold = crps(days[done], said["cold"]["hours"][order][done] / 24, LEVEL)
        for base in ("trees", *of_theirs):
            for where, part in ((", cold places", there), (", all other steps", ~there)):
                name = f"remaining time, CRPS [d], base {base}{where}"
                if base not in score:
                    row(name, *[NOT_RUN] * 4)
                    continue
                warm = score.get("joint, put right", score["joint"])
                parts = (score[base], warm, cold)
                two = [float(each[part].mean()) for each in parts]
                row(name, *two, 1 - (two[0] - two[2]) / (two[0] - two[1]))


def main() -> None:
    """Run the stages that are named, or all of them."""
    parse = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parse.add_argument("stages", nargs="*", choices=[*STAGES, *TASKS, []])
    parse.add_argument("--parcels", type=int, default=20_000)
    parse.add_argument("--days", type=int, default=120)
    parse.add_argument("--epochs", type=int, default=6)
    parse.add_argument("--batch", type=int, default=64)
    parse.add_argument("--rate", type=float, default=2e-3)
    parse.add_argument("--threads", type=int, default=2)
    parse.add_argument("--seed", type=int, default=0)
    parse.add_argument("--asked", type=int, default=20_000, help="parcels asked about at most")
    parse.add_argument("--eta-parcels", type=int, default=60_000, help="that eta learns from")
    parse.add_argument("--early", action="store_true", help="every net learns up to ``early`` only")
    parse.add_argument("--lake", type=Path, help="a company simulated before")
    parse.add_argument("--folder", type=Path, help="where stages keep their answers")
    given = parse.parse_args()
    doing = {"data": data, "trees": trees, "eta": of_eta, "tables": tables}
    with TemporaryDirectory() as name:
        folder = given.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        for stage in given.stages or STAGES:
            for part in TASKS if stage == "twins" else (stage,):
                if part in doing:
                    doing[part](given, folder)
                else:
                    nets(given, folder, part)


if __name__ == "__main__":
    main()
