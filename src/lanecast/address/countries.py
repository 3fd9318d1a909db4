"""Which country an address is of."""

from collections.abc import Sequence

from .fold import folded
from .gazetteer.arrays import Gazetteer
from .postcodes import plain
from .tokens import Token

LONGEST = 3  # words of a town's name that are looked up
LAST = 24  # words from the end that are looked at: a country's marks stand there
NAME, BOTH, TOWN, CODE = 4.0, 3.0, 1.0, 0.3


def guessed(words: Sequence[Token], known: Gazetteer) -> dict[str, float]:
    """Return countries that the words of an address speak for, and how loudly, loudest first.

    The name of a country speaks loudest, then a postal code together with its own town; a town
    alone the more the larger it is, a postal code alone hardly.
    """
    texts = [word.text for word in words[-LAST:]]
    runs = (
        " ".join(texts[i:j])
        for i in range(len(texts))
        for j in range(i + 1, min(i + LONGEST, len(texts)) + 1)
    )
    spans = list(dict.fromkeys(runs))
    named = known.names.each(0, spans)
    codes_of = {c for n in named.values() for c in known.names.leads(n).tolist()}
    votes = {chr(c >> 8) + chr(c & 255): NAME for c in codes_of}
    towns = known.towns.each(0, [folded(s) for s in spans if len(s) > 2 and not s[0].isdigit()])
    codes = known.codes.each(0, [plain(s) for s in spans if any(c.isdigit() for c in s)])
    in_towns: dict[int, float] = {}
    for first, last in ((known.towns.first[n], known.towns.first[n + 1]) for n in towns.values()):
        sizes = known.sizes[first:last].tolist()
        for number, size in zip(known.towns.rows[first:last].tolist(), sizes, strict=True):
            in_towns[number] = max(in_towns.get(number, 0.0), size)
    in_codes = {c for n in codes.values() for c in known.codes.leads(n).tolist()}
    for number in in_towns.keys() | in_codes:
        country = known.countries[number]
        loud = CODE * (number in in_codes) + TOWN * in_towns.get(number, 0.0)
        if number in in_towns and number in in_codes:
            loud += BOTH * _together(known, number, codes, towns)
        votes[country] = votes.get(country, 0.0) + loud
    return dict(sorted(votes.items(), key=lambda each: -each[1]))


def _together(known: Gazetteer, country: int, codes: dict[str, int], towns: dict[str, int]) -> bool:
    """Return whether one of the postal codes is one of these towns' own."""
    for number in known.postcodes.keys.each(country, list(codes)).values():
        rows = known.postcodes.keys.leads(number)[:50].tolist()
        if any(folded(known.postcodes.city[row]) in towns for row in rows):
            return True
    return False
