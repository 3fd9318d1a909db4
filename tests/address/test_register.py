"""A register of houses alone, or beside lists of towns and codes: what it proves, and covers."""

from collections.abc import Sequence

import polars as pl
import pytest

from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.compile import assembled
from lanecast.address.verify import verify
from lanecast.tables import address
from lanecast.tables.schema import Table

HOUSES = ("record_id", "country", "state", "city", "postal_code", "road", "house_number")
CODES = ("record_id", "country", "postal_code", "city", "state_code", "state", "lat", "lon")
TOWNS = ("record_id", "country", "name", "state_code", "population", "lat", "lon")
ALEXANDRIA = [
    *((f"h{n}", "US", "VA", "Alexandria", "22314", "HARVARD ST", n) for n in ("101", "105", "107")),
    *((f"k{n}", "US", "VA", "Alexandria", "22314", "KING ST", n) for n in ("201", "203")),
    *((f"d{n}", "US", "VA", "Alexandria", "22301", "DUKE ST", n) for n in ("7", "9")),
    ("c104", "US", "VA", "Alexandria", "22304", "CAMERON STATION BV", "104"),
]
GOOD = "107 Harvard St, Alexandria, VA 22314"
Rows = Sequence[tuple[object, ...]]


def frame(table: Table, names: Sequence[str], rows: Rows) -> pl.DataFrame:
    held = pl.DataFrame(rows, names, orient="row", infer_schema_length=None)
    empty = pl.DataFrame(schema=dict.fromkeys(table.columns, pl.String))
    texts = held.cast(pl.String).with_columns(gazetteer_id=pl.lit("mine"))
    return pl.concat([empty, texts], how="diagonal")


def gazetteer(houses: Rows, codes: Rows = (), towns: Rows = ()) -> Gazetteer:
    return assembled(
        pl.DataFrame(schema=dict.fromkeys(address.GAZETTEERS.columns, pl.String)),
        frame(address.GAZETTEER_PLACES, TOWNS, towns),
        frame(address.GAZETTEER_POSTCODES, CODES, codes),
        frame(address.GAZETTEER_PREMISES, HOUSES, houses),
    )


@pytest.fixture(scope="module")
def alone() -> Gazetteer:
    return gazetteer(ALEXANDRIA)


def said(known: Gazetteer, text: str, country: str | None = "US") -> dict:
    return verify(text, known, country).row()


def action(reply: dict) -> str:
    return str(reply["verdict"]["possible_next_action"])


def sure(reply: dict) -> dict[str, str]:
    """Return how sure each part is, in one word."""
    return {
        name: part["confirmation"].rsplit("_")[-1] for name, part in reply["components"].items()
    }


@pytest.mark.parametrize("country", ["US", None])
def test_a_register_alone_proves_what_its_houses_have(alone: Gazetteer, country: str) -> None:
    for text in (GOOD, "9 Duke Street, Alexandria, Virginia 22301", GOOD.replace(", VA", "")):
        reply = said(alone, text, country)
        assert (reply["country"], action(reply), reply["faults"]) == ("US", "accept", [])
        assert set(reply["proof"]) == set(reply["components"])
        assert {each["gazetteer"] for each in reply["proof"].values()} == {"mine"}
    assert said(alone, GOOD)["proof"]["city"]["record_id"] == "h101"


def test_a_number_that_is_not_there_is_never_accepted(alone: Gazetteer) -> None:
    for number in ("103", "1", "1070", "107a"):
        reply = said(alone, GOOD.replace("107", number))
        assert reply["faults"] == ["unknown_house_number"] and action(reply) == "fix"
        assert reply["components"]["house_number"]["normalized"] == number


@pytest.mark.parametrize(
    "text",
    [
        "12 Main St, Chicago, IL 60637",
        "12 King St, Richmond, VA 23219",
        "201 King St, Alexandria, LA 71301",  # of the same name, in another state
        "6000 Rose Hill Dr, Alexandria, VA 22310",  # a part of the town that no house is of
        "201 King St, Alexandria, VA 22399",
        "201 King St, Alexandra, VA 22399",
        "12 King St, Alexandrina, VA 22399",
    ],
)
def test_a_register_of_one_town_makes_nothing_elsewhere_suspicious(
    alone: Gazetteer, text: str
) -> None:
    reply = said(alone, text)
    assert "suspicious" not in sure(reply).values() and not reply["faults"]
    assert action(reply) == "confirm"
    assert sure(reply)["house_number"] == sure(reply)["road"] == "plausible"


