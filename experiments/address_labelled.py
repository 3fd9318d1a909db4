"""Labelled addresses of others as words with libpostal's names, to train on and to measure with."""

import hashlib
import json
import random
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from lanecast.address.noise import Word, written
from lanecast.address.parts import USADDRESS
from lanecast.address.tokens import Token, tokens

HAND = ("labeled.xml", "us50_train_tagged.xml", "us50_messiest_manual_label.xml")
TEST, DEV = 0, 1  # folds of five
TYPED = Path(__file__).with_name("addresses_typed.jsonl")


def american(folder: Path, own: bool = False) -> tuple[list[list[Word]], list[list[Word]]]:
    """Return the strings labelled by hand and those made of OpenStreetMap, each text once.

    With ``own`` under usaddress's own labels, else under libpostal's.
    """
    rows = pl.read_parquet(folder / "usaddress_train.parquet").unique("text", maintain_order=True)
    hand, synthetic = [], []
    for file, text, parts, labels in rows.select("file", "text", "tokens", "labels").iter_rows():
        words = placed(text, json.loads(parts), json.loads(labels), own)
        if words:
            (synthetic if "synthetic" in file else hand).append(words)
    return hand, synthetic


def placed(text: str, parts: Sequence[str], labels: Sequence[str], own: bool = False) -> list[Word]:
    """Return words as they stand in the text; none if a part does not."""
    words: list[Word] = []
    at = 0
    for part, label in zip(parts, labels, strict=True):
        start = text.find(part, at)
        if start < 0:
            return []
        if words:
            words[-1] = Word(words[-1].text, words[-1].label, text[at:start])
        label = "AddressNumberSuffix" if label == "suffix" else label.strip()
        name = label if own else USADDRESS.get(label, "other")
        words.append(Word(part, name, ""))
        at = start + len(part)
    return words


def key(words: Sequence[Word]) -> str:
    """Return street and town of an address: what must not stand on both sides of a split."""
    kept = (w.text.lower().strip(",. \n") for w in words if w.label in ("road", "city"))
    return " ".join(kept) or " ".join(w.text.lower() for w in words)


def fold_of(words: Sequence[Word]) -> int:
    """Return which of five folds an address belongs to, by its street and town."""
    return hashlib.blake2b(key(words).encode(), digest_size=2).digest()[0] % 5


def labelled(words: list[Word]) -> tuple[str, list[Token], list[str]]:
    """Return text, tokens and the label of each; what stands between labelled words is dropped."""
    text, spans = written(words)
    found = []
    for token in tokens(text):
        label = next((name for a, b, name in spans if a <= token.start < b), None)
        if label is not None:
            found.append((token, label))
    return text, [token for token, _ in found], [label for _, label in found]


def typed() -> list[tuple[str, list[Word]]]:
    """Return countries and words of addresses as shoppers type them.

    160 of 20 countries, written from memory and labelled by hand, by one who knew neither our
    grammars nor what our taggers read wrongly. Nothing learns from them.
    """
    found = []
    for line in TYPED.read_text("utf-8").splitlines():
        row = json.loads(line)
        words: list[Word] = []
        for text, label in row["parts"]:
            if label is None:
                words[-1] = Word(words[-1].text, words[-1].label, words[-1].after + text)
                continue
            first, *rest = text.split(" ")
            words += [Word(each, label, " ") for each in (first, *rest)]
            words[-1] = Word(words[-1].text, label, "")
        found.append((row["country"], words))
    return found


def shuffled(rows: list[list[Word]], seed: int) -> list[list[Word]]:
    """Return the rows in an order drawn by ``seed``."""
    rows = list(rows)
    random.Random(seed).shuffle(rows)
    return rows


PLACES = {
    **dict.fromkeys(
        ["road", "street", "pedestrian", "path", "footway", "cycleway", "street_name"], "road"
    ),
    **dict.fromkeys(["city", "town", "village", "hamlet", "municipality", "locality"], "city"),
    **dict.fromkeys(["suburb", "neighbourhood", "quarter", "residential", "croft"], "suburb"),
    **dict.fromkeys(["city_district", "borough", "district"], "city_district"),
    **dict.fromkeys(["county", "state_district"], "state_district"),
    **dict.fromkeys(["state", "province", "region"], "state"),
    **{name: name for name in ("house_number", "postcode", "country", "unit", "level")},
}
PASSED = ("country_code", "continent", "state_code", "county_code", "archipelago", "island")


def opencage(folder: Path) -> list[tuple[str, list[Word]]]:
    """Return country and words of the formatting cases in which every word has a component."""
    rows = pl.read_parquet(folder / "opencage_address_formatting__testcases.parquet")
    found = []
    for kind, country, given, text in rows.select(
        "kind", "country", "components", "expected"
    ).iter_rows():
        parts = [
            (PLACES.get(name, "house"), str(value))
            for name, value in json.loads(given).items()
            if name not in PASSED and value
        ]
        words = _spans(text, parts) if kind == "countries" else []
        if words:
            found.append((country.upper(), words))
    return found


def _spans(text: str, parts: list[tuple[str, str]]) -> list[Word]:
    """Return the words of ``text`` under the part each is of; none if one is of no part."""
    spans: list[tuple[int, int, str]] = []
    for name, value in sorted(parts, key=lambda part: -len(part[1])):
        start = text.find(value)
        while start >= 0 and any(start < b and a < start + len(value) for a, b, _ in spans):
            start = text.find(value, start + 1)
        if start >= 0:
            spans.append((start, start + len(value), name))
    spans.sort()
    words, before = [], 0
    for start, end, name in spans:
        if any(c.isalnum() for c in text[before:start]):
            return []
        if words:
            words[-1] = Word(words[-1].text, words[-1].label, text[before:start] or " ")
        words.append(Word(text[start:end], name))
        before = end
    return [] if any(c.isalnum() for c in text[before:]) else words
