"""Orders under way: certain ones are foreseen exactly, and nothing is known before it was told."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from lanecast.planning.workforce import Receipts, Volumes
from lanecast.planning.workforce.models.under_way import survival

DAYS, LEAD = 100, 5
NOW = datetime(2025, 4, 11, tzinfo=UTC)
FIRST = int(NOW.timestamp() // 86400) - DAYS
UNITS = np.where(np.arange(DAYS) % 3 == 0, 10.0 * (1 + np.arange(DAYS) % 7), 0.0)


def orders(took=LEAD, units=UNITS, stated=LEAD):
    """Order every third evening at six; it comes ``took`` days later at six in the morning."""
    day = np.flatnonzero(units)
    ordered = (FIRST + day) * 24.0 + 18
    came = (FIRST + day + took) * 24.0 + 6
    seen = came <= NOW.timestamp() / 3600
    return pl.DataFrame(
        {
            "replenishment_id": [f"r{k}" for k in day], "facility_id": "w", "units": units[day],
            "ordered_h": ordered, "expected_h": (FIRST + day + stated) * 24.0 + 6,
            "known_h": ordered, "received_h": np.where(seen, came, np.nan),
            "told_h": np.where(seen, came, np.nan),
        }
    ).with_columns(pl.col("received_h", "told_h").fill_nan(None))  # fmt: skip


def volumes(came):
    """Return what came by day, received and put away at eight, beside 50 picked in each hour."""
    rows = [
        ("w", process, "UTC", (FIRST + day) * 24.0 + hour, units)
        for day in range(DAYS)
        for process, hours, units in (
            ("pick", range(24), 50.0), ("receive", [8], came[day]), ("put_away", [8], came[day])
        )
        for hour in hours
    ]  # fmt: skip
    names = ["facility_id", "process", "zone", "hour_h", "units"]
    return pl.DataFrame(rows, schema=names, orient="row")


CAME = np.concatenate([np.zeros(LEAD), UNITS[:-LEAD]])


def daily(fitted, process="receive", days=7):
    rows = fitted.predict(NOW, days).filter(pl.col("unique_id") == f"w/{process}")
    return (
        rows.group_by(pl.col("ds").dt.date(), maintain_order=True)
        .agg(pl.col("mean").sum())["mean"]
        .to_numpy()
    )


def test_what_surely_comes_is_foreseen_exactly():
    """The last whole day of the volumes is the one before the last, so the days begin there."""
    fitted = Volumes().fit(volumes(CAME), Receipts(orders(), NOW))
    begin = DAYS - 1
    all_days = np.concatenate([np.zeros(LEAD), UNITS])
    for process in ("receive", "put_away"):
        told = daily(fitted, process)
        np.testing.assert_allclose(told[:6], all_days[begin : begin + 6], atol=1e-6)
        assert told[6] > 1  # of orders that are not placed yet
    plain = Volumes().fit(volumes(CAME))
    np.testing.assert_array_equal(daily(fitted, "pick"), daily(plain, "pick"))
    assert np.abs(daily(plain)[:6] - all_days[begin : begin + 6]).mean() > 5


def test_beyond_the_reach_of_orders_nothing_changes():
    fitted = Volumes().fit(volumes(CAME), Receipts(orders(), NOW))
    plain = Volumes().fit(volumes(CAME))
    far = [daily(each, days=60)[40:] for each in (fitted, plain)]
    np.testing.assert_allclose(far[0], far[1])


def test_who_is_later_than_any_order_ever_was_is_not_expected():
    one = orders().with_row_index("k")
    lost = pl.col("k") == 10  # an order of long ago that never came
    gone = one.with_columns(
        pl.when(lost).then(None).otherwise(name).alias(name) for name in ("received_h", "told_h")
    )
    told = [
        daily(Volumes().fit(volumes(CAME), Receipts(each, NOW)))[:5]
        for each in (one, gone.drop("k"))
    ]
    np.testing.assert_allclose(told[0], told[1], rtol=0.05, atol=0.05)


def test_work_that_does_not_follow_receipts_is_left_as_it_was():
    other = np.random.default_rng(0).permutation(CAME)
    fitted = Volumes().fit(volumes(other), Receipts(orders(), NOW))
    np.testing.assert_array_equal(daily(fitted), daily(Volumes().fit(volumes(other))))


def test_too_few_receipts_say_nothing():
    few = orders().head(20)
    fitted = Volumes().fit(volumes(CAME), Receipts(few, NOW))
    np.testing.assert_array_equal(daily(fitted), daily(Volumes().fit(volumes(CAME))))


def test_orders_recorded_later_are_not_used_at_past_origins():
    """Told only now, the same orders say nothing of what one would have said before."""
    late = orders().with_columns(known_h=pl.lit(NOW.timestamp() / 3600))
    known, plain = (Volumes().fit(volumes(CAME), Receipts(each, NOW)) for each in (orders(), late))
    row = known.days.ids.index("w/receive")
    off = [np.abs(each.said - each.seen)[row, 1:].sum() for each in (known, plain)]
    assert off[0] < 0.4 * off[1]


def test_survival_is_that_of_a_loop():
    random = np.random.default_rng(1)
    age, seen = random.integers(1, 12, 80).astype(float), random.random(80) < 0.7
    ages, alive = survival(age, seen)
    for at in (0.5, 1.0, 3.0, 7.5, 11.0):
        left = 1.0
        for time in sorted(set(age[seen])):
            if time <= at:
                left *= 1 - (age[seen] == time).sum() / (age >= time).sum()
        assert alive[np.searchsorted(ages, at, side="right")] == pytest.approx(left)


def test_an_open_order_comes_on_a_day_on_which_orders_of_its_age_did():
    """Half take 4 days and half 6: one that is five days old and open surely comes on the sixth."""
    one = orders(units=np.full(DAYS, 10.0))
    took = np.where(np.random.default_rng(2).random(one.height) < 0.5, 4, 6)
    came = one["ordered_h"].to_numpy() - 12 + 24.0 * took
    seen = came <= NOW.timestamp() / 3600
    times = pl.Series(np.where(seen, came, np.nan)).fill_nan(None)
    handled = np.zeros(DAYS)
    np.add.at(handled, (came[seen] // 24).astype(int) - FIRST, 10.0)
    receipts = Receipts(one.with_columns(received_h=times, told_h=times), NOW)
    fitted = Volumes().fit(volumes(handled), receipts)
    pieces = fitted.ahead.pieces[fitted.days.ids.index("w/receive")]
    day = (came // 24).astype(int) - FIRST
    known = seen & (day == DAYS - 1)  # on the day that was not whole
    old = ~seen & (np.arange(DAYS) == DAYS - 6)
    young = ~seen & (np.arange(DAYS) > DAYS - 5)
    assert pieces.sum() == pytest.approx(10.0 * (known | old | young).sum(), rel=1e-6)
    assert pieces[0] == pytest.approx(10.0 * known.sum())
    assert pieces[1] >= 10.0 * old.sum() - 1e-9
