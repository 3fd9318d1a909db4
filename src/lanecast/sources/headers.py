"""What columns of registers and lists of addresses are called, in the languages that we have seen.

Names are compared folded: small letters without accents, and ``_`` for all between words.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import polars as pl
from anyascii import anyascii

from .report import RefusedError

WHOLE: Sequence[str] = (
    *("address", "adresse", "adres", "adress", "direccion", "endereco", "indirizzo"),
)
"""A street where numbers have a column of their own; else both in one."""
NAMES: Mapping[str, Sequence[str]] = {
    "record_id": ("record_id", "id", "hash"),
    "country": ("country", "country_code", "addr:country"),
    "state": (
        *("state", "region", "province", "state_code", "uf", "addr:state"),
        *("bundesland", "estado", "provincia"),
    ),
    "city": (
        *("city", "locality", "town", "municipality", "nom_commune", "commune", "addr:city"),
        *("ville", "ort", "stadt", "gemeinde", "municipio", "cidade", "ciudad", "localidade"),
        *("localidad", "poblacion", "comune", "citta", "woonplaats", "plaats", "gemeente"),
        *("miejscowosc", "miasto", "obec", "mesto", "postort", "poststed"),
        *("kommun", "kommune", "kaupunki", "kunta", "telepules", "sehir", "gorod"),
    ),
    "postal_code": (
        *("postal_code", "postcode", "zip", "zipcode", "zip_code", "postalcode"),
        *("code_postal", "plz", "cep", "addr:postcode", "postleitzahl", "codigo_postal"),
        *("cod_postal", "cp", "cap", "kod_pocztowy", "postnummer", "postnr", "psc"),
        *("postinumero", "iranyitoszam", "posta_kodu", "pincode", "pin_code"),
    ),
    "road": (
        *("road", "street", "addr:street", "street_name", "road_name", "streetname"),
        *("nom_voie", "nom_rue", "nom_de_la_voie", "libelle_voie", "voie", "rue"),
        *("strasse", "strassenname", "nombre_via", "nombre_calle", "calle"),
        *("nome_via", "via", "nome_logradouro", "logradouro", "rua"),
        *("straatnaam", "straat", "ulica", "nazwa_ulicy", "nazev_ulice", "ulice", "ulitsa"),
        *("gatunamn", "gata", "gate", "gatenavn", "vejnavn", "adressenavn", "katu", "utca"),
        *("sokak", *WHOLE),
    ),
    "house_number": (
        *("house_number", "number", "addr:housenumber", "housenumber", "street_number"),
        *("hausnummer", "hausnr", "huisnummer", "huisnr", "husnummer", "husnr"),
        *("numero_voie", "numero_civico", "civico", "numer_domu", "cislo_domovni"),
        *("house_no", "numero", "numer", "num", "nr", "hnr"),
    ),
    "unit": ("unit", "addr:unit"),
    "lat": ("lat", "latitude", "latitud", "breitengrad"),
    "lon": ("lon", "lng", "longitude", "longitud", "langengrad"),
}
"""For each column the names, folded, under which others keep it; the first that is there counts."""
STREETS = re.compile(
    r"street|address|adres|direccion|endereco|indirizz|anschrift|strass|straat|logradour|ulic|ulits"
    r"|hausn|huisn|husn|sokak|cadde"
    r"|(^|[_:])(road|rues?|voies?|calles?|via|viale|rua|str|ul|gat[ae]|katu|utca|vej|veg|vei"
    r"|civico|hnr|house(_?n\w*)?|haus|huis|hus|addr_?(line\w*|\d)?)(_|$)"
)
"""What a folded name has that is likely a column of streets or house numbers."""
AGAIN = re.compile(r"_duplicated_\d+$")  # what Polars calls the second of two equal columns


def columns_of(rows: pl.LazyFrame, names: Mapping[str, Sequence[str]]) -> Mapping[str, str | None]:
    """Return which column of ``rows`` is each of ours; None: it has none."""
    held = {called(name): name for name in rows.collect_schema()}
    return {
        column: next((held[name] for name in some if name in held), None)
        for column, some in names.items()
    }


def like_streets(rows: pl.LazyFrame, names: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """Return the columns called like streets or house numbers that are none of ``names``."""
    ours = {name for some in names.values() for name in some} - {*WHOLE}
    return [
        name
        for name in rows.collect_schema()
        if called(name) not in ours and STREETS.search(called(name))
    ]


def no_street(rows: pl.LazyFrame, file: Path, numbers: str | None) -> RefusedError:
    """Return the refusal of rows of which no column is the streets; ``numbers`` has theirs."""
    if found := like_streets(rows, NAMES):
        do = (
            f"rename the column of streets to 'road' (it may be {' or '.join(map(repr, found))}), "
            "with the house number in another, 'house_number', since both in one are not read; or "
            "leave it out, if this is a list of places"
        )
    else:
        number = "" if numbers is None else f" (without {numbers!r}, if this is a list of places)"
        do = f"rename the column of streets to 'road'{number}"
    return RefusedError(f"{file.name}: no column 'road' or 'street'; {do}. It has {held(rows)}.")


def held(rows: pl.LazyFrame) -> str:
    """Return the first columns of ``rows``, for a message."""
    return ", ".join([name.strip() for name in rows.collect_schema()][:12])


def refuse_twice(rows: pl.LazyFrame, file: Path, names: Mapping[str, Sequence[str]]) -> None:
    """Refuse rows with two columns of one name, of which the values of one would be lost.

    Raises
    ------
    RefusedError
        When a column that is one of ``names`` stands twice, in whatever case.
    """
    ours = {name for some in names.values() for name in some}
    said = [called(AGAIN.sub("", name)) for name in rows.collect_schema()]
    twice = next((each for each in said if each in ours and said.count(each) > 1), None)
    if twice is not None:
        raise RefusedError(
            f"{file.name}: column {twice!r} stands {said.count(twice)} times; keep the one that "
            "is meant."
        )


@lru_cache(maxsize=1 << 10)
def called(name: str) -> str:
    """Return the name of a column as names are compared."""
    return re.sub(r"[^a-z0-9:]+", "_", anyascii(name).lower()).strip("_")
