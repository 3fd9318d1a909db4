"""Lists of towns and postal codes of one's own, and how they are told from houses."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.stored import gazetteer
from lanecast.address.verify import verify
from lanecast.sources.gazetteers import Edition, opened, read
from lanecast.sources.ingest import ingest_pieces
from lanecast.sources.report import RefusedError, Report
from lanecast.tables import address
from lanecast.tables.lake import Lake, collect

EDITION = Edition("mine", datetime(2026, 1, 1, tzinfo=UTC), "FR")
CODES = """Nom_commune,Code_postal,lat,lon
ANNECY,74000,45.9,6.1
ANNECY,74000,45.9,6.1
L ABERGEMENT CLEMENCIAT,01402,46.1,4.9
BOURG EN BRESSE,01000,46.2,5.2
,39001,46.6,5.5
"""


def stored(folder: Path, text: str) -> Report:
    file = folder / "places.csv"
    file.write_text(text)
    return ingest_pieces(Lake(folder / "lake"), "csv", read("csv", file, EDITION))


@pytest.fixture(scope="module")
def france(tmp_path_factory: pytest.TempPathFactory) -> Gazetteer:
    folder = tmp_path_factory.mktemp("france")
    assert stored(folder, CODES).ok()
    return gazetteer(Lake(folder / "lake"))


@pytest.mark.parametrize(
    ("header", "table", "what", "lacks"),
    [
        ("road,number,city,postcode", "gazetteer_premises", "houses", []),
        ("street,town,plz", "gazetteer_premises", "streets", ["house_number"]),
        ("city,zip", "gazetteer_postcodes", "places: towns with their postal codes", []),
        ("id,numero,nom_voie,code_postal,nom_commune,lat,lon", "gazetteer_premises", "houses", []),
        ("Straße,Hausnummer,Ort,PLZ", "gazetteer_premises", "houses", []),
        ("logradouro,numero,bairro,municipio,uf,cep", "gazetteer_premises", "houses", []),
        ("Numéro,Rue,Ville,Code postal", "gazetteer_premises", "houses", []),
        ("calle,número,localidad,código_postal", "gazetteer_premises", "houses", []),
        ("via,civico,comune,cap", "gazetteer_premises", "houses", []),
        ("ulica,numer,miejscowość,kod pocztowy", "gazetteer_premises", "houses", []),
        ("straat,huisnummer,woonplaats,postcode", "gazetteer_premises", "houses", []),
        ("gata,husnummer,postort,postnr", "gazetteer_premises", "houses", []),
        ("adresse,numero,ville,code_postal", "gazetteer_premises", "houses", []),
        ("rue,ville,code_postal", "gazetteer_premises", "streets", ["house_number"]),
        ("Nom_commune,Code_postal", "gazetteer_postcodes", None, []),
        ("cep", "gazetteer_postcodes", "places: postal codes", ["city"]),
        ("nome,uf,latitude", "gazetteer_places", "places: towns", ["postal_code"]),
    ],
)
def test_what_a_file_holds_is_told_by_its_columns(
    tmp_path: Path, header: str, table: str, what: str | None, lacks: list[str]
) -> None:
    file = tmp_path / "a.csv"
    file.write_text(f"{header}\n{','.join('1' for _ in header.split(','))}\n")
    held = opened("csv", file, "FR")
    assert held.table.name == table and list(held.lacks) == lacks
    assert what is None or held.what == what


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("number,city", "no column 'road' or 'street'"),
        ("unit,city", "no column 'road' or 'street'"),
        ("Street title,city", "rename the column of streets to 'road' .it may be 'Street title'"),
        ("adresse,ville,code_postal", "it may be 'adresse'.*both in one are not read"),
        ("Lieferanschrift,plz,ort", "or leave it out, if this is a list of places"),
        ("libelle_de_voie,code_postal,ville", "it may be 'libelle_de_voie'"),
        ("nr,plz,ort", "without 'nr', if this is a list of places"),
        ("addr_line1,zip", "no column 'road' or 'street'"),
        ("full_address,postcode", "no column 'road' or 'street'"),
        (
            "insee,density",
            "nor 'city' or 'postal_code', as of places; rename .* It has insee, density",
        ),
    ],
)
def test_houses_whose_street_is_not_found_are_no_places(
    tmp_path: Path, header: str, why: str
) -> None:
    (tmp_path / "a.csv").write_text(f"{header}\n1,X\n")
    with pytest.raises(RefusedError, match=why):
        opened("csv", tmp_path / "a.csv", "FR")


def test_rows_that_repeat_their_places_are_no_list(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("lieu,ville,code_postal\n" + "".join(f"{n},Annecy,74000\n" for n in range(9)))
    with pytest.raises(RefusedError, match=r"9 rows with 1 places.*'road'.*It has lieu, ville"):
        opened("csv", file, "FR")
    file.write_text("ville,code_postal\nA,1\nA,1\nB,1\nA,2\nA,2\n")
    assert opened("csv", file, "FR").what == "places: towns with their postal codes"


@pytest.mark.parametrize(("sign", "what"), [(";", "semicolons"), ("\t", "tabs")])
def test_columns_that_no_comma_separates_are_told(tmp_path: Path, sign: str, what: str) -> None:
    (tmp_path / "a.csv").write_text(f"ville{sign}code_postal\nAnnecy{sign}74000\n")
    with pytest.raises(RefusedError, match=f"separated by {what}; expected commas: save"):
        opened("csv", tmp_path / "a.csv", "FR")


def test_places_need_a_country(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("city\nX\n")
    with pytest.raises(RefusedError, match="--country"):
        opened("csv", tmp_path / "a.csv", None)


def test_a_list_covers_its_country(france: Gazetteer) -> None:
    assert france.coded == {"FR"} and not france.postcodes.derived.any()
    assert set(france.coverage["FR"]) == {"postcodes"}
    reply = verify("12 rue Victor Hugo, 74000 Annecy", france, "FR")
    assert reply.components["postcode"]["proof"]["record_id"] == "FR||ANNECY|74000"
    assert reply.components["city"]["confirmation"] == "confirmed"
    wrong = verify("12 rue Victor Hugo, 99999 Annecy", france, "FR")
    assert "unknown_postcode" in wrong.faults
    slip = verify("12 rue Victor Hugo, 74000 Anncey", france, "FR")
    assert slip.faults == ("misspelt_city",)


def test_a_code_without_a_town_proves_itself_alone(france: Gazetteer) -> None:
    reply = verify("12 rue Victor Hugo, 39001 Annecy", france, "FR")
    assert reply.components["postcode"]["confirmation"] == "confirmed"
    assert reply.components["city"]["confirmation"] == "confirmed"  # the list has it, elsewhere
    unknown = verify("12 rue Victor Hugo, 39001 Xyz", france, "FR")
    assert unknown.components["city"]["confirmation"] == "unconfirmed_but_plausible"
    bare = verify("12 rue Victor Hugo, 39001", france, "FR")
    assert bare.components["postcode"]["confirmation"] == "confirmed"
    assert "city" not in bare.components


def test_bad_rows_are_set_aside_and_counted(tmp_path: Path) -> None:
    text = "city,postcode,country,lat,lon\nA,1000,FR,45,6\nB,,FR,45,6\nC,1002,France,45,6\n"
    report = stored(tmp_path, text + "D,1003,FR,145,6\nA,1000,FR,45,6\n")
    assert report.rows.filter(table="gazetteer_postcodes").row(0)[1:] == (5, 1, 1, 3)
    assert set(report.findings["column"]) >= {"postal_code", "country"}


def test_towns_have_their_states_by_name_or_code(tmp_path: Path) -> None:
    file = tmp_path / "towns.csv"
    file.write_text(
        "nome,uf,latitude,longitude\nCampinas,SP,-22.9,-47.0\nAlvorada,Tocantins,-12.4,-49.1\n"
        "Alvorada,RS,-29.9,-51.0\n"
    )
    edition = Edition("ibge", datetime(2026, 1, 1, tzinfo=UTC), "BR")
    ingest_pieces(Lake(tmp_path / "lake"), "csv", read("csv", file, edition))
    stored = collect(Lake(tmp_path / "lake").read(address.GAZETTEER_PLACES))
    assert stored.select("state_code", "record_id").sort("record_id").rows()[0] == (
        "RS",
        "BR|RS|Alvorada|",
    )
    known = gazetteer(Lake(tmp_path / "lake"))
    reply = verify("Rua Sete, 120, Alvorada - TO, 77480-000", known, "BR")
    assert {n: reply.components[n]["confirmation"] for n in ("city", "state")} == {
        "city": "confirmed",
        "state": "confirmed",
    }
    assert reply.components["city"]["proof"]["record_id"] == "BR|Tocantins|Alvorada|"


@pytest.mark.parametrize("header", ["city,city,zip", "City,city,zip", "city ,zip,city"])
@pytest.mark.parametrize("form", ["csv", "openaddresses"])
def test_a_column_that_stands_twice_is_refused(tmp_path: Path, header: str, form: str) -> None:
    file = tmp_path / "a.csv"
    file.write_text(f"{header},street,other,Other\nAnnecy,Paris,74000,Rue X,1,2\n")
    with pytest.raises(RefusedError, match=r"a\.csv: column 'city' stands 2 times"):
        opened(form, file, "FR")


def test_a_header_may_have_blanks_for_underlines(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(" City , Postal Code\nAnnecy,74000\n")
    assert opened("csv", file, "FR").what == "places: towns with their postal codes"


def test_countries_are_codes_in_either_case_and_exist(tmp_path: Path) -> None:
    rows = "city,zip,country\nA,01000,fr\nB,1001,XX\nC,1002,UK\nD,1003,\nE,1004,France\n"
    report = stored(tmp_path, rows)
    found = {row["code"]: row["count"] for row in report.findings.to_dicts()}
    assert found == {"unknown_country": 2, "bad_format": 1}
    held = collect(Lake(tmp_path / "lake").read(address.GAZETTEER_POSTCODES))
    assert sorted(held["city"]) == ["A", "D"] and set(held["country"]) == {"FR"}
    covers = collect(Lake(tmp_path / "lake").read(address.GAZETTEERS))
    assert covers["country"].to_list() == ["FR"]


def test_a_code_that_was_a_number_is_set_aside(tmp_path: Path) -> None:
    """1000.0 would be read as 10000, which is another town's."""
    report = stored(tmp_path, "city,zip\nBOURG,1000.0\nTROYES,10000\n")
    assert report.findings["code"].to_list() == ["bad_format"]
    held = collect(Lake(tmp_path / "lake").read(address.GAZETTEER_POSTCODES))
    assert held["city"].to_list() == ["TROYES"]


def test_a_line_end_in_a_field_makes_no_two_names(tmp_path: Path) -> None:
    assert stored(tmp_path, 'city\n"BOURG\nEN\0BRESSE"\n').ok()
    held = collect(Lake(tmp_path / "lake").read(address.GAZETTEER_PLACES))
    assert held["name"].to_list() == ["BOURG EN BRESSE"]
