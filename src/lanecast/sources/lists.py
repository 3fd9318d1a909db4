"""Lists of towns and postal codes of one's own, as those of a post or a statistical office."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from lanecast.tables.address import GAZETTEER_PLACES, GAZETTEER_POSTCODES

from .held import Held
from .premises import NAMES, columns_of, houses, refuse_twice, texts, with_ids
from .report import RefusedError
from .tabular import scan

ALSO: Mapping[str, Sequence[str]] = {
    "city": ("name", "place_name", "nom_commune", "nom", "nome"),
    "population": ("population",),
}
"""Further names of columns, which mean something else in a register of houses."""
PLACES = {name: (*NAMES.get(name, ()), *ALSO.get(name, ())) for name in (*NAMES, "population")}
STREETS = ("street", "road", "address")  # in whose place a column may stand that is called else
PLACE = ("country", "state", "city", "postal_code")


def from_csv(file: Path, country: str | None) -> Held:
    """Return the houses of a CSV or Parquet file, or the places of one without streets.

    Places with a column of postal codes are one per code and town; others are towns.

    Raises
    ------
    RefusedError
        When it has columns of neither, one twice, or no country and none is given.
    """
    rows = scan(file)
    refuse_twice(rows, file, PLACES)
    held = [name.strip().lower() for name in rows.collect_schema()]
    found = columns_of(rows, PLACES)
    street = found["road"] or found["house_number"] or found["unit"]
    if street or any(word in name for name in held for word in STREETS):
        return houses(rows, file, country)
    if found["city"] is None and found["postal_code"] is None:
        raise RefusedError(
            f"{file.name}: no column 'road' or 'street', as of houses, nor 'city' or "
            f"'postal_code', as of places. It has {', '.join(held[:12])}."
        )
    return _places(rows, file, found, country)


def _places(
    rows: pl.LazyFrame, file: Path, found: Mapping[str, str | None], country: str | None
) -> Held:
    rows = with_ids(texts(rows, file, found, country), PLACE)
    lacks = [name for name in ("city", "postal_code") if found[name] is None]
    spots = ("record_id", "country", "lat", "lon")
    if found["postal_code"] is None:
        towns = rows.select(*spots, "population", name="city", state_code="state")
        return Held(file, GAZETTEER_PLACES, towns, "places: towns", lacks)
    what = "postal codes" if found["city"] is None else "towns with their postal codes"
    codes = rows.select(*spots, "postal_code", "city", "state")
    return Held(file, GAZETTEER_POSTCODES, codes, f"places: {what}", lacks)
