"""What was said of an address reaches the questions that were asked later, and no other."""

from dataclasses import replace
from datetime import timedelta

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from lanecast.parcel import events
from lanecast.parcel.events.models.inputs import learn
from lanecast.sources.world import simulate
from lanecast.tables.address import ADDRESS_CHECKS
from lanecast.tables.lake import Lake, collect

from .conftest import START

OF_ADDRESS = ("address_not_found", "address_faults")


@pytest.fixture(scope="module")
def town():
    return simulate(parcels=300, days=60, seed=3)


def lake_with(world, checks, folder):
    """Return a lake with these checks of every address, made at these days after START."""
    world.write(Lake(folder))
    for day, chance in checks.items():
        rows = world.tables["addresses"].select(
            "address_id",
            asof=pl.lit(START + timedelta(days=day)).cast(pl.Datetime("us", "UTC")),
            next_action=pl.lit("fix"),
            granularity=pl.lit("route"),
            signs=pl.lit("missing_unit"),
            faults=pl.lit(1),
            not_found=pl.lit(chance),
            version=pl.lit("one"),
        )
        Lake(folder).write(ADDRESS_CHECKS, nw.from_native(rows))
    return Lake(folder)


def asked(lake):
    rows = events.asked(lake, START - timedelta(days=5), START + timedelta(days=5))
    return collect(rows).sort("asof_h", "parcel_id", "moment")


def test_a_question_knows_the_last_check_before_it(town, tmp_path):
    x = asked(lake_with(town, {-2: 0.1, 2: 0.3}, tmp_path / "two"))
    day = (x["asof_h"] - START.timestamp() / 3600) / 24
    chance = x["address_not_found"].fill_null(-1.0).to_numpy()
    expected = np.select([day.to_numpy() < -2, day.to_numpy() < 2], [-1.0, 0.1], 0.3)
    assert len(set(expected)) == 3
    assert (chance == expected).all()
    before = asked(lake_with(town, {-2: 0.1}, tmp_path / "one"))
    early = x.filter(day < 2)  # delete what came later: nothing that was known before changes
    assert early.equals(before.filter(pl.Series(day < 2)))


def test_without_checks_nothing_is_said_and_nothing_is_learnt_of_it(town, tmp_path):
    town.write(Lake(tmp_path / "none"))
    x = asked(Lake(tmp_path / "none"))
    assert x.height > 50
    assert all(x[name].null_count() == x.height for name in OF_ADDRESS)
    assert not set(OF_ADDRESS) & set(learn(x).numbers)
    held = replace(learn(x), numbers=("address_not_found", "attempts"))
    assert np.isnan(held(x.drop(OF_ADDRESS))[:, 0]).all()  # a lake of before these tables
