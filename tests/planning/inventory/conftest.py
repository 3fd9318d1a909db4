from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from lanecast.optimize.cover import Price
from lanecast.planning.inventory.models.recent import drawn
from lanecast.planning.inventory.replay import Shop

NOW = datetime(2025, 3, 1, 18, tzinfo=UTC)


def forecasts(mean, days=28, draws=80, seed=0, spread=0.2):
    """Forecast rows with paths, one item per mean."""
    mean = np.asarray(mean, float)
    paths = drawn(np.repeat(mean[:, None], days, axis=1), np.full(len(mean), spread), draws, seed)
    first = date(2025, 3, 2)
    return pl.DataFrame(
        {
            "unique_id": np.repeat([f"p{i}/w" for i in range(len(mean))], days),
            "ds": [first + timedelta(days=k) for k in range(days)] * len(mean),
            "paths": paths.transpose(0, 2, 1).reshape(-1, draws).tolist(),
        }
    ).with_columns(asof=pl.lit(NOW).cast(pl.Datetime("us", "UTC")))


def items(count, **columns):
    usual = {"on_hand": 0, "lead_d": 3.0, "review_d": 7, "unit_cost": 10.0, "price": 16.0}
    return pl.DataFrame(
        {"unique_id": [f"p{i}/w" for i in range(count)]}
        | {name: [value] * count for name, value in usual.items()}
        | {name: value if isinstance(value, list) else [value] * count
           for name, value in columns.items()}
    )  # fmt: skip


def make_shop(count=40, past=98, days=42, seed=0, fixed=2.0, expiring=0.15):
    """A shop whose true law is known: level x weekday, negative binomial; and that law."""
    random = np.random.default_rng(seed)
    level = np.exp(random.normal(1.4, 1.0, count))
    week = np.exp(random.normal(0, 0.18, (count, 7)))
    week /= week.mean(axis=1, keepdims=True)
    spread = 1 / random.lognormal(np.log(8), 0.4, count)
    mean = level[:, None] * week[:, np.arange(past + days + 120) % 7]
    asked = drawn(mean, spread, 1, seed + 1)[:, 0]
    lead = random.integers(2, 10, count)

    def nights(width):
        noise = random.standard_gamma(16, (count, width)) / 16
        return np.maximum(np.round(lead[:, None] * noise), 1).astype(np.int64) - 1

    review = np.where(random.random(count) < 0.4, 1, 7)
    cost = np.exp(random.normal(2.5, 0.8, count))
    margin = cost * random.uniform(0.3, 1.2, count)
    shop = Shop(
        sold=asked[:, :past],
        met=np.ones((count, past), bool),
        demand=asked[:, past : past + days],
        nights=nights(days),
        leads=nights(60),
        lead=lead - 1,
        review=review,
        phase=random.integers(0, 7, count),
        keeps=np.where(random.random(count) < expiring, random.integers(8, 30, count), 0),
        pack=np.where(level < 1, 1.0, random.choice([1.0, 4.0, 6.0], count)),
        price=Price(cost * 0.25 / 365, margin, cost),
        fixed=np.full(count, fixed),
        stock=np.round(level * (lead + review) * 1.2),
        coming=np.zeros((count, 1)),
    )
    return shop, mean[:, past:], spread


@pytest.fixture(scope="session")
def shop():
    return make_shop()
