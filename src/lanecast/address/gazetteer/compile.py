"""From the tables of the lake to the arrays that a question looks into."""

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lanecast.tables import address
from lanecast.tables.lake import Lake, collect
from lanecast.tables.schema import Table

from ..country_names import country_names
from ..fold import folded
from ..postcodes import plain
from ..roads import road_key
from ..towns import spellings
from .arrays import Gazetteer, Places, Postcodes, States, Streets
from .derived import codes_of, towns_of
from .keys import Keys, build
from .strings import Labels, Strings
from .subdivisions import listed, of_places, subdivisions

MOST_PEOPLE = (1 << 31) - 1
DIGITS = 9  # of a leading number; a longer one has no value
SMALL = 0.1  # size of a town of which only the postal code is known


def compiled(lake: Lake) -> Gazetteer:
    """Return the newest edition of every gazetteer of ``lake``, ready to be asked."""
    postal = current(lake, address.GAZETTEER_POSTCODES)
    places = current(lake, address.GAZETTEER_PLACES)
    premises = current(lake, address.GAZETTEER_PREMISES)
    return assembled(_covers(lake), places, postal, premises)


def assembled(
    covers: pl.DataFrame, places: pl.DataFrame, postal: pl.DataFrame, premises: pl.DataFrame
) -> Gazetteer:
    """Return the arrays of records of four canonical tables."""
    held = [frame["country"] for frame in (postal, places, premises)]
    countries = tuple(pl.concat(held).unique().sort().to_list())
    number = {country: i for i, country in enumerate(countries)}
    postal, places, premises = (
        frame.with_columns(
            at=pl.col("country").replace_strict(number, default=None, return_dtype=pl.Int32)
        )
        for frame in (postal, places, premises)
    )
    premises = premises.with_columns(key=_plain(premises))
    postal = listed(postal).with_columns(key=_plain(postal)).sort("at", "key", maintain_order=True)
    postal = postal.with_columns(derived=pl.lit(False), named=pl.lit(True))
    keyed = [
        f.with_columns(key=mapped(f[n], folded)) for f, n in ((places, "name"), (postal, "city"))
    ]
    places = places.with_columns(state_code=of_places(*keyed), derived=pl.lit(False))
    postal, places = _with_derived(postal, places, premises)
    towns = pl.concat([_city_names(postal), _place_names(places, postal.height)])
    anywhere = _anywhere(towns)
    return Gazetteer(
        countries=countries,
        covers=covers,
        states=_states(postal, countries),
        postcodes=_postcodes(postal),
        places=_places(places),
        cities=build(towns),
        names=_names(),
        towns=anywhere,
        sizes=_sizes(anywhere, towns, places, postal.height),
        codes=_anywhere(postal.select(country="at", name="key").drop_nulls()),
        streets=_streets(premises),
    )


