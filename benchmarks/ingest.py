"""How fast canonical Parquet is judged and stored, and in how much memory.

    python benchmarks/ingest.py --parcels 1000000        # a simulated company, about 9 scans each
    python benchmarks/ingest.py --folder FOLDER          # your own files

Prints seconds, peak memory of the process, and where the time went.
"""

import argparse
import cProfile
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lanecast.sources.ingest import ingest
from lanecast.sources.world.company import simulate
from lanecast.tables.lake import Lake

LINES = 20


def measure(folder: Path, dry_run: bool) -> None:
    """Ingest ``folder`` into an empty lake, and print what it took."""
    with tempfile.TemporaryDirectory() as lake:
        profile = cProfile.Profile()
        start = time.perf_counter()
        report = profile.runcall(ingest, Lake(Path(lake)), "csv", folder, dry_run=dry_run)
        seconds = time.perf_counter() - start
    rows = report.rows["read"].sum()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(report.rows, report.findings)
    pstats.Stats(profile).sort_stats("cumulative").print_stats(r"lanecast|deltalake|collect", LINES)
    print(f"{rows:,} rows in {seconds:.1f} s, {rows / seconds:,.0f} rows/s, peak {peak:,.0f} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--write", type=Path, help="only write the simulated files there")
    parser.add_argument("--dry-run", action="store_true")
    given = parser.parse_args()
    if given.write:
        simulate(given.parcels, 365).export(given.write)
    elif given.folder:
        measure(given.folder, given.dry_run)
    else:
        with tempfile.TemporaryDirectory() as made:
            again = [sys.executable, __file__, "--write", made, "--parcels", str(given.parcels)]
            subprocess.run(again, check=True)  # its memory is not ours
            measure(Path(made), given.dry_run)
