"""Names of streets as people write them, made to learn a corrector from."""

import random
from collections.abc import Iterator, Mapping, Sequence

from street_cases import cut, lost, slipped
from street_transducer import coded

from lanecast.address.made import Place, addresses
from lanecast.address.noise import Word, glued
from lanecast.address.roads import road_key

STEPS = (0, 1, 2, 3, 4), (0.12, 0.2, 0.28, 0.25, 0.15)
KINDS = ("slip", "lost", "cut", "other", "more", "glued"), (0.7, 0.08, 0.1, 0.05, 0.03, 0.04)
ROUND = 128 * 200


def streets(
    found: Mapping[str, Sequence[Place]], many: int, without: frozenset[str]
) -> dict[str, list[str]]:
    """Return made names of streets by country, none of them (as keys) in ``without``."""
    shares = {country: len(some) ** 0.5 for country, some in found.items()}
    shares["US"] *= 3
    out: dict[str, set[str]] = {}
    for country, words in addresses(found, shares, 23):
        name = " ".join(word.text for word in words if word.label == "road")
        key = road_key(name)
        if 2 < len(key) <= 40 and coded(key) and key not in without:
            out.setdefault(country, set()).add(name)
            many -= 1
        if not many:
            break
    return {country: sorted(names) for country, names in out.items() if len(names) > 20}


def pairs(some: Mapping[str, Sequence[str]], seed: int) -> Iterator[list[tuple[str, str]]]:
    """Yield, without end, rounds of names as written and as meant, both as keys."""
    rng = random.Random(seed)
    countries = list(some)
    weights = [len(some[country]) for country in countries]
    while True:
        rows = []
        for country in rng.choices(countries, weights, k=ROUND):
            name = rng.choice(some[country])
            given = written(name, rng.choice(some[country]), rng)
            rows.append((road_key(given), road_key(name)))
        yield [(a, b) for a, b in rows if a]


def written(name: str, other: str, rng: random.Random) -> str:
    """Return a street as somebody may have written it, ``other`` being one of that country."""
    words = [Word(word, "road") for word in name.split()]
    for _ in range(rng.choices(*STEPS)[0]):
        kind = rng.choices(*KINDS)[0]
        if kind == "slip":
            words = slipped(words, rng)
        elif kind == "lost" and len(words) > 1:
            words = lost(words, rng) if rng.random() < 0.7 else words[1:]
        elif kind == "cut":
            words = cut(words, rng)
        elif kind == "glued":
            words = glued(words, rng)
        elif kind == "other":
            at = rng.choice((0, -1))
            words = [*words]
            words[at] = Word(other.split()[at], "road")
        elif kind == "more":
            word = Word(rng.choice(other.split()), "road")
            words = [word, *words] if rng.random() < 0.5 else [*words, word]
    return " ".join(word.text for word in words)


def usual(some: Mapping[str, Sequence[str]], seed: int) -> Iterator[list[tuple[str, str]]]:
    """Yield, without end, rounds of names beside which nothing was written."""
    rng = random.Random(seed)
    countries = list(some)
    weights = [len(some[country]) for country in countries]
    while True:
        drawn = rng.choices(countries, weights, k=ROUND)
        yield [("", road_key(rng.choice(some[country]))) for country in drawn]
