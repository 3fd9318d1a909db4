"""How fast addresses are verified and a register is imported, and in how much memory.

    python benchmarks/address.py DATA_FOLDER [--rows 1000000]

Processor time of one thread per address, told the country and not; GeoNames and Alexandria's
register loaded. Then a made register of ``rows`` houses: stored, and compiled.
"""

import argparse
import resource
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time, thread_time

import numpy as np
import polars as pl

from lanecast.address.gazetteer.stored import gazetteer
from lanecast.address.verify import verify
from lanecast.sources.gazetteers import Edition, read
from lanecast.sources.ingest import ingest_pieces
from lanecast.tables.lake import Lake

AT = datetime(2024, 1, 1, tzinfo=UTC)
WORDS = ("Oak", "Maple", "Cedar", "Lake", "Hill", "River", "Park", "Mill", "Church", "Spring")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "geonames")
        for name in ("geonames_postal", "geonames_cities"):
            pieces = read("geonames", asked.data / f"{name}.parquet", Edition("geonames", AT))
            ingest_pieces(lake, "geonames", pieces)
        texts = pl.read_parquet(asked.data / "usaddress_train.parquet").sample(1600, seed=8)["text"]
        started = process_time()
        gazetteer(Lake(lake.path))
        print(f"GeoNames compiled in {process_time() - started:.1f} s of processor time")
        _verified(lake.path, texts.to_list())
        _imported(Path(folder), asked.rows)


def _verified(path: Path, texts: list[str]) -> None:
    known = gazetteer(Lake(path))
    for text in texts[:200]:
        verify(text, known, "US")
    for told, some in (("US", texts[200:900]), (None, texts[900:])):
        times = []
        for text in some:
            started = thread_time()
            verify(text, known, told)
            times.append(1000 * (thread_time() - started))
        p50, p95, p99 = np.percentile(times, [50, 95, 99])
        print(f"country {told or 'guessed'}: p50 {p50:.2f}, p95 {p95:.2f}, p99 {p99:.2f} ms")


def _imported(folder: Path, rows: int) -> None:
    rng = np.random.default_rng(0)
    named = [f"{a} {b} {kind}" for a in WORDS for b in WORDS for kind in ("St", "Ave", "Rd", "Ln")]
    code = rng.integers(10_000, 99_999, 5_000)
    place = rng.integers(0, len(code), rows)
    pl.DataFrame(
        {
            "ID": np.arange(rows),
            "NUMBER": rng.integers(1, 2000, rows),
            "STREET": np.array(named)[rng.integers(0, len(named), rows)],
            "CITY": [f"Town {p}" for p in place],
            "REGION": "VA",
            "POSTCODE": code[place].astype(str),
            "LAT": rng.uniform(30, 45, rows),
            "LON": rng.uniform(-110, -75, rows),
        }
    ).write_csv(folder / "houses.csv")
    lake = Lake(folder / "houses")
    started, used = perf_counter(), process_time()
    pieces = read("openaddresses", folder / "houses.csv", Edition("made", AT, "US"))
    ingest_pieces(lake, "openaddresses", pieces)
    print(f"{rows:,} houses stored in {perf_counter() - started:.1f} s", end="")
    print(f" ({process_time() - used:.1f} s of processor time)", end="")
    gazetteer(Lake(lake.path))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f", compiled after {perf_counter() - started:.1f} s", end="")
    print(f" ({process_time() - used:.1f} s); most memory {most:.2f} GB")


if __name__ == "__main__":
    main()
