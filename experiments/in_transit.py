"""In transit: does the error fall with every scan, and does coverage hold where it is hard?

    python experiments/in_transit.py --parcels 20000 --days 120

A simulated company; the parcels of every tenth destination station were never sent before the
cut-off, so that all lanes to it are unseen. Prints Markdown tables: by number of scans, by age of
the last event, and for stations seen and unseen, each with error and coverage of the blend.
"""

import argparse
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import narwhals as nw
import polars as pl

from lanecast.cli.training import blend
from lanecast.parcel import eta
from lanecast.parcel.eta.evaluate import matched
from lanecast.sources.world import TABLES, simulate
from lanecast.tables.lake import Lake, collect

START = date(2025, 1, 1)
OF_A_PARCEL = ("parcels", "scans", "promises")


def company(
    parcels: int, days: int, cut: datetime, seed: int, folder: Path
) -> tuple[Lake, list[str]]:
    """Return a lake without early parcels to every tenth station, and these stations."""
    world = simulate(parcels=parcels, days=days, seed=seed, start=START)
    stations = world.tables["addresses"]["facility_id"].drop_nulls().unique().sort()
    unseen = stations.gather_every(10).to_list()
    addresses = world.tables["addresses"].filter(pl.col("facility_id").is_in(unseen))
    gone = world.tables["parcels"].filter(
        pl.col("recorded_at") < cut, pl.col("address_id").is_in(addresses["address_id"].to_list())
    )
    lake = Lake(folder)
    with lake.batch("experiment") as batch:
        for table in TABLES:
            rows = world.tables[table.name]
            if table.name in OF_A_PARCEL:
                rows = rows.join(gone, on="parcel_id", how="anti")
            batch.append(table, nw.from_native(rows))
    return Lake(folder), unseen


def tables(rows: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield each table with its title."""
    scores = {
        "n": pl.len(),
        "mae_days": ((pl.col("asof_to_delivered_h") - pl.col("hours")).abs() / 24).mean(),
        "width_80_days": ((pl.col("q900") - pl.col("q100")) / 24).mean(),
        "coverage_80": pl.col("hours").is_between("q100", "q900").mean(),
        "coverage_95": pl.col("hours").is_between("q025", "q975").mean(),
    }
    moving = rows.filter(pl.col("moment") != "checkout")
    scan = pl.col("scans").clip(upper_bound=9).cast(pl.Int32).alias("scans so far (9: or more)")
    total = moving.group_by("parcel_id").agg(total=pl.col("scans").max())
    usual = total["total"].mode().max()
    same = moving.join(total.filter(total=usual), on="parcel_id", how="semi")
    title = f"The same parcels, those with {usual:.0f} scans before delivery, scan by scan"
    yield title, same.group_by(scan).agg(**scores).sort(scan.meta.output_name())
    yield "By number of scans", moving.group_by(scan).agg(**scores).sort(scan.meta.output_name())
    since = pl.col("since_event_h")
    age = (
        pl.when(since <= 0.1).then(pl.lit("1: to 6 min")).when(since <= 1).then(pl.lit("2: to 1 h"))
    )
    age = age.when(since <= 6).then(pl.lit("3: to 6 h")).otherwise(pl.lit("4: older"))
    yield "By age of the last event", moving.group_by(age=age).agg(**scores).sort("age")
    yield (
        "Destination stations seen and unseen in training",
        rows.group_by("moment", "unseen").agg(**scores).sort("moment", "unseen"),
    )


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    midnight = datetime(START.year, START.month, START.day, tzinfo=UTC)
    cut = midnight + timedelta(days=given.days - 41)
    with tempfile.TemporaryDirectory() as folder:
        lake, unseen = company(given.parcels, given.days, cut, given.seed, Path(folder) / "lake")
        x = collect(eta.features(lake.asof(cut), midnight + timedelta(days=7), cut).lazy())
        fitted = blend(given.seed).fit(x, collect(eta.outcomes(lake.asof(cut), cut).lazy()))
        end = cut + timedelta(days=14)
        asked = collect(eta.features(lake.asof(end), cut, end).lazy())
        outcomes = collect(eta.outcomes(lake, datetime.now(UTC)).lazy())
        extra = asked.select("scans", "since_event_h", unseen=pl.col("goal_place").is_in(unseen))
        rows = pl.concat([fitted.predict(asked), extra], how="horizontal")
        scored = matched(rows, outcomes).drop_nulls("hours")
    plain = {"tbl_hide_dataframe_shape": True, "tbl_hide_column_data_types": True}
    with pl.Config(tbl_formatting="MARKDOWN", tbl_rows=30, **plain):
        for title, table in tables(scored):
            print(f"\n{title}\n\n{table.with_columns(pl.selectors.float().round(3))}")


if __name__ == "__main__":
    main()
