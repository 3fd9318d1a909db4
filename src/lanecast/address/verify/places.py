"""Which postal code, town and state are meant: together, for one repairs the other.

Each hypothesis costs what its slips cost (`cost.slip`) and what does not fit costs besides: a town
that is not the postal code's, a state that is neither's. The cheapest wins; what lies close behind
it makes the answer less sure. This is a noisy channel (Shannon 1948) over tuples of a gazetteer.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..fold import folded
from ..gazetteer.arrays import Gazetteer
from ..postcodes import CUT, LONGEST, begins, form, formed, plain, slips
from .cost import slip
from .towns import ALIAS, NO_CITY, How, Match, Towns, how_met

SLIP_CODE, UNKNOWN_CODE, OTHER_CODE = 5.0, 6.0, 9.0
RARE, UNCOVERED = 0.7, 10.0  # per e-fold that a town is smaller; a town that no list has
UNCOUNTED = 5.0  # where nobody says how large it is: as of one in a thousand people
HOMONYM = 4.0  # more for a town of another state that no postal code speaks for
UNKNOWN_STATE, OTHER_STATE = 3.0, 7.0
NO_CODE, NO_STATE = 0.5, 0.2
MOST_ROWS, KEPT = 400, 12


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One place that may be meant, and what believing so costs, in nats."""

    postcode: Match | None
    city: Match | None
    state: Match | None
    lat: float
    lon: float
    cost: float


def hypotheses(
    known: Gazetteer, country: int, postcode: str, city: str, state: str
) -> list[Hypothesis]:
    """Return places that may be meant, the cheapest first, at most twelve.

    Parameters
    ----------
    country
        Number of the country.
    postcode, city, state
        As given; empty where nothing was.
    """
    states = _States(known, country, folded(state))
    towns = Towns(known, country, folded(city), states.costs)
    found = [
        each
        for row, how, cost in _code_rows(known, country, postcode, towns)
        for each in (_of_code(known, row, how, cost, towns, states),)
    ]
    found += _of_towns(known, country, postcode, towns, states)
    best: dict[tuple[str, str, str], Hypothesis] = {}
    for each in sorted(found, key=lambda h: h.cost):
        key = tuple("" if m is None else m.value for m in (each.postcode, each.city, each.state))
        best.setdefault(key, each)  # type: ignore[arg-type]
    return list(best.values())[:KEPT]


class _States:
    """What the state as given may be: codes with their costs."""

    def __init__(self, known: Gazetteer, country: int, key: str) -> None:
        self.known, self.key, keys = known, key, known.states.keys
        exact = keys.exact(country, key) if key else -1
        near = [(exact, 0)] if exact >= 0 else keys.near(country, key) if key else []
        least = min((edits for _, edits in near), default=0)
        self.costs = {
            known.states.code[row]: slip(keys.names[number], key)
            for number, edits in near
            if edits == least
            for row in keys.leads(number).tolist()
        }

    def compared(self, code: str, row: int | None, source: tuple[str, str]) -> Match | None:
        """Return how the state as given is that of a record; None where that cannot be said.

        Parameters
        ----------
        code
            Of the record's state, by the list of its country; empty where that has none.
        row
            Of postal codes, whose areas count too; None: the record is a town.
        """
        if code and code in self.costs:
            cost = self.costs[code]
            return Match(code, "spelling" if cost else "exact", cost, *source)
        if code and not code.isdigit() and not self.key:
            return Match(code, "inferred", NO_STATE, *source)
        areas = () if row is None else _areas(self.known, row)
        if not self.key:
            named = next(iter(areas), "")
            return Match(named, "inferred", NO_STATE, *source) if named else None
        within = next((area for area in areas if folded(area) == self.key), None)
        if within is not None:
            return Match(within, "exact", 0.0, *source)
        if not code:
            return None
        if not self.costs:
            return Match(self.key, "unknown", UNKNOWN_STATE)
        return Match(code, "replaced", OTHER_STATE, *source)


def _code_rows(
    known: Gazetteer, country: int, postcode: str, towns: Towns
) -> list[tuple[int, How, float]]:
    """Return rows of the postal code as given, of what it begins with, and of codes a slip away.

    What begins with a code and is longer than the country's codes is a slip of it.
    """
    keys, name = known.postcodes.keys, known.countries[country]
    code = plain(postcode, name) if len(postcode) <= 2 * LONGEST else ""
    if not 0 < len(code) <= LONGEST:
        return []
    exact = keys.exact(country, code)
    if exact >= 0:
        how: How = "prefix" if len(plain(postcode)) == CUT.get(name, (0, 0))[0] else "exact"
        found = [(r, how, 0.0) for r in keys.leads(exact)[:MOST_ROWS].tolist()]
    else:
        begin = begins(code, name)
        cuts = [begin] if begin != code else [code[:n] for n in range(len(code) - 1, 1, -1)]
        begun = keys.each(country, cuts)
        first = max(begun, key=len, default="")
        rows = keys.leads(begun[first])[:MOST_ROWS].tolist() if first else []
        finer = form(name) is None or any(formed(each, name) for each in (postcode, code))
        how = "prefix" if finer else "code"
        cost = 0.2 * (len(code) - len(first)) if finer else SLIP_CODE
        found = [(r, how, cost) for r in rows]
    if towns.key:
        rows = keys.led(list(keys.each(country, slips(code)).values()), 20)
        own = [row for row in rows if row in towns.costs]
        found += [(row, "code", SLIP_CODE) for row in own or towns.near(rows)]
    return found


