"""The tagger of addresses: learnt, measured beside usaddress, and its weights.

    python experiments/address_tagger.py DATA_FOLDER
    python experiments/address_tagger.py DATA_FOLDER --only american --lake LAKE
    python experiments/address_tagger.py DATA_FOLDER --weights WEIGHTS_FOLDER

Prints, as Markdown: whole parses of US strings by kind of string and number of slips, and by kind
of noise (`american`); parts by country (`world`); entities of Chinese addresses (`chinese`). What
is measured was not learnt from: a fifth of the strings labelled by hand, split by street and town;
half of the countries' formatting cases, by country. ``--weights`` writes what is measured, as the
package has it in `address/verify/models/weights`; the Chinese set, which has no licence, never goes
into those.
"""

import argparse
import gzip
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import numpy as np
import polars as pl
import pycrfsuite
import usaddress
from address_labelled import DEV, TEST, american, fold_of, key, labelled, opencage, placed, shuffled

from lanecast.address import made_east
from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.stored import gazetteer
from lanecast.address.made import Place, addresses, made, places
from lanecast.address.noise import JUDGED, KINDS, Word, noisy, written
from lanecast.address.parts import Part, parts_of
from lanecast.address.tokens import Token, tokens
from lanecast.address.verify.features import described
from lanecast.address.verify.models.crf import Crf, FittedCrf, Row
from lanecast.address.verify.models.shipped import DENSE, SPACED, Shipped
from lanecast.sources.gazetteers import Edition, read
from lanecast.sources.ingest import ingest_pieces
from lanecast.tables.lake import Lake

Labelled = tuple[str, list[Word]]  # country, words
LEARNT = [name for name in KINDS if name not in JUDGED]
COPIES, OSM, US, WORLD, EAST = 6, 800, 8_000, 16_000, 7_000
NOISES = (0, 1, 1, 2, 3)
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


def spaced(
    hand: list[list[Word]], osm: list[list[Word]], world: list[Labelled], known: Gazetteer
) -> FittedCrf:
    """Return the tagger of scripts with blanks: strings labelled by hand count most."""
    mine = [("US", words) for words in hand]
    data = rows(mine * 3, known, (0,), 1) + rows(mine * COPIES, known, NOISES, 2)
    data += rows([("US", words) for words in osm[:OSM]], known, NOISES, 3)
    data += rows(world, known, NOISES, 4)
    return Crf(l1=0.08, rarest=3, rounds=60).fit(data)


def world_rows(found: dict[str, list[Place]], seed: int, us: int, rest: int) -> list[Labelled]:
    """Return made addresses of the US and of all countries, larger gazetteers a little oftener."""
    shares = {country: len(rows) ** 0.25 for country, rows in found.items()}
    abroad = addresses(found, shares, seed)
    home = addresses({"US": found["US"]}, {"US": 1.0}, seed + 1)
    return [*islice(home, us), *islice(abroad, rest)]


def whole(
    read_: Callable[[str, list[Word]], list[str]], strings: list[list[Word]], kind: str, many: int
) -> float:
    """Return the share of strings [%] of which every word has its label, after ``many`` noises."""
    rng, right = random.Random(5), 0
    for words in strings:
        spoilt = words
        for _ in range(many):
            spoilt = KINDS[kind](spoilt, rng) or spoilt
        text, _, labels = labelled(spoilt)
        right += read_(text, spoilt) == labels
    return 100 * right / len(strings)


def ours(
    tagger: FittedCrf, known: Gazetteer | None, country: str | None
) -> Callable[..., list[str]]:
    """Return labels of the words of a text by our tagger."""

    def reading(text: str, words: list[Word]) -> list[str]:
        _, held, _ = labelled(words)
        return tagger.labels(described(held, known, country))[0] if held else []

    return reading


def theirs(tag: Callable[[str], list[tuple[str, str]]]) -> Callable[..., list[str]]:
    """Return labels of the same words by usaddress, under libpostal's names."""

    def reading(text: str, words: list[Word]) -> list[str]:
        pairs = tag(text)
        there = placed(text, [word for word, _ in pairs], [label for _, label in pairs])
        _, spans = written(there)
        first = text.find(there[0].text) if there else 0
        labels = []
        for token in labelled(words)[1]:
            at = token.start - first
            labels.append(next((name for a, b, name in spans if a <= at < b), "other"))
        return labels

    return reading