def _with_derived(
    postal: pl.DataFrame, places: pl.DataFrame, premises: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return postal codes, by country and code, and places, with those of houses behind."""
    if premises.is_empty():
        return postal, places
    postal = pl.concat([postal, codes_of(premises, postal, places)])
    postal = postal.sort("at", "key", maintain_order=True)
    return postal, pl.concat([places, towns_of(premises, postal, places)])


def current(lake: Lake, table: Table) -> pl.DataFrame:
    """Return the records of the newest edition of each gazetteer and country."""
    if not lake.has(table):
        return pl.DataFrame(schema=dict.fromkeys(table.columns, pl.String))
    rows = collect(lake.versions(table)).select(list(table.columns))
    newest = pl.col("recorded_at").max().over("gazetteer_id", "country")
    return rows.filter(pl.col("recorded_at") == newest)


def _covers(lake: Lake) -> pl.DataFrame:
    if not lake.has(address.GAZETTEERS):
        return pl.DataFrame(schema=dict.fromkeys(address.GAZETTEERS.columns, pl.String))
    return collect(lake.read(address.GAZETTEERS)).select(list(address.GAZETTEERS.columns))


def mapped(values: pl.Series, function: Callable[[str], str]) -> pl.Series:
    """Return ``function`` of each distinct text, at the place of every equal one."""
    distinct = values.drop_nulls().unique()
    made = pl.Series([function(value) for value in distinct], dtype=pl.String)
    return values.replace_strict(distinct, made, default=None, return_dtype=pl.String)


def _plain(postal: pl.DataFrame) -> pl.Series:
    pairs = postal.select(pl.concat_str("country", "postal_code")).to_series()
    return mapped(pairs, lambda pair: plain(pair[2:], pair[:2]))


def _degrees(rows: pl.DataFrame, name: str) -> NDArray[np.float32]:
    return rows[name].cast(pl.Float32).fill_null(float("nan")).to_numpy()


def _numbers(rows: pl.DataFrame) -> NDArray[np.int16]:
    return rows["at"].cast(pl.Int16).to_numpy()


def _postcodes(rows: pl.DataFrame) -> Postcodes:
    named = rows.select(country="at", name="key").with_row_index("row")
    return Postcodes(
        keys=build(named.drop_nulls(), fuzzy=False),
        country=_numbers(rows),
        code=Strings.of(rows["postal_code"]),
        city=Labels.of(rows["city"]),
        state_code=Labels.of(rows["state_code"]),
        state=Labels.of(rows["state"]),
        county=Labels.of(rows["county"]),
        lat=_degrees(rows, "lat"),
        lon=_degrees(rows, "lon"),
        gazetteer=Labels.of(rows["gazetteer_id"]),
        record=Strings.of(rows["record_id"]),
        derived=rows["derived"].to_numpy(),
    )


def _places(rows: pl.DataFrame) -> Places:
    return Places(
        country=_numbers(rows),
        name=Strings.of(rows["name"]),
        state_code=Labels.of(rows["state_code"]),
        population=rows["population"]
        .cast(pl.Int64)
        .clip(0, MOST_PEOPLE)
        .cast(pl.Int32)
        .fill_null(0)
        .to_numpy(),
        lat=_degrees(rows, "lat"),
        lon=_degrees(rows, "lon"),
        gazetteer=Labels.of(rows["gazetteer_id"]),
        record=Strings.of(rows["record_id"]),
        derived=rows["derived"].to_numpy(),
    )


def _city_names(postal: pl.DataFrame) -> pl.DataFrame:
    names = postal.select("named", country="at", name="city").with_row_index("row")
    return _spelt(names.filter("named").drop("named"))


def _place_names(places: pl.DataFrame, first: int) -> pl.DataFrame:
    every = pl.concat_str("name", pl.col("aliases").fill_null(""), separator="\n").str.split("\n")
    names = places.select(country="at", name=every).with_row_index("row", offset=first)
    return _spelt(names.explode("name"))


def _spelt(names: pl.DataFrame) -> pl.DataFrame:
    """Return names folded, in each usual spelling; those of one letter tell nothing."""
    spelt = mapped(names["name"], lambda name: "\n".join(spellings(folded(name))))
    return (
        names.with_columns(name=spelt.str.split("\n"))
        .explode("name")
        .filter(pl.col("name").str.len_chars() > 1)
    )


def _names() -> Keys:
    rows = [(0, name, ord(code[0]) << 8 | ord(code[1])) for name, code in country_names().items()]
    schema = {"country": pl.Int32, "name": pl.String, "row": pl.Int32}
    return build(pl.DataFrame(rows, schema, orient="row"), fuzzy=False)


def _anywhere(names: pl.DataFrame) -> Keys:
    """Return which countries know a name, whatever country is asked for (0)."""
    named = names.select(pl.lit(0, pl.Int32).alias("country"), "name", row=pl.col("country"))
    return build(named.unique(), fuzzy=False)


def _sizes(
    anywhere: Keys, towns: pl.DataFrame, places: pl.DataFrame, first: int
) -> NDArray[np.float32]:
    """Return how large the towns of each name and country are, from 0 to 1, `SMALL` if unknown."""
    size = (pl.col("population").cast(pl.Float64).fill_null(0).clip(10).log(10) / 8).clip(0, 1)
    people = places.select(size=size).with_row_index("row", offset=first)
    largest = (
        towns.with_columns(pl.col("row").cast(pl.UInt32))
        .join(people, on="row")
        .group_by("country", "name")
        .agg(pl.col("size").max())
    )
    number = np.repeat(np.arange(len(anywhere.names)), np.diff(anywhere.first))
    names = pl.Series("name", anywhere.names.take(number), pl.String)
    wanted = pl.DataFrame([names, pl.Series("country", anywhere.rows, pl.Int32)])
    found = wanted.join(largest, on=["country", "name"], how="left", maintain_order="left")
    return found["size"].fill_null(SMALL).cast(pl.Float32).to_numpy()


def _states(postal: pl.DataFrame, countries: tuple[str, ...]) -> States:
    """Return the first level of each country: of its postal table, and of its address format."""
    rows = postal.select("at", code="state_code", name="state").unique(maintain_order=True)
    none = pl.lit(None, pl.String)
    parts = [rows.filter(pl.col("name").is_not_null()).with_columns(latin=none, iso=none)]
    known = [(i, *each) for i, country in enumerate(countries) for each in subdivisions(country)]
    parts.append(pl.DataFrame(known, parts[0].schema, orient="row"))
    states = pl.concat(parts).with_row_index("row")
    spelt = ("code", "name", "latin", "iso")
    names = pl.concat(
        [states.select("row", country="at", name=pl.col(each)) for each in spelt]
    ).drop_nulls()
    names = names.with_columns(name=mapped(names["name"], folded))
    return States(
        build(names.filter(pl.col("name").str.len_chars() > 0)),
        Strings.of(states["code"]),
        Strings.of(states["name"]),
    )


def _streets(premises: pl.DataFrame) -> Streets:
    rows = premises.with_columns(
        road_key=mapped(premises["road"], road_key),
        city_key=mapped(premises["city"].cast(pl.String), folded),
        code="key",
        value=_leading(premises["house_number"].cast(pl.String)),
    ).sort("at", "state", "city_key", "code", "road_key", "value", "house_number", "unit")
    same = ("at", "state", "city_key", "code", "road_key")
    street = rows.with_row_index("house").group_by(*same, maintain_order=True)
    streets = street.agg(
        pl.col("road", "city", "postal_code").mode(maintain_order=True).first(),
        pl.col("house").first(),
        pl.col("lat", "lon").cast(pl.Float64).mean(),
    ).with_row_index("row")
    return Streets(
        roads=_keys(streets, "road_key", fuzzy=True),
        in_postcode=_keys(streets, "code"),
        in_city=_keys(streets, "city_key"),
        country=_numbers(streets),
        key=Labels.of(streets["road_key"]),
        road=Labels.of(streets["road"]),
        city=Labels.of(streets["city"]),
        state=Labels.of(streets["state"]),
        code=Labels.of(streets["postal_code"]),
        first=np.append(streets["house"].to_numpy(), rows.height).astype(np.int32),
        lat=_degrees(streets, "lat"),
        lon=_degrees(streets, "lon"),
        value=rows["value"].fill_null(-1).to_numpy(),
        number=Labels.of(rows["house_number"]),
        unit=Labels.of(rows["unit"]),
        house_lat=_degrees(rows, "lat"),
        house_lon=_degrees(rows, "lon"),
        gazetteer=Labels.of(rows["gazetteer_id"]),
        record=Strings.of(rows["record_id"]),
    )


def _leading(numbers: pl.Series) -> pl.Series:
    """Return the leading number of each house number, in digits of any script; null: none."""
    digits = mapped(numbers, folded).str.extract(r"(\d+)")
    return digits.set(digits.str.len_chars() > DIGITS, None).cast(pl.Int32)


def _keys(streets: pl.DataFrame, name: str, fuzzy: bool = False) -> Keys:
    return build(streets.select("row", country="at", name=name).drop_nulls(), fuzzy)
