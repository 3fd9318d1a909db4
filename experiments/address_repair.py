"""How well wrong towns and postal codes are repaired, and whether fakes pass.

    python experiments/address_repair.py DATA_FOLDER [--most 1000]

Reads GeoNames, usaddress's labelled strings and Alexandria's register of houses from DATA_FOLDER.
Real addresses are pairs of town and postal code as people wrote them (one in five is not the pair
that the post prefers). One error is put into each, and counted is what `verify` makes of it:
recovered, wrong (another value without asking), or left as it was. Costs were chosen on one half of
the pairs (by a hash of the town), so the other is told apart. Two further sets show what places do
that no list has: communes of France (La Poste's; GeoNames has no postal codes there and half of the
communes) and towns as Brazilians typed them (Olist's, where DATA_FOLDER has ``../olist``); of the
communes, costs were chosen on one half too, and the other is counted.
"""

import argparse
import hashlib
import json
import random
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import numpy as np
import polars as pl

from lanecast.address.fold import folded
from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.stored import gazetteer
from lanecast.address.noise import delete, insert, substitute, swap
from lanecast.address.verify import verify
from lanecast.address.verify.places import hypotheses
from lanecast.sources.gazetteers import Edition, read
from lanecast.sources.ingest import ingest_pieces
from lanecast.tables.lake import Lake

AT = datetime(2024, 1, 1, tzinfo=UTC)
EDITS = (substitute, insert, delete, swap)
SEED = 20261127
WRONG = ("misspelt_city", "wrong_city", "wrong_postcode", "unknown_postcode", "wrong_state")
HALVES = ("half to choose by", "half measured")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--most", type=int, default=1000, help="addresses per error")
    parser.add_argument("--lake", type=Path, help="keep the gazetteer here between runs")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        known = _known(asked.data, asked.lake or Path(folder) / "lake")
        _repairs(known, _pairs(asked.data), asked.most)
        _elsewhere(known, asked.data, asked.most)
        register = _register(asked.data)
        _streets(known, register.sample(min(asked.most, register.height), seed=SEED))
        _houses(known, register, asked.most)


def _known(data: Path, path: Path) -> Gazetteer:
    if not path.exists():
        for form, name in (("geonames", "geonames_postal"), ("geonames", "geonames_cities")):
            pieces = read(form, data / f"{name}.parquet", Edition("geonames", AT))
            ingest_pieces(Lake(path), form, pieces)
        houses = path.parent / "alexandria.parquet"
        _register(data).write_parquet(houses)
        ingest_pieces(Lake(path), "csv", read("csv", houses, Edition("alexandria", AT, "US")))
    return gazetteer(Lake(path))


def _register(data: Path) -> pl.DataFrame:
    rows = pl.read_parquet(data / "alexandria_va_address_points.parquet")
    parts = [pl.col(name).fill_null("").str.strip_chars() for name in ("STPFX", "STNAME", "STTYPE")]
    return rows.select(
        id="OBJECTID",
        road=pl.concat_str(parts, separator=" ").str.strip_chars(),
        number=pl.col("STNUM") + pl.col("STALPHA").fill_null(""),
        city=pl.lit("Alexandria"),
        state=pl.lit("VA"),
        postcode="ZIP",
        lat="Y",
        lon="X",
    ).filter(pl.col("postcode").str.len_chars() == 5, pl.col("number") != "0")


def _pairs(data: Path) -> list[tuple[str, str]]:
    """Return distinct (town, postal code) of labelled strings that have both."""
    rows = pl.read_parquet(data / "usaddress_train.parquet")
    found = set()
    for tokens, labels in rows.select("tokens", "labels").iter_rows():
        words = list(zip(json.loads(tokens), json.loads(labels), strict=True))
        town = " ".join(t.strip(",.") for t, label in words if label == "PlaceName")
        code = [t.strip(",.") for t, label in words if label == "ZipCode"]
        if town and len(code) == 1 and code[0].isdigit() and len(code[0]) == 5:
            found.add((town, code[0]))
    return sorted(found)


