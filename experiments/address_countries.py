"""How often the country of an address is guessed right where nobody names it.

    python experiments/address_countries.py DATA_FOLDER --lake LAKE [--most 200]

Places are rows of GeoNames' postal codes by country, of La Poste's communes and of IBGE's
municipalities; streets and numbers before them are made, in the order of the country. Each is asked
with and without its postal code and its state, and with a slip in its town. Beside them the strings
labelled by hand in the US and the formatting cases of OpenCage, as people wrote them, without the
name of their country. Once with all that LAKE holds of GeoNames, once with its postal codes only.
Votes were chosen on rows with an even number, those with an odd one are told apart.
"""

import argparse
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import polars as pl
from address_labelled import american, labelled, opencage

from lanecast.address.countries import guessed
from lanecast.address.envelope import lines
from lanecast.address.fold import folded
from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.compile import assembled, current
from lanecast.address.gazetteer.stored import gazetteer
from lanecast.address.made import Place, made, places
from lanecast.address.tokens import tokens
from lanecast.tables import address
from lanecast.tables.lake import Lake, collect

CODED = ("US", "GB", "DE", "IT", "ES", "BR", "NL", "CA", "AU", "CH", "AT", "SE", "DK", "BE", "TR")
TOWNS = ("FR", "IN", "PL", "MX")  # of which GeoNames here has towns, and no postal codes
PROVINCES = ("IT", "ES")  # the second level of GeoNames is what addresses name
WITH_STATE = ("US", "CA", "AU", "BR", "IT", "ES", "IN", "MX")
DIGITS, LETTERS = "123456789", "ABDEFGHJLN"
REST = {  # of codes of which GeoNames has the beginning
    "GB": (" ", DIGITS, LETTERS, LETTERS),
    "CA": (" ", DIGITS, "ABCEGHJ", DIGITS),
    "NL": (" ", LETTERS, LETTERS),
}
Row = tuple[str, dict[str, str]]  # country and parts


def rows(folder: Path, most: int) -> dict[str, list[Row]]:
    """Return parts of addresses by set."""
    postal = pl.read_parquet(folder / "geonames_postal.parquet")
    finer = pl.col("country_code").is_in(PROVINCES)
    postal = postal.select(
        country="country_code",
        city="place_name",
        postal_code="postal_code",
        state=pl.when(finer).then("admin2_name").otherwise("admin1_name"),
        state_code=pl.when(finer).then("admin2_code").otherwise("admin1_code"),
        county=pl.lit(""),
    )
    towns = pl.read_parquet(folder / "geonames_cities.parquet")
    by = places(postal, towns.select(country="countrycode", name="name"))
    rng, states = random.Random(3), _states(folder)
    found = {
        country: [
            _parts(place, by[country], states, rng) for place in rng.sample(by[country], most)
        ]
        for country in (*CODED, *TOWNS)
    }
    post = pl.read_parquet(folder / "france_postal.parquet").sample(most, seed=1)
    communes = [
        Place("FR", name.title(), code)
        for name, code in post.select("Nom_commune", "Code_postal").iter_rows()
    ]
    found["FR, La Poste"] = [_parts(place, communes, states, rng) for place in communes]
    ibge = pl.read_parquet(folder / "ibge_municipios.parquet").sample(most, seed=1)
    ufs = pl.read_parquet(folder / "ibge_estados.parquet").select("codigo_uf", "uf")
    cities = [
        Place("BR", name, "", "", uf)
        for name, uf in ibge.join(ufs, on="codigo_uf").select("nome", "uf").iter_rows()
    ]
    found["BR, IBGE"] = [_parts(place, cities, states, rng) for place in cities]
    return found


def _states(folder: Path) -> dict[str, str]:
    """Return the code of each state of Brazil, where GeoNames has numbers."""
    names = pl.read_parquet(folder / "ibge_estados.parquet").select("nome", "uf")
    return {folded(name): uf for name, uf in names.iter_rows()}


