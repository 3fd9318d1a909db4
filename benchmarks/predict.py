"""How fast the blend answers: many parcels from Parquet to Parquet, and one in process.

    python benchmarks/predict.py                  # a simulated company of 20,000 parcels
    python benchmarks/predict.py --lake DIR --model DIR

Prints JSON: parcels per second end to end (canonical tables in Parquet -> questions -> features ->
blend, all quantiles -> Parquet) with the share of each step, and the latency of one parcel in
process (features of one row and its prediction, context and model in memory).
"""

import argparse
import json
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np

from lanecast import artifact
from lanecast.cli.training import blend
from lanecast.parcel import eta
from lanecast.parcel.eta.models import FittedBlend
from lanecast.parcel.questions import questions
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import PARCELS


def trained(folder: Path) -> tuple[Path, Path]:
    """Return a lake and a model of a simulated company."""
    simulate(parcels=20_000, days=120, seed=0).write(Lake(folder / "lake"))
    lake = Lake(folder / "lake")
    first = collect(lake.read(PARCELS).select(nw.col("recorded_at").min())).item()
    since, now = first + timedelta(days=7), first + timedelta(days=100)
    x = collect(eta.features(lake.asof(now), since, now).lazy())
    fitted = blend(0).fit(x, collect(eta.outcomes(lake.asof(now), now).lazy()))
    artifact.save(folder / "model", fitted, eta.context(lake, now))
    return folder / "lake", folder / "model"


def many(lake: Lake, fitted: FittedBlend, context: Any, out: Path) -> dict[str, float]:
    """Answer every question of the whole lake and say where the time goes."""
    first = collect(lake.read(PARCELS).select(nw.col("recorded_at").min())).item()
    clock = [time.perf_counter()]
    rows = questions(lake, first, first + timedelta(days=1000)).collect("polars")
    clock.append(time.perf_counter())
    x = eta.assemble(rows, context).to_native()
    clock.append(time.perf_counter())
    answers = fitted.predict(x)
    clock.append(time.perf_counter())
    answers.write_parquet(out)
    clock.append(time.perf_counter())
    steps = np.diff(clock)
    shares = dict(
        zip(("questions", "features", "model", "write"), steps / steps.sum(), strict=True)
    )
    return {"rows": x.height, "rows_per_s": x.height / steps.sum()} | {
        f"share_{name}": float(share) for name, share in shares.items()
    }


def single(lake: Lake, fitted: FittedBlend, context: Any, times: int) -> dict[str, float]:
    """Answer one question at a time, the context indexed once before."""
    context = eta.ready(context)
    first = collect(lake.read(PARCELS).select(nw.col("recorded_at").min())).item()
    since = first + timedelta(days=60)
    rows = questions(lake, since, since + timedelta(days=10)).collect("polars")
    spent = []
    for i in range(times + 20):
        row = rows[i % len(rows) : i % len(rows) + 1]
        started = time.perf_counter()
        fitted.predict(eta.assemble(row, context).to_native())
        spent.append(1000 * (time.perf_counter() - started))
    p50, p99 = np.percentile(spent[20:], [50, 99])
    return {"one_p50_ms": float(p50), "one_p99_ms": float(p99)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lake", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--times", type=int, default=1000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path, model = given.lake, given.model
        if path is None or model is None:
            path, model = trained(Path(folder))
        started = time.perf_counter()
        fitted, context = artifact.load(model, FittedBlend)
        result = {"load_s": time.perf_counter() - started}
        lake = Lake(path)
        for run in ("first", "second"):
            figures = many(lake, fitted, context, Path(folder) / "answers.parquet")
            result |= {f"{run}_{name}": value for name, value in figures.items()}
        result |= single(lake, fitted, context, given.times)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
