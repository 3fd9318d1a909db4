from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanecast.address.country_names import country_codes
from lanecast.address.envelope import lines
from lanecast.address.fold import LONGEST, fold, folded
from lanecast.address.postcodes import begins, form, plain, slips
from lanecast.address.roads import road_key
from lanecast.address.tokens import tokens


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("Große Straße", "grosse strasse"),
        ("L'Haÿ-les-Roses", "l hay les roses"),
        ("Ł\u00f3dź", "lodz"),
        ("１丁目", "1丁目"),
        ("e\u0301glise", "eglise"),
        ("Йошкар-Ола", "иошкар ола"),
        ("ガ", "ガ"),  # its mark is no accent
    ],
)
def test_names_are_compared_without_case_width_and_accents(given_: str, expected: str) -> None:
    assert folded(given_) == expected


def test_ascii_takes_a_shorter_way_to_the_same_key() -> None:
    name = "St.  Mary's-of_the|Lake\t2"
    assert folded(name) == folded(name + "é")[: -len("e")].strip()


@given(st.text(max_size=60))
def test_every_folded_letter_knows_where_it_stood(text: str) -> None:
    found = fold(text)
    assert len(found.at) == len(found.text) + 1
    assert list(found.at) == sorted(found.at) and found.at[-1] == len(text)
    for i, letter in enumerate(found.text):
        assert letter in fold(text[found.at[i]]).text


@given(st.text(max_size=80))
def test_tokens_are_disjoint_spans_in_order(text: str) -> None:
    found = tokens(text)
    for a, b in pairwise(found):
        assert a.end <= b.start or a.end == b.end == b.start + 1  # of one letter, several
    assert all(token.text and token.start < token.end <= len(text) for token in found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("São Paulo-SP", ["sao", "paulo", "sp"]),
        ("Campinas/SP", ["campinas", "sp"]),
        ("Lahore-54000", ["lahore", "54000"]),
        ("Saint-Lô", ["saint-lo"]),
        ("SAINT-LO", ["saint-lo"]),
        ("Berlin-Mitte 12-14", ["berlin-mitte", "12-14"]),
        ("a" * 60_000 + "-SP", ["a" * 60_000 + "-sp"]),  # and in no time
    ],
)
def test_a_code_that_a_sign_joins_to_a_town_is_a_word(text: str, words: list[str]) -> None:
    found = tokens(text)
    assert [token.text for token in found] == words
    assert [len(text[token.start : token.end]) for token in found] == list(map(len, words))
    assert [token.glued for token in found[-1:]] == [words[-1] in ("sp", "54000")]


def test_no_letter_makes_a_text_much_longer() -> None:
    assert len(fold("\ufdfa" * 1000).text) <= 6000
    assert fold("\u337f").text == "株式会社"


def test_hidden_characters_are_dropped_and_counted() -> None:
    found = fold("10\u200b1 Har\u202evard\x07 St")
    assert (found.text, found.hidden) == ("101 harvard st", 3)


def test_digits_of_every_script_are_digits() -> None:
    assert fold("٣٠١ ۲۲ १२").text == "301 22 12"


@pytest.mark.parametrize(
    ("country", "parts", "expected"),
    [
        (
            "JP",
            {"state": "東京都", "city": "千代田区", "suburb": "丸の内", "house_number": "1-1"},
            ["東京都", "千代田区丸の内1-1"],
        ),
        (
            "CN",
            {"state": "北京市", "city_district": "海淀区", "suburb": "中关村", "road": "大街"},
            ["北京市海淀区中关村", "大街"],
        ),
        (
            "GB",
            {"house_number": "1", "road": "Mill Rd", "suburb": "Kew", "city": "London"},
            ["1 Mill Rd, Kew", "London"],
        ),
        ("SG", {"house_number": "1", "road": "Mill Rd", "city": "Singapore"}, ["1 Mill Rd"]),
        (
            "FR",
            {"house_number": "45", "road": "rue X", "staircase": "Bât B", "unit": "Appt 12"},
            ["45 rue X Bât B Appt 12"],
        ),
    ],
)
def test_no_part_is_lost_where_the_envelope_has_no_field_for_it(
    country: str, parts: dict[str, str], expected: list[str]
) -> None:
    assert lines(parts, country) == expected


def test_words_that_belong_together_stay_together() -> None:
    words = [t.text for t in tokens("12-14 O\u2019Neil St.5, N.W. 1/2 #4-B\n東京186号")]
    assert words == ["12-14", "o'neil", "st", "5", "nw", "1/2", "#", "4-b", "東", "京", "186", "号"]


def test_a_comma_or_line_sets_apart() -> None:
    assert [t.apart for t in tokens("a b, c\nd (e")] == [False, False, True, True, True]


@pytest.mark.parametrize("country", sorted(country_codes()))
def test_every_country_has_an_envelope(country: str) -> None:
    parts = {"house_number": "7", "road": "Ufer", "city": "Dorf", "postcode": "12345"}
    whole = "\n".join(lines(parts, country))
    assert all(part in whole for part in ("7", "Ufer", "Dorf")) and "%" not in whole
    assert ("12345" in whole) or (form(country) is None)


def test_too_long_a_text_is_no_address() -> None:
    with pytest.raises(ValueError, match="64 KiB"):
        fold("x" * (LONGEST + 1))
    with pytest.raises(ValueError, match="64 KiB"):
        fold("é" * (LONGEST // 2 + 1))


@pytest.mark.parametrize(
    ("code", "country", "expected"),
    [
        ("sw1a 1aa", "GB", "sw1a1aa"),
        ("20500-0003", "US", "20500"),
        ("L-1009", "LU", "1009"),
        ("01310-100", "BR", "01310100"),
        ("LV-1050", "LV", "1050"),
        ("1234 AB", "NL", "1234ab"),
    ],
)
def test_postal_codes_are_compared_plain(code: str, country: str, expected: str) -> None:
    assert plain(code, country) == expected


@pytest.mark.parametrize(
    ("code", "country", "beginning"),
    [
        ("sw1a1aa", "GB", "sw1a"),
        ("n16xe", "GB", "n1"),
        ("n16", "GB", "n16"),
        ("k1a0b1", "CA", "k1a"),
        ("1012js", "NL", "1012"),
        ("1012", "NL", "1012"),
        ("d02x285", "IE", "d02"),
        ("60637", "US", "60637"),
    ],
)
def test_a_whole_code_begins_with_what_tables_list(code: str, country: str, beginning: str) -> None:
    assert begins(code, country) == beginning


def test_slips_are_one_letter_or_one_exchange_away() -> None:
    found = slips("60637")
    assert len(found) == len(set(found)) == 5 * 9 + 4
    assert "60673" in found and "60637" not in found and "6063" not in found
    assert all(
        c.isdigit() == d.isdigit()
        for s in slips("k1a0b1")
        for c, d in zip(s, "k1a0b1", strict=True)
    )


def test_a_country_has_a_form_or_none() -> None:
    us, nowhere = form("US"), form("XX")
    assert us is not None and us.fullmatch("60637") and not us.fullmatch("6063")
    assert nowhere is None


def test_words_of_streets_are_shortened() -> None:
    assert road_key("North Harvard Street") == road_key("N. HARVARD ST") == "n harvard st"
