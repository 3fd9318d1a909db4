"""How streets, houses, units, boxes and quarters are written, by language, in `grammars.toml`.

`made` writes addresses of them, and `words` tells the tagger which words they are made of.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files
from typing import Any

from .fold import folded


@dataclass(frozen=True)
class Grammar:
    """One language's ways, alternatives apart by ``|``.

    ``{}`` is a name, ``{f}`` a first name, ``{n}`` a number, ``{k}`` a small one, ``{a}`` a letter.

    Attributes
    ----------
    roads
        Streets, with the word for a street before, behind or in the name.
    names
        What streets are named after.
    numbers
        House numbers.
    units, levels, staircases, boxes
        Flats and offices, floors, stairs or entrances, post boxes.
    houses
        Buildings, shops and firms.
    suburbs
        Quarters of a town.
    notes
        What is written for the courier.
    towns
        Words for a town that stand before its name.
    front
        Whether the number stands before the street.
    """

    roads: str
    names: str
    numbers: str = "{n}|{n}|{n}|{n}{a}"
    units: str = ""
    levels: str = ""
    staircases: str = ""
    boxes: str = ""
    houses: str = "{}"
    suburbs: str = "{}"
    notes: str = ""
    towns: str = ""
    front: bool = False


def read(name: str) -> dict[str, Any]:
    """Return the lists of a file of this package."""
    return tomllib.loads((files("lanecast.address") / name).read_text("utf-8"))


_LISTS = read("grammars.toml")
FIRST_NAMES = str(_LISTS["first_names"])
LANGUAGES: Mapping[str, Grammar] = {
    language: Grammar(
        **{"names": _LISTS["english_names"]} | {k: v for k, v in ways.items() if k != "countries"}
    )
    for language, ways in _LISTS["languages"].items()
}
COUNTRIES: Mapping[str, str] = {
    country: language
    for language, ways in _LISTS["languages"].items()
    for country in ways["countries"].split()
}
MARKS = {
    "roads": "type",
    "units": "unit",
    "levels": "level",
    "staircases": "stair",
    "boxes": "box",
    "houses": "firm",
    "numbers": "no",
    "suburbs": "quarter",
    "towns": "town",
}
WAYS = frozenset(
    (
        *("n", "s", "e", "w", "ne", "nw", "se", "sw", "north", "south", "east", "west", "no", "so"),
        *("northeast", "northwest", "southeast", "southwest"),
    )
)


@lru_cache(maxsize=1)
def words() -> Mapping[str, tuple[str, ...]]:
    """Return folded words of all grammars, and what each is a mark of: ``type``, ``unit`` ..."""
    found: dict[str, set[str]] = {way: {"way"} for way in WAYS}
    for grammar in LANGUAGES.values():
        for field in fields(grammar):
            if field.name in MARKS:
                for each in str(getattr(grammar, field.name)).split("|"):
                    for word in each.split():
                        plain = folded(word) if "{" not in word else ""
                        if plain and not plain.isdigit() and plain not in WAYS and " " not in plain:
                            found.setdefault(plain, set()).add(MARKS[field.name])
    return {word: tuple(sorted(marks)) for word, marks in found.items()}
