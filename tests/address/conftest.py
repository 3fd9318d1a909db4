"""A small gazetteer: six countries, a few streets, no file of others."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.stored import gazetteer
from lanecast.sources.gazetteers import Edition, read
from lanecast.sources.ingest import ingest_pieces
from lanecast.sources.world import World, simulate
from lanecast.tables.lake import Lake

AT = datetime(2024, 1, 1, tzinfo=UTC)
POSTAL = [
    ("US", "60637", "Chicago", "Illinois", "IL", 41.78, -87.6),
    ("US", "60614", "Chicago", "Illinois", "IL", 41.92, -87.65),
    ("US", "62701", "Springfield", "Illinois", "IL", 39.8, -89.65),
    ("US", "01103", "Springfield", "Massachusetts", "MA", 42.1, -72.59),
    ("US", "22314", "Alexandria", "Virginia", "VA", 38.8, -77.05),
    ("US", "22304", "Alexandria", "Virginia", "VA", 38.81, -77.11),
    ("BR", "13000-000", "Campinas", "Sao Paulo", "27", -22.9, -47.06),
    ("DE", "80331", "München", "Bayern", "BY", 48.14, 11.57),
    ("DE", "10115", "Berlin", "Berlin", "BE", 52.53, 13.38),
    ("LU", "L-1009", "Luxembourg", "", "", 49.61, 6.13),
]
PLACES = [
    (1, "Chicago", "US", "IL", '["Chicago", "Chi-Town", "Čikago"]', 2_700_000, 41.85, -87.65),
    (2, "Munich", "DE", "02", '["München", "Monaco di Baviera", ""]', 1_200_000, 48.14, 11.58),
    (4, "Campinas", "BR", "27", '[""]', 1_000_000, -22.9, -47.06),
    (5, "Campinho", "BR", "27", '[""]', 9_000, -22.0, -47.0),
    (6, "Lisboa", "PT", "14", '["Lisbon"]', 500_000, 38.7, -9.1),
    (7, "Alfama", "PT", "14", '[""]', 700, 38.7, -9.1),
    (9, "Arica", "CL", "01", '[""]', 200_000, -18.5, -70.3),
    (8, "Upland", "US", "VA", '[""]', 3_000, 38.9, -77.05),
    (3, "Old Town", "US", "VA", '[""]', 5_000, 38.8, -77.04),
]
HOUSES = [
    *[
        (f"h{n}", "US", "VA", "Alexandria", "22314", "HARVARD ST", str(n), None)
        for n in (101, 105, 107)
    ],
    ("h4", "US", "VA", "Alexandria", "22314", "HARVARD ST", "107", "2"),
    ("h5", "US", "VA", "Alexandria", "22314", "KING ST", "1500", None),
    *[(f"d{c}", "US", "VA", "Alexandria", c, "DUKE ST", "9", None) for c in ("22314", "22304")],
    ("s5", "CL", None, "Arica", "1000000", "Calle Lagos", "5", None),
    ("h6", "US", "VA", "Alexandria", "22304", "CAMERON STATION BV", "104", None),
]


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gazetteers")
    postal = ("country_code", "postal_code", "place_name", "admin1_name", "admin1_code")
    pl.DataFrame(POSTAL, [*postal, "latitude", "longitude"], orient="row").write_parquet(
        folder / "postal.parquet"
    )
    places = ("geonameid", "name", "countrycode", "admin1code", "alternatenames", "population")
    pl.DataFrame(PLACES, [*places, "latitude", "longitude"], orient="row").write_csv(
        folder / "places.csv"
    )
    houses = ("id", "country", "region", "city", "postcode", "street", "number", "unit")
    pl.DataFrame(HOUSES, houses, orient="row").with_columns(lat=38.8, lon=-77.05).write_csv(
        folder / "houses.csv"
    )
    return folder


@pytest.fixture(scope="session")
def lake(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake(tmp_path_factory.mktemp("addresses"))
    for form, name in (
        ("geonames", "postal.parquet"),
        ("geonames", "places.csv"),
        ("csv", "houses.csv"),
    ):
        report = ingest_pieces(lake, form, read(form, files / name, Edition(form, AT)))
        assert report.ok(), report.findings
    return Lake(lake.path)


@pytest.fixture(scope="session")
def known(lake: Lake) -> Gazetteer:
    return gazetteer(lake)


@pytest.fixture(scope="session")
def world() -> World:
    return simulate(parcels=400, days=30, seed=2, streets=True)
