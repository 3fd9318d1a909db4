"""A gazetteer in memory, or mapped from its files: arrays side by side, looked up by keys."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .keys import Keys
from .strings import Labels, Strings

Degrees = NDArray[np.float32]
Numbers = NDArray[np.int16]  # of countries
GENERAL = 0.9  # share of codes that end in 00 where single streets have codes of their own


@dataclass(frozen=True)
class Postcodes:
    """Postal codes with a place each serves; ``keys`` are codes without blanks and signs.

    ``derived`` are those that no list has, but houses of a register: they prove, and cover nothing.
    """

    keys: Keys
    country: Numbers
    code: Strings
    city: Labels
    state_code: Labels
    state: Labels
    county: Labels
    lat: Degrees
    lon: Degrees
    gazetteer: Labels
    record: Strings
    derived: NDArray[np.bool_]


@dataclass(frozen=True)
class Places:
    """Cities, towns and villages; ``derived`` as of postal codes."""

    country: Numbers
    name: Strings
    state_code: Labels
    population: NDArray[np.int32]
    lat: Degrees
    lon: Degrees
    gazetteer: Labels
    record: Strings
    derived: NDArray[np.bool_]


@dataclass(frozen=True)
class States:
    """First level below a country, by code and by every name."""

    keys: Keys
    code: Strings
    name: Strings


@dataclass(frozen=True)
class Streets:
    """Streets in one postal code of one city each, and the houses along them.

    Houses ``first[s]`` to ``first[s + 1]`` belong to street s, ascending by ``value``, the leading
    number of a house number (-1: it has none).
    """

    roads: Keys
    in_postcode: Keys
    in_city: Keys
    country: Numbers
    key: Labels
    road: Labels
    city: Labels
    state: Labels
    code: Labels
    first: NDArray[np.int32]
    lat: Degrees
    lon: Degrees
    value: NDArray[np.int32]
    number: Labels
    unit: Labels
    house_lat: Degrees
    house_lon: Degrees
    gazetteer: Labels
    record: Strings


@dataclass(frozen=True)
class Gazetteer:
    """All that is known of places.

    Attributes
    ----------
    countries
        ISO 3166-1 alpha-2; a country's position is its number in every key.
    covers
        Rows of the table `gazetteers`.
    cities
        Names of towns in every language known. They lead to rows of ``postcodes``, and from
        ``len(postcodes.code)`` on to rows of ``places``.
    names
        Names of all countries, of country 0; a row is the two letters of the code, 256 a + b.
    towns, codes
        Names of towns, and plain postal codes, of country 0; they lead to numbers of countries.
    sizes
        Beside ``towns.rows``: how large the largest town of that name is there, from 0 to 1; by
        people, in logs.
    """

    countries: tuple[str, ...]
    covers: pl.DataFrame
    states: States
    postcodes: Postcodes
    places: Places
    cities: Keys
    names: Keys
    towns: Keys
    sizes: Degrees
    codes: Keys
    streets: Streets

    @cached_property
    def postal(self) -> frozenset[str]:
        """Return the countries of which a list has the postal codes."""
        on_list = self.postcodes.country[~self.postcodes.derived]
        return frozenset(self.countries[n] for n in np.unique(on_list).tolist())

    @cached_property
    def general(self) -> frozenset[str]:
        """Return the countries of whose codes only a town's general one is known, as in Brazil."""
        codes = self.postcodes
        some = (np.diff(codes.code.at) > 2) & ~codes.derived
        ends, at = codes.code.at[1:][some].astype(np.int64), codes.country[some]
        zeros = (codes.code.text[ends - 1] == ord("0")) & (codes.code.text[ends - 2] == ord("0"))
        many = np.bincount(at, minlength=len(self.countries))
        share = np.bincount(at, zeros, len(self.countries)) / np.maximum(many, 1)
        return frozenset(c for c, s in zip(self.countries, share, strict=True) if s >= GENERAL)

    @cached_property
    def coded(self) -> frozenset[str]:
        """Return the countries of which a list has all postal codes: another one is none."""
        return self.postal - self.general

    @cached_property
    def people(self) -> NDArray[np.float64]:
        """Return how many people live in the towns known of each country."""
        many = len(self.countries)
        found = np.bincount(self.places.country, self.places.population, many)
        return found.astype(np.float64)

    @cached_property
    def coverage(self) -> dict[str, dict[str, dict[str, str]]]:
        """Return gazetteer and edition, by country and kind."""
        found: dict[str, dict[str, dict[str, str]]] = {}
        for row in self.covers.iter_rows(named=True):
            told = {
                "gazetteer": row["gazetteer_id"],
                "edition": row["recorded_at"].date().isoformat(),
            }
            found.setdefault(row["country"], {})[row["kind"]] = told
        return found

    @cached_property
    def state_names(self) -> frozenset[str]:
        """Return the folded names and codes of states of all countries, but for those in digits."""
        names = self.states.keys.names
        return frozenset(n for n in names.take(np.arange(len(names))) if n and not n[0].isdigit())

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Return the number of each country."""
        return {country: number for number, country in enumerate(self.countries)}
