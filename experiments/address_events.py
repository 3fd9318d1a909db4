"""Does what is said of an address help to predict failed first attempts?

    python experiments/address_events.py --parcels 20000 --seed 11

In the simulated company addresses are checked every two weeks, each time with a model that knows
what was recorded of deliveries by then, and stored as `lanecast predict address` stores them. The
model of events learns what was asked in the first two thirds, as it was known then, and answers
what was asked afterwards: with the columns of the address, and without them. *Added*: without, and
the chance of not being found on top, as causes of a failure add up. *Bound*: with the true hazard
of not being found on top, which nobody knows. Intervals are of parcels drawn anew.
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
from lanecast.address.verify.record import learnt
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
    nf = ahead.select(
        *("parcel_id", "moment", "address_id"),
        (pl.col("asof_h") * 3_600_000_000).round().cast(pl.Int64).cast(pl.Datetime("us", "UTC"))
        .alias("asof"),
        nf=pl.col("address_not_found").fill_null(0.0),
    )  # fmt: skip
    faulty = world.truth["address_traits"].select("address_id", "faulty")
    both = said["with"].select(*key, "chance").join(
        said["without"].select(*key, without="chance"), on=key
    ).join(nf, on=key).join(faulty, on="address_id")  # fmt: skip
    both = both.join(became.select("parcel_id", "happened"), on="parcel_id").drop_nulls("happened")
    both = both.unique(key).with_columns(
        added=1 - (1 - pl.col("without")) * (1 - pl.col("nf")),
        bound=1 - (1 - pl.col("without")) * (-0.012 * pl.col("faulty")).exp(),
    )
    told(both)


def checks(folder: Path, start: datetime, end: datetime) -> None:
    """Store checks of all addresses every two weeks, as the command would."""
    at = start - timedelta(days=7)
    while at < end:
        lake = Lake(folder).asof(at)
        known = gazetteer(lake)
        tried = history(lake, at, known)
        if tried["not_found"].sum() >= FEWEST:
            model = learnt(tried)
            rows = due(lake, at, at.isoformat())
            rows = rows.join(checked(rows, known), on=["text", "country"])
            rows = risks(rows, model, at, at.isoformat())
            Lake(folder).write(ADDRESS_CHECKS, nw.from_native(rows))
            print(f"{at:%Y-%m-%d}: {tried.height} deliveries, {tried['not_found'].sum()} not found")
        at += EVERY


def told(rows: pl.DataFrame) -> None:
    """Print PR-AUC by moment, with the interval of what each way adds."""
    ways = {"with": "chance", "added": "added", "bound": "bound"}
    print("| moment | questions | failed | without | " + " | ".join(ways) + " |")
    print("|---|---|---|---|---|---|---|")
    for moment in MOMENTS:
        mine = rows.filter(moment=moment).sort("parcel_id")
        hit, one = mine["happened"].to_numpy(), mine["without"].to_numpy()
        parcel = mine["parcel_id"].rle_id().to_numpy()
        cells = []
        for name in ways.values():
            other = mine[name].to_numpy()
            low, high = interval(one, other, hit, parcel)
            gain = average_precision(other, hit) - average_precision(one, hit)
            cells.append(
                f"{average_precision(other, hit):.4f}, {gain:+.4f} ({low:+.4f} to {high:+.4f}), "
                f"ROC {roc_auc(other, hit):.3f}"
            )
        print(
            f"| {moment} | {mine.height} | {hit.mean():.3f} | {average_precision(one, hit):.4f}, "
            f"ROC {roc_auc(one, hit):.3f} | {' | '.join(cells)} |"
        )


def interval(
    one: np.ndarray, other: np.ndarray, hit: np.ndarray, parcel: np.ndarray
) -> tuple[float, float]:
    """Return 95 % of the gain in PR-AUC, whole parcels drawn anew."""
    rng, drawn = np.random.default_rng(0), []
    firsts = np.searchsorted(parcel, np.arange(parcel[-1] + 2))
    for _ in range(200):
        some = rng.integers(0, len(firsts) - 1, len(firsts) - 1)
        lengths = firsts[some + 1] - firsts[some]
        starts = np.repeat(firsts[some] - lengths.cumsum() + lengths, lengths)
        at = starts + np.arange(lengths.sum())
        drawn.append(average_precision(other[at], hit[at]) - average_precision(one[at], hit[at]))
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)


if __name__ == "__main__":
    main()
