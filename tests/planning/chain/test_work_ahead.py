from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from lanecast.planning.chain.work_ahead import Trade, drivers, work_ahead
from lanecast.tables.parcel import QUANTILES

DAYS, FIRST = 80, 20000


def trade(seed=0, ahead=10):
    random = np.random.default_rng(seed)
    sold = random.poisson(200, DAYS + ahead).astype(float)
    received = 50.0 * random.poisson(3, DAYS + ahead)
    return Trade(FIRST, sold, received)


def test_a_process_follows_what_drives_it_with_its_delay_and_ratio():
    known = trade()
    noise = np.random.default_rng(1).normal(0, 1, DAYS)
    back = np.concatenate((np.zeros(10), known.sold))[:DAYS]
    daily = {
        "pick": 1.1 * known.sold[:DAYS] + noise,
        "put_away": known.received[:DAYS],
        "returns": 0.06 * back + noise / 20,
    }
    by = {each.process: each for each in drivers(daily, FIRST, known)}
    assert (by["pick"].source, by["pick"].lag) == ("sold", 0)
    assert by["pick"].ratio == pytest.approx(1.1, rel=0.01)
    assert (by["put_away"].source, by["put_away"].lag) == ("received", 0)
    assert (by["returns"].source, by["returns"].lag) == ("sold", 10)
    assert by["returns"].ratio == pytest.approx(0.06, rel=0.02)


def test_a_process_that_follows_nothing_is_left_to_recent_volumes():
    noise = np.random.default_rng(2).poisson(40, DAYS).astype(float)
    assert drivers({"returns": noise, "other": noise}, FIRST, trade()) == []


def said(days=3):
    start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=FIRST + DAYS)
    ds = [start + timedelta(hours=k) for k in range(24 * days)]
    mean = [10.0 if 8 <= k % 24 < 18 else 0.0 for k in range(24 * days)]
    rows = pl.DataFrame({"ds": ds, "mean": mean}).with_columns(
        unique_id=pl.lit("w/pick"), model=pl.lit("volumes"), version=pl.lit("1"),
        fallback=pl.lit(None, pl.String), **{name: pl.col("mean") * 1.2 for name in QUANTILES},
    )  # fmt: skip
    return rows.with_columns(pl.col("ds").cast(pl.Datetime("us", "UTC")))


def test_each_day_has_the_pieces_that_trade_says_and_keeps_its_profile():
    known = trade()
    by = drivers({"pick": known.sold[:DAYS] * 0.5}, FIRST, known)
    rows = work_ahead(said(), by, known, "UTC", "v")
    daily = rows.group_by(pl.col("ds").dt.date()).agg(
        pl.col("mean").sum(), pl.col("q500").sum()
    ).sort("ds")  # fmt: skip
    assert daily["mean"].to_numpy() == pytest.approx(0.5 * known.sold[DAYS : DAYS + 3])
    assert daily["q500"].to_numpy() == pytest.approx(1.2 * daily["mean"].to_numpy())
    inside = rows.filter(pl.col("mean") > 0)
    assert inside.group_by(pl.col("ds").dt.date()).agg(pl.col("mean").n_unique())[
        "mean"
    ].to_list() == [1, 1, 1]
    assert rows["fallback"].null_count() == rows.height


def test_days_beyond_what_trade_knows_stay_as_recent_volumes_say():
    known = trade(ahead=2)
    by = drivers({"pick": known.sold[:DAYS]}, FIRST, known)
    rows = work_ahead(said(), by, known, "UTC", "v").filter(pl.col("mean") > 0)
    last = rows.filter(pl.col("ds") >= rows["ds"].min() + timedelta(days=2))
    assert last["mean"].unique().to_list() == [10.0]
    assert last["fallback"].unique().to_list() == ["volumes"]