def relearnt(train: list[list[Word]]) -> Callable[[str], list[tuple[str, str]]]:
    """Return usaddress's features and labels, learnt anew from ``train`` alone."""
    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.set("max_iterations", 150)
    for words in train:
        text, _ = written(words)
        spans = usaddress.tokenize(text)
        wanted = [word.label for word in words]
        if len(spans) == len(wanted):
            trainer.append(pycrfsuite.ItemSequence(usaddress.tokens2features(spans)), wanted)
    with tempfile.NamedTemporaryFile(suffix=".crf") as file:
        trainer.train(file.name)
        tagger = pycrfsuite.Tagger()
        tagger.open_inmemory(Path(file.name).read_bytes())

    def tag(text: str) -> list[tuple[str, str]]:
        parts = usaddress.tokenize(text)
        return list(zip(parts, tagger.tag(usaddress.tokens2features(parts)), strict=True))

    return tag


def learnt(
    folder: Path, known: Gazetteer, found: dict[str, list[Place]], fold: int
) -> tuple[FittedCrf, list[list[Word]], list[list[Word]]]:
    """Return a tagger and the strings by hand and of OpenStreetMap that it learnt from."""
    hand, osm = american(folder)
    left = {fold, TEST}
    held = {key(words) for words in hand if fold_of(words) in left}
    train = [words for words in hand if fold_of(words) not in left]
    synthetic = [w for w in shuffled(osm, 1) if fold_of(w) not in left and key(w) not in held]
    cases = [case for case in opencage(folder) if not back(case[0])]
    world = world_rows(found, 3, US, WORLD) + cases * 4
    return spaced(train, synthetic, world, known), train, synthetic


def measure_american(
    folder: Path,
    known: Gazetteer,
    tagger: FittedCrf,
    train: list[list[Word]],
    synthetic: list[list[Word]],
    fold: int,
) -> None:
    """Print whole parses of US strings that were not learnt from."""
    hand, osm = american(folder)
    mine, theirs_ = american(folder, own=True)
    test = [words for words in hand if fold_of(words) == fold]
    clean = [words for words in shuffled(osm, 2) if fold_of(words) == fold][:300]
    print(f"{len(train)} strings by hand learnt, {len(test)} measured.")
    print(f"Weights: {len(tagger.weights) / 1e6:.1f} MB.\n")
    kept = {text_of(words) for words in (*train, *synthetic[:OSM])}
    peer = relearnt([words for words in (*mine, *theirs_) if text_of(words) in kept])
    readers = {
        "ours, GeoNames, told US": ours(tagger, known, "US"),
        "ours, no gazetteer": ours(tagger, None, "US"),
        "ours, GeoNames, not told": ours(tagger, known, None),
        "usaddress, learnt from the same strings": theirs(peer),
        "usaddress as it comes (has seen them)": theirs(usaddress.parse),
    }
    print("| whole parse, % | by hand 0 | 1 | 2 | 3 slips | OSM 0 | 1 | 2 | 3 |")
    for name, reader in readers.items():
        cells = [whole(reader, s, "substitute", n) for s in (test, clean) for n in range(4)]
        print(f"| {name} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |", flush=True)
    some = [
        name for name in readers if name not in ("ours, no gazetteer", "ours, GeoNames, not told")
    ]
    print("\n| one noise, by hand | " + " | ".join(some) + " |\n|---|" + "---|" * len(some))
    for kind in KINDS:
        cells = [whole(readers[name], test, kind, 1) for name in some]
        mark = " (not learnt)" if kind in JUDGED else ""
        print(f"| {kind}{mark} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |", flush=True)
    calibrated(tagger, test, known)
    timed(tagger, test, known)


def text_of(words: list[Word]) -> str:
    """Return the text that words were taken from."""
    return written(words)[0]


def calibrated(tagger: FittedCrf, test: list[list[Word]], known: Gazetteer) -> None:
    """Print how often a reading is right, by how likely it is said to be."""
    rng, said, right = random.Random(7), [], []
    for many in range(4):
        for words in test:
            _, held, labels = labelled(noisy(words, ["substitute"], many, rng))
            found, chance = tagger.labels(described(held, known, "US"))
            said.append(chance)
            right.append(found == labels)
    chances, hits = np.array(said), np.array(right)
    print(
        "\n| said to be at least | share of strings | right above | right below |\n"
        "|---|---|---|---|"
    )
    for least in (0.5, 0.8, 0.9, 0.95, 0.99):
        above = chances >= least
        rights = f"{hits[above].mean():.3f} | {hits[~above].mean():.3f}"
        print(f"| {least} | {above.mean():.2f} | {rights} |")


