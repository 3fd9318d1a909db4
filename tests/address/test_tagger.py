import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.made import Place, made
from lanecast.address.noise import written
from lanecast.address.parts import NAMES, Parse, parts_of
from lanecast.address.tokens import tokens
from lanecast.address.verify import verify
from lanecast.address.verify.features import described
from lanecast.address.verify.models.crf import Crf, FittedCrf
from lanecast.address.verify.models.shipped import Shipped, shipped

TOWNS = [Place("US", "Chicago", "60637", "Illinois", "IL"), Place("US", "Boone", "", "Iowa", "IA")]


@pytest.fixture(scope="module")
def small() -> FittedCrf:
    rng = random.Random(1)
    rows = []
    for _ in range(300):
        text, spans = written(made(TOWNS[rng.random() < 0.5], TOWNS, rng))
        words = tokens(text)
        labels = [next((n for a, b, n in spans if a <= w.start < b), "other") for w in words]
        rows.append((described(words), labels, 1.0))
    return Crf(rounds=20).fit(rows)


def test_features_do_not_need_a_gazetteer(known: Gazetteer) -> None:
    words = tokens("12 Main St, Chicago, IL 60637")
    bare = described(words)
    beside = described(words, known)  # a gazetteer only adds
    assert all(set(a) <= set(b) for a, b in zip(bare, beside, strict=True)) and bare != beside
    told = [set(row) for row in described(words, known, "US")]
    more = [b - set(a) for a, b in zip(bare, told, strict=True)]
    assert any(each.startswith("own") for each in more[3])  # Chicago is 60637's own town
    assert len(bare) == len(words) and all(bare)


@given(st.text(max_size=60))
def test_features_of_any_text_are_one_row_per_word(text: str) -> None:
    words = tokens(text)
    assert len(described(words, None, "US")) == len(words)


def test_readings_come_likeliest_first_and_are_no_more_than_all(small: FittedCrf) -> None:
    words = tokens("Boone St Chicago Apt 4, IL 60637")
    readings = small.readings(words, None, None, 5)
    best, chance = small.labels(words, None, None)
    assert readings[0] == (best, pytest.approx(chance))
    assert all(a[1] >= b[1] for a, b in pairwise(readings))
    assert len({tuple(tags) for tags, _ in readings}) == len(readings)
    assert sum(chance for _, chance in readings) <= 1 + 1e-9


def test_marks_of_a_beginning_part_what_stands_side_by_side() -> None:
    words = tokens("a b c")
    whole = parts_of("a b c", words, ["city", "city", "city"])
    split = parts_of("a b c", words, ["B-city", "I-city", "B-city"])
    assert [part.text for part in whole] == ["a b c"]
    assert [(part.text, part.name) for part in split] == [("a b", "city"), ("c", "city")]


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        (
            "1204 N Elm St Apt 3B, Springfield, IL 62701",
            "US",
            {"house_number": "1204", "road": "N Elm St", "unit": "Apt 3B", "city": "Springfield"},
        ),
        ("PO Box 1440, Chicago, IL 60637", "US", {"po_box": "PO Box 1440", "postcode": "60637"}),
        (
            "Lindenstr. 14a, 80331 München",
            "DE",
            {"house_number": "14a", "road": "Lindenstr", "postcode": "80331", "city": "München"},
        ),
        ("浙江省杭州市西湖区文三路123号", "CN", {"state": "浙江省", "road": "文三路"}),
    ],
)
def test_the_shipped_tagger_reads_plain_addresses(
    known: Gazetteer, text: str, country: str, expected: dict[str, str]
) -> None:
    parse = shipped().parse(text, tokens(text), known, country)[0]
    assert {name: parse.text(name) for name in expected} == expected
    assert 0 < parse.probability <= 1 and {part.name for part in parse.parts} <= {*NAMES}


def test_without_weights_the_rules_read_and_it_is_said(known: Gazetteer) -> None:
    reply = verify("107 Harvard St, Alexandria, VA 22314", known, "US", Shipped(None, None))
    assert "read_by_rules" in reply.faults
    assert reply.components["house_number"]["text"] == "107"
    assert "read_by_rules" not in verify("107 Harvard St, Alexandria, VA 22314", known, "US").faults


def test_another_reading_is_taken_where_the_first_fits_no_place(known: Gazetteer) -> None:
    text = "107 Harvard St Alexandria VA 22314"
    words = tokens(text)
    wrong = ["house_number", *["road"] * 3, "state", "postcode"]
    right = ["house_number", "road", "road", "city", "state", "postcode"]

    class Two:
        def parse(self, *_: object) -> list[Parse]:
            readings = ((wrong, 0.5), (right, 0.4))
            return [Parse(parts_of(text, words, tags), chance) for tags, chance in readings]

    assert verify(text, known, "US", Two()).components["city"]["text"] == "Alexandria"