def _of_code(
    known: Gazetteer,
    row: int,
    how: How,
    cost: float,
    towns: Towns,
    states: _States,
) -> Hypothesis:
    codes = known.postcodes
    source = (codes.gazetteer[row], codes.record[row])
    city = towns.compared(row, source)
    state = states.compared(codes.state_code[row], row, source)
    total = cost + (NO_CITY if city is None else city.cost)
    total += 0.0 if state is None else state.cost
    return Hypothesis(
        Match(codes.code[row], how, cost, *source),
        city,
        state,
        float(codes.lat[row]),
        float(codes.lon[row]),
        total,
    )


def _of_towns(
    known: Gazetteer, country: int, postcode: str, towns: Towns, states: _States
) -> list[Hypothesis]:
    """Return the towns themselves, whatever the postal code says."""
    code = _kept(known, country, postcode)
    before = NO_CODE if code is None else code.cost
    codes, places = known.postcodes, known.places
    listed = known.countries[country] in known.postal
    people = float(known.people[country])
    unsaid = UNKNOWN_STATE if states.key else 0.0
    found = []
    for rows, cost in towns.codes:
        how = how_met(cost)
        for row in _one_per_state(known, rows[:MOST_ROWS]):
            source = codes.gazetteer[row], codes.record[row]
            city = Match(codes.city[row], how, cost, *source)
            state = states.compared(codes.state_code[row], row, source)
            silent = state is None and not any((codes.state_code[row], *_areas(known, row)))
            total = before + cost + (unsaid * silent if state is None else state.cost)
            total += HOMONYM * (state is not None and state.how == "replaced")
            total += UNCOVERED * (how == "spelling" and not listed)
            at = float(codes.lat[row]), float(codes.lon[row])
            found.append(Hypothesis(code, city, state, *at, total))
    for rows, cost in towns.places:
        for row in rows[np.argsort(-places.population[rows])][:5].tolist():
            name, here = places.name[row], max(int(places.population[row]), 10)
            own = folded(name) == towns.key
            how = "alias" if cost == 0 and not own else how_met(cost)
            small = 0.5 * (1 - float(np.log10(here)) / 8)  # of two, the larger is meant
            if how == "spelling" and not listed:
                small = RARE * float(np.log(people / here)) if people else UNCOUNTED
                small = UNCOVERED if places.derived[row] else small + ALIAS * (not own)
            source = places.gazetteer[row], places.record[row]
            city = Match(name, how, cost + small, *source)
            state = states.compared(places.state_code[row], None, source)
            total = before + city.cost + (unsaid if state is None else state.cost)
            total += HOMONYM * (state is not None and state.how == "replaced")
            at = float(places.lat[row]), float(places.lon[row])
            found.append(Hypothesis(code, city, state, *at, total))
    if towns.key:
        unknown = Match(towns.key, "unknown", UNCOVERED)
        total = before + UNCOVERED + (0.0 if states.costs else unsaid)
        nearest = min(states.costs, key=states.costs.__getitem__, default="")
        said = Match(nearest, "unknown", 0.0) if nearest else None
        found.append(Hypothesis(code, unknown, said, float("nan"), float("nan"), total))
    return found


def _kept(known: Gazetteer, country: int, postcode: str) -> Match | None:
    """Return the postal code as given, believed against the town; what it costs depends."""
    if not postcode:
        return None
    name = known.countries[country]
    there = known.postcodes.keys.exact(country, plain(postcode, name)) >= 0
    unheard = UNKNOWN_CODE if name in known.coded else NO_CODE
    return Match(postcode, "unknown", OTHER_CODE if there else unheard)


def _areas(known: Gazetteer, row: int) -> tuple[str, str]:
    return known.postcodes.state[row], known.postcodes.county[row]


def _one_per_state(known: Gazetteer, rows: NDArray[np.int32]) -> list[int]:
    seen: dict[int, int] = {}
    which = known.postcodes.state_code.which[rows].tolist()
    for state, row in zip(which, rows.tolist(), strict=True):
        seen.setdefault(state, row)
    return list(seen.values())
