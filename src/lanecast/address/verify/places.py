"""Which postal code, town and state are meant: together, for one repairs the other.

Each hypothesis costs what its slips cost (`cost.slip`) and what does not fit costs besides: a town
that is not the postal code's, a state that is neither's. The cheapest wins; what lies close behind
it makes the answer less sure. This is a noisy channel (Shannon 1948) over tuples of a gazetteer.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from ..fold import folded
from ..gazetteer.arrays import Gazetteer
from ..postcodes import CUT, LONGEST, begins, form, formed, plain, slips
from .cost import slip

Given = Literal["exact", "joined", "alias", "spelling", "code", "prefix"]
How = Given | Literal["inferred", "replaced", "unknown"]
SLIP_CODE, UNKNOWN_CODE, OTHER_CODE = 5.0, 6.0, 9.0
ALIAS, UNKNOWN_CITY, OTHER_CITY = 1.0, 10.0, 8.0
JOINED = 0.5  # a name in one word that the gazetteer has in two, or the reverse
RARE, UNCOVERED = 0.7, 10.0  # per e-fold that a town is smaller; a town that no list has
HOMONYM = 4.0  # more for a town of another state that no postal code speaks for
UNKNOWN_STATE, OTHER_STATE = 3.0, 7.0
NO_CODE, NO_CITY, NO_STATE = 0.5, 2.0, 0.2
LARGE = 10.0  # nats of slips that a postal code makes up for
REACH_KM = 40.0  # between a town and a postal code that serves it
FAR_KM = 16.0  # per nat that such a town is less likely
MOST_ROWS, KEPT = 400, 12
WAYS = ("n", "e", "s", "w")


class Match(NamedTuple):  # dozens a text are made, in half the time of a dataclass
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
    states = _States(known, country, folded(state))
    towns = _Towns(known, country, folded(city), states)
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

    def __init__(self, known: Gazetteer, country: int, key: str, states: "_States") -> None:
        self.known, self.key, self.states = known, key, states
        exact = known.cities.exact(country, key) if key else -1
        near = known.cities.near(country, key) if key and exact < 0 else []
        names = [(n, known.cities.names[n]) for n, _ in near]
        self.names = (
            {exact: 0.0}
            if exact >= 0
            else {n: _slip(name, key) for n, name in names if not _opposite(name, key)}
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

    def compared(self, row: int, source: tuple[str, str]) -> Match:
        """Return how the town as given is that of a row of postal codes."""
        value = self.known.postcodes.city[row]
        if not self.key:
            return Match(value, "inferred", NO_CITY, *source)
        if row in self.costs:
            cost = self.costs[row]
            return Match(value, _how(cost), cost, *source)
        listed = self._near(row)
        if listed is not None and listed.how != "spelling":
            return listed
        slips = [each for each in (listed, self._own(row, source), self._around(row)) if each]
        return min(slips, key=lambda match: match.cost, default=None) or self._other(row, source)

    def near(self, rows: list[int]) -> list[int]:
        """Return those rows of postal codes that a town of just the given name is close to."""
        codes, places = self.known.postcodes, self.known.places
        named = [place for some, cost in self.places if cost == 0 for place in some.tolist()]
        lat, lon = places.lat[named][:, None], places.lon[named][:, None]
        away = distance_km(lat, lon, codes.lat[rows], codes.lon[rows])
        return [rows[at] for at in np.flatnonzero((away <= FAR_KM).any(axis=0)).tolist()]

    def _near(self, row: int) -> Match | None:
        """Return the town of that name within reach of a postal code, which need not prefer it."""
        places = self.known.places
        lat, lon = self.known.postcodes.lat[row], self.known.postcodes.lon[row]
        found: list[Match] = []
        for rows, cost in self.places:
            away = distance_km(places.lat[rows], places.lon[rows], lat, lon)
            if len(away) and np.nanmin(away, initial=np.inf) <= REACH_KM:
                nearest = int(np.nanargmin(away))
                place, far = rows[nearest], float(away[nearest]) / FAR_KM
                name = folded(places.name[place])
                slight = 0 < OSA.distance(name, self.key) <= 2
                how: How = "alias" if cost == 0 and not slight else "spelling"
                how = "joined" if JOINED in (cost, _slip(name, self.key)) else how
                source = places.gazetteer[place], places.record[place]
                found.append(Match(places.name[place], how, ALIAS + far + cost, *source))
        return min(found, key=lambda match: match.cost, default=None)

    def _own(self, row: int, source: tuple[str, str]) -> Match | None:
        """Return the postal code's own town, if a slip too large to be looked up made it."""
        value = self.known.postcodes.city[row]
        cost = self._large(folded(value))
        return Match(value, _how(cost), cost, *source) if cost < LARGE else None

    def _around(self, row: int) -> Match | None:
        """Return the town within reach of a postal code whose name such a slip made."""
        places, codes = self.known.places, self.known.postcodes
        here = np.flatnonzero(places.country == codes.country[row])
        away = distance_km(places.lat[here], places.lon[here], codes.lat[row], codes.lon[row])
        near = here[away <= REACH_KM]
        names = [folded(name) for name in places.name.take(near)]
        alike = process.extract(self.key, names, scorer=OSA.distance, score_cutoff=3, limit=5)
        cost, at = min(((self._large(name), at) for name, _, at in alike), default=(LARGE, -1))
        if cost >= LARGE:
            return None
        source = places.gazetteer[near[at]], places.record[near[at]]
        far = float(away[away <= REACH_KM][at]) / FAR_KM
        return Match(places.name[near[at]], _how(cost), ALIAS + far + cost, *source)

    def _large(self, name: str) -> float:
        """Return what a slip costs, `LARGE` and more where it leaves too little of the name."""
        cost = _slip(name, self.key)
        return cost if cost < 2.0 * len(name) and not _opposite(name, self.key) else LARGE

    def _other(self, row: int, source: tuple[str, str]) -> Match:
        """Return another town, or a name that nobody knows."""
        if self._elsewhere(self.known.postcodes.state_code[row]):
            value = self.known.postcodes.city[row]
            return Match(value, "replaced", OTHER_CITY, *source)
        return Match(self.key, "unknown", UNKNOWN_CITY)

    def _elsewhere(self, state: str) -> bool:
        """Return whether a town of just that name is known, in that state if it was given too.

        A name of other states only may be that of a town here which no list has.
        """
        codes, places = self.known.postcodes.state_code, self.known.places.state_code
        exact = [codes[row] for rows, cost in self.codes if cost <= JOINED for row in rows.tolist()]
        exact += [places[row] for rows, cost in self.places if cost <= JOINED for row in rows]
        return any(state not in self.states.costs or each in ("", state) for each in exact)


