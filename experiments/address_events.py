"""Does what is said of an address help to predict failed first attempts?

    python experiments/address_events.py --parcels 20000 --seed 11

In the simulated company addresses are checked every two weeks, each time with a model that knows
what was recorded of deliveries by then, and stored as `lanecast predict address` stores them. The
model of events learns what was asked in the first two thirds, as it was known then, and answers
what was asked afterwards: with the columns of the address, and without them. Intervals are of
parcels drawn anew.
"""

import argparse
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import narwhals as nw
import numpy as np
import polars as pl

from lanecast.address.gazetteer.stored import gazetteer
from lanecast.address.verify.checks import checked, due, history, risks
from lanecast.address.verify.models.deliverable import Deliverable, marked
from lanecast.metrics.calibration import ece
from lanecast.metrics.detection import average_precision, roc_auc
from lanecast.parcel import events
from lanecast.sources.world import simulate
from lanecast.tables.address import ADDRESS_CHECKS
from lanecast.tables.lake import Lake, collect

EVENT = "failed_first"
OF_ADDRESS = ("address_not_found", "address_faults")
MOMENTS = ("checkout", "shipped", "in_transit")
EVERY = timedelta(days=14)
FEWEST = 20


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--seed", type=int, default=11)
    asked = parser.parse_args()
    world = simulate(parcels=asked.parcels, days=asked.days, seed=asked.seed, streets=True)
    first, last = (world.tables["parcels"]["recorded_at"].quantile(q) for q in (0.0, 1.0))
    start, end = (datetime.combine(at.date(), datetime.min.time(), UTC) for at in (first, last))
    start, cut = start + timedelta(days=28), start + (end - start) * 2 / 3
    with tempfile.TemporaryDirectory() as folder:
        world.write(Lake(Path(folder)))
        checks(Path(folder), start, end)
        lake = Lake(Path(folder))
        x = collect(events.features(lake, start, end).lazy())
        y = collect(events.outcomes(lake.asof(cut), cut))
        became = collect(events.outcomes(lake, last + timedelta(days=30))).filter(event=EVENT)
    cut_h = cut.timestamp() / 3600
    past, ahead = x.filter(pl.col("asof_h") < cut_h), x.filter(pl.col("asof_h") >= cut_h)
    ahead = ahead.filter(pl.col("moment").is_in(MOMENTS))
    model = events.Boosted(events=(EVENT,), seed=asked.seed)
    said = {
        name: model.fit(past.drop(gone), y.filter(event=EVENT)).predict(ahead.drop(gone))
        for name, gone in (("without", OF_ADDRESS), ("with", ()))
    }
    key = ["parcel_id", "moment", "asof"]
    both = (
        said["with"]
        .select(*key, "chance")
        .join(said["without"].select(*key, without="chance"), on=key)
    )
    both = both.join(became.select("parcel_id", "happened"), on="parcel_id").drop_nulls("happened")
    told(both)


def checks(folder: Path, start: datetime, end: datetime) -> None:
    """Store checks of all addresses every two weeks, as the command would."""
    at = start - timedelta(days=7)
    while at < end:
        lake = Lake(folder).asof(at)
        known = gazetteer(lake)
        tried = history(lake, at, known)
        if tried["not_found"].sum() >= FEWEST:
            model = Deliverable().fit(marked(tried["signs"].to_list()), tried["not_found"])
            rows = due(lake, at, at.isoformat())
            rows = rows.join(checked(rows, known), on=["text", "country"])
            rows = risks(rows, model, at, at.isoformat())
            Lake(folder).write(ADDRESS_CHECKS, nw.from_native(rows))
            print(f"{at:%Y-%m-%d}: {tried.height} deliveries, {tried['not_found'].sum()} not found")
        at += EVERY


def told(rows: pl.DataFrame) -> None:
    """Print scores by moment, with the interval of what the address adds."""
    print("| moment | questions | failed | PR-AUC without | with | difference | ROC | ECE |")
    print("|---|---|---|---|---|---|---|---|")
    rng = np.random.default_rng(0)
    for moment in MOMENTS:
        mine = rows.filter(moment=moment).sort("parcel_id")
        hit = mine["happened"].to_numpy()
        one, other = mine["without"].to_numpy(), mine["chance"].to_numpy()
        gain = average_precision(other, hit) - average_precision(one, hit)
        parcel = mine["parcel_id"].rle_id().to_numpy()
        firsts = np.searchsorted(parcel, np.arange(parcel[-1] + 2))
        drawn = []
        for _ in range(200):
            some = rng.integers(0, len(firsts) - 1, len(firsts) - 1)
            lengths = firsts[some + 1] - firsts[some]
            at = np.repeat(firsts[some], lengths) + (
                np.arange(lengths.sum()) - np.repeat(lengths.cumsum() - lengths, lengths)
            )
            drawn.append(
                average_precision(other[at], hit[at]) - average_precision(one[at], hit[at])
            )
        low, high = np.quantile(drawn, (0.025, 0.975))
        print(
            f"| {moment} | {mine.height} | {hit.mean():.3f} | {average_precision(one, hit):.4f} "
            f"| {average_precision(other, hit):.4f} | {gain:+.4f} ({low:+.4f} to {high:+.4f}) "
            f"| {roc_auc(one, hit):.3f}, {roc_auc(other, hit):.3f} "
            f"| {ece(one, hit):.4f}, {ece(other, hit):.4f} |"
        )


if __name__ == "__main__":
    main()
