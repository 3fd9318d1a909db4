"""Labelled addresses made of a gazetteer's places and a language's ways of writing.

The order of the parts is the country's own (libaddressinput's formats); streets, houses, units and
boxes come from `grammars`; what is often left out is left out. The same seed makes the same ones.
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import polars as pl

from .grammars import COUNTRIES, FIRST_NAMES, LANGUAGES, Grammar
from .made_forms import Place, example, named, ordered, state, town
from .noise import Word

CODES = {"GB": " {d}{l}{l}", "CA": " {d}{l}{d}", "NL": " {l}{l}", "IE": " {l}{d}{d}{l}"}
ORDINALS = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth")
PIECE = re.compile(r"%([NOACDSZ])")
ABSENT = {"Z": 0.2, "S": 0.25, "C": 0.04, "N": 0.75, "D": 0.6}
STREET_ONLY, PLACE_ONLY, COUNTRY, BOX, CROSSING = 0.12, 0.05, 0.4, 0.06, 0.02
COUNTY, ENGLISH, NO_NUMBER = 0.12, 0.25, 0.08  # shares; where a house is named, three times
OTHER_CODE, AFTER = 0.2, 0.05  # a code that is not the town's own; a building behind the street
GLUED, NOTE, LISTED = 0.1, 0.06, 0.7  # a code without its blank; a note; a state as it is listed
DASHED = {"BR": 0.5, "PT": 0.1, "MX": 0.1, "CL": 0.1, "CO": 0.2, "TR": 0.3, "PL": 0.05}
DASHES = {"TR": " / "}
COMMA = {"pt": 0.5, "es": 0.3, "it": 0.4, "ru": 0.5}  # between street and number
CHAINS = {"fr": 0.12, "us": 0.0}  # entrance, floor and flat all there
SHORT = {"North": "N", "South": "S", "East": "E", "West": "W", "Saint": "St", "Fort": "Ft"}
SHORT |= {"Mount": "Mt", "Port": "Pt", "Heights": "Hts", "Springs": "Spgs", "City": "Cty"}


def places(postcodes: pl.DataFrame, towns: pl.DataFrame) -> dict[str, list[Place]]:
    """Return the places of each country that a grammar is known for, towns where no codes are.

    Parameters
    ----------
    postcodes, towns
        Rows of the tables `gazetteer_postcodes` and `gazetteer_places`.
    """
    found: dict[str, list[Place]] = {}
    columns = ("country", "city", "postal_code", "state", "state_code", "county")
    for row in postcodes.select(columns).fill_null("").iter_rows():
        if row[0] in COUNTRIES and row[1]:
            code = row[2].upper().split(" CEDEX")[0]
            found.setdefault(row[0], []).append(Place(row[0], row[1], code, *row[3:]))
    coded = set(found)
    for country, name in towns.select("country", "name").iter_rows():
        if country in COUNTRIES and country not in coded:
            found.setdefault(country, []).append(Place(country, name))
    return found


def addresses(
    known: Mapping[str, Sequence[Place]], shares: Mapping[str, float], seed: int = 0
) -> Iterator[tuple[str, list[Word]]]:
    """Yield countries with labelled words, without end; ``shares`` weigh the countries."""
    rng = random.Random(seed)
    countries = [country for country in shares if known.get(country)]
    weights = [shares[country] for country in countries]
    while True:
        country = rng.choices(countries, weights)[0]
        yield country, made(rng.choice(known[country]), known[country], rng)


def made(place: Place, others: Sequence[Place], rng: random.Random) -> list[Word]:
    """Return one labelled address in ``place``; streets are named after ``others`` too."""
    grammar = LANGUAGES[COUNTRIES[place.country]]
    parts = _parts(place, others, grammar, rng)
    american = place.country == "US"
    alone = rng.random() < STREET_ONLY * (2 if american else 1)
    between = rng.choices((", ", " ", "\n", ","), (0.55, 0.3, 0.12, 0.03))[0]
    dash = DASHES.get(place.country, " - ") if rng.random() < DASHED.get(place.country, 0) else ""
    words: list[Word] = []
    for line in ordered(place.country, rng).split("%n"):
        kept = [
            piece
            for piece in PIECE.findall(line)
            if parts.get(piece) and not (alone and piece not in "AN")
        ]
        if not kept:
            continue
        inner = " " if rng.random() < 0.3 else ", " if ", " in line else " "
        for piece in kept:
            if words:
                here = between if piece == kept[0] else " " if piece == "Z" else inner
                here = dash if dash and piece in "DS" else here
                words[-1] = Word(words[-1].text, words[-1].label, here)
            words += parts[piece]
    if not words or not any(word.label in ("road", "house", "po_box", "city") for word in words):
        return made(place, others, rng)
    if not alone and rng.random() < COUNTRY / (5 if american else 1):
        name = named(place.country, rng)
        words[-1] = Word(words[-1].text, words[-1].label, between)
        words += _words(name, "country")
    if grammar.notes and rng.random() < NOTE / (2 if american else 1):
        note = _words(_written(grammar.notes, grammar, others, rng), "other")
        words = _joined(words, note, between) if rng.random() < 0.85 else _joined(note, words, ", ")
    return words


def _parts(
    place: Place, others: Sequence[Place], grammar: Grammar, rng: random.Random
) -> dict[str, list[Word]]:
    """Return the words of each piece of an address format, empty where it is left out."""
    american = place.country == "US"
    street = [] if rng.random() < PLACE_ONLY else _street(place, others, grammar, rng)
    if rng.random() < AFTER:
        house = _words(_written(grammar.houses, grammar, others, rng), "house")
        street = _joined(street, house, rng.choice((", ", " ")))
    if grammar.notes and rng.random() < NOTE / (6 if american else 2):
        note = _words(_written(grammar.notes, grammar, others, rng), "other")
        street = _joined(street, note, rng.choice((", ", " ")))
    if rng.random() < BOX and grammar.boxes:
        street = _words(_written(grammar.boxes, grammar, others, rng), "po_box")
    where = place.state_code if rng.random() < 0.5 and place.state_code.isalpha() else place.state
    if american and rng.random() < 0.8:
        where = place.state_code
    if not american and rng.random() < LISTED:
        where = state(place, rng) or where
    code = place.postcode + _written(CODES.get(place.country, ""), grammar, others, rng)
    code = code.replace(" ", "") if rng.random() < GLUED else code
    if len(code) == 5 and code.isdigit() and rng.random() < OTHER_CODE:
        code = f"{code[:3]}{rng.randrange(100):02}"
    if american and code and rng.random() < 0.2:
        code += rng.choices("- ", (0.85, 0.15))[0] + f"{rng.randrange(1, 9999):04}"
    if not code:
        code = example(place.country, rng)
    city = town(_town(place.city), place.country, rng)
    city = _shortened(city, rng) if american else city
    houses = LANGUAGES["en"].houses if rng.random() < ENGLISH else grammar.houses
    parts = {
        "A": street,
        "C": _words(city, "city"),
        "S": _words(where, "state"),
        "Z": _words(code, "postcode"),
        "D": _words(_written(grammar.suburbs, grammar, others, rng), "suburb"),
        "N": _words(_written(houses, grammar, others, rng), "house"),
    }
    if place.county and place.county != place.city and rng.random() < COUNTY and not american:
        county = _words(_town(place.county), "state_district")
        parts["S"] = _joined(county, parts["S"], rng.choice((", ", " ", "\n")))
    rare = {"D": 0.97, "N": 0.88} if american else {}
    kept = {k: w for k, w in parts.items() if rng.random() >= (ABSENT | rare).get(k, 0.0)}
    if "N" in kept and rng.random() < 3 * NO_NUMBER:
        kept["A"] = [word for word in kept["A"] if word.label != "house_number"]
    return kept


def _street(
    place: Place, others: Sequence[Place], grammar: Grammar, rng: random.Random
) -> list[Word]:
    """Return the words of a street with its number, and of floor, stairs and flat if any."""
    language = COUNTRIES[place.country]
    quarter = language == "ja"  # where streets have no names
    road = _words(_written(grammar.roads, grammar, others, rng), "suburb" if quarter else "road")
    if place.country == "US" and rng.random() < CROSSING:
        sign = [Word(rng.choice(("&", "and", "at", "/", "AND")), "road")]
        return [*road, *sign, *_words(_written(grammar.roads, grammar, others, rng), "road")]
    number = _words(_written(grammar.numbers, grammar, others, rng), "house_number")
    if rng.random() < NO_NUMBER:
        number = []
    elif language == "en" and rng.random() < 0.4 and "/" in number[0].text:
        number = [Word(rng.choice(("Unit", "Apt", "Flat", "Shop", "U")), "unit"), *number]
    comma = rng.random() < COMMA.get(language, 0.03 if grammar.front else 0.15)
    first, then = (number, road) if grammar.front else (road, number)
    if rng.random() < 0.03:
        first, then = then, first
    line = _joined(first, then, ", " if comma else " ")
    flats, chain = [], rng.random() < CHAINS.get(language, 0.03)
    for kind, label, often in (
        (grammar.staircases, "staircase", 0.05),
        (grammar.levels, "level", 0.1),
        (grammar.units, "unit", 0.25 if place.country == "US" else 0.18),
    ):
        if kind and (chain or rng.random() < often):
            flats.append(_words(_written(kind, grammar, others, rng), label))
    for flat in flats:
        dash = " - " if rng.random() < DASHED.get(place.country, 0) else " "
        apart = rng.choice((", ", " ", dash))
        named = len(flat) > 1 or flat[0].text[0] == "#"
        often = 0.2 if grammar.front else 0.3 if chain and language == "fr" else 0.03
        before = named and rng.random() < often
        line = _joined(flat, line, apart) if before else _joined(line, flat, apart)
    return line


def _joined(first: list[Word], then: list[Word], between: str) -> list[Word]:
    if not first or not then:
        return first + then
    return [*first[:-1], Word(first[-1].text, first[-1].label, between), *then]


def _words(text: str, label: str) -> list[Word]:
    return [Word(each, label) for each in text.split()]


def _town(name: str) -> str:
    """Return a town's name without what tables add in brackets or behind a slash."""
    return re.split(r"[(/,]", name)[0].strip() or name