def _repairs(known: Gazetteer, pairs: list[tuple[str, str]], most: int) -> None:
    us = known.numbers["US"]
    codes = known.postcodes
    real = []
    for town, code in pairs:
        number = codes.keys.exact(us, code)
        if number >= 0:
            real.append((town, code, codes.state_code[int(codes.keys.leads(number)[0])]))
    rng = random.Random(SEED)
    rng.shuffle(real)
    real = real[:most]
    halves = {name: [each for each in real if _half(each[0]) == name] for name in HALVES}
    for name, some in {"all": real, **halves}.items():
        _judged(known, name, some)


def _half(town: str) -> str:
    return HALVES[hashlib.blake2b(folded(town).encode(), digest_size=2).digest()[0] % 2]


def _judged(known: Gazetteer, name: str, real: list[tuple[str, str, str]]) -> None:
    rng = random.Random(SEED)
    _told(f"{name}: untouched", Counter(_untouched(known, *each) for each in real), len(real))
    listed = [each for each in real if _listed(known, *each)]
    for which, some in (("", real), (", pairs that the gazetteer has", listed)):
        for edits in (1, 2):
            counts = Counter(_town(known, rng, edits, *each) for each in some)
            _told(f"{name}: town, {edits} edit{'s' * (edits > 1)}{which}", counts, len(some))
        counts = Counter(_code(known, rng, *each) for each in some)
        _told(f"{name}: postal code, one digit or a swap{which}", counts, len(some))


def _listed(known: Gazetteer, town: str, code: str, state: str) -> bool:
    """Return whether the gazetteer has the town under that name, at that code or near it."""
    place = hypotheses(known, known.numbers["US"], code, town, state)[0]
    hows = {part.how for part in (place.postcode, place.city) if part is not None}
    return hows <= {"exact", "alias"}


def _said(known: Gazetteer, town: str, code: str, state: str) -> dict:
    return verify(f"120 Main St, {town}, {state} {code}", known, "US").row()


def _untouched(known: Gazetteer, town: str, code: str, state: str) -> str:
    reply = _said(known, town, code, state)
    alarms = [fault for fault in reply["faults"] if fault in WRONG]
    asked = "asked which of two" if reply["candidates"] else "no alarm"
    return f"alarm: {alarms[0]}" if alarms else asked


def _town(
    known: Gazetteer, rng: random.Random, edits: int, town: str, code: str, state: str
) -> str:
    broken = town
    while folded(broken) == folded(town):
        broken = town
        for _ in range(edits):
            broken = rng.choice(EDITS)(broken, rng) if len(broken) > 2 else broken + "x"
    reply = _said(known, broken, code, state)["components"].get("city", {"normalized": ""})
    found = folded(reply["normalized"])
    if found == folded(town) or found == folded(_preferred(known, code)):
        return "recovered"
    return "left" if found == folded(broken) else "wrong"


def _preferred(known: Gazetteer, code: str) -> str:
    keys = known.postcodes.keys
    return known.postcodes.city[int(keys.leads(keys.exact(known.numbers["US"], code))[0])]


def _code(known: Gazetteer, rng: random.Random, town: str, code: str, state: str) -> str:
    broken = _slipped(code, rng)
    return _coded(_said(known, town, broken, state), code, broken)


def _slipped(code: str, rng: random.Random) -> str:
    broken = code
    while broken == code:
        i = rng.randrange(5)
        if rng.random() < 0.2 and i < 4:
            broken = code[:i] + code[i + 1] + code[i] + code[i + 2 :]
        else:
            broken = code[:i] + rng.choice("0123456789") + code[i + 1 :]
    return broken


