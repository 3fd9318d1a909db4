import errno
import json
import os
import shutil
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from lanecast.address.gazetteer import stored
from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.stored import gazetteer, kept
from lanecast.address.gazetteer.strings import Labels, Strings
from lanecast.address.towns import spellings
from lanecast.sources.gazetteers import Edition, read
from lanecast.sources.ingest import ingest_pieces
from lanecast.sources.report import RefusedError
from lanecast.tables.lake import Lake

from .conftest import AT


def cities(known: Gazetteer, country: str, name: str) -> set[str]:
    number = known.cities.exact(known.countries.index(country), name)
    if number < 0:
        return set()
    many = len(known.postcodes.code)
    rows = known.cities.leads(number).tolist()
    return {known.postcodes.city[r] if r < many else known.places.name[r - many] for r in rows}


def test_a_town_is_found_by_each_of_its_names(known: Gazetteer) -> None:
    assert cities(known, "DE", "munchen") == {"München", "Munich"}
    assert cities(known, "DE", "monaco di baviera") == {"Munich"}
    assert cities(known, "US", "chi town") == {"Chicago"}
    assert cities(known, "US", "munchen") == set()


def test_a_postal_code_leads_to_its_places(known: Gazetteer) -> None:
    codes, lu = known.postcodes, known.countries.index("LU")
    (row,) = codes.keys.leads(codes.keys.exact(lu, "1009"))
    assert (codes.code[row], codes.city[row], codes.record[row]) == (
        "L-1009",
        "Luxembourg",
        "LU:L-1009:Luxembourg",
    )


def test_a_state_is_known_by_code_and_name(known: Gazetteer) -> None:
    us = known.countries.index("US")
    for name in ("il", "illinois"):
        rows = known.states.keys.leads(known.states.keys.exact(us, name))
        assert {known.states.code[row] for row in rows} == {"IL"}


def test_a_street_has_its_houses_in_order(known: Gazetteer) -> None:
    streets, us = known.streets, known.countries.index("US")
    (street,) = streets.roads.leads(streets.roads.exact(us, "harvard st"))
    houses = range(streets.first[street], streets.first[street + 1])
    assert [(streets.number[h], streets.unit[h]) for h in houses] == [
        ("101", ""),
        ("105", ""),
        ("107", ""),
        ("107", "2"),
    ]
    assert streets.value[list(houses)].tolist() == [101, 105, 107, 107]
    assert street in streets.in_postcode.leads(streets.in_postcode.exact(us, "22314"))
    assert street in streets.in_city.leads(streets.in_city.exact(us, "alexandria"))


