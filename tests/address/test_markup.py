import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.markup import unmarked
from lanecast.address.telephone import telephone, telephones
from lanecast.address.verify import verify

PAGE = (
    '<table><tr><td width="20">107 Harvard St<br>Alexandria,&nbsp;VA <b>22314</b></td></tr></table>'
)


def test_an_address_is_read_out_of_its_page(known: Gazetteer) -> None:
    reply = verify(PAGE, known, "US").row()
    assert "html" in reply["faults"] and reply["text"] == PAGE
    parts = {name: c["text"] for name, c in reply["components"].items()}
    assert parts["house_number"] == "107" and parts["postcode"] == "22314"
    for part in reply["components"].values():
        first, end = part["span"]
        assert PAGE[first:end] == part["text"]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '<div id="7" style="margin: 12px">',
        "<!-- 107 Harvard St -->",
        "<STYLE>h1 {color: 123}</STYLE>",
    ],
)
def test_what_a_page_does_not_show_is_no_house(known: Gazetteer, text: str) -> None:
    reply = verify(text, known, "US").row()
    assert "house_number" not in reply["components"] and "html" in reply["faults"]
    assert reply["verdict"]["possible_next_action"] == "fix"


@pytest.mark.parametrize("text", ["Flat <5>, 107 Harvard St", "<flat 5>", "A & B", "a&nosuch;b"])
def test_signs_that_are_no_html_stay(text: str) -> None:
    assert unmarked(text) is None


def test_an_entity_is_its_letter() -> None:
    found = unmarked("Andr&eacute; &amp; Co")
    assert found is not None and found.text == "André & Co"
    assert [found.at[i] for i in (4, 5, 6)] == [4, 12, 13]


@given(st.text("<>/abr &;#1é\n", max_size=40))
def test_every_character_knows_where_it_stood(text: str) -> None:
    found = unmarked(text)
    if found is None:
        return
    assert len(found.at) == len(found.text) + 1 and found.at[-1] == len(text)
    assert list(found.at) == sorted(found.at)


@pytest.mark.parametrize(
    ("piece", "left"),
    [("<script", None), ("<b ", None), ("<!--", None), ("&a", None), ("<hr>", "\n")],
)
def test_a_hostile_page_is_read_to_its_end(piece: str, left: str | None) -> None:
    found = unmarked(piece * (65_536 // len(piece)))  # a quadratic search would take minutes
    assert (found and set(found.text)) == (left and {left})


@pytest.mark.parametrize(
    ("text", "country", "is_one"),
    [
        ("+1 555 0100", "US", True),
        ("tel. 555-0100", None, True),
        ("0049 30 901820", "DE", True),
        ("(703) 555-0100", "US", True),
        ("703 555 0100", None, True),
        ("22314-1234", None, False),
        ("01310-100", "BR", False),
        ("107", "US", False),
        ("107 harvard st, +1 555 0100", "US", False),
        ("1" * 16, None, False),
    ],
)
def test_a_telephone_number_alone(text: str, country: str | None, is_one: bool) -> None:
    assert telephone(text, country) == is_one


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("12/3 m.g. road, pune 411001, ph: +91 98220 12345", ["ph: +91 98220 12345"]),
        ("heidestrasse 17, 51147 koln, tel. 0221 123456", ["tel. 0221 123456"]),
        ("520 king st 22314 call me at 703-555-0134", ["call me at 703-555-0134"]),
        ("(703) 555-0134 520 king st", ["(703) 555-0134"]),
        ("tel 5550134 120 main st, boone", ["tel 5550134"]),  # and not the house number
        ("中关村大街27号 13800138000", ["13800138000"]),
        ("rua augusta 1500 (11) 98888-7777", ["(11) 98888-7777"]),
        ("100 hotel 5550134 st, 22314-1234", []),  # hotel is no word for a telephone
        ("1500 main st 10001-0110", []),
        ("75-20-31 150th st, new york", []),
    ],
)
def test_telephone_numbers_within_an_address(text: str, numbers: list[str]) -> None:
    assert [text[a:b] for a, b in telephones(text)] == numbers


def test_an_address_is_read_as_if_no_telephone_stood_in_it(known: Gazetteer) -> None:
    text = "107 Harvard St call 703-555-0134, Alexandria VA 22314"
    reply, plain = (
        verify(each, known, "US") for each in (text, text.replace(" call 703-555-0134", ""))
    )
    spoken = {name: part["text"] for name, part in reply.components.items()}
    assert spoken == {name: part["text"] for name, part in plain.components.items()}
    assert reply.verdict["possible_next_action"] == plain.verdict["possible_next_action"]
    begin, end = reply.components["postcode"]["span"]
    assert text[begin:end] == "22314" and "call 703-555-0134" in reply.address["unresolved_tokens"]


def test_blanks_without_end_are_no_telephone_number() -> None:
    assert not telephone(" " * 65_000 + "x", None)  # a quadratic search would take minutes
    assert telephone(" " * 65_000 + "+1 555 0100", None)
    assert not list(telephones("tel " * 16_000 + "1-" * 5))
    assert list(telephones("+1 " * 20_000)) == []


def test_too_long_a_page_is_refused(known: Gazetteer) -> None:
    with pytest.raises(ValueError, match="64 KiB"):
        verify("<b>" * 30_000 + "107 Harvard St", known, "US")


def test_a_telephone_number_alone_is_told(known: Gazetteer) -> None:
    assert "telephone_only" in verify("+1 555 0100", known, "US").row()["faults"]
