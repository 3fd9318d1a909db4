"""Boxes around countries, in whole degrees, a degree wider than their towns.

`country_boxes.csv` is made of the towns of GeoNames (CC BY 4.0):

    python experiments/country_boxes.py DATA_FOLDER > src/lanecast/sources/country_boxes.csv
"""

from functools import lru_cache
from importlib.resources import files

import polars as pl


def swapped() -> pl.Expr:
    """Return whether ``lat, lon`` lie out of the box of their ``country``, but ``lon, lat`` in it.

    Null where the country has no box, or a degree is missing.
    """
    lat, lon = pl.col("lat"), pl.col("lon")
    return ~_inside(lat, lon) & _inside(lon, lat)


def countries() -> list[str]:
    """Return the countries that have a box: all with a town, as ISO 3166-1 alpha-2, and Kosovo."""
    return _boxes()["country"].to_list()


def _inside(lat: pl.Expr, lon: pl.Expr) -> pl.Expr:
    south, north, west, east = (_edge(name) for name in ("south", "north", "west", "east"))
    return lat.is_between(south, north) & lon.is_between(west, east)


def _edge(name: str) -> pl.Expr:
    held = _boxes()
    return pl.col("country").replace_strict(
        held["country"], held[name], default=None, return_dtype=pl.Float64
    )


@lru_cache(maxsize=1)
def _boxes() -> pl.DataFrame:
    """Return ``country, south, north, west, east``."""
    text = (files(__package__ or "") / "country_boxes.csv").read_bytes()
    return pl.read_csv(text, schema_overrides={"country": pl.String}, null_values=[])
