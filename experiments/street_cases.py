"""Houses of Alexandria whose street is spoilt harder than `verify` puts right, and fakes."""

import hashlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from address_labelled import american
from address_repair import _register

from lanecast.address.fold import folded
from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.noise import KINDS, Word
from lanecast.address.roads import road_key
from lanecast.address.verify import verify
from lanecast.address.verify.levels import CONFIRMED

Noise = Callable[[list[Word], random.Random], list[Word]]
SLIPS = ("substitute", "keyboard", "insert", "delete", "swap")
CODED = 0.7  # share of addresses with their postal code
HALVES = ("half to choose by", "half measured")


@dataclass(frozen=True)
class Case:
    """An address whose street `verify` does not find.

    Attributes
    ----------
    kind
        What was done to the street.
    text
        The whole address.
    given
        The street as it was read.
    names, along
        The streets of the postal code or town, and those of them that have the number as it was
        read.
    true
        The street; empty where the register has none of it.
    """

    kind: str
    text: str
    given: str
    names: tuple[str, ...]
    along: tuple[str, ...]
    true: str


def lost(words: list[Word], rng: random.Random) -> list[Word]:
    """Return the words without one; of a street and its type, the type."""
    gone = rng.randrange(len(words)) if len(words) > 2 else 1
    return [word for i, word in enumerate(words) if i != gone] or words


def cut(words: list[Word], rng: random.Random) -> list[Word]:
    """Return the words with one shortened: its end gone, or its vowels."""
    able = [i for i, word in enumerate(words) if len(word.text) > 4]
    if not able:
        return words
    i = rng.choice(able)
    text = words[i].text
    vowelless = text[0] + "".join(c for c in text[1:] if c.lower() not in "aeiou")
    short = text[: rng.randrange(3, len(text) - 1)] if rng.random() < 0.5 else vowelless
    return [*words[:i], Word(short, words[i].label, words[i].after), *words[i + 1 :]]


def retyped(words: list[Word], rng: random.Random) -> list[Word]:
    """Return the words with another type of street at the end."""
    last = words[-1]
    others = [each for each in ("St", "Ave", "Rd", "Dr", "Ct", "Ln", "Pl") if each != last.text]
    return [*words[:-1], Word(rng.choice(others), last.label, last.after)]


def slipped(words: list[Word], rng: random.Random) -> list[Word]:
    """Return the words with one slip of the finger."""
    return KINDS[rng.choice(SLIPS)](words, rng)


STEPS: dict[str, Noise] = {"slip": slipped, "lost": lost, "cut": cut, "retyped": retyped, **KINDS}
SPOILT = (
    *("slip", "slip slip", "slip slip slip", "slip slip slip slip"),
    *("heard heard", "scanned scanned", "split", "glued", "lost", "cut", "retyped"),
    *("heard slip slip", "scanned scanned slip", "split slip", "glued slip", "lost slip"),
    *("cut slip", "retyped slip"),
)


def half(road: str) -> str:
    """Return which half the houses of a street are in."""
    return HALVES[hashlib.blake2b(road.encode(), digest_size=2).digest()[0] % 2]


def houses(data: Path) -> dict[str, list[tuple[str, str, str]]]:
    """Return number, street and postal code of every house, by street."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for row in sorted(set(_register(data).select("number", "road", "postcode").rows())):
        found.setdefault(row[1], []).append(row)
    return found


def spoilt(known: Gazetteer, data: Path, which: str, kind: str, many: int) -> Iterator[Case | str]:
    """Yield a case, or what `verify` made of it where it was no case, for ``many`` houses."""
    mine = {road: rows for road, rows in houses(data).items() if half(road) == which}
    roads, rng = sorted(mine), random.Random(f"{which} {kind}")
    for _ in range(20 * many):
        road = rng.choice(roads)
        number, _, code = rng.choice(mine[road])
        words = [Word(word, "road") for word in road.title().split()]
        for step in kind.split():
            words = STEPS[step](words, rng)
        given = " ".join(word.text for word in words)
        if road_key(given) != road_key(road):
            many -= 1
            yield _case(known, kind, number, given, code, rng, road_key(road))
        if not many:
            return


def fakes(known: Gazetteer, data: Path, which: str, many: int) -> Iterator[Case | str]:
    """Yield the same of streets of other towns, as they are, with their own numbers."""
    there = {road_key(road) for road in houses(data)}
    codes = sorted({row[2] for rows in houses(data).values() for row in rows})
    rng = random.Random(f"{which} fakes")
    for words in american(data)[1]:
        road, number = (
            " ".join(word.text.strip(",. \n") for word in words if word.label == label)
            for label in ("road", "house_number")
        )
        if not number.isdigit() or not road or road_key(road) in there or half(road) != which:
            continue
        many -= 1
        yield _case(known, "fake", number, road, rng.choice(codes), rng, "")
        if not many:
            return


def _case(
    known: Gazetteer, kind: str, number: str, road: str, code: str, rng: random.Random, true: str
) -> Case | str:
    coded = rng.random() < CODED
    text = f"{number} {road}, Alexandria, VA{f' {code}' if coded else ''}"
    reply = verify(text, known, "US")
    parts = reply.components
    found = parts.get("road", {"confirmation": "", "text": "", "normalized": ""})
    house = parts.get("house_number", {"confirmation": "", "text": ""})
    if found["confirmation"] == CONFIRMED and house["confirmation"] == CONFIRMED:
        return "right" if road_key(str(found["normalized"])) == true else "wrong"
    streets, country = known.streets, known.numbers["US"]
    place = str(parts["postcode"]["normalized"]) if "postcode" in parts else "alexandria"
    index = streets.in_postcode if "postcode" in parts else streets.in_city
    at = index.exact(country, place)
    rows = index.leads(at).tolist() if at >= 0 else []
    wanted = folded(str(house["text"]))
    along = [row for row in rows if wanted in numbers(known, row)]
    names = (tuple(dict.fromkeys(streets.key.take(each))) for each in (rows, along))
    return Case(kind, text, road_key(str(found["text"])), *names, true)


def numbers(known: Gazetteer, row: int) -> list[str]:
    """Return the folded numbers of the houses of a street."""
    streets = known.streets
    a, b = int(streets.first[row]), int(streets.first[row + 1])
    return [folded(streets.number[house]) for house in range(a, b)]