def _shortened(town: str, rng: random.Random) -> str:
    """Return a town's name, seldom with its usual words cut short."""
    if rng.random() < 0.8:
        return town
    dot = rng.choice(("", "."))
    return " ".join(SHORT[word] + dot if word in SHORT else word for word in town.split())


def _written(ways: str, grammar: Grammar, others: Sequence[Place], rng: random.Random) -> str:
    """Return one of the ways, its blanks filled in."""
    way = rng.choice(_ways(ways))
    while "{" in way:
        start, rest = way.split("{", 1)
        blank, rest = rest.split("}", 1)
        way = start + _filled(blank, grammar, others, rng) + rest
    return way


@lru_cache(maxsize=256)
def _ways(ways: str) -> list[str]:
    return ways.split("|")


def _filled(blank: str, grammar: Grammar, others: Sequence[Place], rng: random.Random) -> str:
    if blank == "":
        if rng.random() < 0.4:
            return _town(rng.choice(others).city)
        return rng.choice(_ways(grammar.names))
    if blank == "f":
        return rng.choice(_ways(FIRST_NAMES))
    number = int(10 ** rng.uniform(0, 4.3))
    if blank == "n":
        return str(number)
    if blank == "a":
        return rng.choice("ABCDEFGHKMNW") if rng.random() < 0.7 else rng.choice("abcd")
    if blank == "d":
        return str(rng.randrange(10))
    if blank == "l":
        return rng.choice("ABEGHJLNPRTWXYZ")  # what codes of all four countries may have
    if blank == "k":
        return str(rng.randrange(1, 40))
    if rng.random() < 0.2:
        return rng.choice(ORDINALS)
    return _ordinal(min(number, rng.randrange(1, 300)))


def _ordinal(number: int) -> str:
    last = (
        "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    )
    return f"{number}{last}"