def _coded(reply: dict, code: str, broken: str) -> str:
    found = reply["components"].get("postcode", {"normalized": ""})["normalized"]
    if found == code:
        return "recovered"
    if found != broken:
        return "wrong"
    told = {"unknown_postcode", "wrong_city", "wrong_state"} & set(reply["faults"])
    return "left, told" if told or reply["candidates"] else "left, not noticed"


def _elsewhere(known: Gazetteer, data: Path, most: int) -> None:
    """Tell how often true towns are called wrong where the gazetteer has not all."""
    france = pl.read_parquet(data / "france_postal.parquet").select("Nom_commune", "Code_postal")
    names = [each for each in france.unique().sort("*").rows() if _half(each[0]) == HALVES[1]]
    sets = {"FR": [f"12 rue Victor Hugo, {c} {t}" for t, c in names]}
    olist = data.parent / "olist" / "olist_geolocation_dataset.parquet"
    if olist.is_file():
        towns = pl.read_parquet(olist).select(
            pl.col("^geolocation_(city|state|zip_code_prefix)$").name.map(lambda n: n[12:])
        )
        towns = towns.unique(["city", "state"], maintain_order=True).select(
            "city", "state", "zip_code_prefix"
        )
        sets["BR"] = [f"Rua Sete de Setembro, 120, {t} - {s}, {z}-000" for t, s, z in towns.rows()]
    for country, texts in sets.items():
        some = random.Random(SEED).sample(texts, min(len(texts), 2 * most))
        faults = [verify(text, known, country).row()["faults"] for text in some]
        alarms = [next((each for each in found if each in WRONG), "no alarm") for found in faults]
        _told(f"{country}, true towns", Counter(alarms), len(some))


def _streets(known: Gazetteer, rows: pl.DataFrame) -> None:
    """Tell how many postal codes are recovered where a register has the street and the house."""
    rng = random.Random(SEED)
    counts: Counter[str] = Counter()
    for number, road, code in rows.select("number", "road", "postcode").iter_rows():
        broken = _slipped(code, rng)
        text = f"{number} {road}, Alexandria, VA {broken}"
        counts[_coded(verify(text, known, "US").row(), code, broken)] += 1
    _told("Alexandria, postal code, one digit or a swap", counts, rows.height)


def _houses(known: Gazetteer, register: pl.DataFrame, most: int) -> None:
    """Judge real houses, and numbers that do not exist in streets that do."""
    rng = np.random.default_rng(SEED)
    rows = register.sample(min(most, register.height), seed=SEED)
    true = [
        f"{n} {r}, Alexandria, VA {c}"
        for n, r, c in rows.select("number", "road", "postcode").rows()
    ]
    actions = Counter(verify(t, known, "US").verdict["possible_next_action"] for t in true)
    _told("Alexandria, real houses", actions, len(true))
    there = {(r, c): set() for r, c in register.select("road", "postcode").rows()}
    for n, r, c in register.select("number", "road", "postcode").rows():
        there[r, c].add(n)
    streets = list(there)
    fakes: list[str] = []
    while len(fakes) < 10 * most:
        road, code = streets[rng.integers(len(streets))]
        near = int("".join(filter(str.isdigit, rng.choice(sorted(there[road, code]))))) or 1
        number = str(max(1, near + int(rng.integers(-9, 10))))
        if number not in there[road, code]:
            fakes.append(f"{number} {road}, Alexandria, VA {code}")
    started = process_time()
    actions = Counter(verify(t, known, "US").verdict["possible_next_action"] for t in fakes)
    each = (process_time() - started) / len(fakes)
    _told("Alexandria, numbers that do not exist", actions, len(fakes))
    print(f"{1000 * each:.2f} ms of processor time per address")


def _told(what: str, counts: Counter[str], many: int) -> None:
    shares = ", ".join(f"{name} {100 * n / many:.2f} %" for name, n in counts.most_common())
    print(f"{what} (n {many:,}): {shares}", flush=True)


if __name__ == "__main__":
    main()
