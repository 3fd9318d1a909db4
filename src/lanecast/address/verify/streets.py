"""Is there such a street, and such a house in it? A number is looked up, never changed."""

import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from ..fold import folded
from ..gazetteer.arrays import Gazetteer
from ..gazetteer.compile import DIGITS
from ..postcodes import plain
from ..roads import road_key
from .cost import slip
from .lists import marks
from .places import Hypothesis
from .towns import Match

JOINT = re.compile(r"(?<=\d) (?=[^\W\d])|(?<=[^\W\d]) (?=\d)")  # between a digit and a letter
NUMBERED = re.compile(r"\d+(st|nd|rd|th)?")
NEAREST = 5  # names that are compared letter by letter
UNKNOWN_ROAD, UNKNOWN_NUMBER, MOST_SLIPS = 6.0, 4.0, 9.0
KNOWN_ROAD, KNOWN_NUMBER = -2.0, -6.0  # of 35,000 houses none stands in another code too


@dataclass(frozen=True, slots=True)
class Doorstep:
    """What a register says of street, number and unit.

    Attributes
    ----------
    covered
        Whether any street of that postal code or town is known: if not, nothing is suspicious.
    road, house_number, unit
        How each was found; None where it was not given, or is not covered.
    postcode
        Of that house, where all houses of street and number have the same.
    unit_expected
        Whether the house has units, and none was given.
    cost
        In nats; below zero where the register speaks for the place.
    """

    covered: bool
    road: Match | None
    house_number: Match | None
    unit: Match | None
    postcode: Match | None
    unit_expected: bool
    lat: float
    lon: float
    cost: float

    @property
    def proved(self) -> bool:
        """Return whether the register has the house."""
        return self.house_number is not None and self.house_number.how == "exact"


NOTHING = Doorstep(False, None, None, None, None, False, float("nan"), float("nan"), 0.0)


def doorstep(
    known: Gazetteer, country: int, place: Hypothesis, road: str, number: str, unit: str
) -> Doorstep:
    """Return what the register of ``place`` says; as given, empty where nothing was."""
    if not len(known.streets.road):
        return NOTHING
    rows = _rows(known, country, place)
    if not len(rows):
        return NOTHING
    if not road:
        return replace(NOTHING, covered=True)
    streets, key = known.streets, road_key(road)
    keys = streets.key.take(rows)
    names = dict.fromkeys(keys)
    costs = {name: 0.0 if name == key else slip(name, key) for name in _likely(key, names)}
    if not costs or min(costs.values()) > min(MOST_SLIPS, 1.5 * len(key)):
        given = Match(road, "unknown", UNKNOWN_ROAD)
        return Doorstep(True, given, None, None, None, False, place.lat, place.lon, UNKNOWN_ROAD)
    best = min(costs, key=lambda name: costs[name])
    here = [row for row, each in zip(rows.tolist(), keys, strict=True) if each == best]
    return house(known, here, costs[best], number, unit)


def elsewhere(
    known: Gazetteer, country: int, place: Hypothesis, road: str, number: str, unit: str
) -> Doorstep:
    """Return what the register says of a house of the town of ``place``, under whichever code."""
    streets = known.streets
    street = streets.roads.exact(country, road_key(road)) if road and number else -1
    if street < 0 or place.city is None:
        return NOTHING
    rows, city = streets.roads.leads(street), folded(place.city.value)
    names, which = streets.city.distinct(rows)
    rows = rows[np.array([folded(name) == city for name in names], bool)[which]]
    rows = rows[_in_state(known, country, place, rows)] if len(rows) else rows
    return house(known, rows.tolist(), 0.0, number, unit) if len(rows) else NOTHING


def _rows(known: Gazetteer, country: int, place: Hypothesis) -> NDArray[np.int32]:
    """Return the streets of the postal code; of the town where no code is given or registered.

    A street of the town that the register has under another code speaks for that one. A code that
    nobody knows, in a country of which no list has all, may be of a part that the register lacks,
    or of another town of that name.
    """
    streets, given = known.streets, place.postcode
    coded = given is not None and (given.how != "unknown" or _unheard(known, country, given.value))
    if given is not None and coded:
        code = plain(given.value, known.countries[country])
        number = streets.in_postcode.exact(country, code)
        if number >= 0:
            return streets.in_postcode.leads(number)
    city = folded(place.city.value) if place.city is not None else ""
    number = streets.in_city.exact(country, city) if city else -1
    if number < 0:
        return np.empty(0, np.int32)
    rows = streets.in_city.leads(number)
    some = _in_state(known, country, place, rows)
    if coded:
        some &= streets.code.lengths(rows) == 0
    return np.asarray(rows[some])