def _parts(place: Place, others: list[Place], states: dict[str, str], rng: random.Random) -> Row:
    words: list = []
    while not any(word.label == "road" for word in words):
        words = made(place, others, rng)
    parts = {
        name: " ".join(word.text.strip(",") for word in words if word.label == name)
        for name in ("house_number", "road")
    }
    state = place.state_code if place.state_code.isalpha() else place.state
    if place.country == "BR":
        state = states.get(folded(state), state)
    state = state if place.country in WITH_STATE else ""
    code = place.postcode + "".join(rng.choice(each) for each in REST.get(place.country, ()))
    return place.country, parts | {"postcode": code, "city": place.city, "state": state}


def asked(parts: Iterable[Row], without: tuple[str, ...], slip: bool) -> Iterator[tuple[str, str]]:
    """Yield country and text of each."""
    rng = random.Random(9)
    for country, each in parts:
        held = {name: value for name, value in each.items() if value and name not in without}
        if slip and len(held["city"]) > 4:
            at = rng.randrange(1, len(held["city"]))
            held["city"] = held["city"][:at] + rng.choice("aeinrst") + held["city"][at + 1 :]
        yield country, ", ".join(lines(held, country))


def real(folder: Path) -> dict[str, list[tuple[str, str]]]:
    """Return country and text of addresses as people wrote them, without the country's name."""
    hand, _ = american(folder)
    us = [[w for w in words if w.label != "country"] for words in hand]
    sets = {
        "by hand, US, with code": [w for w in us if _has(w, "postcode")],
        "by hand, US, state only": [w for w in us if _has(w, "state") and not _has(w, "postcode")],
    }
    found = {name: [("US", _text(words)) for words in some] for name, some in sets.items()}
    cases = [(c, [w for w in words if w.label != "country"]) for c, words in opencage(folder)]
    found["formatting cases"] = [(c, _text(w)) for c, w in cases if _has(w, "city")]
    return found


def _has(words: list, label: str) -> bool:
    return any(word.label == label for word in words)


def _text(words: list) -> str:
    return labelled(words)[0]


def right(known: Gazetteer, each: list[tuple[str, str]]) -> float:
    """Return the share [%] whose country is guessed."""
    hits = [next(iter(guessed(tokens(text), known)), None) == c for c, text in each]
    return 100 * sum(hits) / max(len(hits), 1)


def postal_only(lake: Lake) -> Gazetteer:
    """Return what a lake with postal codes alone would have."""
    postal, towns, houses = (
        current(lake, table)
        for table in (
            address.GAZETTEER_POSTCODES,
            address.GAZETTEER_PLACES,
            address.GAZETTEER_PREMISES,
        )
    )
    covers = collect(lake.read(address.GAZETTEERS)).filter(pl.col("kind") == "postcodes")
    covers = covers.select(list(address.GAZETTEERS.columns))
    return assembled(covers, towns.clear(), postal, houses.clear())


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lake", type=Path, required=True, help="with GeoNames")
    parser.add_argument("--most", type=int, default=200, help="rows of each country")
    options = parser.parse_args()
    lake = Lake(options.lake)
    sets, strings = rows(options.folder, options.most), real(options.folder)
    for name, known in (
        ("GeoNames", gazetteer(lake)),
        ("postal codes only", postal_only(lake)),
    ):
        for half in (0, 1):
            print(f"\n{name}, {('even', 'odd')[half]} rows")
            _told(sets, strings, lambda each, h=half: each[h::2], known)


def _told(sets: dict, strings: dict, part: Callable[[list], list], known: Gazetteer) -> None:
    ways = {
        "all": ((), False),
        "no code": (("postcode",), False),
        "no state": (("state",), False),
        "neither": (("postcode", "state"), False),
        "all, slip in town": ((), True),
    }
    print("| set | " + " | ".join(ways) + " |\n|---|" + "---|" * len(ways))
    for name, parts in sets.items():
        if parts[0][0] not in known.countries:
            continue
        cells = [right(known, list(asked(part(parts), *way))) for way in ways.values()]
        print(f"| {name} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |", flush=True)
    for name, each in strings.items():
        print(f"| {name} ({len(part(each))}) | {right(known, part(each)):.1f} |", flush=True)


if __name__ == "__main__":
    main()
