"""What always holds, tried against: numbers are as written, proof is of what was written."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanecast.address import postcodes
from lanecast.address.country_names import country_of, named
from lanecast.address.fold import folded
from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.compile import assembled
from lanecast.address.postcodes import plain
from lanecast.address.roads import road_key
from lanecast.address.verify import cost, places, verify
from lanecast.address.verify.places import Hypothesis, hypotheses
from lanecast.address.verify.streets import doorstep
from lanecast.address.verify.towns import Match
from lanecast.tables import address

from .conftest import HOUSES

GOOD = "107 Harvard St, Alexandria, VA 22314"
ACTION = "possible_next_action"
SPOILED = st.tuples(
    st.integers(0, len(GOOD)),
    st.integers(0, 2),
    st.sampled_from(
        [
            *("", " ", "9", "22304 ", "60637", "B", "-9", "/2", "²", "①", "½", "\u202e", "\ufffd"),
            *(" Apt 2", " Canada", " 9 ", " MD ", "; ", "\u200b", "&#x202e;", "<b>", "King "),
        ]
    ),
)


def accepted(text: str, known: Gazetteer, country: str | None = "US") -> bool:
    return verify(text, known, country).verdict[ACTION] == "accept"


@settings(max_examples=150, deadline=None)
@given(spoilt=st.lists(SPOILED, min_size=1, max_size=2), country=st.sampled_from([None, "US"]))
def test_what_is_accepted_is_what_the_register_has(
    known: Gazetteer, spoilt: list[tuple[int, int, str]], country: str | None
) -> None:
    houses = {(number, road_key(road), code) for _, _, _, _, code, road, number, _ in HOUSES}
    text = GOOD
    for at, gone, more in spoilt:
        text = text[:at] + more + text[at + gone :]
    reply = verify(text, known, country)
    parts = reply.components
    for name, part in parts.items():
        if part["span"] is not None and "html" not in reply.faults:
            first, end = part["span"]
            assert text[first:end].startswith(part["text"][:1])
        if name == "house_number":
            assert part["normalized"] == part["text"]
    if reply.verdict[ACTION] != "accept":
        return
    assert all(part["proof"] for part in parts.values())
    number, road, code = (parts[name]["text"] for name in ("house_number", "road", "postcode"))
    assert (folded(number), road_key(road), plain(code, "US")) in houses
    assert not {"\u202e", "\ufffd"} & set(text)


@pytest.mark.parametrize("country", [None, "US"])
@pytest.mark.parametrize("other", ["Canada", "Germany", "Deutschland", "109", "S"])
def test_a_word_that_does_not_name_the_country_does_not_confirm_it(
    known: Gazetteer, other: str, country: str | None
) -> None:
    reply = verify(f"{GOOD}, {other}", known, country)
    assert reply.verdict[ACTION] != "accept"
    if len(other) > 3:
        assert "unknown_country" in reply.faults


@pytest.mark.parametrize("name", ["USA", "U.S.A.", "United States of America", "États-Unis"])
def test_the_country_by_any_of_its_names_is_confirmed(known: Gazetteer, name: str) -> None:
    assert accepted(f"{GOOD}, {name}", known)


@pytest.mark.parametrize(
    ("text", "country", "said"),
    [
        ("France", "FR", True),
        ("FRA", "FR", True),
        ("fr", "FR", True),
        ("Bosnia and Herzegovina", "BA", True),
        ("France", "GP", True),  # Guadeloupe is of France
        ("France", "DE", False),
        ("CA", "US", None),  # which may be California
        ("109", "US", None),
    ],
)
def test_what_names_a_country(text: str, country: str, said: bool | None) -> None:
    assert named(text, country) is said


def test_a_code_of_a_country_may_be_in_any_case_and_of_none_is_told(known: Gazetteer) -> None:
    assert country_of(" us ") == ("US", ()) and country_of("") == (None, ())
    assert verify(GOOD, known, "us").country == "US"
    lost = verify(GOOD, known, "XX")
    assert (lost.country, lost.faults) == ("US", ("no_such_country",))


@pytest.mark.parametrize("code", ["223149", "22314 60637", "22314-12"])
def test_a_postal_code_with_more_behind_it_is_no_postal_code(known: Gazetteer, code: str) -> None:
    reply = verify(GOOD.replace("22314", code), known, "US")
    assert reply.verdict[ACTION] != "accept"
    part = reply.components["postcode"]
    assert part["replaced"] or part["confirmation"] != "confirmed"


def test_a_postal_code_that_was_written_twice_is_one(known: Gazetteer) -> None:
    assert accepted(f"{GOOD} 22314", known) and accepted(f"{GOOD}-1234", known)


@pytest.mark.parametrize("number", ["10¹", "10①", "¹07"])
def test_a_raised_or_circled_digit_is_none_of_the_number(known: Gazetteer, number: str) -> None:
    assert not accepted(GOOD.replace("107", number), known)
    assert not accepted(GOOD.replace("22314", "2231①4"), known)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("1\u202e07 Harvard St, Alexandria, VA 22314", "reversed_characters"),  # seen as 170
        ("&#x202e;" + GOOD, "reversed_characters"),
        ("107\ufffd Harvard St, Alexandria, VA 22314", "not_utf8"),  # 107½ in Latin-1
    ],
)
def test_what_people_see_differently_is_not_accepted(
    known: Gazetteer, text: str, fault: str
) -> None:
    reply = verify(text, known, "US")
    assert fault in reply.faults and reply.verdict[ACTION] == "confirm"


def test_a_number_of_any_length_is_no_error(known: Gazetteer) -> None:
    reply = verify(GOOD.replace("107", "9" * 5000), known, "US")
    assert "unknown_house_number" in reply.faults


def test_of_what_is_longer_than_any_code_no_slip_is_tried(
    known: Gazetteer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 64 KiB of digits there are 600,000 of 64 KiB each."""
    monkeypatch.setattr(places, "slips", lambda code: pytest.fail("slips of no code"))
    found = hypotheses(known, known.numbers["DE"], "8" * 200, "München", "")
    assert found[0].city is not None and found[0].city.value == "Munich"


