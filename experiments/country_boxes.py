"""Boxes around the towns of each country, for rows whose latitude and longitude are swapped.

python experiments/country_boxes.py DATA_FOLDER > src/lanecast/sources/country_boxes.csv
"""

import argparse
from pathlib import Path

import polars as pl

MARGIN = 1.0  # degrees around the towns: houses lie beyond them, hardly further


def boxes(towns: pl.DataFrame) -> pl.DataFrame:
    """Return ``country, south, north, west, east`` in whole degrees, rounded outwards."""
    lat, lon = pl.col("latitude"), pl.col("longitude")
    return (
        towns.group_by(country="countrycode")
        .agg(
            south=(lat.min() - MARGIN).floor().clip(-90),
            north=(lat.max() + MARGIN).ceil().clip(upper_bound=90),
            west=(lon.min() - MARGIN).floor().clip(-180),
            east=(lon.max() + MARGIN).ceil().clip(upper_bound=180),
        )
        .filter(pl.col("country").str.len_chars() == 2)
        .with_columns(pl.col("south", "north", "west", "east").cast(pl.Int16))
        .sort("country")
    )


def main() -> None:
    """Print them as CSV."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    towns = pl.read_parquet(parser.parse_args().folder / "geonames_cities.parquet")
    print(boxes(towns).write_csv(), end="")


if __name__ == "__main__":
    main()