def test_it_is_compiled_once_and_again_when_its_tables_change(
    lake: Lake, known: Gazetteer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(stored, "compiled", lambda lake: pytest.fail("compiled again"))
        again = gazetteer(lake)
    assert again.cities.names.text.tobytes() == known.cities.names.text.tobytes()
    assert again.covers.equals(known.covers)
    for each in (lake.path / stored.FOLDER).glob("*/manifest.json"):
        each.write_text(json.dumps({"form": -1}))
    assert gazetteer(lake).countries == known.countries


def test_a_newer_edition_replaces_the_older(files: Path, tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    ingest_pieces(lake, "geonames", read("geonames", files / "postal.parquet", Edition("g", AT)))
    smaller = tmp_path / "smaller.csv"
    smaller.write_text("country_code,postal_code,place_name\nUS,60637,Chicago\n")
    later = Edition("g", AT + timedelta(days=30))
    ingest_pieces(lake, "geonames", read("geonames", smaller, later))
    found = gazetteer(Lake(tmp_path))
    codes = [found.postcodes.code[i] for i in range(len(found.postcodes.code))]
    assert sorted(codes) == ["10115", "13000-000", "60637", "80331", "L-1009"]


def test_the_same_edition_again_adds_nothing(lake: Lake, files: Path) -> None:
    report = ingest_pieces(
        Lake(lake.path),
        "geonames",
        read("geonames", files / "postal.parquet", Edition("geonames", AT)),
    )
    assert report.rows["new"].sum() == 0


def test_a_lake_without_a_gazetteer_knows_nothing(tmp_path: Path) -> None:
    found = gazetteer(Lake(tmp_path))
    assert found.countries == () and found.cities.near(0, "springfield") == []


def test_broken_utf8_and_repeated_ids_are_set_aside_and_counted(tmp_path: Path) -> None:
    file = tmp_path / "houses.csv"
    file.write_bytes(
        b"id,country,street,number,lat,lon\n"
        b"1,US,Main St,1,38.8,-77.0\n"
        b"2,US,M\xffin St,2,38.8,-77.0\n"
        b"1,US,Main St,3,38.8,-77.0\n"
        b"4,US,Main St,4,138.8,-77.0\n"
        b"5,US,,5,38.8,-77.0\n"
    )
    report = ingest_pieces(Lake(tmp_path / "lake"), "csv", read("csv", file, Edition("mine", AT)))
    assert set(report.findings["code"]) == {
        "not_utf8",
        "duplicate_key",
        "lat_lon_swapped",
        "missing",
    }
    assert report.rows.filter(table="gazetteer_premises").row(0)[1:] == (5, 1, 0, 4)


def test_rows_that_come_again_are_told_by_their_own_columns(tmp_path: Path) -> None:
    file = tmp_path / "houses.csv"
    file.write_text(
        "id,country,street,number,lat,lon\n"
        "1,US,Main St,1,38.8,-77.0\n"
        "1,US,Main St,1,38.8,-77.0\n"
        "1,US,Main St,2,38.8,-77.0\n"
    )
    report = ingest_pieces(Lake(tmp_path / "lake"), "csv", read("csv", file, Edition("mine", AT)))
    told = {f["code"]: f for f in report.findings.iter_rows(named=True)}
    again, other = told["repeated_row"], told["duplicate_key"]
    assert (again["column"], again["example"], again["action"]) == ("record_id", "1", "kept once")
    assert (other["column"], other["example"]) == ("record_id", "1")


def test_equal_rows_without_ids_are_one_house(tmp_path: Path) -> None:
    file = tmp_path / "houses.csv"
    file.write_text(
        "country,street,number,lat,lon\n"
        "US,Main St,1,38.8,-77.0\n"
        "US,Main St,1,38.8,-77.0\n"
        "US,Main St,1,38.9,-77.0\n"
    )
    report = ingest_pieces(Lake(tmp_path / "lake"), "csv", read("csv", file, Edition("mine", AT)))
    assert report.rows.filter(table="gazetteer_premises").row(0)[1:] == (3, 2, 1, 0)


def test_swapped_degrees_are_set_aside_where_the_country_shows_them(tmp_path: Path) -> None:
    file = tmp_path / "houses.csv"
    file.write_text(
        "id,country,street,number,lat,lon\n"
        "1,US,Main St,1,38.8,-77.0\n"
        "2,US,Main St,2,-77.0,38.8\n"  # possible degrees, in the sea off Antarctica
        "3,EG,Main St,3,27.0,29.0\n"  # either way in Egypt
        "4,US,Main St,4,10.0,20.0\n"  # neither way in the US, and not ours to tell
        "5,US,Main St,5,,\n"
        "6,AQ,Main St,6,-77.0,38.8\n"  # of which there is no box
        "7,NA,Main St,7,17.1,-22.6\n"
    )
    report = ingest_pieces(Lake(tmp_path / "lake"), "csv", read("csv", file, Edition("mine", AT)))
    swapped = report.findings.filter(code="lat_lon_swapped").row(0, named=True)
    assert swapped["count"] == 2 and swapped["example"] == "-77.0, 38.8"
    assert report.rows.filter(table="gazetteer_premises").row(0)[1:] == (7, 5, 0, 2)


def test_geojson_lines_and_collections_are_the_same_houses(tmp_path: Path) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"hash": str(n), "number": str(n), "street": "Main St", "city": "X"},
            "geometry": {"type": "Point", "coordinates": [-77.0, 38.8]},
        }
        for n in (1, 2)
    ]
    (tmp_path / "lines.geojson").write_text("\n".join(map(json.dumps, features)))
    (tmp_path / "one.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features})
    )
    seen = [
        [p.rows.drop("recorded_at") for p in read("geojson", tmp_path / f, Edition("g", AT, "US"))]
        for f in ("lines.geojson", "one.geojson")
    ]
    assert seen[0][0].equals(seen[1][0]) and seen[0][0]["lat"].to_list() == ["38.8", "38.8"]


@pytest.mark.parametrize(
    ("name", "text", "edition", "message"),
    [
        ("a.txt", "US\t60637\n", Edition("g", AT), "2 columns; GeoNames has 12"),
        ("a.csv", "x,y\n1,2\n", Edition("g", AT), "has x, y; GeoNames"),
        ("a.csv", "", Edition("g", AT), "is empty"),
        ("a.csv", "x\n1\n", Edition("g", AT, "usa"), "country: 'usa'; expected ISO 3166-1"),
    ],
)
def test_other_files_are_refused(
    tmp_path: Path, name: str, text: str, edition: Edition, message: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(RefusedError, match=message):
        list(read("geonames", tmp_path / name, edition))


def test_houses_need_a_street_and_a_country(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("number,city\n1,X\n")
    with pytest.raises(RefusedError, match="no column 'road' or 'street'"):
        list(read("csv", file, Edition("g", AT)))
    file.write_text("number,street\n1,X\n")
    with pytest.raises(RefusedError, match="--country"):
        list(read("openaddresses", file, Edition("g", AT)))


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("saint louis", {"st louis"}),
        ("n hollywood", {"north hollywood"}),
        ("mc call", {"mccall"}),
        ("mccall", {"mc call"}),
        ("fort st john", {"ft st john", "fort saint john"}),
        ("chicago", set()),
    ],
)
def test_towns_are_found_short_and_written_out(name: str, others: set[str]) -> None:
    assert set(spellings(name)) == {name} | others


