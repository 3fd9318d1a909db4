"""How long a simulated world takes, and how much memory: python benchmarks/world.py --parcels N."""

import argparse
import resource
import time

from lanecast.sources.world import simulate


def main() -> None:
    """Simulate once and print seconds, peak memory and rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    begin = time.perf_counter()
    world = simulate(parcels=given.parcels, days=given.days, seed=given.seed)
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2  # KiB on Linux
    rows = {name: table.height for name, table in world.tables.items()}
    for name, count in rows.items():
        print(f"{name:12} {count:>12,}")
    total = sum(rows.values())
    print(
        f"{given.parcels:,} parcels, {given.days} days: {seconds:.1f} s, {peak:.2f} GiB peak, "
        f"{total:,} rows, {total / seconds:,.0f} rows/s"
    )


if __name__ == "__main__":
    main()
