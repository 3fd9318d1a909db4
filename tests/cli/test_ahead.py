"""The parcel that the demo follows: from the past alone, and what came is only looked up."""

from datetime import UTC, datetime
from functools import partial

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lanecast.cli.ahead import RISKS, ahead, learn
from lanecast.parcel import events, trajectory
from lanecast.tables.lake import Lake
from lanecast.tables.trajectory import NO_FURTHER

from ..parcel.stories import BY_NAME, cut

NOW = datetime(2025, 2, 20, tzinfo=UTC)


@pytest.fixture
def few_rounds(monkeypatch):
    monkeypatch.setattr(
        trajectory, "Boosted", partial(trajectory.Boosted, rounds=10, leg_rounds=10)
    )
    learnt = events.Boosted
    monkeypatch.setattr(
        events, "Boosted", lambda **how: learnt(**how | {"rounds": 10, "most": 2000})
    )


def test_it_is_learnt_and_chosen_from_the_past_and_only_what_came_is_looked_up(
    company, few_rounds, tmp_path
):
    whole = Lake(company / "lake")
    tables = {
        name: whole.versions(table).collect().to_native()
        for name, table in BY_NAME.items()
        if whole.has(table)
    }
    tables = {name: rows.select(*BY_NAME[name].columns) for name, rows in tables.items()}
    past = cut(tables, NOW, tmp_path / "lake")
    way = ahead(whole, NOW, learn(whole, NOW, seed=0), seed=0)
    early = ahead(past, NOW, learn(past, NOW, seed=0), seed=0)
    assert way is not None and early is not None
    assert way.parcel_id == early.parcel_id and way.promised_h == early.promised_h
    for name in ("been", "moves", "risks"):
        first, second = getattr(way, name), getattr(early, name)
        assert_frame_equal(first, second, check_row_order=False)
    known = pl.exclude("came_h")
    assert_frame_equal(way.stops.select(known), early.stops.select(known), check_row_order=False)
    assert early.stops["came_h"].null_count() == early.stops.height
    came = way.stops.drop_nulls("came_h")
    assert came.height and (came["came_h"] > way.now_h - 24).all()

    now_h = NOW.timestamp() / 3600
    assert way.been.height >= 2 and (way.been["at_h"] < now_h).all()
    assert way.been["at_h"].is_sorted()
    assert (way.stops["q100"] >= now_h).all()
    assert set(way.risks["event"]) <= set(RISKS.values())
    assert way.risks["chance"].is_between(0, 1).all()
    lanes = way.moves.filter(pl.col("from") == way.been["stop"][-1])["chance"].sum()
    assert lanes >= 1 - 1e-9
    ends = way.stops.filter(stop=NO_FURTHER)["chance"].sum()
    assert 0.5 < ends <= 1
