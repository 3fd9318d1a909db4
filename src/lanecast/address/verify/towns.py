"""What the town as given may be: names within two edits, and where they lie."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from ..fold import folded
from ..gazetteer.arrays import Gazetteer
from .cost import slip

Given = Literal["exact", "joined", "alias", "spelling", "code", "prefix"]
How = Given | Literal["inferred", "replaced", "unknown"]
ALIAS, UNKNOWN_CITY, OTHER_CITY = 1.0, 10.0, 8.0
JOINED = 0.5  # a name in one word that the gazetteer has in two, or the reverse
NO_CITY = 2.0
LARGE = 10.0  # nats of slips that a postal code makes up for
REACH_KM = 40.0  # between a town and a postal code that serves it
FAR_KM = 16.0  # per nat that such a town is less likely
WAYS = ("n", "e", "s", "w")


class Match(NamedTuple):  # dozens a text are made, in half the time of a dataclass
    """How one part was found: its name as the gazetteer writes it, how, and the record."""

    value: str
    how: How
    cost: float
    gazetteer: str = ""
    record: str = ""


class Towns:
    """What the town as given may be: names within two edits, and where they lie."""

    def __init__(
        self, known: Gazetteer, country: int, key: str, states: Mapping[str, float]
    ) -> None:
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

    def compared(self, row: int, source: tuple[str, str]) -> Match | None:
        """Return how the town as given is that of a row of postal codes; None: neither has one."""
        value = self.known.postcodes.city[row]
        if not value:
            return self._anywhere()
        if not self.key:
            return Match(value, "inferred", NO_CITY, *source)
        if row in self.costs:
            cost = self.costs[row]
            return Match(value, how_met(cost), cost, *source)
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

    def _anywhere(self) -> Match | None:
        """Return the town as given, wherever it lies: of a postal code nobody says the town."""
        codes, places = self.known.postcodes, self.known.places
        found = [Match(self.key, "unknown", UNKNOWN_CITY)] if self.key else []
        for rows, cost in self.codes:
            for r in rows[:1].tolist():
                source = codes.gazetteer[r], codes.record[r]
                found.append(Match(codes.city[r], how_met(cost), ALIAS + cost, *source))
        for rows, cost in self.places:
            for r in rows[:1].tolist():
                how = how_met(cost) if cost or folded(places.name[r]) == self.key else "alias"
                source = places.gazetteer[r], places.record[r]
                found.append(Match(places.name[r], how, ALIAS + cost, *source))
        return min(found, key=lambda match: match.cost, default=None)

    def _near(self, row: int) -> Match | None:
        """Return the town of that name in its state within reach of a postal code, if any.

        The code need not prefer it: one real address in five in the US has such a town.
        """
        places = self.known.places
        lat, lon = self.known.postcodes.lat[row], self.known.postcodes.lon[row]
        state = self.known.postcodes.state_code[row]
        found: list[Match] = []
        for rows, cost in self.places:
            away = distance_km(places.lat[rows], places.lon[rows], lat, lon)
            within = [
                n
                for n in np.flatnonzero(away <= REACH_KM).tolist()
                if _within(places.state_code[rows[n]], state)
            ]
            if within:
                nearest = min(within, key=away.__getitem__)
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
        return Match(value, how_met(cost), cost, *source) if cost < LARGE else None

    def _around(self, row: int) -> Match | None:
        """Return the town within reach of a postal code whose name such a slip made."""
        places, codes = self.known.places, self.known.postcodes
        here = np.flatnonzero(places.country == codes.country[row])
        away = distance_km(places.lat[here], places.lon[here], codes.lat[row], codes.lon[row])
        near = here[away <= REACH_KM]
        names = [folded(name) for name in places.name.take(near)]
        state = codes.state_code[row]
        alike = process.extract(self.key, names, scorer=OSA.distance, score_cutoff=3, limit=5)
        large = (
            (self._large(name), at)
            for name, _, at in alike
            if _within(places.state_code[near[at]], state)
        )
        cost, at = min(large, default=(LARGE, -1))
        if cost >= LARGE:
            return None
        source = places.gazetteer[near[at]], places.record[near[at]]
        far = float(away[away <= REACH_KM][at]) / FAR_KM
        return Match(places.name[near[at]], how_met(cost), ALIAS + far + cost, *source)

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
        return any(state not in self.states or each in ("", state) for each in exact)


def _within(state: str, other: str) -> bool:
    """Return whether two codes may be of one state, where not both are known."""
    return not state or not other or state == other


def how_met(cost: float) -> How:
    """Return how a name was met that costs so much."""
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
