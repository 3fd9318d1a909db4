"""Theft of an area and abuse of a buyer are told apart where both are known."""

from datetime import timedelta

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from lanecast.metrics.detection import roc_auc
from lanecast.parcel import events
from lanecast.sources.world import TABLES
from lanecast.tables.events import CLAIMS
from lanecast.tables.lake import Lake, collect

from .conftest import CUT, END, START


@pytest.fixture(scope="module")
def said(world, tmp_path_factory):
    """Later deliveries of the small company, were there more theft and abuse; and both truths.

    In every sixth area two thirds of the parcels are stolen; every eighth buyer disputes each
    second.
    """
    random, tables = np.random.default_rng(7), world.tables
    homes = tables["addresses"].unique("address_id").select("address_id", area="postal_code")
    orders = tables["orders"].unique("order_id").select("order_id", "buyer_id")
    done = tables["scans"].filter(status="delivered").sort("recorded_at").unique("parcel_id")
    rows = (
        done.join(tables["parcels"].unique("parcel_id"), on="parcel_id")
        .join(homes, on="address_id")
        .join(orders, on="order_id")
        .sort("parcel_id")
        .select("parcel_id", "area", "buyer_id", at="recorded_at")
        .with_columns(
            thieves=pl.col("area").rank("dense") % 6 == 0,
            abuses=pl.col("buyer_id").rank("dense") % 8 == 0,
        )
    )
    stolen = (random.random(rows.height) < 0.65) & rows["thieves"].to_numpy()
    abused = (random.random(rows.height) < 0.5) & rows["abuses"].to_numpy()
    claims = rows.filter(pl.Series(stolen | abused)).select(
        "parcel_id",
        kind=pl.lit("not_received"),
        claimed_at=pl.col("at") + timedelta(hours=20),
        source=pl.lit("buyer"),
        recorded_at=pl.col("at") + timedelta(hours=20),
    )
    lake = Lake(tmp_path_factory.mktemp("claims") / "lake")
    for table in TABLES:
        own = claims if table.name == CLAIMS.name else tables[table.name]
        lake.write(table, nw.from_native(own))
    lake = Lake(lake.path)
    x = collect(events.features(lake, START, END).lazy()).filter(moment="delivered")
    known = START + timedelta(days=40)  # a month after the first, so that some are undisputed
    y = collect(events.outcomes(lake.asof(known), known))
    asked = pl.col("asof_h") >= CUT.timestamp() / 3600
    model = events.Boosted(rounds=60, events=("not_received",))
    later = model.fit(x.filter(~asked), y).predict(x.filter(asked))
    return later.join(rows, on="parcel_id")


def test_the_part_without_the_buyer_finds_thieves_and_not_abuse(said):
    place = (said["chance"] - said["claimant"]).to_numpy()
    assert roc_auc(place, said["thieves"].to_numpy()) > 0.75
    calm = said.filter(~pl.col("thieves"))
    calm_place = (calm["chance"] - calm["claimant"]).to_numpy()
    assert abs(roc_auc(calm_place, calm["abuses"].to_numpy()) - 0.5) < 0.15


def test_the_part_of_the_buyer_finds_abuse_and_not_thieves(said):
    part = said["claimant"].to_numpy()
    assert roc_auc(part, said["abuses"].to_numpy()) > 0.6
    honest = said.filter(~pl.col("abuses"))
    own = honest["claimant"].to_numpy()
    assert abs(roc_auc(own, honest["thieves"].to_numpy()) - 0.5) < 0.15
