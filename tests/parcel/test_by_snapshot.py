"""Each question is answered once, from the last snapshot before it, and none from a later one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import narwhals as nw
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lanecast.parcel.by_snapshot import by_snapshot
from lanecast.tables.lake import collect

SINCE = datetime(2025, 3, 1, tzinfo=UTC)
START_H = SINCE.timestamp() / 3600


def told(some: Any, now: datetime) -> Any:
    return some.with_columns(now_h=nw.lit(now.timestamp() / 3600))


@given(
    st.lists(st.floats(-10, 100), max_size=30),
    st.floats(0.5, 80),
    st.sampled_from([6.0, 24.0]),
)
def test_the_last_snapshot_before_each(offsets: list[float], hours: float, every: float) -> None:
    until = SINCE + timedelta(hours=hours)
    end_h = until.timestamp() / 3600
    asked = pl.DataFrame({"asof_h": [START_H + each for each in offsets]}, {"asof_h": pl.Float64})
    x = collect(by_snapshot(nw.from_native(asked.lazy()), SINCE, until, every, told).lazy())
    inside = [START_H + each for each in offsets if START_H <= START_H + each < end_h]
    assert sorted(x["asof_h"]) == sorted(inside)
    for asof_h, now_h in x.select("asof_h", "now_h").iter_rows():
        assert now_h <= asof_h < now_h + every
        assert (now_h - START_H) % every == 0


def test_a_period_without_length_has_the_columns_still() -> None:
    asked = nw.from_native(pl.DataFrame({"asof_h": [START_H]}).lazy())
    x = collect(by_snapshot(asked, SINCE, SINCE, 24.0, told).lazy())
    assert x.is_empty() and x.columns == ["asof_h", "now_h"]