def _in_state(
    known: Gazetteer, country: int, place: Hypothesis, rows: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Return which streets may be of the state of a place."""
    state = "" if place.state is None else place.state.value
    names, which = known.streets.state.distinct(rows)
    return np.array([_same(known, country, each, state) for each in names], bool)[which]


def _unheard(known: Gazetteer, country: int, code: str) -> bool:
    name = known.countries[country]
    return name not in known.coded and known.postcodes.keys.exact(country, plain(code, name)) < 0


def _same(known: Gazetteer, country: int, written: str, code: str) -> bool:
    """Return whether a register's state may be that of a place."""
    number = known.states.keys.exact(country, folded(written)) if written and code else -1
    rows = known.states.keys.leads(number).tolist() if number >= 0 else []
    return not rows or any(known.states.code[row] == code for row in rows)


def _likely(key: str, names: dict[str, None]) -> list[str]:
    """Return the names that are worth comparing letter by letter.

    Another number makes another street, not a slip: 11th is not 21st. A number too many is one.
    """
    if key in names:
        return [key]
    near = process.extract(key, list(names), scorer=OSA.distance, score_cutoff=3, limit=None)
    mine = numbers(key)
    return [name for name, _, _ in near if not mine or numbers(name) in ([], mine)][:NEAREST]


def numbers(key: str) -> list[str]:
    """Return the words of a street that are numbers, in order of the alphabet."""
    return sorted(filter(NUMBERED.fullmatch, key.split()))


def streets_of(known: Gazetteer, country: int, place: Hypothesis) -> dict[str, list[int]]:
    """Return the rows of each street that the register of ``place`` has, by name as a key."""
    rows = _rows(known, country, place)
    found: dict[str, list[int]] = {}
    for name, row in zip(known.streets.key.take(rows), rows.tolist(), strict=True):
        found.setdefault(name, []).append(row)
    return found


def house(known: Gazetteer, rows: list[int], cost: float, number: str, unit: str) -> Doorstep:
    """Return what the register says of a house in the street of ``rows``, found at ``cost``."""
    streets = known.streets
    first = rows[0]
    how = "exact" if cost == 0 else "spelling"
    at = int(streets.first[first])
    source = streets.gazetteer[at], streets.record[at]
    road = Match(streets.road[first], how, cost, *source)  # type: ignore[arg-type]
    place = float(streets.lat[first]), float(streets.lon[first])
    if not number:
        return Doorstep(True, road, None, None, None, False, *place, cost + KNOWN_ROAD)
    wanted = folded(number)
    value = _value(wanted)
    along = [
        (row, int(house))
        for row in rows
        for house in _valued(
            streets.value, int(streets.first[row]), int(streets.first[row + 1]), value
        )
        if folded(streets.number[house]) == wanted
    ]
    houses = [house for _, house in along]
    if not houses:
        missing = Match(number, "unknown", UNKNOWN_NUMBER)
        cost += KNOWN_ROAD + UNKNOWN_NUMBER
        return Doorstep(True, road, missing, None, None, False, *place, cost)
    house, cost = houses[0], cost + KNOWN_ROAD + KNOWN_NUMBER
    place = float(streets.house_lat[house]), float(streets.house_lon[house])
    proof = Match(
        streets.number[house], "exact", 0.0, streets.gazetteer[house], streets.record[house]
    )
    code = _code(known, {row for row, _ in along}, house)
    units = {_unit(streets.unit[each]): each for each in houses if streets.unit[each]}
    if not unit:
        alone = len(units) < len(houses)  # the house without a unit is an address too
        return Doorstep(True, road, proof, None, code, bool(units) and not alone, *place, cost)
    if not units:
        return Doorstep(True, road, proof, None, code, False, *place, cost)
    met = units.get(_unit(unit))
    door = (
        Match(unit, "unknown", 0.0)
        if met is None
        else Match(streets.unit[met], "exact", 0.0, streets.gazetteer[met], streets.record[met])
    )
    return Doorstep(True, road, proof, door, code, False, *place, cost)


def _code(known: Gazetteer, rows: set[int], house: int) -> Match | None:
    """Return the postal code of a house, where the streets that have it agree."""
    streets = known.streets
    codes = {streets.code[row] for row in rows}
    code = codes.pop()
    if codes or not code:
        return None
    return Match(code, "inferred", 0.0, streets.gazetteer[house], streets.record[house])


def _value(number: str) -> int:
    """Return the leading number of a folded house number as the register has it; -1: none."""
    found = re.search(r"\d+", number)
    return int(found[0]) if found is not None and len(found[0]) <= DIGITS else -1


def _valued(values: NDArray[np.int32], first: int, last: int, value: int) -> range:
    """Return the houses from ``first`` on, before ``last``, whose leading number is ``value``."""
    here = values[first:last]
    low, high = np.searchsorted(here, value, "left"), np.searchsorted(here, value, "right")
    return range(first + int(low), first + int(high))


def _unit(text: str) -> str:
    """Return what tells a unit from the others of its house: all but words such as flat, in one.

    ``Apt 2-B`` is ``2B``, but ``Tower A Apt 1`` is neither ``Tower B Apt 1`` nor ``Apt 1``.
    """
    words = folded(text).split()
    telling = [word for word in words if len(word) == 1 or "unit" not in marks(word)]
    return JOINT.sub("", " ".join(telling or words))
