"""What can be suggested: streets in a town, towns by each of their names, and postal codes."""

import numpy as np
import polars as pl

from ..gazetteer.arrays import Gazetteer
from ..gazetteer.strings import Labels, Strings

STREET, TOWN, CODE = 0, 1, 2
NAMES_FROM = 5_000  # people of a town from which all its names in other languages are searched
FIELDS = ("road", "city", "code", "state")
KIND = {
    "kind": pl.Int8,
    "row": pl.Int32,
    "country": pl.Int16,
    **dict.fromkeys(FIELDS, pl.String),
    "lat": pl.Float32,
    "lon": pl.Float32,
    "weight": pl.Float32,
}


def documents(known: Gazetteer) -> pl.DataFrame:
    """Return a row per document: its kind, its row in the gazetteer, its words by field.

    ``weight`` is how well known it is, from 0 to 1: people of a town and houses along a street, in
    logs. A street weighs as much as a town in which a tenth of the houses stand.
    """
    return pl.concat([_streets(known), _towns(known), _names(known), _codes(known)])


def _texts(strings: Strings | Labels) -> pl.Series:
    return pl.Series(strings.take(np.arange(len(strings))), dtype=pl.String)


def _frame(**columns: object) -> pl.DataFrame:
    frame = pl.DataFrame({name: value for name, value in columns.items() if name != "kind"})
    frame = frame.with_columns(kind=pl.lit(columns["kind"], pl.Int8))
    missing = [pl.lit("").alias(name) for name in FIELDS if name not in columns]
    return frame.with_columns(missing).select(
        pl.col(name).cast(kind) for name, kind in KIND.items()
    )


def _streets(known: Gazetteer) -> pl.DataFrame:
    streets = known.streets
    return _frame(
        kind=STREET,
        row=np.arange(len(streets.road)),
        country=np.asarray(streets.country),
        road=_texts(streets.road),
        city=_texts(streets.city),
        code=_texts(streets.code),
        state=_texts(streets.state),
        lat=np.asarray(streets.lat),
        lon=np.asarray(streets.lon),
        weight=np.log10(1.0 + np.diff(streets.first)) / 8,
    )


def _towns(known: Gazetteer) -> pl.DataFrame:
    places = known.places
    return _frame(
        kind=TOWN,
        row=np.arange(len(places.name)),
        country=np.asarray(places.country),
        city=_texts(places.name),
        state=_texts(places.state_code),
        lat=np.asarray(places.lat),
        lon=np.asarray(places.lon),
        weight=_people(known),
    )


def _people(known: Gazetteer) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.log10(np.maximum(known.places.population, 1.0)) / 8


def _names(known: Gazetteer) -> pl.DataFrame:
    """Return larger towns once more under each other name."""
    first, cities = len(known.postcodes.code), known.cities
    number = np.repeat(np.arange(len(cities.names)), np.diff(cities.first))
    town = cities.rows >= first
    row = np.asarray(cities.rows)[town] - first
    names, places = np.asarray(number)[town], known.places
    large = places.population[row] >= NAMES_FROM
    row, names = row[large], names[large]
    return _frame(
        kind=TOWN,
        row=row,
        country=places.country[row],
        city=pl.Series(cities.names.take(names), dtype=pl.String),
        state=pl.Series(places.state_code.take(row), dtype=pl.String),
        lat=places.lat[row],
        lon=places.lon[row],
        weight=_people(known)[row] - 0.01,  # of two, the name that the gazetteer prefers
    )


def _codes(known: Gazetteer) -> pl.DataFrame:
    codes = known.postcodes
    state, short = _texts(codes.state), _texts(codes.state_code)
    return _frame(
        kind=CODE,
        row=np.arange(len(codes.code)),
        country=np.asarray(codes.country),
        city=_texts(codes.city),
        code=_texts(codes.code),
        state=state + " " + short,
        lat=np.asarray(codes.lat),
        lon=np.asarray(codes.lon),
        weight=np.full(len(codes.code), 0.1),
    )
