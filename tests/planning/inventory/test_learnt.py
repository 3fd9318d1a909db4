"""What is learnt in one evening: the share of the drift that is believed, and cover by hand."""

from datetime import UTC, date, datetime

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from lanecast.planning.inventory import Lifted
from lanecast.planning.inventory.learnt import learnt, ratios
from lanecast.planning.inventory.models.recent import drawn
from lanecast.tables.lake import Lake
from lanecast.tables.parcel import QUANTILES
from lanecast.tables.planning import PRICES, REPLENISHMENTS, SALES


def test_a_share_of_the_drift_makes_draws_narrower_and_not_other_in_the_mean():
    random = np.random.default_rng(3)
    moving = np.exp(np.cumsum(random.normal(0, 0.04, (60, 182)), axis=1))
    sold = drawn(20 * moving, np.full(60, 0.05), 1, 4)[:, 0]
    met, x = np.ones(sold.shape, bool), np.zeros((*sold.shape, 1))
    wide = []
    for doubt in (0.0, 0.5, 1.0):
        fitted = Lifted(doubt=doubt).fit(sold, met, x, np.arange(60))
        total = fitted.paths(np.zeros((60, 14, 1)), 400, 0).sum(axis=2)
        assert total.mean() == pytest.approx(
            fitted.mean(np.zeros((60, 14, 1))).sum() / 60, rel=0.02
        )
        wide.append((total.std(axis=1) / total.mean(axis=1)).mean())
    assert wide[0] < 0.97 * wide[1] < 0.97**2 * wide[2]


def test_days_before_the_books_begin_are_unknown_and_not_days_without_sales(tmp_path):
    """Levels that stand still have next to no drift, however short their history."""
    lake, days = Lake(tmp_path / "lake"), 90
    random = np.random.default_rng(5)
    first = date(2025, 1, 1)
    rows = pl.DataFrame({"day": range(days)}).join(
        pl.DataFrame({"product_id": [f"p{k:02}" for k in range(30)]}), how="cross"
    )
    at = pl.lit(first) + pl.duration(days=pl.col("day"))
    rows = rows.select(
        "product_id", facility_id=pl.lit("w"), date=at,
        units=pl.Series(random.poisson(12.0, rows.height)), in_stock_share=pl.lit(1.0),
        recorded_at=(at + pl.duration(days=1)).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
    )  # fmt: skip
    lake.write(SALES, nw.from_native(rows))
    known = pl.col("recorded_at").min()
    prices = rows.select(
        "product_id", "facility_id", "date", price_minor=900, regular_minor=900,
        currency=pl.lit("EUR"), recorded_at=known,
    )  # fmt: skip
    lake.write(PRICES, nw.from_native(prices))
    order = rows.head(1).select(
        "product_id", "facility_id", replenishment_id=pl.lit("r"), supplier_id=pl.lit("s"), units=1,
        ordered_at=known, expected_at=known, received_at=known, recorded_at=known,
    )  # fmt: skip
    lake.write(REPLENISHMENTS, nw.from_native(order))
    known = learnt(
        Lake(lake.path), datetime(2025, 4, 1, tzinfo=UTC), [f"p{k:02}/w" for k in range(30)]
    )
    assert known.demand.drift < 0.1
    assert known.demand.base.level.mean() == pytest.approx(12, rel=0.05)


@pytest.mark.parametrize("doubt", [-0.1, np.inf, np.nan])
def test_a_doubt_that_is_none_is_refused(doubt):
    with pytest.raises(ValueError, match="doubt: expected a share of at least 0"):
        Lifted(doubt=doubt)


def test_few_orders_say_nothing_of_suppliers():
    row = {"orders": 29} | {name: 1.0 + k for k, name in enumerate(QUANTILES)}
    assert (ratios(pl.DataFrame([row])) == 1).all()
    assert ratios(pl.DataFrame([row | {"orders": 30}])).tolist() == [
        [1.0 + k for k in range(len(QUANTILES))]
    ]