def timed(tagger: FittedCrf, test: list[list[Word]], known: Gazetteer) -> None:
    """Print the time of the processor to read one string, features and tags."""
    spent = []
    for words in test:
        text, held, _ = labelled(words)
        before = time.process_time()
        held = tokens(text)
        tagger.labels(described(held, known, "US"))
        spent.append(1000 * (time.process_time() - before))
    p50, p99 = np.quantile(spent, (0.5, 0.99))
    print(f"\nOne string: p50 {p50:.2f} ms, p99 {p99:.2f} ms of processor time.")


def f1(
    taggers: Shipped, cases: Sequence[Labelled], known: Gazetteer | None, told: bool
) -> tuple[float, float]:
    """Return F1 of the parts, and the share of whole parses."""
    met = said = true = right = 0
    for country, words in cases:
        text, held, labels = labelled(words)
        tagger = taggers.chosen(held)
        if tagger is None:
            raise ValueError(f"{text}: no tagger reads it.")
        found, _ = tagger.labels(described(held, known, country if told else None))
        a, b = (set(map(_span, parts_of(text, held, each))) for each in (labels, found))
        met, said, true, right = met + len(a & b), said + len(b), true + len(a), right + (a == b)
    return 2 * met / max(said + true, 1), right / max(len(cases), 1)


def _span(part: Part) -> tuple[str, int, int]:
    return part.name, part.start, part.end


def back(country: str) -> bool:
    """Return whether a country's formatting cases are kept back: every second, by its letters."""
    return sum(map(ord, country)) % 2 == 1


def measure_world(
    folder: Path,
    known: Gazetteer,
    tagger: FittedCrf,
    dense: FittedCrf,
    found: dict[str, list[Place]],
) -> None:
    """Print F1 of parts by country."""
    kept = [case for case in opencage(folder) if back(case[0])]
    both = Shipped(tagger, dense)
    print(f"{len(tagger.weights) / 1e6:.1f} and {len(dense.weights) / 1e6:.1f} MB\n")
    print(
        "| set | strings | F1 | whole | F1, not told | F1, no gazetteer |\n"
        "|---|---|---|---|---|---|"
    )
    sets = {"formatting cases kept back (real)": kept, **real_places(folder)}
    for country in ("AU", "BR", "CA", "DE", "ES", "FR", "GB", "IN", "IT", "NL", "PL", "RU", "TR"):
        sets[f"made {country}"] = list(islice(addresses(found, {country: 1.0}, 99), 200))
    for name, strings in sets.items():
        told, right = f1(both, strings, known, True)
        blind, _ = f1(both, strings, known, False)
        bare, _ = f1(both, strings, None, True)
        print(f"| {name} | {len(strings)} | {told:.3f} | {right:.3f} | {blind:.3f} | {bare:.3f} |")
    by = {country: [c for c in kept if c[0] == country] for country, _ in kept}
    scores = sorted((f1(both, some, known, True)[0], country) for country, some in by.items())
    print("\nKept back, by country: " + ", ".join(f"{c} {s:.2f}" for s, c in scores))


def real_places(folder: Path) -> dict[str, list[Labelled]]:
    """Return strings around places and streets that no training table has."""
    rng = random.Random(11)
    towns = pl.read_parquet(folder / "france_postal.parquet").sample(300, seed=1)
    france = [
        Place("FR", name.title(), code)
        for name, code in towns.select("Nom_commune", "Code_postal").iter_rows()
    ]
    states = dict(
        pl.read_parquet(folder / "ibge_estados.parquet").select("codigo_uf", "uf").iter_rows()
    )
    towns = pl.read_parquet(folder / "ibge_municipios.parquet").sample(300, seed=1)
    brazil = [
        Place("BR", name, f"{rng.randrange(10**5):05}-{rng.randrange(10**3):03}", "", states[uf])
        for name, uf in towns.select("nome", "codigo_uf").iter_rows()
    ]
    return {
        "places FR (La Poste's, streets made)": [("FR", made(p, france, rng)) for p in france],
        "places BR (IBGE's, streets made)": [("BR", made(p, brazil, rng)) for p in brazil],
        "places TW (real roads, numbers made)": list(_taiwan(folder, rng)),
        "places JP (real towns, numbers made)": list(_japan(folder, rng)),
    }


