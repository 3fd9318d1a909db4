"""How long demand forecasts take, and how much memory: fit and predict of the usual ensemble.

    python benchmarks/demand.py 1000 10000

A panel of daily series is drawn: a level, a week, a year, a price that is known ahead and
promotions of a category; a third of the series seldom sell. Nothing is read from or written to the
disk. Processor time is that of this process; the memory is the most it ever held.
"""

import argparse
import resource
import time
from datetime import UTC, datetime, timedelta

import numpy as np

from lanecast.planning import demand
from lanecast.planning.panel import Covariate, Panel
from lanecast.tables.frequency import DAY, Frequency

HORIZON = 28
START = 19_000  # days since 1970


def drawn(series: int, days: int, seed: int = 0) -> Panel:
    """Return ``series`` daily series of ``days`` days, and what is known 28 days ahead."""
    random = np.random.default_rng(seed)
    whole = days + HORIZON
    category = random.integers(0, 20, series)
    level = np.exp(random.normal(1.5, 1.2, series))
    level[random.random(series) < 1 / 3] *= 0.05
    day = np.arange(whole)
    week = 1 + 0.3 * np.sin(2 * np.pi * (day[None, :] + random.integers(0, 7, (20, 1))) / 7)
    year = 1 + 0.2 * np.sin(2 * np.pi * (day[None, :] + random.integers(0, 365, (20, 1))) / 365)
    price = np.where(random.random((series, whole)) < 0.1, 0.8, 1.0)
    promoted = np.repeat(random.random((20, -(-whole // 7))) < 0.1, 7, axis=1)[:, :whole]
    mean = level[:, None] * (week * year * (1 + 0.5 * promoted))[category] * price**-2.0
    y = random.poisson(mean[:, :days] * random.gamma(5, 0.2, (series, days))).astype(float)
    row = np.arange(series, dtype=np.int32)
    start = np.zeros((series, whole), dtype=np.int32)
    covariates = {
        "price": Covariate(price, start, row, False, True),
        "promotion": Covariate(
            promoted.astype(float),
            np.zeros((20, whole), dtype=np.int32),
            category.astype(np.int32),
            True,
            True,
        ),
    }
    ids = np.array([f"series{i:05d}" for i in range(series)])
    attributes = {"category": category.astype(str), "place": (row % 10).astype(str)}
    asof = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=START + days)
    return Panel(ids, y, Frequency(DAY), START, HORIZON, covariates, attributes, asof)


def main() -> None:
    """Print a line per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=int, nargs="+")
    parser.add_argument("--days", type=int, default=730)
    given = parser.parse_args()
    for size in given.sizes:
        known = drawn(size, given.days)
        wall, processor = time.perf_counter(), time.process_time()
        fitted = demand.usual(known).fit(known)
        learnt, spent = time.perf_counter(), time.process_time()
        fitted.predict(known)
        done, ended = time.perf_counter(), time.process_time()
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        shares = ", ".join(f"{name} {share:.0%}" for name, share in fitted.weights.items())
        print(
            f"{size} series: fit {learnt - wall:.0f} s ({spent - processor:.0f} s of the processor)"
            f", predict {done - learnt:.0f} s ({ended - spent:.0f} s), {most:.1f} GiB; {shares}",
            flush=True,
        )


if __name__ == "__main__":
    main()
