"""What the taggers of addresses are learnt from, and how."""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import polars as pl
from address_labelled import TEST, american, fold_of, key, labelled, opencage, shuffled

from lanecast.address import made_east
from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.made import Place, addresses, places
from lanecast.address.noise import JUDGED, KINDS, Word, noisy
from lanecast.address.parts import NAMES
from lanecast.address.verify.features import described
from lanecast.address.verify.models.attention import FittedAttention
from lanecast.address.verify.models.attention_net import Attention
from lanecast.address.verify.models.crf import Crf, FittedCrf, Row
from lanecast.address.verify.models.inputs import Seen, seen
from lanecast.sources.gazetteers import Edition, read
from lanecast.sources.ingest import ingest_pieces
from lanecast.tables.lake import Lake

Labelled = tuple[str, list[Word]]  # country, words
LEARNT = [name for name in KINDS if name not in JUDGED]
OSM, US, WORLD, EAST = 800, 8_000, 20_000, 7_000
LAST = Attention(steps=6_000, rate=8e-4)  # on real strings more than on made ones
NOISES = (0, 1, 1, 2, 3)
MOST = 40  # words of a string that the net learns from
EDITION = datetime(2024, 1, 1, tzinfo=UTC)


def imported(folder: Path, lake: Path) -> Lake:
    """Return a lake with the GeoNames files of ``folder``."""
    for name in ("geonames_postal.parquet", "geonames_cities.parquet"):
        pieces = read("geonames", folder / name, Edition("geonames", EDITION))
        report = ingest_pieces(Lake(lake), "geonames", pieces)
        print(f"{name}: {report.ok()}")
    return Lake(lake)


def known_places(folder: Path) -> dict[str, list[Place]]:
    """Return GeoNames' places by country."""
    postal = pl.read_parquet(folder / "geonames_postal.parquet").select(
        country="country_code",
        city="place_name",
        postal_code="postal_code",
        state="admin1_name",
        state_code="admin1_code",
        county="admin2_name",
    )
    towns = pl.read_parquet(folder / "geonames_cities.parquet")
    return places(postal, towns.select(country="countrycode", name="name"))


@dataclass(frozen=True)
class Taught:
    """What the taggers learn from.

    Attributes
    ----------
    hand, osm
        US strings labelled by hand, and of OpenStreetMap.
    cases
        Formatting cases of countries.
    made
        Made addresses of the US, then of all countries.
    """

    hand: list[list[Word]]
    osm: list[list[Word]]
    cases: list[Labelled]
    made: list[Labelled]

    def strings(
        self, clean: int = 3, copies: int = 6, cases: int = 4, every: int = 1
    ) -> list[tuple[Labelled, Sequence[int]]]:
        """Return addresses and how many noises they get, of those that are made one in ``every``.

        Strings labelled by hand stand in them ``clean`` times as they are and ``copies`` times with
        noise.
        """
        mine = [("US", words) for words in self.hand]
        return [
            *((each, (0,)) for each in mine * clean),
            *((each, NOISES) for each in mine * copies),
            *((("US", words), NOISES) for words in self.osm[:OSM]),
            *((each, NOISES) for each in self.made[::every] + self.cases * cases),
        ]


def spaced(taught: Taught, known: Gazetteer) -> FittedAttention:
    """Return the tagger of scripts with blanks: from all strings, then from real ones above all."""
    began = time.process_time()

    def told(step: int, loss: float) -> None:
        print(f"{step} steps, loss {loss:.3f}, {time.process_time() - began:.0f} s", flush=True)

    first = Attention().fit(rounds(taught.strings(), known), told)
    return LAST.fit(rounds(taught.strings(4, 10, 12, 2), known), told, first)


def rounds(
    given: Sequence[tuple[Labelled, Sequence[int]]], known: Gazetteer
) -> Iterator[list[tuple[Seen, list[int]]]]:
    """Yield what the net learns from, round after round, with noise drawn anew in each.

    Strings come with how many noises they get. Three in ten are read without gazetteer, and as
    many without their country.
    """
    rng = random.Random(1)
    while True:
        found = []
        for (country, words), many in given:
            _, held, labels = labelled(noisy(words, LEARNT, rng.choice(many), rng))
            if held and len(held) <= MOST:
                told = country if rng.random() < 0.7 else None
                what = seen(held, known if rng.random() < 0.7 else None, told)
                found.append((what, [NAMES.index(label) for label in labels]))
        yield found


def by_features(given: Sequence[tuple[Labelled, Sequence[int]]], known: Gazetteer) -> FittedCrf:
    """Return a CRF of scripts with blanks, to compare with."""
    parts = [rows([each], known, many, seed) for seed, (each, many) in enumerate(given)]
    return Crf(l1=0.08, rarest=3, rounds=60).fit(row for part in parts for row in part)


def rows(each: Sequence[Labelled], known: Gazetteer, many: Sequence[int], seed: int) -> list[Row]:
    """Return features and labels of addresses with noise, some without gazetteer or country."""
    rng = random.Random(seed)
    found = []
    for country, words in each:
        _, held, labels = labelled(noisy(words, LEARNT, rng.choice(many), rng))
        if held:
            told = rng.random() < 0.7
            listed = known if rng.random() < 0.7 else None
            found.append((described(held, listed, country if told else None), labels, 1.0))
    return found


def world_rows(found: dict[str, list[Place]], seed: int, us: int, rest: int) -> list[Labelled]:
    """Return made addresses of the US and of all countries, larger gazetteers a little oftener."""
    shares = {country: len(rows) ** 0.25 for country, rows in found.items()}
    abroad = addresses(found, shares, seed)
    home = addresses({"US": found["US"]}, {"US": 1.0}, seed + 1)
    return [*islice(home, us), *islice(abroad, rest)]


def learnt(folder: Path, found: dict[str, list[Place]], fold: int) -> Taught:
    """Return what is learnt from, without what is kept back."""
    hand, osm = american(folder)
    left = {fold, TEST}
    held = {key(words) for words in hand if fold_of(words) in left}
    train = [words for words in hand if fold_of(words) not in left]
    synthetic = [w for w in shuffled(osm, 1) if fold_of(w) not in left and key(w) not in held]
    cases = [case for case in opencage(folder) if not back(case[0])]
    return Taught(train, synthetic, cases, world_rows(found, 3, US, WORLD))


def back(country: str) -> bool:
    """Return whether a country's formatting cases are kept back: every second, by its letters."""
    return sum(map(ord, country)) % 2 == 1


def dense_tagger(known: Gazetteer) -> FittedCrf:
    """Return the tagger of scripts without blanks, from made addresses alone."""
    strings = list(islice(made_east.addresses({"CN": 4, "TW": 3, "JP": 4}, 1), EAST))
    return Crf(l1=0.08, rarest=3, rounds=50).fit(
        (features, begun(labels), times)
        for features, labels, times in rows(strings, known, (0, 0, 0, 1), 6)
    )


def begun(labels: Sequence[str]) -> list[str]:
    """Return labels marked with where a part begins and goes on."""
    before = ("", *labels)
    return [f"{'I' if a == b else 'B'}-{b}" for a, b in zip(before, labels, strict=False)]
