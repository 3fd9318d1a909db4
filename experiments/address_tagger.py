"""The tagger of addresses: learnt, measured beside usaddress, and its weights.

    python experiments/address_tagger.py DATA_FOLDER
    python experiments/address_tagger.py DATA_FOLDER --only american --lake LAKE
    python experiments/address_tagger.py DATA_FOLDER --weights WEIGHTS_FOLDER --beside

Prints, as Markdown: whole parses of US strings by kind of string and number of slips, and by kind
of noise (`american`); parts by country (`world`); entities of Chinese addresses (`chinese`). What
is measured was not learnt from: a fifth of the strings labelled by hand, split by street and town;
half of the countries' formatting cases, by country. ``--weights`` reads the weights of that folder,
and writes those that it lacks, as the package has them in `address/verify/models/weights`; the
Chinese set, which has no licence, never goes into those. ``--beside`` measures a CRF too, learnt
from the same strings.
"""

import argparse
import gzip
import json
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import polars as pl
from address_american import Tagger, measure_american
from address_labelled import DEV, TEST, labelled, opencage, typed
from address_taught import (
    Labelled,
    back,
    by_features,
    dense_tagger,
    imported,
    known_places,
    learnt,
    spaced,
)

from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.stored import gazetteer
from lanecast.address.made import Place, addresses, made
from lanecast.address.noise import Word
from lanecast.address.parts import Part, parts_of
from lanecast.address.tokens import Token
from lanecast.address.verify.features import described
from lanecast.address.verify.models.attention import packed, unpacked
from lanecast.address.verify.models.crf import Crf, FittedCrf
from lanecast.address.verify.models.shipped import DENSE, SPACED, Shipped
from lanecast.tables.lake import Lake

BESIDE = "beside.crf.gz"
COUNTRIES = ("AU", "BR", "CA", "CN", "DE", "ES", "FR", "GB", "IN", "IT", "JP", "MX", "NL", "PL")
COUNTRIES += ("RU", "TR")


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
        found, _ = tagger.labels(held, known, country if told else None)
        a, b = (set(map(_span, parts_of(text, held, each))) for each in (labels, found))
        met, said, true, right = met + len(a & b), said + len(b), true + len(a), right + (a == b)
    return 2 * met / max(said + true, 1), right / max(len(cases), 1)


def _span(part: Part) -> tuple[str, int, int]:
    return part.name, part.start, part.end


def measure_world(
    folder: Path, known: Gazetteer, taggers: Mapping[str, Shipped], found: dict[str, list[Place]]
) -> None:
    """Print F1 of parts by country."""
    kept = [case for case in opencage(folder) if back(case[0])]
    sets = {"formatting cases kept back (real)": kept, "as shoppers type them": typed()}
    sets |= real_places(folder)
    for country in COUNTRIES:
        sets[f"made {country}"] = list(islice(addresses(found, {country: 1.0}, 99), 200))
    print(
        "| set | strings | tagger | F1 | whole | F1, not told | F1, no gazetteer |\n"
        "|---|---|---|---|---|---|---|"
    )
    for name, strings in sets.items():
        for which, tagger in taggers.items():
            told, right = f1(tagger, strings, known, True)
            blind, _ = f1(tagger, strings, known, False)
            bare, _ = f1(tagger, strings, None, True)
            cells = " | ".join(f"{cell:.3f}" for cell in (told, right, blind, bare))
            print(f"| {name} | {len(strings)} | {which} | {cells} |", flush=True)
    by = {country: [c for c in kept if c[0] == country] for country, _ in kept}
    for which, tagger in taggers.items():
        scores = sorted((f1(tagger, some, known, True)[0], country) for country, some in by.items())
        print(f"\nKept back, {which}, by country: " + ", ".join(f"{c} {s:.2f}" for s, c in scores))


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
        found, _ = tagger.labels(words, None, None)
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
    parser.add_argument("--weights", type=Path, help="folder of weights; what is missing is learnt")
    parser.add_argument("--beside", action="store_true", help="measure a CRF of the same strings")
    asked = parser.parse_args()
    if asked.only == "chinese":
        return measure_chinese(asked.folder)
    with tempfile.TemporaryDirectory() as scratch:
        lake = Lake(asked.lake) if asked.lake else imported(asked.folder, Path(scratch))
        known, found = gazetteer(lake), known_places(asked.folder)
        taught = learnt(asked.folder, found, asked.fold)
        folder = asked.weights or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        ours = unpacked(kept(folder / SPACED, lambda: packed(spaced(taught, known).weights)))
        taggers: dict[str, Tagger] = {"ours": ours}
        if asked.beside:
            crf = kept(folder / BESIDE, lambda: zipped(by_features(taught.strings(), known)))
            taggers["a CRF of the same strings"] = FittedCrf(gzip.decompress(crf))
        if asked.only in (None, "american"):
            measure_american(asked.folder, known, taggers, taught.hand, taught.osm, asked.fold)
        if asked.only in (None, "world"):
            dense = kept(folder / DENSE, lambda: zipped(dense_tagger(known)))
            east = FittedCrf(gzip.decompress(dense))
            both = {name: Shipped(tagger, east) for name, tagger in taggers.items()}
            measure_world(asked.folder, known, both, found)
        if asked.only is None:
            measure_chinese(asked.folder)
    return None


def kept(file: Path, make: Callable[[], bytes]) -> bytes:
    """Return what the file holds; it is made where it is missing."""
    if not file.is_file():
        file.write_bytes(make())
    print(f"{file.name}: {file.stat().st_size / 1e6:.2f} MB")
    return file.read_bytes()


def zipped(tagger: FittedCrf) -> bytes:
    """Return the weights as the package has them."""
    return gzip.compress(tagger.weights, mtime=0)


if __name__ == "__main__":
    main()
