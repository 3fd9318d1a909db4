"""Registers of houses and streets: OpenAddresses as CSV or GeoJSON, or one's own columns."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from lanecast.tables.address import GAZETTEER_PREMISES

from .files import first_line
from .headers import NAMES, WHOLE, called, columns_of, no_street, refuse_twice
from .held import Held
from .report import RefusedError
from .tabular import scan

PLACE = ("country", "state", "city", "postal_code", "road", "house_number", "unit")
TEXT = pl.String
CONTROLS = r"[\x00-\x1f\x7f]+"  # line ends among them, which would part one name into two


def from_csv(file: Path, country: str | None) -> Held:
    """Return the houses of a CSV or Parquet file, named as OpenAddresses does or as we do.

    Raises
    ------
    RefusedError
        When it has no column of streets, one twice, or no country and none is given.
    """
    rows = scan(file)
    refuse_twice(rows, file, NAMES)
    return houses(rows, file, country)


def from_geojson(file: Path, country: str | None) -> Held:
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
            found = [_flat(each) for each in lines]
    except json.JSONDecodeError as error:
        raise RefusedError(f"{file.name}: is not GeoJSON: {first_line(error)}.") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RefusedError(
            f"{file.name}: is not GeoJSON: expected features with properties and a point "
            f"({type(error).__name__})."
        ) from error
    if not found:
        raise RefusedError(f"{file.name}: has no features.")
    columns = {name: TEXT for house in found for name in house}
    return houses(pl.LazyFrame(found, columns), file, country)


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


def houses(rows: pl.LazyFrame, file: Path, country: str | None) -> Held:
    """Return the houses of rows; streets where no column tells their numbers.

    Raises
    ------
    RefusedError
        When there is no column of streets, or no country and none is given.
    """
    found = columns_of(rows, NAMES)
    road, numbers = found["road"], found["house_number"]
    if road is None or (numbers is None and called(road) in WHOLE):
        raise no_street(rows, file, numbers or found["unit"])
    what = "streets" if numbers is None else "houses"
    lacks = [name for name in ("house_number", "city", "postal_code") if found[name] is None]
    made = with_ids(texts(rows, file, found, country), PLACE)
    return Held(file, GAZETTEER_PREMISES, made, what, lacks)


def texts(
    rows: pl.LazyFrame, file: Path, found: Mapping[str, str | None], country: str | None
) -> pl.LazyFrame:
    """Return our columns as text, in one line each; blanks are nulls.

    The country is ``country`` where it is null; two letters are a code in either case.

    Raises
    ------
    RefusedError
        When there is no country and none is given.
    """
    if found["country"] is None and country is None:
        raise RefusedError(
            f"{file.name}: no column 'country'; say which one with --country, for example US."
        )
    text = {
        column: pl.lit(None, TEXT) if name is None else _filled(name)
        for column, name in found.items()
    }
    two = text["country"].str.len_chars() == 2
    text["country"] = (
        pl.when(two).then(text["country"].str.to_uppercase()).otherwise(text["country"])
    )
    if country is not None:
        text["country"] = pl.coalesce(text["country"], pl.lit(country))
    return rows.select(**text)


def with_ids(rows: pl.LazyFrame, place: Sequence[str]) -> pl.LazyFrame:
    """Return rows of which those without an id are called by their ``place``."""
    key = pl.concat_str([pl.col(name).fill_null("") for name in place], separator="|")
    whole = pl.concat_str(pl.all().fill_null(""), separator="\t")
    nth = whole.rank("dense").over(key)  # of equal rows the same, so that they count as one
    made = key + pl.when(nth > 1).then(pl.format("~{}", nth)).otherwise(pl.lit(""))
    return rows.with_columns(record_id=pl.coalesce("record_id", made))


def _filled(name: str) -> pl.Expr:
    text = pl.col(name).cast(TEXT).str.replace_all(CONTROLS, " ").str.strip_chars()
    return pl.when(text != "").then(text)
