"""Gazetteers of others as canonical tables: GeoNames, OpenAddresses, GeoJSON, one's own CSV.

A file is one edition: of the countries in it, records of older editions are history. Bytes that
are not UTF-8 spoil their own row only.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from lanecast.tables.address import GAZETTEERS

from . import geonames, lists, premises
from .country_boxes import countries
from .files import batches
from .held import Held
from .oddities import Odd
from .piece import Piece
from .report import RefusedError

UNREADABLE = "\ufffd"
FORMATS: Mapping[str, Callable[[Path, str | None], Held]] = {
    "geonames": geonames.read,
    "openaddresses": premises.from_csv,
    "geojson": premises.from_geojson,
    "csv": lists.from_csv,
}
KINDS = {
    "gazetteer_places": "places",
    "gazetteer_postcodes": "postcodes",
    "gazetteer_premises": "premises",
}
COUNTRIES = sorted({*countries(), "AQ", "BV", "HM", "UM"})  # the four have no towns
OWN = (
    Odd(
        "country",
        "unknown_country",
        "a country of ISO 3166-1 alpha-2, for example GB",
        pl.col("country").str.contains("^[A-Z]{2}$") & ~pl.col("country").is_in(COUNTRIES),
    ),
    Odd(
        "postal_code",
        "bad_format",
        "a postal code as text, for example 01000; 1000.0 was a number once",
        pl.col("postal_code").str.contains(r"^\d+\.\d+$"),
    ),
)
"""What is wrong in one's own files; GeoNames keeps countries of the past."""
LICENCES = {"geonames": "GeoNames, CC BY 4.0"}


@dataclass(frozen=True)
class Edition:
    """What a gazetteer is called, where and as of when it holds, and whose it is.

    Attributes
    ----------
    gazetteer_id
        Name that proofs quote.
    at
        Its date, with a time zone.
    country
        ISO 3166-1 alpha-2, where the file has no column for it.
    licence
        As its owner words it.
    """

    gazetteer_id: str
    at: datetime
    country: str | None = None
    licence: str | None = None


def read(form: str, file: Path, edition: Edition, size: int = 1_000_000) -> Iterator[Piece]:
    """Return the records of ``file``, at most ``size`` at a time, and last what it covers.

    Raises
    ------
    RefusedError
        As ``opened``.
    """
    return pieces(opened(form, file, edition.country), form, edition, size)


def opened(form: str, file: Path, country: str | None) -> Held:
    """Return what ``file`` holds; ``country`` is that of an edition.

    Raises
    ------
    RefusedError
        When the file is missing, is not of that format, or has no country and none is given.
    """
    if not file.is_file():
        what = "is a folder" if file.is_dir() else "no such file"
        raise RefusedError(f"{file}: {what}; give the gazetteer's file.")
    if not file.stat().st_size:
        raise RefusedError(f"{file.name}: is empty; expected records of a gazetteer.")
    if country is not None and not (len(country) == 2 and country.isascii() and country.isupper()):
        raise RefusedError(f"country: {country!r}; expected ISO 3166-1 alpha-2, for example DE.")
    return FORMATS[form](file, country)


def pieces(held: Held, form: str, edition: Edition, size: int = 1_000_000) -> Iterator[Piece]:
    """Return the records of an ``opened`` file as ``read`` does."""
    counts: dict[str, int] = {}
    table, file, licence = held.table, held.file, LICENCES.get(form)
    rows = held.rows.with_columns(
        gazetteer_id=pl.lit(edition.gazetteer_id), recorded_at=pl.lit(edition.at)
    )
    texts = [name for name, kind in rows.collect_schema().items() if kind == pl.String]
    for batch in batches(file, rows, size):
        spoiled = []
        for name in texts:
            bad = pl.col(name).str.contains(UNREADABLE, literal=True).fill_null(False)
            if (found := batch.filter(bad)).height:
                spoiled.append((found, Odd(name, "not_utf8", "text in UTF-8", pl.lit(True))))
                batch = batch.filter(~bad)
        for rule in OWN if form != "geonames" else ():
            wrong = rule.rows.fill_null(False)
            if rule.column in texts and (found := batch.filter(wrong)).height:
                spoiled.append((found, rule))
                batch = batch.filter(~wrong)
        for country, many in batch.group_by("country").len().iter_rows():
            counts[country] = counts.get(country, 0) + many
        yield Piece(table, file.name, batch, spoiled)
    covered = pl.DataFrame(
        {"country": list(counts), "rows": list(counts.values())},
        {"country": pl.String, "rows": pl.Int64},
    ).filter(pl.col("country").str.contains("^[A-Z]{2}$").fill_null(False))
    yield Piece(
        GAZETTEERS,
        file.name,
        covered.with_columns(
            gazetteer_id=pl.lit(edition.gazetteer_id),
            kind=pl.lit(KINDS[table.name]),
            licence=pl.lit(edition.licence or licence, pl.String),
            recorded_at=pl.lit(edition.at),
        ),
    )
