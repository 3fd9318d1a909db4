"""The country of an address that nobody names, mostly with postal codes alone."""

import polars as pl
import pytest

from lanecast.address.countries import guessed
from lanecast.address.country_names import country_names, named
from lanecast.address.fold import folded
from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.compile import assembled
from lanecast.address.tokens import tokens
from lanecast.address.verify import verify
from lanecast.tables import address

from .conftest import AT

COLUMNS = ("country", "postal_code", "city", "state", "state_code")
POSTED = ("country", "postal_code", "city")
POSTAL = [
    ("US", "22314", "Alexandria", "Virginia", "VA"),
    ("US", "17042", "Lebanon", "Pennsylvania", "PA"),
    ("US", "30303", "Atlanta", "Georgia", "GA"),
    ("IS", "301", "Akranes", None, None),
    ("ZA", "2090", "Alexandra", "Gauteng", "GT"),
    ("AT", "1500", "Wien", None, None),
    ("GB", "SW1A", "Westminster", "England", "ENG"),
    ("GB", "NW1", "Camden Town", "England", "ENG"),
    ("GB", "N1", "Islington", "England", "ENG"),
    ("GB", "N16", "Stoke Newington", "England", "ENG"),
    ("NL", "1012", "Amsterdam", "Noord-Holland", "07"),
    ("CA", "M5V", "Toronto", "Ontario", "ON"),
]


@pytest.fixture(scope="module")
def codes() -> Gazetteer:
    """A gazetteer of postal codes only."""

    postal = pl.DataFrame(POSTAL, COLUMNS, orient="row").with_columns(
        gazetteer_id=pl.lit("g"), record_id=pl.concat_str("country", "postal_code")
    )
    return _of(postal, pl.DataFrame(schema={"country": pl.String}))


def _of(postal: pl.DataFrame, places: pl.DataFrame) -> Gazetteer:
    """Return a gazetteer of postal codes and places; columns that are not given are empty."""

    def whole(rows, table):
        empty = pl.DataFrame(schema=dict.fromkeys(table.columns, pl.String))
        return pl.concat([rows, empty], how="diagonal_relaxed")

    kinds = [("postcodes", postal), ("places", places)]
    covers = pl.concat(
        pl.DataFrame(
            {"country": sorted(set(rows["country"]))}, {"country": pl.String}
        ).with_columns(gazetteer_id=pl.lit("g"), kind=pl.lit(kind), recorded_at=pl.lit(AT))
        for kind, rows in kinds
    )
    return assembled(
        covers,
        whole(places, address.GAZETTEER_PLACES),
        whole(postal, address.GAZETTEER_POSTCODES),
        whole(pl.DataFrame(), address.GAZETTEER_PREMISES),
    )


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("301 King St, Alexandria, VA", "US"),
        ("301 King St, Alexandria, Virginia", "US"),
        ("301 King St, Alexandria", "US"),
        ("1500 King St, Alexandria", "US"),
        ("300 Elm St, Lebanon, PA", "US"),
        ("12 Peachtree St, Atlanta, Georgia", "US"),
        ("Kirkjubraut 2, 301 Akranes", "IS"),
        ("5 Park Rd, Lebanon", "LB"),
        ("10 Downing St, SW1A2AA", "GB"),
        ("1 Albany St, NW1 6XE", "GB"),
        ("Dam 1 1012JS Amsterdm", "NL"),
        ("290 Bremner Blvd, M5V 3L9", "CA"),
        ("Rua Augusta 5, Alexandria-VA", "US"),
    ],
)
def test_what_speaks_for_a_country(codes: Gazetteer, text: str, country: str) -> None:
    assert next(iter(guessed(tokens(text), codes))) == country


def test_a_code_with_its_letters_in_one_word_speaks_louder_than_one_in_two(
    codes: Gazetteer,
) -> None:
    one, two = (guessed(tokens(text), codes)["NL"] for text in ("Dam 1 1012JS", "Dam 1 1012 JS"))
    assert one > 1 > two


def test_of_equal_votes_the_order_is_that_of_letters(codes: Gazetteer) -> None:
    votes = guessed(tokens("Postfach, 17042 22314 1500"), codes)
    assert list(votes) == ["AT", "US"] and votes["AT"] == votes["US"]


def test_a_state_speaks_only_behind_its_own_town(codes: Gazetteer) -> None:
    votes = [guessed(tokens(text), codes).get("US", 0.0) for text in ("Lebanon PA", "PA Lebanon")]
    assert votes[0] > votes[1]
    assert guessed(tokens("Lebanon, VA"), codes)["US"] == votes[1]


@pytest.mark.parametrize(
    ("text", "code", "proved"),
    [
        ("10 Downing St, Westminster, SW1A2AA", "SW1A", "prefix"),
        ("10 Downing St, Westminster, SW1A 2AA", "SW1A", "prefix"),
        ("1 Albany St, NW1 6XE", "NW1", "prefix"),
        ("1 Upper St, N1 6XE", "N1", "prefix"),  # and not N16
        ("1 High St, N16 5AA", "N16", "prefix"),
        ("1 High St, N16", "N16", "exact"),
    ],
)
def test_a_british_code_is_met_by_its_outward_part(
    codes: Gazetteer, text: str, code: str, proved: str
) -> None:
    reply = verify(text, codes, "GB").row()
    assert reply["proof"]["postcode"] == {
        "gazetteer": "g",
        "record_id": f"GB{code}",
        "how": proved,
    }
    assert not [fault for fault in reply["faults"] if "postcode" in fault]


