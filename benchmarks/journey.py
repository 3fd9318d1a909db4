"""How fast the journey model answers: 100,000 parcels on their way, and one at a time.

    python benchmarks/journey.py                       # a simulated company of 1,000,000 parcels
    python benchmarks/journey.py --parcels 20000
    python benchmarks/journey.py --lake DIR --days 120 # of a company simulated before

Prints JSON. The model is trained for a moment on 2,000 parcels: its answers are worth nothing, its
speed is that of any. Wall seconds, and beside them seconds of the processor.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import numpy as np
import polars as pl

from lanecast.nn.training import Training
from lanecast.parcel.journey import Journey, answers, assemble, context, steps
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake, collect

START = date(2025, 1, 1)
OPEN_DAYS = 5  # parcels that had a scan so lately are on their way
LEVELS = np.linspace(0.05, 0.95, 19)
T = TypeVar("T")


def timed(figures: dict[str, float], name: str, call: Callable[[], T]) -> T:
    """Return what ``call`` returns, and note what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    out = call()
    figures[f"{name}_s"] = time.perf_counter() - wall
    figures[f"{name}_cpu_s"] = time.process_time() - cpu
    return out


def spent(call: Callable[[int], object], times: int) -> dict[str, float]:
    """Return the median and the 99th percentile [ms] of ``call`` after twenty to warm up."""
    each = []
    for i in range(times + 20):
        started = time.perf_counter()
        call(i)
        each.append(1000 * (time.perf_counter() - started))
    p50, p99 = np.percentile(each[20:], [50, 99])
    return {"p50_ms": float(p50), "p99_ms": float(p99)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--parcels", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--asked", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=500)
    parser.add_argument("--lake", type=Path)
    given = parser.parse_args()
    end = datetime(START.year, START.month, START.day, tzinfo=UTC) + timedelta(days=given.days)
    cut = end - timedelta(days=14)
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = given.lake or Path(folder)
        if given.lake is None:
            simulate(parcels=given.parcels, days=given.days, seed=0, start=START).write(Lake(path))
        lake = Lake(path)
        told = timed(figures, "context", lambda: context(lake, cut))
        figures["context_rows"] = sum(table.height for table in told.values())
        since = cut - timedelta(days=OPEN_DAYS)
        rows = timed(figures, "steps", lambda: collect(steps(lake.asof(cut), since, cut)))
        names = rows["parcel_id"].unique().sort().sample(fraction=1.0, shuffle=True, seed=0)
        few = assemble(rows.filter(pl.col("parcel_id").is_in(names[:2000].implode())), told)
        fitted = Journey(Training(epochs=1, batch=64)).fit(few, answers(lake, end, few.steps))
    newest = pl.col("asof_h") == pl.col("asof_h").max().over("parcel_id")
    asked = rows.filter(pl.col("parcel_id").is_in(names[: given.asked].implode()))
    asked = asked.with_columns(is_asked=newest)
    x = timed(figures, "inputs", lambda: assemble(asked, told))
    said = timed(figures, "answers", lambda: fitted.answer(x))
    timed(figures, "quantiles", lambda: said.hours("end", LEVELS, "delivered"))
    figures |= {"parcels": len(said.place), "steps": asked.height}
    single = [each for _, each in zip(range(200), asked.partition_by("parcel_id"), strict=False)]
    made = [assemble(each, told) for each in single]
    n = len(single)
    parts = {
        "one": lambda i: fitted.answer(assemble(single[i % n], told)).hours("end", LEVELS),
        "one_inputs": lambda i: assemble(single[i % n], told),
        "one_answers": lambda i: fitted.answer(made[i % n]),
    }
    for part, call in parts.items():
        measured = spent(call, given.times)
        figures |= {f"{part}_{name}": value for name, value in measured.items()}
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}, indent=1))


if __name__ == "__main__":
    main()