def test_a_country_of_which_no_code_is_stored_has_none_that_are_suspicious(
    known: Gazetteer,
) -> None:
    """Its rows may all have gone to quarantine."""
    row = known.covers.filter(country="PT").with_columns(kind=pl.lit("postcodes"))
    promised = replace(known, covers=pl.concat([known.covers, row]))
    reply = verify("Rua Sete 1, 1000-001 Lisboa", promised, "PT")
    assert reply.components["postcode"]["confirmation"] == "unconfirmed_but_plausible"


def test_a_house_number_in_digits_of_any_script_is_found() -> None:
    def empty(table):
        return pl.DataFrame(schema=dict.fromkeys(table.columns, pl.String))

    houses = pl.DataFrame(
        [
            {
                "country": "US",
                "city": "Alexandria",
                "road": "MAIN ST",
                "house_number": "\uff11\uff10\uff17",
            }
        ]
    ).with_columns(gazetteer_id=pl.lit("g"), record_id=pl.lit("h"), postal_code=pl.lit("22314"))
    houses = pl.concat([houses, empty(address.GAZETTEER_PREMISES)], how="diagonal")
    tables = (address.GAZETTEERS, address.GAZETTEER_PLACES, address.GAZETTEER_POSTCODES)
    known = assembled(*map(empty, tables), houses)
    assert known.streets.value.tolist() == [107]


@pytest.mark.parametrize(
    ("code", "country", "expected"),
    [
        ("D-80331", "DE", "80331"),
        ("CH-8001", "CH", "8001"),
        ("FIN-00100", "FI", "00100"),
        ("22314 22314", "US", "22314"),
        ("223149", "US", "223149"),
        ("1010", "AT", "1010"),
    ],
)
def test_a_prefix_is_left_out_and_a_code_is_whole(code: str, country: str, expected: str) -> None:
    assert plain(code, country) == expected


@pytest.fixture(scope="module")
def tower() -> Gazetteer:
    """A house with flats that have the same number in two towers, and flats 2B and 5."""

    def empty(table):
        return pl.DataFrame(schema=dict.fromkeys(table.columns, pl.String))

    units = ["TOWER A APT 1", "TOWER B APT 1", "2B", "APT 5", "3"]
    houses = pl.DataFrame({"unit": units, "record_id": units}).with_columns(
        *(pl.lit(value).alias(name) for name, value in (("country", "US"), ("state", "VA"))),
        *(
            pl.lit(value).alias(name)
            for name, value in (("road", "KING ST"), ("gazetteer_id", "g"))
        ),
        city=pl.lit("Alexandria"),
        postal_code=pl.lit("22314"),
        house_number=pl.lit("7"),
    )
    houses = pl.concat([houses, empty(address.GAZETTEER_PREMISES)], how="diagonal")
    tables = (address.GAZETTEERS, address.GAZETTEER_PLACES, address.GAZETTEER_POSTCODES)
    return assembled(*map(empty, tables), houses)


@pytest.mark.parametrize(
    ("unit", "record"),
    [
        ("Tower A Apt 1", "TOWER A APT 1"),
        ("tower b, apartment 1", "TOWER B APT 1"),
        ("Apt 2-B", "2B"),
        ("# 2 b", "2B"),
        ("Unit 5", "APT 5"),
        ("Tower C Apt 1", None),
        ("Apt 1", None),  # of which tower?
        ("Apt 5 Floor 3", None),  # which is not flat 3
        ("Apt 25", None),
    ],
)
def test_a_unit_is_proved_only_by_itself(tower: Gazetteer, unit: str, record: str | None) -> None:
    code = Match("22314", "exact", 0.0)
    place = Hypothesis(code, None, None, 38.8, -77.0, 0.0)
    found = doorstep(tower, 0, place, "King St", "7", unit).unit
    assert found is not None and (found.record or None) == record


def test_no_long_text_stays_in_memory() -> None:
    """Of 64 KiB each, the 16,384 texts of a cache are a gigabyte."""
    caches = (postcodes._plain, cost._slip)
    before = [each.cache_info().currsize for each in caches]
    assert postcodes.plain("8 " * 5000, "DE") == "8" * 5000
    assert cost.slip("a" * 300, "a" * 301) == cost.MORE
    assert [each.cache_info().currsize for each in caches] == before
