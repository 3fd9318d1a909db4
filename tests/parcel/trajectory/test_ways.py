"""Whole ways: they begin as the next stop is told, go on in time over known lanes, and end."""

import sys
from dataclasses import dataclass, field

import narwhals as nw
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lanecast.parcel import trajectory
from lanecast.parcel.trajectory.models import Blend, Boosted
from lanecast.parcel.trajectory.models.spread import LEVEL, Spread
from lanecast.tables.lake import collect
from lanecast.tables.trajectory import ANSWERS, NO_FURTHER, SOMEWHERE_NEW

from ..stories import at, number

NOW = 220.0


@pytest.fixture(scope="module")
def roads(trucks):
    """A fitted blend, the trucks under way at ``NOW``, context and clocks."""
    x = collect(trajectory.features(trucks, at(0), at(NOW)).lazy())
    y = collect(trajectory.outcomes(trucks, at(NOW)))
    fitted = Blend(Boosted(rounds=15, leg_rounds=15)).fit(x, y)
    rows = collect(trajectory.under_way(trucks, at(NOW))).sort("parcel_id")
    known = trajectory.context(trucks, at(NOW)), collect(trajectory.clocks(trucks, at(NOW)))
    return fitted, rows, *known


def test_under_way_is_the_last_question_of_who_has_not_been_heard_of(trucks, roads):
    asked = collect(trajectory.asked(trucks, at(0), at(NOW)))
    came = collect(trajectory.outcomes(trucks, at(NOW)))
    expected = {}
    for row in asked.sort("asof_h").to_dicts():
        (mine,) = came.filter(parcel_id=row["parcel_id"], asof_h=row["asof_h"])["ended"]
        expected.pop(row["parcel_id"], None)
        if mine == 0:
            expected[row["parcel_id"]] = row["asof_h"]
    found = dict(roads[1].select("parcel_id", "asof_h").iter_rows())
    assert found == expected and len(found) > 200
    assert "departed" in roads[1]["status"].to_list()


def test_ways_go_forward_over_known_lanes_to_an_end(roads):
    _, rows, context, _ = roads
    drawn = trajectory.ways(*roads, draws=8, most=5)
    assert drawn.select("parcel_id", "draw").unique().height == 8 * rows.height
    lanes = set(context["lanes"].to_native().select("here", "next_stop").rows())
    start = {name: (here, h) for name, here, h in rows.select("parcel_id", "here", "asof_h").rows()}
    longer = 0
    for (name, _), way in drawn.group_by("parcel_id", "draw"):
        here, last = start[str(name)]
        assert way["step"].to_list() == list(range(1, way.height + 1))
        for stop, then in way.select("stop", "at_h").iter_rows():
            assert then > last and (stop == SOMEWHERE_NEW or (here, stop) in lanes)
            here, last = stop, then
        assert not way["stop"][:-1].is_in(ANSWERS).any()
        assert way["stop"][-1] in ANSWERS or way.height == 5
        longer += way.height > 1
    assert longer > 50


def test_the_first_step_is_the_answer_to_the_question(roads):
    """Shares and quantiles of many draws are those of the prediction."""
    fitted, rows, context, clocks = roads
    one = rows.filter(status="departed").head(1)
    told = fitted.predict(trajectory.assemble(nw.from_native(one), context).to_native())
    drawn = trajectory.ways(fitted, one, context, clocks, draws=20_000, most=1)
    for row in told.drop_nulls("probability").iter_rows(named=True):
        mine = drawn.filter(stop=row["stop"])
        error = 4 * np.sqrt(row["probability"] * (1 - row["probability"]) / 20_000)
        assert mine.height / 20_000 == pytest.approx(row["probability"], abs=max(error, 1e-3))
        if mine.height > 3000:
            hours = mine["at_h"] - one["asof_h"][0]
            for name in ("q100", "q500", "q900"):
                level = int(name[1:]) / 1000
                assert hours.quantile(level) == pytest.approx(row[name], rel=0.05)


def test_a_parcel_has_the_same_ways_alone_and_in_any_batch(roads, monkeypatch):
    fitted, rows, context, clocks = roads
    few = rows.sample(12, seed=1, shuffle=True)
    all_ = trajectory.ways(fitted, few, context, clocks, draws=10, most=4)
    name = few["parcel_id"][5]
    alone = trajectory.ways(fitted, few.filter(parcel_id=name), context, clocks, draws=10, most=4)
    assert_frame_equal(alone, all_.filter(parcel_id=name))
    monkeypatch.setattr(sys.modules["lanecast.parcel.trajectory.ways"], "BATCH", 25)
    assert_frame_equal(trajectory.ways(fitted, few, context, clocks, draws=10, most=4), all_)
    other = trajectory.ways(fitted, few, context, clocks, draws=10, most=4, seed=1)
    assert not other.equals(all_)


