from datetime import UTC, datetime, timedelta

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from lanecast.planning.panel import panel
from lanecast.tables.lake import Lake
from lanecast.tables.series import ATTRIBUTES, COVARIATES, SERIES

START = datetime(2024, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def shop(items: int = 12, days: int = 150, seed: int = 0) -> dict[str, pl.DataFrame]:
    """Daily sales with a week, a price that is planned two weeks ahead and weather that is not."""
    random = np.random.default_rng(seed)
    level = np.exp(random.normal(3, 0.7, items))
    week = 1 + 0.4 * np.sin(2 * np.pi * np.arange(days) / 7)
    price = np.where(random.random((items, days)) < 0.15, 0.7, 1.0)
    weather = random.normal(0, 1, days)
    mean = level[:, None] * week * price**-2.0
    sold = random.poisson(mean).astype(float)
    ids = [f"item{i:02d}" for i in range(items)]
    when = [START + day * DAY for day in range(days)]
    grid = pl.DataFrame({"unique_id": np.repeat(ids, days), "ds": when * items})
    series = grid.with_columns(y=sold.ravel(), recorded_at=pl.col("ds") + DAY)
    planned = grid.with_columns(
        name=pl.lit("price"),
        kind=pl.lit("measure"),
        value=price.ravel(),
        recorded_at=pl.col("ds") - 14 * DAY,
    )
    sky = pl.DataFrame({"unique_id": "*", "ds": when}).with_columns(
        name=pl.lit("weather"),
        kind=pl.lit("measure"),
        value=pl.Series(weather),
        recorded_at=pl.col("ds") + DAY,
    )
    kinds = pl.DataFrame({"unique_id": ids}).with_columns(
        name=pl.lit("kind"),
        value=pl.Series(["food", "toys"] * (items // 2)),
        level=pl.lit(1, pl.Int16),
        recorded_at=pl.lit(START),
    )
    return {"series": series, "covariates": pl.concat([planned, sky]), "attributes": kinds}


def stored(tables: dict[str, pl.DataFrame], path) -> Lake:
    """Write the tables of a shop to a new lake."""
    lake = Lake(path)
    with lake.batch("test") as batch:
        for table in (SERIES, COVARIATES, ATTRIBUTES):
            batch.append(table, nw.from_native(tables[table.name].lazy()))
    return Lake(path)


@pytest.fixture(scope="session")
def shop_lake(tmp_path_factory) -> Lake:
    return stored(shop(), tmp_path_factory.mktemp("shop") / "lake")


@pytest.fixture(scope="session")
def shop_panel(shop_lake):
    """The shop as known after 120 days, 7 days ahead."""
    return panel(shop_lake, START + 120 * DAY, 7)
