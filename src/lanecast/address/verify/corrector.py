"""A corrector of streets that the register lacks as written; it needs no endpoint, and adds none.

It looks for the street that was meant among those of that postal code or town. The house proves it:
only a street that has the number as given counts, and it must stand ahead of every other one there.
Off unless one is given; what it finds is to be confirmed.
"""

from dataclasses import dataclass
from math import inf

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from ..gazetteer.arrays import Gazetteer
from ..parts import Parse
from ..roads import SHORT, road_key
from .places import Hypothesis
from .reply import unsure
from .streets import MOST_SLIPS, Doorstep, house, numbers, streets_of
from .towns import WAYS

LEAST = 0.8  # likeness of two names, from 0 to 1 (Jaro and Winkler)
RIVAL, OTHER = 0.06, -0.02  # ahead of the next street with that house, and of those without
LONGEST = 100  # letters of a street
FOUND = ("exact", "alias", "joined", "prefix")


@dataclass
class Corrector:
    """A search in use.

    Attributes
    ----------
    asked, proposed
        How many streets it was asked about, and for how many of them it had a proved answer.
    """

    asked: int = 0
    proposed: int = 0

    def meant(
        self,
        known: Gazetteer,
        country: int,
        places: list[Hypothesis],
        doors: list[Doorstep],
        parse: Parse,
    ) -> tuple[Hypothesis, Doorstep] | None:
        """Return the place and the house that are meant; None where nothing proves one, or two.

        Parameters
        ----------
        places, doors
            The places that may be meant, the best first, and what their registers say of the
            address as written.
        """
        number, key = parse.text("house_number"), road_key(parse.text("road"))
        told = any(word not in SHORT.values() for word in key.split()) and len(key) <= LONGEST
        if not (number and told and doors and not doors[0].proved):
            return None
        some = zip(places, doors, strict=False)
        place = next((place for place, door in some if door.covered and _coded(place)), None)
        if place is None and doors[0].covered and _named(places[0]) and not unsure(places):
            place = places[0]
        if place is None:
            return None
        streets = streets_of(known, country, place)
        if key in streets:
            return None
        self.asked += 1
        unit, best = parse.text("unit"), None
        ahead = {True: -inf, False: -inf}  # of the streets with that house, and of those without
        for name, alike in _alike(key, list(streets)):
            found = house(known, streets[name], MOST_SLIPS, number, unit)
            if best is None and found.proved and alike >= LEAST:
                best, score = found, alike
            else:
                ahead[found.proved] = max(ahead[found.proved], alike)
        if best is None or score - ahead[True] < RIVAL or score - ahead[False] < OTHER:
            return None
        self.proposed += 1
        return place, best


def _alike(key: str, names: list[str]) -> list[tuple[str, float]]:
    """Return names that may be meant, the most alike first.

    Another number or another way (N, S) makes another street, not a slip.
    """
    scores = process.cdist([key], names, scorer=JaroWinkler.similarity)[0]
    near = np.flatnonzero(scores >= LEAST - RIVAL)
    near = near[np.argsort(-scores[near], kind="stable")].tolist()
    return [(names[i], float(scores[i])) for i in near if _same(key, names[i])]


def _same(key: str, name: str) -> bool:
    one, other = (each.split() for each in (key, name))
    ways = ({word for word in words if word in WAYS} for words in (one, other))
    mine, theirs = ways
    return numbers(key) == numbers(name) and (mine == theirs or not mine or not theirs)


def _coded(place: Hypothesis) -> bool:
    """Return whether the postal code was found as it was written, and no other town was."""
    code, city = place.postcode, place.city
    return code is not None and code.how in FOUND and (city is None or city.how != "replaced")


def _named(place: Hypothesis) -> bool:
    """Return whether no postal code was written, and the town was found as it was."""
    code, city = place.postcode, place.city
    return (code is None or code.how == "inferred") and city is not None and city.how in FOUND
