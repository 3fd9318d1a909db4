import polars as pl
import pytest

from lanecast.sources.world import World, simulate
from lanecast.sources.world.streets import HARM, KINDS
from lanecast.tables import address
from lanecast.tables.lake import Lake


@pytest.fixture(scope="module")
def town() -> World:
    return simulate(parcels=2000, days=30, seed=4, streets=True)


def test_streets_change_nothing_else(town: World) -> None:
    plain = simulate(parcels=2000, days=30, seed=4)
    assert set(plain.tables) < set(town.tables)
    for name, table in plain.tables.items():
        assert town.tables[name].equals(table), name


def test_every_address_stands_in_the_register(town: World) -> None:
    truth = town.truth["address_truth"].with_columns(
        unit=pl.when(pl.col("unit") > 0).then(pl.col("unit").cast(pl.String)),
        house_number=pl.col("house_number").cast(pl.String),
    )
    key = ["postal_code", "road", "house_number", "unit"]
    found = truth.join(town.tables["gazetteer_premises"], on=key, how="semi", nulls_equal=True)
    assert found.height == truth.height == town.tables["addresses"].height


def test_a_text_without_fault_says_all_that_is_true(town: World) -> None:
    rows = town.tables["typed_addresses"].join(town.truth["address_truth"], on="address_id")
    clean = rows.filter(pl.col("wrong") == "")
    assert clean.height > 0.6 * rows.height
    for name in ("road", "house_number", "postal_code"):
        said = clean.select(pl.col("text").str.contains(pl.col(name).cast(pl.String), literal=True))
        assert said.to_series().all(), name


def test_faulty_addresses_are_typed_worse_and_harm_is_what_a_courier_cannot_guess(
    town: World,
) -> None:
    rows = town.truth["address_truth"].join(town.truth["address_traits"], on="address_id")
    worse = rows.filter(pl.col("wrong") != "")["faulty"].mean()
    better = rows.filter(pl.col("wrong") == "")["faulty"].mean()
    assert worse > 1.3 * better  # type: ignore[operator]
    kinds = rows.filter(pl.col("wrong") != "")["wrong"].str.split(",")
    assert set(kinds.explode()) == set(KINDS)
    harmful = kinds.list.eval(pl.element().is_in(HARM)).list.any()
    assert harmful.equals(rows.filter(pl.col("wrong") != "")["harmful"].rename("wrong"))


def test_they_are_rows_of_their_tables_and_of_a_lake(town: World, tmp_path) -> None:
    lake = Lake(tmp_path)
    rows = town.write(lake)
    held = {table.name for table in address.TABLES} & set(town.tables)
    assert held == {"gazetteers", "gazetteer_postcodes", "gazetteer_premises", "typed_addresses"}
    assert all(rows[name] == town.tables[name].height for name in held)