@pytest.mark.parametrize("kind", [Strings, Labels])
@pytest.mark.parametrize("values", [["VA", "MD", "VA", ""], ["VA", "VA"], ["", ""], ["Ä", "A"]])
def test_distinct_strings_are_those_that_were_taken(
    values: list[str], kind: type[Strings] | type[Labels]
) -> None:
    kept = kind.of(pl.Series("x", ["before", *values, "after"]))
    numbers = np.arange(1, len(values) + 1)
    names, which = kept.distinct(numbers)
    assert [names[each] for each in which] == kept.take(numbers) == values
    assert len(names) == len(set(values))
    assert kept.lengths(numbers).tolist() == [len(each.encode()) for each in values]


def test_no_strings_have_none_that_is_distinct() -> None:
    for kind in (Strings, Labels):
        assert kind.of(pl.Series("x", ["a"])).distinct(np.empty(0, np.int32))[0] == []


def test_two_that_compile_at_once_do_not_take_away_from_each_other(tmp_path: Path) -> None:
    """Of one that has just written, another that writes the same leaves all that it reads."""
    wanted = {"form": 1}
    first = kept(tmp_path, wanted, Strings, lambda: Strings.of(pl.Series(["a", "b"])))
    stored._save(tmp_path, first, wanted)  # what the other process does, which saw none there
    again = kept(tmp_path, wanted, Strings, lambda: pytest.fail("made again"))
    assert again.take(np.arange(2)) == ["a", "b"] and len(list(tmp_path.iterdir())) == 2
    stored._save(tmp_path, first, {"form": 2})
    assert len(list(tmp_path.iterdir())) == 1


def test_one_that_vanishes_while_it_is_read_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Strings.of(pl.Series(["a"]))
    kept(tmp_path, {"form": 1}, Strings, lambda: made)
    get, gone = stored._get, []

    def vanish(folder: Path, name: str, kind: object) -> object:
        if not gone:
            gone.append(folder)
            shutil.rmtree(folder)
        return get(folder, name, kind)

    monkeypatch.setattr(stored, "_get", vanish)
    assert kept(tmp_path, {"form": 1}, Strings, lambda: made).take(np.arange(1)) == ["a"]


def test_what_a_killed_process_left_is_removed_later_and_a_full_disk_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Strings.of(pl.Series(["a"]))
    for name, age in ((".old.partial", 7200), (".new.partial", 0)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    stored._save(tmp_path, made, {"form": 1})
    assert {each.name for each in tmp_path.glob(".*")} == {".new.partial"}

    def full(*_: object) -> None:
        raise OSError("8 requested and 2 written")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(OSError, match="No space left") as told:
        stored._save(tmp_path, made, {"form": 3})
    assert told.value.errno == errno.ENOSPC and len(list(tmp_path.iterdir())) == 2


HOUSE = {"street": "Main St", "number": 1, "country": "US"}
FEATURE = {
    "type": "Feature",
    "properties": HOUSE,
    "geometry": {"type": "Point", "coordinates": [-77.0, 38.8]},
}
COLLECTION = {"type": "FeatureCollection", "features": [FEATURE]}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(COLLECTION),
        json.dumps(COLLECTION, indent=1),
        "\ufeff" + json.dumps(COLLECTION),
        json.dumps(FEATURE) + "\n\n",
    ],
)
def test_geojson_is_read_however_it_is_laid_out(tmp_path: Path, text: str) -> None:
    file = tmp_path / "houses.geojson"
    file.write_text(text)
    pieces = list(read("geojson", file, Edition("mine", AT)))
    assert pieces[0].rows.select("road", "lat").rows() == [("Main St", "38.8")]


@pytest.mark.parametrize(
    "text",
    [
        *("[" * 100_000, '{"type": "FeatureCollection", "features": [null]}', "{}", "[1]", "1"),
        json.dumps({**COLLECTION, "features": [{**FEATURE, "geometry": [1, 2]}]}),
        json.dumps({**COLLECTION, "features": [{**FEATURE, "properties": [1]}]}),
    ],
)
def test_what_is_no_geojson_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "houses.geojson"
    file.write_text(text)
    with pytest.raises(RefusedError, match=r"houses.geojson: is not GeoJSON: (expected|Expecting)"):
        list(read("geojson", file, Edition("mine", AT)))


def test_half_a_character_is_set_aside(tmp_path: Path) -> None:
    file = tmp_path / "houses.geojson"
    file.write_text(json.dumps({**FEATURE, "properties": {**HOUSE, "street": "Main \ud800"}}))
    report = ingest_pieces(Lake(tmp_path), "geojson", read("geojson", file, Edition("mine", AT)))
    assert report.findings["code"].to_list() == ["not_utf8"]


def test_a_town_of_more_people_than_there_are_is_compiled(tmp_path: Path) -> None:
    file = tmp_path / "places.csv"
    file.write_text(
        "geonameid,name,countrycode,alternatenames,population\n1,Great,US,,99999999999\n"
    )
    lake = Lake(tmp_path / "lake")
    ingest_pieces(lake, "geonames", read("geonames", file, Edition("geonames", AT)))
    assert gazetteer(Lake(lake.path)).places.population.tolist() == [(1 << 31) - 1]