def _how(cost: float) -> How:
    return "exact" if cost == 0 else "joined" if cost == JOINED else "spelling"


def _slip(name: str, key: str) -> float:
    """Return what writing ``key`` for ``name`` costs; hardly anything for one word in two."""
    apart = name.count(" ") != key.count(" ")
    same = apart and name.replace(" ", "") == key.replace(" ", "")
    return JOINED if same else slip(name, key)


def _opposite(name: str, key: str) -> bool:
    """Return whether two names lie in other directions: N is no slip of E, nor of nothing."""
    ways = (sorted(word for word in each.split() if word in WAYS) for each in (name, key))
    return next(ways) != next(ways) and name.replace(" ", "") != key.replace(" ", "")


def distance_km(
    lat: NDArray[np.float32],
    lon: NDArray[np.float32],
    to_lat: float | NDArray[np.float32],
    to_lon: float | NDArray[np.float32],
) -> NDArray[np.float64]:
    """Return kilometres along the surface, short ways (equirectangular)."""
    scale = np.cos(np.radians(to_lat))
    return np.asarray(111.2 * np.hypot(lat - to_lat, (lon - to_lon) * scale), np.float64)


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
    known: Gazetteer, country: int, postcode: str, towns: _Towns
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
    towns: _Towns,
    states: _States,
) -> Hypothesis:
    codes = known.postcodes
    source = (codes.gazetteer[row], codes.record[row])
    city = towns.compared(row, source)
    state = states.compared(codes.state_code[row], row, source)
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
    known: Gazetteer, country: int, postcode: str, towns: _Towns, states: _States
) -> list[Hypothesis]:
    """Return the towns themselves, whatever the postal code says."""
    code = _kept(known, country, postcode)
    before = NO_CODE if code is None else code.cost
    codes, places = known.postcodes, known.places
    listed = known.countries[country] in known.postal
    unsaid = UNKNOWN_STATE if states.key else 0.0
    found = []
    for rows, cost in towns.codes:
        how = _how(cost)
        for row in _one_per_state(known, rows[:MOST_ROWS]):
            source = codes.gazetteer[row], codes.record[row]
            city = Match(codes.city[row], how, cost, *source)
            state = states.compared(codes.state_code[row], row, source)
            total = before + cost + (0.0 if state is None else state.cost)
            total += HOMONYM * (state is not None and state.how == "replaced")
            at = float(codes.lat[row]), float(codes.lon[row])
            found.append(Hypothesis(code, city, state, *at, total))
    for rows, cost in towns.places:
        for row in rows[np.argsort(-places.population[rows])][:5].tolist():
            name, people = places.name[row], max(int(places.population[row]), 10)
            own = folded(name) == towns.key
            how = "alias" if cost == 0 and not own else _how(cost)
            small = 0.5 * (1 - float(np.log10(people)) / 8)  # of two, the larger is meant
            if how == "spelling" and not listed:
                small = RARE * float(np.log(known.people[country] / people)) + ALIAS * (not own)
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
        found.append(Hypothesis(code, unknown, None, float("nan"), float("nan"), total))
    return found


def _kept(known: Gazetteer, country: int, postcode: str) -> Match | None:
    """Return the postal code as given, believed against the town; what it costs depends."""
    if not postcode:
        return None
    name = known.countries[country]
    there = known.postcodes.keys.exact(country, plain(postcode, name)) >= 0
    listed = name in known.postal and name not in known.general
    unheard = UNKNOWN_CODE if listed else NO_CODE
    return Match(postcode, "unknown", OTHER_CODE if there else unheard)


def _areas(known: Gazetteer, row: int) -> tuple[str, str]:
    return known.postcodes.state[row], known.postcodes.county[row]


def _one_per_state(known: Gazetteer, rows: NDArray[np.int32]) -> list[int]:
    seen: dict[int, int] = {}
    which = known.postcodes.state_code.which[rows].tolist()
    for state, row in zip(which, rows.tolist(), strict=True):
        seen.setdefault(state, row)
    return list(seen.values())