def test_a_town_of_the_same_name_in_another_state_is_another(alone: Gazetteer) -> None:
    reply = said(alone, "201 King St, Alexandria, LA 71301")
    assert set(sure(reply).values()) == {"plausible"}


def test_a_register_covers_no_country(alone: Gazetteer) -> None:
    assert not alone.postal and not alone.coded and alone.postcodes.derived.all()


@pytest.mark.parametrize(("code", "right"), [("22324", "22314"), ("22304", "22314")])
def test_a_house_says_that_its_code_is_another(alone: Gazetteer, code: str, right: str) -> None:
    """One slip away, and another that the register has."""
    reply = said(alone, GOOD.replace("22314", code))
    part = reply["components"]["postcode"]
    assert (part["normalized"], part["replaced"], part["confirmation"]) == (
        right,
        True,
        "confirmed",
    )
    assert reply["faults"] == ["wrong_postcode"] and action(reply) == "confirm"


def test_a_house_says_that_its_code_is_another_of_the_register(alone: Gazetteer) -> None:
    listed = [("g1", "US", "22314", "Alexandria", "VA", "Virginia", 38.8, -77.05)]
    for known in (alone, gazetteer(ALEXANDRIA, listed)):
        reply = said(known, "9 Duke St, Alexandria, VA 22314")  # two digits from 22301
        assert reply["components"]["postcode"]["normalized"] == "22301"
        proof = {"gazetteer": "mine", "record_id": "d9", "how": "replaced"}
        assert reply["proof"]["postcode"] == proof
        assert reply["faults"] == ["wrong_postcode"] and action(reply) == "confirm"


def test_which_of_two_codes_is_asked_where_the_street_is_in_both() -> None:
    """The number is wrong, or the code."""
    known = gazetteer([*ALEXANDRIA, ("k999", "US", "VA", "Alexandria", "22301", "KING ST", "999")])
    reply = said(known, "999 King St, Alexandria, VA 22314")
    assert reply["candidates"][:2] == ["22301, Alexandria, VA", "22314, Alexandria, VA"]
    assert reply["components"]["postcode"]["normalized"] == "22314"
    assert action(reply) == "confirm"


def test_a_misspelt_town_is_put_right_by_code_or_house(alone: Gazetteer) -> None:
    for text in ("107 Harvard St, Alexandira, VA 22314", "107 Harvard St, Alexandira, VA"):
        reply = said(alone, text)
        assert reply["components"]["city"]["normalized"] == "Alexandria"
        assert "misspelt_city" in reply["faults"] and action(reply) == "confirm"


def test_what_a_list_has_stays_its_own_and_is_complete() -> None:
    listed = [("g1", "US", "22314", "Alexandria", "VA", "Virginia", 38.8, -77.05)]
    known = gazetteer(ALEXANDRIA, listed)
    assert known.coded == {"US"}
    assert said(known, GOOD)["proof"]["postcode"]["record_id"] == "g1"
    reply = said(known, "9 Duke St, Alexandria, VA 22301")  # which the list lacks, and houses have
    assert action(reply) == "accept" and reply["proof"]["postcode"]["record_id"] == "d7"
    assert sure(said(known, "9 Duke St, Alexandria, VA 22399"))["postcode"] == "suspicious"


@pytest.mark.parametrize("written", ["ST LOUIS", "SAINTLOUIS", "St. Louis"])
def test_a_town_in_another_usual_spelling_is_no_second_one(written: str) -> None:
    listed = [("g1", "US", "63101", "Saint Louis", "MO", "Missouri", 38.6, -90.2)]
    known = gazetteer([("h1", "US", "MO", written, "63101", "OLIVE ST", "5")], listed)
    assert len(known.postcodes.code) == 1
    reply = said(known, "5 Olive St, St. Louis, MO 63101")
    assert action(reply) == "accept" and not reply["candidates"]


def test_houses_that_tell_no_state_take_that_of_their_code() -> None:
    listed = [("g1", "US", "22206", "Arlington", "VA", "Virginia", 38.8, -77.1)]
    towns = [("t1", "US", "Alexandria", "VA", 150_000, 38.8, -77.05)]
    known = gazetteer([("h1", "US", None, "Alexandria", "22206", "ELM ST", "5")], listed, towns)
    reply = said(known, "5 Elm St, Alexandria, VA 22206")
    assert action(reply) == "accept" and reply["components"]["state"]["normalized"] == "VA"


