import random

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from lanecast.address.gazetteer.keys import EDITS, ONE_EDIT, SHORTEST, Keys, build
from lanecast.address.gazetteer.strings import Labels, Strings, codes, hashed, hashes, sums

LETTERS = "abcd é京"


def keys_of(names: list[tuple[int, str]], fuzzy: bool = True) -> Keys:
    schema = {"country": pl.Int32, "name": pl.String, "row": pl.Int32}
    rows = [(country, name, row) for row, (country, name) in enumerate(names)]
    return build(pl.DataFrame(rows, schema, orient="row"), fuzzy)


def most(name: str) -> int:
    return 0 if len(name) < SHORTEST else 1 if len(name) <= ONE_EDIT else EDITS


@given(
    st.lists(st.text(LETTERS, min_size=1, max_size=12), min_size=1, max_size=30),
    st.text(LETTERS, min_size=1, max_size=12),
)
def test_near_finds_what_comparing_with_every_name_finds(names: list[str], asked: str) -> None:
    keys = keys_of([(0, name) for name in names] + [(1, asked)])
    found = {keys.names[number]: away for number, away in keys.near(0, asked)}
    limit = most(asked)
    expected = {
        name
        for name in names
        if Levenshtein.distance(name, asked) <= limit and (len(name) >= SHORTEST or name == asked)
    }
    if limit:
        expected = {name for name in expected if len(name) >= SHORTEST}
    assert expected <= set(found)
    assert all(away <= limit for away in found.values())


def test_two_letters_exchanged_are_one_edit() -> None:
    keys = keys_of([(0, "springfield"), (0, "marquette")])
    assert [(keys.names[n], away) for n, away in keys.near(0, "sprignfield")] == [
        ("springfield", 1)
    ]


@given(st.lists(st.tuples(st.integers(0, 3), st.text(max_size=6)), min_size=1, max_size=40))
def test_exact_leads_to_every_row_of_a_name_in_its_country(names: list[tuple[int, str]]) -> None:
    keys = keys_of(names, fuzzy=False)
    for country, name in names:
        expected = [row for row, each in enumerate(names) if each == (country, name)]
        assert keys.leads(keys.exact(country, name)).tolist() == expected
        assert keys.exact(country + 9, name) == -1
        assert list(keys.each(country, [name, name + "?"])) == [name]


@given(st.text(max_size=20), st.integers(0, 20), st.integers(0, 20))
def test_a_part_has_the_hash_of_the_same_text_alone(text: str, a: int, b: int) -> None:
    low, high = sorted((min(a, len(text)), min(b, len(text))))
    part = hashes(sums(codes(text)), np.array([low]), np.array([high - low]), np.uint64(5))
    assert part[0] == hashed([text[low:high]], 5)[0]
    assert part[0] != hashed([text[low:high]], 6)[0]


def test_long_texts_hash_as_short_ones() -> None:
    text = "".join(random.Random(0).choices(LETTERS, k=3000))
    part = hashes(sums(codes(text)), np.array([2900]), np.array([50]), np.uint64(1))
    assert part[0] == hashed([text[2900:2950]], 1)[0]


@pytest.mark.parametrize("kind", [Strings, Labels])
@given(texts=st.lists(st.text(max_size=8), max_size=20))
def test_strings_come_back(kind: type[Strings] | type[Labels], texts: list[str]) -> None:
    kept = kind.of(pl.Series(texts, dtype=pl.String))
    assert len(kept) == len(texts)
    assert [kept[i] for i in range(len(kept))] == texts
    assert kept.take(np.arange(len(texts))) == texts


@given(st.lists(st.text(max_size=30), max_size=20), st.integers(0, 1 << 20))
def test_a_few_texts_are_hashed_as_many_are(texts: list[str], group: int) -> None:
    for long in ("x" * 200, "x" * 300):
        assert hashed(texts, group).tolist() == hashed([*texts, long], group)[:-1].tolist()
