"""How fast canonical Parquet is judged and stored, and in how much memory.

    python benchmarks/ingest.py --parcels 1000000        # made-up files in a temporary folder
    python benchmarks/ingest.py --folder FOLDER          # your own

Prints seconds, peak memory of the process, and where the time went. Nine scans per parcel.
"""

import argparse
import cProfile
import pstats
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from lanecast.sources.ingest import ingest
from lanecast.tables.lake import Lake

START = datetime(2025, 1, 1, tzinfo=UTC)
HUBS = ["arrived", "departed", "arrived", "departed", "arrived"]
STEPS = ["created", "picked_up", *HUBS, "out_for_delivery", "delivered"]
FACILITIES, LINES = 200, 20


def write(folder: Path, parcels: int, seed: int = 0) -> None:
    """Write canonical tables of ``parcels`` made-up parcels, scans in the order of time."""
    random = np.random.default_rng(seed)
    place = {"country": "BR", "region": "BR-SP", "zone": "America/Sao_Paulo", "recorded_at": START}

    def named(prefix: str, numbers: np.ndarray) -> pl.Series:
        return pl.select(pl.format("{}{}", pl.lit(prefix), pl.lit(pl.Series(numbers)))).to_series()

    def places(column: str, prefix: str, n: int) -> pl.DataFrame:
        spots = {"lat": random.uniform(-30, 0, n), "lon": random.uniform(-60, -40, n)}
        ids = named(prefix, np.arange(n))
        return pl.DataFrame({column: ids, **spots}).with_columns(
            pl.lit(value).alias(name) for name, value in place.items()
        )

    n_merchants, n_addresses = max(1, parcels // 100), max(1, parcels // 5)
    tables = {
        "facilities": places("facility_id", "F", FACILITIES).with_columns(kind=pl.lit("sort_hub")),
        "merchants": places("merchant_id", "M", n_merchants),
        "addresses": places("address_id", "A", n_addresses),
    }
    number = np.arange(parcels)
    placed = pl.Series(np.sort(random.integers(0, 365 * 86_400, parcels))) * 1_000_000
    at = pl.lit(START) + pl.duration(microseconds=placed)
    address, weight = random.integers(0, n_addresses, parcels), random.lognormal(6.5, 1, parcels)
    orders = pl.DataFrame({"order_id": named("O", number)}).with_columns(
        buyer_id=named("B", number),
        address_id=named("A", address),
        placed_at=at,
        utc_offset_min=pl.lit(-180),
        currency=pl.lit("BRL"),
        value_minor=pl.lit(pl.Series(random.integers(100, 100_000, parcels))),
        recorded_at=at,
    )
    tables["orders"] = orders
    packed = orders.select("order_id", "address_id", "recorded_at", parcel_id=named("P", number))
    tables["parcels"] = packed.with_columns(
        merchant_id=named("M", random.integers(0, n_merchants, parcels)),
        weight_g=pl.lit(pl.Series(weight)),
        volume_cm3=pl.lit(pl.Series(weight * 5)),
    )
    day = pl.col("recorded_at") + pl.duration(days=7)
    tables["promises"] = packed.select(
        "parcel_id", "recorded_at", promised_at=day, promised_date=day.dt.date()
    )
    for name, rows in tables.items():
        rows.write_parquet(folder / f"{name}.parquet")
    scans = [_scans(packed, step, random) for step in range(len(STEPS))]
    pl.concat(scans).sort("recorded_at").write_parquet(folder / "scans.parquet")


def _scans(packed: pl.DataFrame, step: int, random: np.random.Generator) -> pl.DataFrame:
    hours = pl.Series(step * 12 + random.uniform(0, 6, packed.height)) * (step > 0)
    after = pl.duration(microseconds=(hours * 3.6e9).cast(pl.Int64))
    place = pl.Series(random.integers(0, FACILITIES, packed.height))
    return packed.select(
        event_id=pl.format("{}-{}", "parcel_id", pl.lit(step)),
        parcel_id="parcel_id",
        status=pl.lit(STEPS[step]),
        event_at=pl.col("recorded_at") + after,
        facility_id=pl.format("F{}", place),
        recorded_at=pl.col("recorded_at") + after + pl.duration(minutes=1),
    )


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
    parser.add_argument("--write", type=Path, help="only write the made-up files there")
    parser.add_argument("--dry-run", action="store_true")
    given = parser.parse_args()
    if given.write:
        given.write.mkdir(parents=True, exist_ok=True)
        write(given.write, given.parcels)
    elif given.folder:
        measure(given.folder, given.dry_run)
    else:
        with tempfile.TemporaryDirectory() as made:
            write(Path(made), given.parcels)
            measure(Path(made), given.dry_run)
