"""Lists of towns and postal codes of one's own, as those of a post or a statistical office."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from lanecast.tables.address import GAZETTEER_PLACES, GAZETTEER_POSTCODES

from .headers import NAMES, columns_of, held, like_streets, no_street, refuse_twice
from .held import Held
from .premises import houses, texts, with_ids
from .report import RefusedError
from .tabular import scan

ALSO: Mapping[str, Sequence[str]] = {
    "city": ("name", "place_name", "nom", "nome"),
    "population": ("population",),
}
"""Further names of columns, which mean something else in a register of houses."""
PLACES = {name: (*NAMES.get(name, ()), *ALSO.get(name, ())) for name in (*NAMES, "population")}
PLACE = ("country", "state", "city", "postal_code")
AGAIN = 0.5  # share of rows that repeat a place, above which they are no list of places


def from_csv(file: Path, country: str | None) -> Held:
    """Return the houses of a CSV or Parquet file, or the places of one without streets.

    Places with a column of postal codes are one per code and town; others are towns.

    Raises
    ------
    RefusedError
        When it has columns of neither, one twice, or no country and none is given; and when it
        looks like a register of houses of which we do not find the streets.
    """
    rows = scan(file)
    refuse_twice(rows, file, PLACES)
    found = columns_of(rows, PLACES)
    if found["road"] or found["house_number"] or found["unit"]:
        return houses(rows, file, country)
    if like_streets(rows, PLACES):
        raise no_street(rows, file, None)
    if found["city"] is None and found["postal_code"] is None:
        raise RefusedError(
            f"{file.name}: no column 'road' or 'street', as of houses, nor 'city' or "
            f"'postal_code', as of places; rename the columns that are meant. It has {held(rows)}."
        )
    return _places(rows, file, found, country)


def _places(
    rows: pl.LazyFrame, file: Path, found: Mapping[str, str | None], country: str | None
) -> Held:
    _refuse_register(texts(rows, file, found, country), file, held(rows))
    rows = with_ids(texts(rows, file, found, country), PLACE)
    lacks = [name for name in ("city", "postal_code") if found[name] is None]
    spots = ("record_id", "country", "lat", "lon")
    if found["postal_code"] is None:
        towns = rows.select(*spots, "population", name="city", state_code="state")
        return Held(file, GAZETTEER_PLACES, towns, "places: towns", lacks)
    what = "postal codes" if found["city"] is None else "towns with their postal codes"
    codes = rows.select(*spots, "postal_code", "city", "state")
    return Held(file, GAZETTEER_POSTCODES, codes, f"places: {what}", lacks)


def _refuse_register(rows: pl.LazyFrame, file: Path, held: str) -> None:
    """Refuse rows that repeat their places as houses do: taken as a list they would be complete."""
    place = pl.concat_str([pl.col(name).fill_null("") for name in PLACE], separator="|")
    counts = rows.select(many=pl.len(), apart=place.n_unique())
    many, apart = counts.collect(engine="streaming").row(0)
    if many - apart > AGAIN * many:
        raise RefusedError(
            f"{file.name}: {many:,} rows with {apart:,} places apart, as of a register of houses; "
            "rename the column of its streets to 'road', or keep one row of each place if it is a "
            f"list of places. It has {held}."
        )
