"""What a register of houses proves by itself, and what verifying costs beside a gazetteer.

    python experiments/address_register.py DATA_FOLDER [--most 2000]

Alexandria's register of houses alone, and beside GeoNames, both in one run. Counted is what
`verify` makes of houses that are there, of numbers that are not in streets that are, of houses
under a code that is wrong in one digit or another code of the town, of towns elsewhere as people
wrote them (usaddress's labelled strings), and the processor time of addresses in turn with either.
And a list of places alone, La Poste's codes as CSV.
"""

import argparse
import random
import tempfile
from collections import Counter
from pathlib import Path
from time import process_time

import numpy as np
import polars as pl
from address_repair import AT, SEED, _coded, _pairs, _register, _slipped, _told

from lanecast.address.fold import folded
from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.stored import gazetteer
from lanecast.address.verify import verify
from lanecast.sources.gazetteers import Edition, read
from lanecast.sources.ingest import ingest_pieces
from lanecast.tables.lake import Lake

ROUNDS, FRENCH = 3, 600
TOWN = "Alexandria"


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--most", type=int, default=2000, help="addresses of each kind")
    asked = parser.parse_args()
    houses = _register(asked.data)
    rows = houses.sample(min(asked.most, houses.height), seed=SEED)
    with tempfile.TemporaryDirectory() as folder:
        held = {
            name: _lake(asked.data, houses, Path(folder) / name, listed)
            for name, listed in (("alone", False), ("beside GeoNames", True))
        }
        texts = _texts(rows)
        fakes = _fakes(houses, asked.most)
        rng = random.Random(SEED)
        slips = [(n, r, _slipped(c, rng), c) for n, r, c in _parts(rows)]
        codes = houses["postcode"].unique().sort().to_list()
        others = [
            (n, r, rng.choice([each for each in codes if each != c]), c) for n, r, c in _parts(rows)
        ]
        pairs = [pair for pair in _pairs(asked.data) if folded(pair[0]) != folded(TOWN)]
        for name, known in held.items():
            _actions(known, f"{name}, houses of the register", texts)
            _actions(known, f"{name}, numbers that do not exist", fakes)
            _codes(known, f"{name}, code wrong in one digit or a swap", slips)
            _codes(known, f"{name}, another code of the town", others)
            _elsewhere(known, f"{name}, towns elsewhere", pairs)
        _timed(held, texts + fakes)
        _france(asked.data, Path(folder))


def _lake(data: Path, houses: pl.DataFrame, path: Path, listed: bool) -> Gazetteer:
    for name in ("geonames_postal", "geonames_cities") if listed else ():
        pieces = read("geonames", data / f"{name}.parquet", Edition("geonames", AT))
        ingest_pieces(Lake(path), "geonames", pieces)
    file = path.parent / "alexandria.parquet"
    houses.write_parquet(file)
    ingest_pieces(Lake(path), "csv", read("csv", file, Edition("alexandria", AT, "US")))
    return gazetteer(Lake(path))


def _parts(rows: pl.DataFrame) -> list[tuple[str, str, str]]:
    return rows.select("number", "road", "postcode").rows()


def _written(number: str, road: str, code: str) -> str:
    return f"{number} {road}, {TOWN}, VA {code}"


def _texts(rows: pl.DataFrame) -> list[str]:
    return [_written(*each) for each in _parts(rows)]


def _fakes(houses: pl.DataFrame, most: int) -> list[str]:
    """Return numbers up to nine from one that is there, in a street and code that have none."""
    rng = np.random.default_rng(SEED)
    there = {(r, c): set() for _, r, c in _parts(houses)}
    for n, r, c in _parts(houses):
        there[r, c].add(n)
    streets, found = list(there), []
    while len(found) < most:
        road, code = streets[rng.integers(len(streets))]
        near = int("".join(filter(str.isdigit, rng.choice(sorted(there[road, code]))))) or 1
        number = str(max(1, near + int(rng.integers(-9, 10))))
        if number not in there[road, code]:
            found.append(_written(number, road, code))
    return found


def _actions(known: Gazetteer, what: str, texts: list[str]) -> None:
    actions = Counter(verify(t, known, "US").verdict["possible_next_action"] for t in texts)
    _told(what, actions, len(texts))


def _codes(known: Gazetteer, what: str, rows: list[tuple[str, str, str, str]]) -> None:
    """Tell how often the code of the house is found, and whether it is asked about."""
    counts: Counter[str] = Counter()
    for number, road, broken, code in rows:
        reply = verify(_written(number, road, broken), known, "US")
        said = reply.components["postcode"]["normalized"]
        found = "recovered" if said == code else "left" if said == broken else "wrong"
        found = "asked which of two" if found == "left" and reply.candidates else found
        accepted = reply.verdict["possible_next_action"] == "accept"
        counts["left, and such a house is there" if accepted and found == "left" else found] += 1
    _told(what, counts, len(rows))


def _elsewhere(known: Gazetteer, what: str, pairs: list[tuple[str, str]]) -> None:
    """Tell how often an address in another town is called wrong, or any of its parts changed."""
    counts: Counter[str] = Counter()
    for town, code in pairs:
        reply = verify(f"120 Main St, {town} {code}", known, "US")
        parts = reply.components.values()
        wrong = any(p["confirmation"].endswith("suspicious") for p in parts)
        put = any(p["replaced"] or p["spell_corrected"] for p in parts)
        accepted = reply.verdict["possible_next_action"] == "accept"
        said = (
            "accepted" if accepted else "changed" if put else "suspicious" if wrong else "plausible"
        )
        counts[said] += 1
    _told(what, counts, len(pairs))


def _france(data: Path, folder: Path) -> None:
    """Tell what a list of codes as CSV does for true addresses, and with one slip in the code."""
    rows = pl.read_parquet(data / "france_postal.parquet")
    rows = rows.select(commune="Nom_commune", code_postal="Code_postal", lat="lat", lon="lon")
    rows.write_csv(folder / "france.csv")
    pieces = read("csv", folder / "france.csv", Edition("laposte", AT, "FR"))
    ingest_pieces(Lake(folder / "france"), "csv", pieces)
    known, rng = gazetteer(Lake(folder / "france")), random.Random(SEED)
    pairs = rows.select("commune", "code_postal").unique(maintain_order=True)
    true, slips = Counter[str](), Counter[str]()
    for town, code in pairs.sample(FRENCH, seed=SEED).rows():
        faults = verify(f"12 rue Victor Hugo, {code} {town}", known, "FR").faults
        true[faults[0] if faults else "nothing wrong"] += 1
        broken = _slipped(code, rng)
        reply = verify(f"12 rue Victor Hugo, {broken} {town}", known, "FR").row()
        slips[_coded(reply, code, broken)] += 1
    _told("France by a list, true towns and codes", true, FRENCH)
    _told("France by a list, code wrong in one digit or a swap", slips, FRENCH)


def _timed(held: dict[str, Gazetteer], texts: list[str]) -> None:
    """Tell processor time per address, in turn with either gazetteer."""
    took = dict.fromkeys(held, 0.0)
    for _ in range(ROUNDS):
        for name, known in held.items():
            started = process_time()
            for text in texts[::ROUNDS]:
                verify(text, known, "US")
            took[name] += process_time() - started
    each = {name: 1000 * spent / len(texts) for name, spent in took.items()}
    print(", ".join(f"{name}: {ms:.2f} ms per address" for name, ms in each.items()))


if __name__ == "__main__":
    main()
