"""GeoNames: postal codes with their places, and populated places with their names (CC BY 4.0).

Files as they are offered (tab-separated, without a header: 12 columns of postal codes, 19 of
places), or the same columns with a header as CSV or Parquet.
"""

from pathlib import Path

import polars as pl

from lanecast.tables.address import GAZETTEER_PLACES, GAZETTEER_POSTCODES

from .held import Held
from .report import RefusedError
from .tabular import scan, tabbed

POSTAL = (
    *("country_code", "postal_code", "place_name", "admin1_name", "admin1_code"),
    *("admin2_name", "admin2_code", "admin3_name", "admin3_code"),
    *("latitude", "longitude", "accuracy"),
)
PLACES = (
    *("geonameid", "name", "asciiname", "alternatenames", "latitude", "longitude"),
    *("feature_class", "feature_code", "countrycode", "cc2", "admin1code", "admin2code"),
    *("admin3code", "admin4code", "population", "elevation", "dem", "timezone", "modified"),
)
NEEDED = ("geonameid", "name", "countrycode", "alternatenames")
FEATURES = ("P", "A")  # populated places, and areas that towns are called after
TEXT = pl.String


def read(file: Path, country: str | None) -> Held:
    """Return the postal codes or the places of a file; ``country`` keeps only one.

    Raises
    ------
    RefusedError
        When it is neither of the two.
    """
    if file.suffix.lower() in (".txt", ".tsv"):
        width, rows = tabbed(file)
        names = {len(POSTAL): POSTAL, len(PLACES): PLACES}.get(width)
        if names is None:
            raise RefusedError(
                f"{file.name}: {width} columns; GeoNames has {len(POSTAL)} of postal codes and "
                f"{len(PLACES)} of places, separated by tabs, without a header."
            )
        rows = rows.rename(dict(zip(rows.collect_schema(), names, strict=True)))
    else:
        rows = scan(file)
        names = tuple(rows.collect_schema())
    if {"country_code", "postal_code", "place_name"} <= set(names):
        table, out, what = GAZETTEER_POSTCODES, _postcodes(rows), "postal codes with their towns"
    elif set(NEEDED) <= set(names):
        table, out, what = GAZETTEER_PLACES, _places(rows), "towns"
    else:
        raise RefusedError(
            f"{file.name}: has {', '.join(names[:12])}; GeoNames' files have country_code, "
            f"postal_code, place_name, ... or {', '.join(NEEDED)}, ..."
        )
    out = out if country is None else out.filter(pl.col("country") == country)
    return Held(file, table, out, f"places: {what}")


def _postcodes(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Return rows of `gazetteer_postcodes`; a place that comes again is ``...~2`` by its order."""
    key = ("country_code", "postal_code", "place_name")
    held = list(rows.collect_schema())
    whole = pl.concat_str(pl.all().cast(TEXT).fill_null(""), separator="\t")
    nth = whole.rank("dense").over(key)  # of equal rows the same, so that they count as known
    return rows.select(
        record_id=pl.format("{}:{}:{}", *(pl.col(k).fill_null("") for k in key))
        + pl.when(nth > 1).then(pl.format("~{}", nth)).otherwise(pl.lit("")),
        country="country_code",
        postal_code=pl.col("postal_code").cast(TEXT),
        city="place_name",
        state_code=_maybe("admin1_code", held),
        state=_maybe("admin1_name", held),
        county=_maybe("admin2_name", held),
        lat=_maybe("latitude", held),
        lon=_maybe("longitude", held),
    )


def _places(rows: pl.LazyFrame) -> pl.LazyFrame:
    held = list(rows.collect_schema())
    if "feature_class" in held:
        rows = rows.filter(pl.col("feature_class").is_in(FEATURES))
    names = pl.col("alternatenames")
    listed = names.str.starts_with("[")
    many = (
        pl.when(listed)
        .then(pl.when(listed).then(names).str.json_decode(pl.List(TEXT)))
        .otherwise(names.str.split(","))
    )
    return rows.select(
        record_id=pl.col("geonameid").cast(TEXT),
        country="countrycode",
        state_code=_maybe("admin1code", held),
        name="name",
        aliases=many.list.eval(pl.element().filter(pl.element().str.len_chars() > 1)).list.join(
            "\n"
        ),
        population=_maybe("population", held),
        lat=_maybe("latitude", held),
        lon=_maybe("longitude", held),
    )


def _maybe(name: str, held: list[str]) -> pl.Expr:
    """Return a column whose blanks are nulls, or nulls where the file lacks it."""
    if name not in held:
        return pl.lit(None, TEXT)
    text = pl.col(name).cast(TEXT).str.strip_chars()
    return pl.when(text != "").then(text)