def _taiwan(folder: Path, rng: random.Random) -> Iterator[Labelled]:
    roads = pl.read_parquet(folder / "taiwan_roads__roads.parquet").sample(300, seed=1)
    for city, code, area, road in roads.select("city", "zip", "area", "road").iter_rows():
        words = [Word(city, "city", ""), Word(area, "city_district", ""), Word(road, "road", "")]
        words.append(Word(f"{rng.randrange(1, 400)}號", "house_number", ""))
        if rng.random() < 0.4:
            words.append(Word(f"{rng.randrange(2, 15)}樓", "level", ""))
        yield "TW", [Word(code, "postcode", " "), *words] if rng.random() < 0.4 else words


def _japan(folder: Path, rng: random.Random) -> Iterator[Labelled]:
    towns = pl.read_parquet(folder / "japan_towns.parquet").sample(300, seed=1)
    for state, city, town, small in towns.select("prefecture", "city", "town", "koaza").iter_rows():
        number = "-".join(str(rng.randrange(1, 30)) for _ in range(rng.choice((1, 2, 2, 3))))
        words = [Word(state, "state", ""), Word(city, "city", "")]
        words += [Word(town + (small or ""), "suburb", ""), Word(number, "house_number", " ")]
        if rng.random() < 0.3:
            words.append(Word("第二ビル", "house", ""))
            words.append(Word(f"{rng.randrange(2, 12)}階", "level", ""))
        yield "JP", words


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


def measure_chinese(folder: Path) -> None:
    """Print F1 of entities of NAACL19's dev, learnt from its train without what both hold."""
    train, dev = (pl.read_parquet(folder / f"naacl19_{name}.parquet") for name in ("train", "dev"))
    train = train.filter(~pl.col("text").is_in(dev["text"].implode()))
    tagger = Crf(l1=0.05, l2=0.02, rarest=2, rounds=60).fit(
        (described(_chars(parts)), _tags(bio), 1.0)
        for parts, bio in train.select("tokens", "bio").iter_rows()
    )
    met = said = true = 0
    for parts, bio in dev.select("tokens", "bio").iter_rows():
        words = _chars(parts)
        text = "".join(word.text for word in words)
        found, _ = tagger.labels(described(words))
        a, b = (set(map(_span, parts_of(text, words, each))) for each in (_tags(bio), found))
        met, said, true = met + len(a & b), said + len(b), true + len(a)
    print(
        f"NAACL19: {train.height:,} learnt, {dev.height:,} measured: "
        f"precision {met / said:.4f}, recall {met / true:.4f}, F1 {2 * met / (said + true):.4f}; "
        f"{len(tagger.weights) / 1e6:.1f} MB"
    )


def _chars(parts: str) -> list[Token]:
    words, at = [], 0
    for part in json.loads(parts):
        words.append(Token(part.lower(), at, at + len(part), False, at > 0))
        at += len(part)
    return words


def _tags(bio: str) -> list[str]:
    """Return the tags with spelling twins made one: ``subRoad`` and ``subroad``."""
    return [tag[:2] + tag[2:].lower() for tag in json.loads(bio)]


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="folder with the labelled sets and GeoNames")
    parser.add_argument("--lake", type=Path, help="lake with GeoNames, else one is made")
    parser.add_argument("--only", choices=("american", "world", "chinese"))
    parser.add_argument("--fold", type=int, default=TEST, help=f"fold measured; {DEV} to choose by")
    parser.add_argument("--weights", type=Path, help="write the package's weights to this folder")
    asked = parser.parse_args()
    if asked.only == "chinese":
        return measure_chinese(asked.folder)
    with tempfile.TemporaryDirectory() as scratch:
        lake = Lake(asked.lake) if asked.lake else imported(asked.folder, Path(scratch))
        known, found = gazetteer(lake), known_places(asked.folder)
        tagger, train, synthetic = learnt(asked.folder, known, found, asked.fold)
        if asked.weights:
            asked.weights.mkdir(parents=True, exist_ok=True)
            (asked.weights / SPACED).write_bytes(gzip.compress(tagger.weights, mtime=0))
        if asked.only in (None, "american"):
            measure_american(asked.folder, known, tagger, train, synthetic, asked.fold)
        if asked.only in (None, "world"):
            dense = dense_tagger(known)
            if asked.weights:
                (asked.weights / DENSE).write_bytes(gzip.compress(dense.weights, mtime=0))
            measure_world(asked.folder, known, tagger, dense, found)
        if asked.only is None:
            measure_chinese(asked.folder)
    return None


if __name__ == "__main__":
    main()
