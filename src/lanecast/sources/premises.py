"""Registers of houses and streets: OpenAddresses as CSV or GeoJSON, or one's own columns."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from lanecast.tables.address import GAZETTEER_PREMISES
from lanecast.tables.schema import Table

from .files import first_line
from .report import RefusedError
from .tabular import scan

NAMES: Mapping[str, Sequence[str]] = {
    "record_id": ("record_id", "id", "hash"),
    "country": ("country", "country_code", "addr:country"),
    "state": ("state", "region", "addr:state"),
    "city": ("city", "locality", "addr:city"),
    "postal_code": ("postal_code", "postcode", "zip", "addr:postcode"),
    "road": ("road", "street", "addr:street"),
    "house_number": ("house_number", "number", "addr:housenumber"),
    "unit": ("unit", "addr:unit"),
    "lat": ("lat", "latitude"),
    "lon": ("lon", "lng", "longitude"),
}
"""For each column the names, in lower case, under which others keep it."""
PLACE = ("country", "state", "city", "postal_code", "road", "house_number", "unit")
TEXT = pl.String


def from_csv(file: Path, country: str | None) -> tuple[Table, pl.LazyFrame]:
    """Return the houses of a CSV or Parquet file, named as OpenAddresses does or as we do.

    Raises
    ------
    RefusedError
        When it has no column of streets, or no country and none is given.
    """
    rows = scan(file)
    return GAZETTEER_PREMISES, _premises(rows, file, country)


def lacking(file: Path) -> list[str]:
    """Return what a CSV or Parquet file of houses has no column for, of what proofs need most."""
    held = {name.strip().lower() for name in scan(file).collect_schema()}
    wanted = ("house_number", "city", "postal_code")
    return [column for column in wanted if held.isdisjoint(NAMES[column])]


def from_geojson(file: Path, country: str | None) -> tuple[Table, pl.LazyFrame]:
    """Return the houses of GeoJSON points: one collection, or one feature per line.

    Raises
    ------
    RefusedError
        When the file is not GeoJSON, and as ``from_csv``.
    """
    try:
        with file.open(encoding="utf-8-sig", errors="replace") as stream:
            first = stream.readline()
            stream.seek(0)
            lines = (
                map(json.loads, filter(str.strip, stream))
                if _feature(first)
                else json.load(stream)["features"]
            )
            houses = [_flat(each) for each in lines]
    except json.JSONDecodeError as error:
        raise RefusedError(f"{file.name}: is not GeoJSON: {first_line(error)}.") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RefusedError(
            f"{file.name}: is not GeoJSON: expected features with properties and a point "
            f"({type(error).__name__})."
        ) from error
    if not houses:
        raise RefusedError(f"{file.name}: has no features.")
    columns = {name: TEXT for house in houses for name in house}
    return GAZETTEER_PREMISES, _premises(pl.LazyFrame(houses, columns), file, country)


def _feature(line: str) -> bool:
    """Return whether a line is a feature of its own: else the file is one collection."""
    try:
        said = json.loads(line)
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("type") == "Feature"


def _flat(feature: Mapping[str, Any]) -> dict[str, str | None]:
    point = feature.get("geometry") or {}
    lon, lat = (
        (point.get("coordinates") or (None, None))[:2]
        if point.get("type") == "Point"
        else (None, None)
    )
    said = {**(feature.get("properties") or {}), "lat": lat, "lon": lon}
    if "id" in feature:
        said["id"] = feature["id"]
    return {name: None if value is None else _text(value) for name, value in said.items()}


def _text(value: object) -> str:
    """Return a value as text; half a character, which is no UTF-8, as U+FFFD."""
    return str(value).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _premises(rows: pl.LazyFrame, file: Path, country: str | None) -> pl.LazyFrame:
    held = {name.strip().lower(): name for name in rows.collect_schema()}
    found = {
        column: next((held[name] for name in names if name in held), None)
        for column, names in NAMES.items()
    }
    if found["road"] is None:
        raise RefusedError(
            f"{file.name}: no column 'road' or 'street'. It has {', '.join(list(held)[:12])}."
        )
    if found["country"] is None and country is None:
        raise RefusedError(
            f"{file.name}: no column 'country'; say which one with --country, for example US."
        )
    text = {
        column: pl.lit(None, TEXT) if name is None else _filled(name)
        for column, name in found.items()
    }
    if country is not None:
        text["country"] = pl.coalesce(text["country"], pl.lit(country))
    rows = rows.select(**text)
    key = pl.concat_str([pl.col(name).fill_null("") for name in PLACE], separator="|")
    whole = pl.concat_str(pl.all().fill_null(""), separator="\t")
    nth = whole.rank("dense").over(key)  # of equal rows the same, so that they count as one
    made = key + pl.when(nth > 1).then(pl.format("~{}", nth)).otherwise(pl.lit(""))
    return rows.with_columns(record_id=pl.coalesce("record_id", made))


def _filled(name: str) -> pl.Expr:
    text = pl.col(name).cast(TEXT).str.strip_chars()
    return pl.when(text != "").then(text)
