import polars as pl

from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.subdivisions import bare, listed, of_places, subdivisions

COLUMNS = ("country", "state_code", "state", "county")


def levels(*rows: tuple[str, str | None, str, str]) -> list[tuple[str | None, ...]]:
    return listed(pl.DataFrame(rows, COLUMNS, orient="row")).rows()


def test_a_state_takes_the_code_that_addresses_have() -> None:
    assert levels(("BR", "27", "Sao Paulo", "Campinas")) == [("BR", "SP", "Sao Paulo", "Campinas")]
    assert levels(("US", "VA", "Virginia", "Fairfax")) == [("US", "VA", "Virginia", "Fairfax")]


def test_where_addresses_name_the_county_that_is_the_state() -> None:
    (row,) = levels(("IT", "09", "Lombardia", "Milano"))
    assert row == ("IT", "MI", "Milano", "Lombardia")


def test_a_state_that_is_on_no_list_has_no_code_and_others_keep_theirs() -> None:
    assert levels(("IE", "C", "Connacht", ""))[0][1] is None
    assert levels(("DE", "BY", "Bayern", "")) == [("DE", "BY", "Bayern", "")]
    assert levels(("US", "VA", "Virginia", ""), ("US", "ZZ", "Nowhere", ""))[1][1] is None


def test_an_iso_code_is_known_and_what_no_list_has_is_a_name() -> None:
    """libaddressinput's data of Mexico: N.L. is Nuevo León, NLE in ISO 3166-2."""
    row = pl.DataFrame([("MX", "NLE", None, None)], dict.fromkeys(COLUMNS, pl.String), orient="row")
    assert listed(row).rows() == [("MX", "N.L.", "NLE", None)]
    row = row.with_columns(country=pl.lit("US"), state_code=pl.lit("ZZ"))
    assert listed(row).rows() == [("US", None, "ZZ", None)]
    isos = [iso for country in ("JP", "AR") for *_, iso in subdivisions(country)]
    assert not any(iso.isdigit() or len(iso) == 1 for iso in isos)


def test_words_for_the_kind_of_area_are_no_part_of_its_name() -> None:
    assert bare("Provincia de Alajuela") == "alajuela"
    assert bare("Region") == "region"


def test_a_town_has_the_state_of_its_postal_code_or_of_what_shares_its_number() -> None:
    postal = pl.DataFrame(
        [("BR", "campinas", "SP", -22.9, -47.0), ("BR", "olinda", "PE", -8.0, -34.8)],
        ["country", "key", "state_code", "lat", "lon"],
        orient="row",
    )
    places = pl.DataFrame(
        [
            ("BR", "campinas", "27", -22.91, -47.06),  # beside its postal code
            ("BR", "sumare", "27", -22.8, -47.2),  # no code of its own: as the others of 27
            ("BR", "olinda", "30", -30.0, -50.0),  # another Olinda, far away
            ("US", "delmar", "MD", 38.4, -75.5),  # already on the list
        ],
        ["country", "key", "state_code", "lat", "lon"],
        orient="row",
    )
    assert of_places(places, postal).to_list() == ["SP", "SP", None, "MD"]


def test_what_is_compiled_has_them(known: Gazetteer) -> None:
    codes = known.postcodes
    (row,) = codes.keys.leads(codes.keys.exact(known.numbers["BR"], "13000000"))
    assert codes.state_code[int(row)] == "SP"
    names = known.places.name.take(range(len(known.places.name)))  # type: ignore[arg-type]
    assert known.places.state_code[names.index("Campinas")] == "SP"