def test_a_town_of_houses_without_a_state_is_no_rival_of_the_lists() -> None:
    listed = [("g1", "US", "62701", "Springfield", "IL", "Illinois", 39.8, -89.65)]
    known = gazetteer([("h1", "US", None, "Springfield", "99999", "ELM ST", "5")], listed)
    reply = said(known, "5 Oak St, Springfield")
    assert reply["components"]["state"]["normalized"] == "IL" and not reply["candidates"]
    assert sure(said(known, "5 Elm St, Springfield 99999"))["city"] == "confirmed"


def test_houses_without_codes_prove_their_towns_state_by_state() -> None:
    rows = [
        (f"{state}{n}", "US", state, "Springfield", None, "ELM ST", n)
        for state, n in (("IL", "5"), ("Illinois", "6"), ("MA", "7"), (None, "8"))
    ]
    known = gazetteer(rows)
    assert sorted(known.places.state_code.take([0, 1])) == ["IL", "MA"]
    assert len(known.places.name) == 2
    reply = said(known, "6 Elm St, Springfield, IL")
    assert sure(reply)["city"] == sure(reply)["state"] == sure(reply)["house_number"] == "confirmed"


def test_houses_without_towns_prove_their_codes() -> None:
    known = gazetteer([("h1", "US", "VA", None, "22314", "ELM ST", "5")])
    reply = said(known, "5 Elm St, Nowhere, VA 22314")
    assert sure(reply)["postcode"] == sure(reply)["house_number"] == "confirmed"
    assert sure(reply)["city"] == "plausible" and action(reply) == "confirm"
    bare = said(known, "5 Elm St, 22314")
    assert "city" not in bare["components"] and "missing_city" in bare["faults"]


def test_codes_of_streets_leave_a_list_of_general_codes_general() -> None:
    listed = [("g1", "BR", "13000-000", "Campinas", "27", "Sao Paulo", -22.9, -47.0)]
    codes = [f"13041-{n}" for n in range(320, 340)]
    houses = [(c, "BR", "SP", "Campinas", c, f"Rua {c[-2:]}", "5") for c in codes]
    known = gazetteer(houses, listed)
    assert known.general == known.postal == {"BR"}
    assert sure(said(known, "Rua 25, 5, Campinas - SP, 13041-325", "BR"))["postcode"] == "confirmed"
    assert sure(said(known, "Rua Sete, 5, Campinas - SP, 13099-999", "BR"))["postcode"] == (
        "plausible"
    )


def test_a_state_that_is_on_no_list_is_told_by_its_name() -> None:
    known = gazetteer([("h1", "DE", "Bayern", "München", "80331", "Sendlinger Str.", "5")])
    assert known.postcodes.state_code[0] == ""
    reply = said(known, "Sendlinger Str. 5, 80331 München", "DE")
    assert action(reply) == "accept"


def test_a_town_of_unknown_size_is_no_error() -> None:
    """No list tells people of the country: the logarithm of none."""
    towns = [("t1", "PT", "Lisboa", None, None, 38.7, -9.1)]
    known = gazetteer([], (), towns)
    reply = said(known, "Rua Sete 1, Lisbao", "PT")
    assert reply["components"]["city"]["normalized"] == "Lisboa"
    assert sure(said(known, "Rua Sete 1, Lousa", "PT"))["city"] == "plausible"


@pytest.mark.parametrize("road", ["22st St", "31th St", "1st St", "Route 7", "21 1st St"])
def test_another_number_makes_another_street_and_no_slip(road: str) -> None:
    streets = [(road, "5") for road in ("21st St", "11th St", "Route 1")]
    houses = [(each, "US", "VA", "Alexandria", "22314", each, n) for each, n in streets]
    reply = said(gazetteer(houses), f"5 {road}, Alexandria, VA 22314")
    assert action(reply) == "fix" and not reply["proof"].keys() & {"road", "house_number"}
    near = said(gazetteer(houses), "5 21st Stt, Alexandria, VA 22314")
    assert near["components"]["road"]["normalized"] == "21st St" and action(near) == "confirm"
