"""Readings that a register of streets proposes where the tagger read no house that it has."""

from collections.abc import Sequence

from ..gazetteer.arrays import Gazetteer
from ..parts import Parse, parts_of
from ..roads import road_key
from ..tokens import Token

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
    labels = [_label(word, parse) for word in words]
    free = [label not in KEPT for label in labels]
    runs = {
        (i, j): road_key(" ".join(word.text for word in words[i:j]))
        for i in range(len(words))
        for j in range(i + 1, min(i + LONGEST, len(words)) + 1)
        if all(free[i:j]) and "road" not in labels[:i] + labels[j:]
    }
    met = known.streets.roads.each(country, list(dict.fromkeys(filter(None, runs.values()))))
    found = [run for run, name in runs.items() if name in met]
    found.sort(key=lambda run: run[0] - run[1])
    return [
        Parse(parts_of(given, words, anew), UNLIKELY * parse.probability)
        for run in found[:MOST]
        if (anew := _anew(words, labels, *run)) != labels
    ]


def _anew(words: Sequence[Token], labels: list[str], i: int, j: int) -> list[str]:
    """Return labels with the words from i to j as the street, and its number beside it."""
    out = [*labels[:i], *["road"] * (j - i), *labels[j:]]
    beside = [k for k in (i - 1, j) if 0 <= k < len(words) and labels[k] not in KEPT]
    number = next((k for k in beside if any(c.isdigit() for c in words[k].text)), None)
    if number is not None and "house_number" not in labels:
        out[number] = "house_number"
    return out


def _label(word: Token, parse: Parse) -> str:
    return next((p.name for p in parse.parts if p.start <= word.start < p.end), "other")
