"""Towns and postal codes that no list has but a register's houses: known places, too.

A register knows its own houses, and of no country all towns and codes. So what stands here proves
what it has, and makes nothing suspicious that it lacks.
"""

import polars as pl

from ..fold import folded
from ..towns import spellings
from .subdivisions import listed

STATE = ("state_code", "state", "county")
STATED = pl.any_horizontal(pl.col("state_code", "state").is_not_null())


def codes_of(houses: pl.DataFrame, postal: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Return rows of ``postal``, marked as derived, for pairs of code and town of houses alone.

    A town is the same in each usual spelling, its record one of the houses. Its state is that of
    the code on the list, or else what most of the houses have. Not ``named``, so that it is met by
    its code alone, is a town of which houses tell no state, and lists tell one.

    Parameters
    ----------
    houses
        Rows of ``gazetteer_premises`` with ``at`` (number of the country) and ``key`` (plain code).
    postal, places
        Rows of ``gazetteer_postcodes``, after `listed`, with ``at``, ``key``, ``derived`` and
        ``named``, and of ``gazetteer_places`` with ``at``.
    """
    found = listed(_places(houses.filter(pl.col("key").fill_null("") != ""), "key"))
    held = postal.select("at", "key", *STATE, town=same(postal["city"]))
    first = held.filter(STATED).unique(["at", "key"], keep="first", maintain_order=True)
    first = first.drop("town").with_columns(told=True)
    found = found.join(first, on=["at", "key"], how="left", suffix="_on_list")
    found = found.with_columns(
        pl.when("told").then(f"{name}_on_list").otherwise(name).alias(name) for name in STATE
    )
    nameless = pl.col("town") == ""
    named = pl.concat([held, found.select(held.columns).filter(~nameless)])
    new = pl.concat(
        [
            found.filter(~nameless).join(held, on=["at", "key", "town"], how="anti"),
            found.filter(nameless).join(named, on=["at", "key"], how="anti"),
        ]
    )
    lists = [held.select("at", "town"), _names(places, "name").select("at", "town")]
    bare = new.filter(~STATED).join(pl.concat(lists), on=["at", "town"], how="semi")
    bare = bare.select("at", "key", "town").with_columns(named=False)
    new = new.join(bare, on=["at", "key", "town"], how="left")
    return _as(new.with_columns(pl.col("named").fill_null(True), derived=True), postal)


def towns_of(houses: pl.DataFrame, postal: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Return rows of ``places`` for towns that only houses without a postal code have.

    Parameters
    ----------
    houses, postal
        As in `codes_of`, whose rows are among the latter.
    places
        Rows of ``gazetteer_places`` with ``at``.
    """
    found = listed(_places(houses.filter(pl.col("key").fill_null("") == ""), "state"))
    found = found.filter(pl.col("town") != "").unique(["at", "town", "state_code"], keep="first")
    held = pl.concat([_names(postal, "city"), _names(places, "name")])
    stated = pl.col("state_code").is_not_null()
    told = found.filter(stated).join(held, on=["at", "town", "state_code"], how="anti")
    named = pl.concat([held, found.filter(stated).select(held.columns)])
    new = pl.concat([told, found.filter(~stated).join(named, on=["at", "town"], how="anti")])
    new = new.sort("at", "town", "state_code").rename({"city": "name"})
    return _as(new.with_columns(derived=True), places)


def _names(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return which towns are known in which states."""
    return rows.select("at", "state_code", town=same(rows[name]))


def same(names: pl.Series) -> pl.Series:
    """Return names of towns so that all usual spellings of one are equal; null is empty."""
    distinct = names.drop_nulls().unique()
    made = [min(each.replace(" ", "") for each in spellings(folded(name))) for name in distinct]
    one = pl.Series(made, dtype=pl.String)
    found = names.replace_strict(distinct, one, default=None, return_dtype=pl.String)
    return found.fill_null("")


def _places(houses: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return one row for each country, ``by`` and town, written as most of its houses are."""
    usual = [name for name in ("state", "city", "postal_code") if name != by]
    return (
        houses.with_columns(town=same(houses["city"]))
        .group_by("at", by, "town", maintain_order=True)
        .agg(
            pl.col("country", "gazetteer_id", "record_id").first(),
            pl.col(usual).drop_nulls().mode(maintain_order=True).first(),
            pl.col("lat", "lon").cast(pl.Float64).median(),
        )
        .with_columns(pl.lit(None, pl.String).alias(name) for name in ("state_code", "county"))
    )


def _as(rows: pl.DataFrame, like: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of ``like``; those that ``rows`` lack are null."""
    missing = [pl.lit(None).alias(name) for name in like.columns if name not in rows.columns]
    return rows.with_columns(missing).select(like.columns).cast(like.schema)
