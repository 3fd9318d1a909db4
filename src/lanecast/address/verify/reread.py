"""Readings that lists propose: a street of the register, a town or a postal code that they have."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..countries import called
from ..fold import folded
from ..gazetteer.arrays import Gazetteer
from ..gazetteer.subdivisions import subdivisions
from ..parts import Parse, parts_of
from ..postcodes import begins, plain
from ..roads import road_key
from ..tokens import Token
from .lists import states

LONGEST = 6  # words of a street's name
MOST = 3  # names tried, the longest first
KEPT = ("house_number", "postcode", "city", "state", "country")
UNLIKELY = 0.05  # chance left of a reading whose words are read anew


def reread(
    given: str, words: Sequence[Token], parse: Parse, known: Gazetteer, country: int
) -> list[Parse]:
    """Return ``parse`` with the words that are a street of the register read as one.

    The street may be longer than what was read as one, never another or a part of it. Where no
    house number was read, the word with a digit beside the street is it; what was read as a place
    or as the number stays, so that nothing is made to fit.
    """
    if not len(known.streets.road):
        return []
    labels = _labels(words, parse)
    free, roads = [label not in KEPT for label in labels], labels.count("road")
    runs = {
        (i, j): road_key(" ".join(word.text for word in words[i:j]))
        for i in range(len(words))
        for j in range(i + 1, min(i + LONGEST, len(words)) + 1)
        if all(free[i:j]) and labels[i:j].count("road") == roads
    }
    met = known.streets.roads.each(country, list(dict.fromkeys(filter(None, runs.values()))))
    found = [run for run, name in runs.items() if name in met]
    found.sort(key=lambda run: run[0] - run[1])
    return [
        Parse(parts_of(given, words, anew), UNLIKELY * parse.probability)
        for run in found[:MOST]
        if (anew := _anew(words, labels, *run)) != labels
    ]


def corrected(
    given: str, words: Sequence[Token], parse: Parse, known: Gazetteer, country: str | None
) -> Parse:
    """Return ``parse`` with a town, a state and a postal code where lists say that one was read."""
    parse = with_state(with_town(parse, known, country), known, country)
    parse = with_namesake(given, words, parse, known, country)
    return with_code(given, words, parse, known, country)


def with_calls(
    given: str, words: Sequence[Token], parse: Parse, calls: Sequence[tuple[int, int]]
) -> Parse:
    """Return ``parse``, read without the words in ``calls``, with those as ``other``."""
    if not calls:
        return parse
    labels = [
        "other" if any(a <= word.start < b for a, b in calls) else label
        for word, label in zip(words, _labels(words, parse), strict=True)
    ]
    return replace(parse, parts=parts_of(given, words, labels))


def with_town(parse: Parse, known: Gazetteer, country: str | None) -> Parse:
    """Return ``parse`` with a town where a state was read, no town, and no such state is known."""
    state = folded(parse.text("state"))
    if not state or parse.text("city") or _state(state, known, country):
        return parse
    parts = (replace(p, name="city") if p.name == "state" else p for p in parse.parts)
    return replace(parse, parts=tuple(parts))


def with_state(parse: Parse, known: Gazetteer, country: str | None) -> Parse:
    """Return ``parse`` with a state where a country was read, none is called so, and no state."""
    named = folded(parse.text("country"))
    if not named or parse.text("state") or called([named], known):
        return parse
    if country is None or not _state(named, known, country):
        return parse
    parts = (replace(p, name="state") if p.name == "country" else p for p in parse.parts)
    return replace(parse, parts=tuple(parts))


def with_namesake(
    given: str, words: Sequence[Token], parse: Parse, known: Gazetteer, country: str | None
) -> Parse:
    """Return ``parse`` with a town where a state stands twice: by its name, which is a town's too.

    ``Bela Vista, São Paulo - SP`` is a quarter of the town São Paulo; a town that was read before
    it stays one where postal codes say which town is meant.
    """
    number = known.numbers.get(country or "", -1)
    if number < 0 or (parse.text("city") and country not in known.general):
        return parse
    labels = _labels(words, parse)
    stated = [i for i, label in enumerate(labels) if label == "state"]
    if len(stated) < 2 or stated[-1] - stated[0] != len(stated) - 1:
        return parse
    name = folded(" ".join(words[i].text for i in stated[:-1]))
    keys, town = known.states.keys, known.cities.exact(number, name)
    first, last = (keys.exact(number, each) for each in (name, words[stated[-1]].text))
    if min(town, first, last) < 0 or not np.isin(keys.leads(first), keys.leads(last)).any():
        return parse
    labels = ["suburb" if label == "city" else label for label in labels]
    labels[stated[0] : stated[-1]] = ["city"] * (len(stated) - 1)
    return replace(parse, parts=parts_of(given, words, labels))


def with_code(
    given: str, words: Sequence[Token], parse: Parse, known: Gazetteer, country: str | None
) -> Parse:
    """Return ``parse`` with a postal code that was read as another part, where none was read.

    A second house number is looked at, and a last word with letters and digits (``N16``) right
    behind the street, which is a code where no town stands before it.
    """
    number = known.numbers.get(country or "", -1)
    if number < 0 or country is None or parse.text("postcode"):
        return parse
    labels = _labels(words, parse)
    houses = [i for i, label in enumerate(labels) if label == "house_number"]
    last = len(words) - 1
    behind = labels[last - 1 :] in (["road", "road"], ["road", "unit"])
    ends = behind and _mixed(words[last].text)
    for i in (*[last] * ends, *reversed(houses[1:])):
        code = plain(words[i].text, country)
        if known.postcodes.keys.each(number, [code, begins(code, country)]):
            labels[i] = "postcode"
            return replace(parse, parts=parts_of(given, words, labels))
    return parse


def _mixed(word: str) -> bool:
    return any(map(str.isalpha, word)) and any(map(str.isdigit, word))


def _state(name: str, known: Gazetteer, country: str | None) -> bool:
    if country is None:
        return name in states()
    number = known.numbers.get(country, -1)
    if number >= 0 and known.states.keys.exact(number, name) >= 0:
        return True
    return any(name == folded(each) for row in subdivisions(country) for each in row)


def _anew(words: Sequence[Token], labels: list[str], i: int, j: int) -> list[str]:
    """Return labels with the words from i to j as the street, and its number beside it."""
    out = [*labels[:i], *["road"] * (j - i), *labels[j:]]
    beside = [k for k in (i - 1, j) if 0 <= k < len(words) and labels[k] not in KEPT]
    number = next((k for k in beside if any(c.isdigit() for c in words[k].text)), None)
    if number is not None and "house_number" not in labels:
        out[number] = "house_number"
    return out


def _labels(words: Sequence[Token], parse: Parse) -> list[str]:
    """Return the name of the part that each word begins in; parts come one after the other."""
    starts = [part.start for part in parse.parts]
    within = ((word, bisect_right(starts, word.start) - 1) for word in words)
    return [
        parse.parts[i].name if i >= 0 and word.start < parse.parts[i].end else "other"
        for word, i in within
    ]