@pytest.mark.parametrize(
    ("text", "country", "code"),
    [
        ("1 Albany St, London nw16xe", "GB", "NW1 6XE"),
        ("10 Downing St, Westminster SW1A 2AA", "GB", "SW1A 2AA"),
        ("Dam 1, 1012js Amsterdam", "NL", "1012 JS"),
    ],
)
def test_a_whole_code_is_written_as_its_country_does(
    codes: Gazetteer, text: str, country: str, code: str
) -> None:
    assert verify(text, codes, country).components["postcode"]["normalized"] == code


def test_a_state_that_is_a_number_in_the_gazetteer_is_told_by_its_name(codes: Gazetteer) -> None:
    state = verify("Dam 1, 1012 JS Amsterdam", codes, "NL").components["state"]
    assert state["normalized"] == "Noord-Holland" and state["inferred"]


def test_a_code_with_its_letters_joined_still_speaks_for_its_town(codes: Gazetteer) -> None:
    reply = verify("Dam 1 1012JS Amsterdm", codes).row()
    assert reply["country"] == "NL"
    assert reply["components"]["city"]["normalized"] == "Amsterdam"
    assert reply["proof"]["postcode"]["record_id"] == "NL1012"
    assert "misspelt_city" in reply["faults"]


@pytest.mark.parametrize("text", ["Alexandra VA 22314", "Alexandra 22314 Virginia"])
def test_a_code_beside_its_own_state_speaks_for_its_country(codes: Gazetteer, text: str) -> None:
    voted = guessed(tokens(text), codes)
    assert next(iter(voted)) == "US" and voted["ZA"] > 0
    for other in ("Alexandra PA 22314", "VA Alexandra 22314"):  # not its state, not beside it
        assert voted["US"] > guessed(tokens(other), codes)["US"] + 2


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("北京市海淀区中关村大街27号 100080", "CN"),
        ("深圳市南山区科苑路15号A座1201室 收件人张三 电话13800138000 请放在前台", "CN"),
        ("〒160-0023 東京都新宿区西新宿2-8-1", "JP"),
        ("北区サンパークビル3-1", "JP"),
        ("臺北市信義區市府路1號", "TW"),
        ("中关村大街27号 100080", None),
    ],
)
def test_a_script_without_blanks_is_of_a_country_that_writes_it(
    text: str, country: str | None
) -> None:
    """Its towns stand at the beginning, and a Romanian code of six digits says nothing there."""
    places = [
        ("CN", "Beijing", "北京市"),
        ("CN", "Shenzhen", "深圳市"),
        ("JP", "Tokyo", "東京都"),
        ("TW", "Taipei", "臺北市"),
        ("AU", "Shenzhen Creek", "深圳市"),
    ]
    towns = pl.DataFrame(places, ("country", "name", "aliases"), orient="row").with_columns(
        gazetteer_id=pl.lit("g"), record_id="name", population=pl.lit(9_000_000)
    )
    codes = pl.DataFrame([("RO", "100080", "Ploiesti")], POSTED, orient="row").with_columns(
        gazetteer_id=pl.lit("g"), record_id=pl.lit("r")
    )
    assert next(iter(guessed(tokens(text), _of(codes, towns))), None) == country


@pytest.mark.parametrize(
    ("name", "country"),
    [
        ("Trinidad and Tobago", "TT"),
        ("Trinidad & Tobago", "TT"),
        ("Bosnia and Herzegovina", "BA"),
        ("Côte d'Ivoire", "CI"),
        ("Ivory Coast", "CI"),
    ],
)
def test_a_country_is_known_by_each_way_to_write_it(name: str, country: str) -> None:
    assert country_names()[folded(name)] == country
    assert named(name, country)


@pytest.mark.parametrize(
    ("town", "how"), [("Alexandria", "exact"), ("Fairfax", "alias"), ("Rockville", None)]
)
def test_a_code_is_served_by_towns_of_its_own_state(town: str, how: str | None) -> None:
    code = ("US", "22314", "Alexandria", "Virginia", "VA", 38.8, -77.05)
    postal = pl.DataFrame([code], (*COLUMNS, "lat", "lon"), orient="row")
    near = [("Fairfax", "VA", 38.84, -77.3), ("Rockville", "MD", 39.08, -77.15)]
    places = pl.DataFrame(near, ("name", "state_code", "lat", "lon"), orient="row")
    found = _of(
        postal.with_columns(gazetteer_id=pl.lit("g"), record_id=pl.lit("22314")),
        places.with_columns(
            country=pl.lit("US"), gazetteer_id=pl.lit("g"), record_id="name", population=pl.lit(9)
        ),
    )
    reply = verify(f"728 N Columbus St, {town}, VA 22314", found, "US").row()
    assert reply["proof"].get("city", {}).get("how") == how
    assert reply["verdict"]["possible_next_action"] != "accept"