def test_silence_until_now_counts_against_what_would_be_known_by_now(roads):
    """Nothing is drawn before now, and the quicker of two stops loses by its share of silence."""
    fitted, rows, context, clocks = roads
    one = rows.filter(status="departed", here="a").head(1)
    asked = one["asof_h"][0]
    x = trajectory.assemble(nw.from_native(one), context).to_native()
    chance, middle, size = fitted.chance(x), fitted.log_hours(x), fitted.expected_size(x)
    waited = 3.6
    left = chance * (1 - fitted.around.below(middle, size, np.full(len(x), waited)))
    expected = dict(zip(x["next_stop"], left / left.sum(), strict=True))
    drawn = trajectory.ways(fitted, one, context, clocks, asked + waited, draws=4000, most=1)
    assert drawn["at_h"].min() >= asked + waited
    for stop in ("b", "c"):
        assert drawn.filter(stop=stop).height / 4000 == pytest.approx(expected[stop], abs=0.035)
    before = dict(zip(x["next_stop"], chance, strict=True))
    assert expected["b"] < before["b"] and expected["c"] > before["c"]


def test_a_parcel_not_heard_of_for_a_year_still_has_ways(roads):
    fitted, rows, context, clocks = roads
    now_h = number(at(NOW)) + 24 * 365
    drawn = trajectory.ways(fitted, rows.head(3), context, clocks, now_h, draws=5)
    assert drawn["at_h"].min() > now_h and drawn["parcel_id"].n_unique() == 3


@dataclass(frozen=True)
class ByTheClock:
    """Goes anywhere, and takes an hour more than the clock shows."""

    around: Spread = field(default_factory=lambda: Spread(np.zeros(len(LEVEL))))

    def chance(self, x):
        return np.ones(x.height)

    def log_hours(self, x):
        return np.log(1 + x["hour"].to_numpy())

    def expected_size(self, x):
        return np.ones(x.height)


def test_the_clock_of_each_place_is_read_there(roads):
    _, rows, context, clocks = roads
    told = clocks.with_columns(offset_min=pl.lit(-330))
    drawn = trajectory.ways(ByTheClock(), rows.head(40), context, told, draws=100, most=4)
    then, before = pl.col("at_h"), pl.col("at_h").shift(1).over("parcel_id", "draw")
    hours = drawn.with_columns(took=then - before, clock=(before - 5.5) % 24).drop_nulls("took")
    assert hours.height > 300
    assert hours["took"].to_numpy() == pytest.approx(1 + hours["clock"].to_numpy(), abs=1e-6)


def test_summaries_are_those_of_a_loop(roads):
    drawn = trajectory.ways(*roads, draws=16, most=4).filter(
        pl.col("parcel_id").is_in(roads[1]["parcel_id"].head(8).implode())
    )
    best, stops = trajectory.likeliest(drawn, 2), trajectory.arrivals(drawn)
    for (name,), part in drawn.group_by("parcel_id"):
        ways: dict[tuple[str, ...], list[float]] = {}
        met: dict[tuple[str, int], list[float]] = {}
        for _, way in part.group_by("draw"):
            way = way.sort("step")
            ways.setdefault(tuple(way["stop"]), []).append(way["at_h"][-1])
            for i, (stop, then) in enumerate(way.select("stop", "at_h").iter_rows()):
                met.setdefault((stop, way["stop"][: i + 1].to_list().count(stop)), []).append(then)
        mine = best.filter(parcel_id=name)
        assert mine["chance"].to_list() == sorted(len(v) / 16 for v in ways.values())[::-1][:2]
        for stops_, chance, q in mine.select("stops", "chance", "q500").iter_rows():
            ends = ways[tuple(stops_)]
            assert chance == len(ends) / 16 and q == pytest.approx(np.median(ends))
        told = stops.filter(parcel_id=name)
        assert {(s, v) for s, v in told.select("stop", "visit").iter_rows()} == met.keys()
        for stop, visit, chance, low in told.select("stop", "visit", "chance", "q100").iter_rows():
            assert chance == len(met[stop, visit]) / 16
            assert low == pytest.approx(np.quantile(met[stop, visit], 0.1))


@pytest.mark.parametrize("wrong", [{"draws": 0}, {"most": 0}])
def test_nonsense_is_refused(roads, wrong):
    with pytest.raises(ValueError, match="draws >= 1 and most >= 1"):
        trajectory.ways(*roads, **wrong)
    fitted, rows, context, clocks = roads
    with pytest.raises(ValueError, match="one question per parcel"):
        trajectory.ways(fitted, pl.concat([rows, rows.head(1)]), context, clocks)


def test_nobody_under_way_is_no_way(roads):
    fitted, rows, context, clocks = roads
    drawn = trajectory.ways(fitted, rows.head(0), context, clocks)
    assert drawn.is_empty() and drawn.columns == ["parcel_id", "draw", "step", "stop", "at_h"]
    assert trajectory.likeliest(drawn, 3).is_empty() and trajectory.arrivals(drawn).is_empty()
    assert NO_FURTHER in ANSWERS


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(0.01, 1.0), min_size=14, max_size=14),
    st.floats(0.2, 3.0),
    st.floats(-2, 5),
    st.floats(1e-4, 1 - 1e-4),
)
def test_a_time_that_is_drawn_has_the_chance_it_was_drawn_with(steps, size, middle, chance):
    law = Spread(np.cumsum([0.0, *steps]) - 3.0)
    hours = law.drawn(np.array([middle]), np.array([size]), np.array([chance]))
    back = law.below(np.array([middle]), np.array([size]), hours)
    assert back[0] == pytest.approx(chance, rel=1e-6)
    whole = law.drawn(np.full(len(LEVEL), middle), np.full(len(LEVEL), size), LEVEL)
    assert np.log(whole) == pytest.approx(middle + size * law.quantiles)
