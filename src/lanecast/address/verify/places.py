"""Which postal code, town and state are meant: together, for one repairs the other.

Each hypothesis costs what its slips cost (`cost.slip`) and what does not fit costs besides: a town
that is not the postal code's, a state that is neither's. The cheapest wins; what lies close behind
it makes the answer less sure. This is a noisy channel (Shannon 1948) over tuples of a gazetteer.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from ..fold import folded
from ..gazetteer.arrays import Gazetteer
from ..postcodes import plain, slips
from .cost import slip

How = Literal["exact", "alias", "spelling", "code", "prefix", "inferred", "replaced", "unknown"]
SLIP_CODE, UNKNOWN_CODE, OTHER_CODE = 5.0, 6.0, 9.0
ALIAS, UNKNOWN_CITY, OTHER_CITY = 1.0, 6.0, 8.0
UNKNOWN_STATE, OTHER_STATE = 3.0, 7.0
NO_CODE, NO_CITY, NO_STATE = 0.5, 2.0, 0.2
LARGE = 10.0  # nats of slips that a postal code makes up for
REACH_KM = 40.0  # between a town and a postal code that serves it
MOST_ROWS, KEPT = 400, 12


@dataclass(frozen=True, slots=True)
class Match:
    """How one part was found: its name as the gazetteer writes it, how, and the record."""

    value: str
    how: How
    cost: float
    gazetteer: str = ""
    record: str = ""


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
    towns = _Towns(known, country, folded(city))
    states = _states(known, country, folded(state))
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


class _Towns:
    """What the town as given may be: names within two edits, and where they lie."""

    def __init__(self, known: Gazetteer, country: int, key: str) -> None:
        self.known, self.key = known, key
        exact = known.cities.exact(country, key) if key else -1
        near = known.cities.near(country, key) if key and exact < 0 else []
        self.names = (
            {exact: 0.0} if exact >= 0 else {n: slip(known.cities.names[n], key) for n, _ in near}
        )
        first = len(known.postcodes.code)
        rows = [known.cities.leads(n) for n in self.names]
        self.places = [
            (r[r >= first] - first, c) for r, c in zip(rows, self.names.values(), strict=True)
        ]
        self.codes = [(r[r < first], c) for r, c in zip(rows, self.names.values(), strict=True)]
        self.costs: dict[int, float] = {}
        for some, cost in self.codes:
            for row in some.tolist():
                self.costs[row] = min(cost, self.costs.get(row, cost))

    def compared(self, row: int) -> Match:
        """Return how the town as given is that of a row of postal codes."""
        codes = self.known.postcodes
        value, source = codes.city[row], (codes.gazetteer[row], codes.record[row])
        if not self.key:
            return Match(value, "inferred", NO_CITY, *source)
        if row in self.costs:
            cost = self.costs[row]
            return Match(value, "spelling" if cost else "exact", cost, *source)
        return self._near(row) or self._other(value, source)

    def _near(self, row: int) -> Match | None:
        """Return the town of that name within reach of a postal code, which need not prefer it."""
        places = self.known.places
        lat, lon = self.known.postcodes.lat[row], self.known.postcodes.lon[row]
        found: list[Match] = []
        for rows, cost in self.places:
            away = distance_km(places.lat[rows], places.lon[rows], lat, lon)
            if len(away) and np.nanmin(away, initial=np.inf) <= REACH_KM:
                nearest = int(np.nanargmin(away))
                place, far = rows[nearest], float(away[nearest]) / REACH_KM
                slight = 0 < OSA.distance(folded(places.name[place]), self.key) <= 2
                how: How = "alias" if cost == 0 and not slight else "spelling"
                source = places.gazetteer[place], places.record[place]
                found.append(Match(places.name[place], how, ALIAS + far + cost, *source))
        return min(found, key=lambda match: match.cost, default=None)

    def _other(self, value: str, source: tuple[str, str]) -> Match:
        """Return a slip too large to be looked up, another town, or a name that nobody knows."""
        name = folded(value)
        cost = slip(name, self.key)
        if cost < min(LARGE, 2.0 * len(name)):
            return Match(value, "spelling", cost, *source)
        if self.names:
            return Match(value, "replaced", OTHER_CITY, *source)
        return Match(self.key, "unknown", UNKNOWN_CITY)


def distance_km(
    lat: NDArray[np.float32], lon: NDArray[np.float32], to_lat: float, to_lon: float
) -> NDArray[np.float64]:
    """Return kilometres along the surface, short ways (equirectangular)."""
    scale = np.cos(np.radians(to_lat))
    return np.asarray(111.2 * np.hypot(lat - to_lat, (lon - to_lon) * scale), np.float64)


def _states(known: Gazetteer, country: int, key: str) -> dict[str, float] | None:
    """Return codes that the state as given may be, with their costs; None where none was given."""
    if not key:
        return None
    near = known.states.keys.near(country, key)
    least = min((edits for _, edits in near), default=0)
    return {
        known.states.code[row]: slip(known.states.keys.names[number], key)
        for number, edits in near
        if edits == least
        for row in known.states.keys.leads(number).tolist()
    }


def _state(
    code: str, name: str, states: dict[str, float] | None, source: tuple[str, str]
) -> Match | None:
    """Return how the state as given is that of a record; None where the record has none."""
    if not code and not name:
        return None
    if states is None:
        return Match(code or name, "inferred", NO_STATE, *source)
    if code in states:
        return Match(code, "exact" if states[code] == 0 else "spelling", states[code], *source)
    return Match(code or name, "replaced", OTHER_STATE if states else UNKNOWN_STATE, *source)


def _code_rows(
    known: Gazetteer, country: int, postcode: str, towns: _Towns
) -> list[tuple[int, How, float]]:
    """Return rows of the postal code as given, of what it begins with, and of codes a slip away."""
    keys = known.postcodes.keys
    code = plain(postcode, known.countries[country]) if postcode else ""
    if not code:
        return []
    exact = keys.exact(country, code)
    if exact >= 0:
        found: list[tuple[int, How, float]] = [
            (r, "exact", 0.0) for r in keys.leads(exact)[:MOST_ROWS].tolist()
        ]
    else:
        cuts = [code[:n] for n in range(len(code) - 1, 1, -1)]
        begun = keys.each(country, cuts)
        first = max(begun, key=len, default="")
        rows = keys.leads(begun[first])[:MOST_ROWS].tolist() if first else []
        found = [(r, "prefix", 0.2 * (len(code) - len(first))) for r in rows]
    if towns.key:
        for number in keys.each(country, slips(code)).values():
            rows = keys.leads(number)[:20].tolist()
            found += [(r, "code", SLIP_CODE) for r in rows if r in towns.costs]
    return found


def _of_code(
    known: Gazetteer,
    row: int,
    how: How,
    cost: float,
    towns: _Towns,
    states: dict[str, float] | None,
) -> Hypothesis:
    codes = known.postcodes
    source = (codes.gazetteer[row], codes.record[row])
    city = towns.compared(row)
    state = _state(codes.state_code[row], codes.state[row], states, source)
    total = cost + city.cost + (0.0 if state is None else state.cost)
    return Hypothesis(
        Match(codes.code[row], how, cost, *source),
        city,
        state,
        float(codes.lat[row]),
        float(codes.lon[row]),
        total,
    )


def _of_towns(
    known: Gazetteer, country: int, postcode: str, towns: _Towns, states: dict[str, float] | None
) -> list[Hypothesis]:
    """Return the towns themselves, whatever the postal code says."""
    code = _kept(known, country, postcode)
    before = NO_CODE if code is None else code.cost
    codes, places = known.postcodes, known.places
    found = []
    for rows, cost in towns.codes:
        how: How = "exact" if cost == 0 else "spelling"
        for row in _one_per_state(known, rows[:MOST_ROWS]):
            source = codes.gazetteer[row], codes.record[row]
            city = Match(codes.city[row], how, cost, *source)
            state = _state(codes.state_code[row], codes.state[row], states, source)
            total = before + cost + (0.0 if state is None else state.cost)
            at = float(codes.lat[row]), float(codes.lon[row])
            found.append(Hypothesis(code, city, state, *at, total))
    for rows, cost in towns.places:
        for row in rows[np.argsort(-places.population[rows])][:5].tolist():
            name, people = places.name[row], max(int(places.population[row]), 10)
            how = "spelling" if cost else "exact" if folded(name) == towns.key else "alias"
            small = 0.5 * (1 - float(np.log10(people)) / 8)  # of two, the larger is meant
            source = places.gazetteer[row], places.record[row]
            city, there = Match(name, how, cost + small, *source), places.state_code[row]
            state = _state(there, "", states, source) if states and there in states else None
            total = before + city.cost + (0.0 if state is None else state.cost)
            total += UNKNOWN_STATE * (states is not None and state is None)
            at = float(places.lat[row]), float(places.lon[row])
            found.append(Hypothesis(code, city, state, *at, total))
    return found


def _kept(known: Gazetteer, country: int, postcode: str) -> Match | None:
    """Return the postal code as given, believed against the town; what it costs depends."""
    if not postcode:
        return None
    if known.countries[country] not in known.postal:
        return Match(postcode, "unknown", NO_CODE)
    there = known.postcodes.keys.exact(country, plain(postcode, known.countries[country])) >= 0
    return Match(postcode, "unknown", OTHER_CODE if there else UNKNOWN_CODE)


def _one_per_state(known: Gazetteer, rows: NDArray[np.int32]) -> list[int]:
    seen: dict[str, int] = {}
    for row in rows.tolist():
        seen.setdefault(known.postcodes.state_code[row], row)
    return list(seen.values())
