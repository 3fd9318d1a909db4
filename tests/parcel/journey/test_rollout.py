"""Whole ways: they go forward in time, over lanes that parcels took, to an end."""

from datetime import timedelta

import polars as pl
import pytest

from lanecast.nn.training import Training
from lanecast.parcel.journey import Journey, answers, context, rollout, sequences, steps
from lanecast.parcel.journey.rollout import FINAL, SOMEWHERE_NEW
from lanecast.tables.lake import collect

TINY = Journey(Training(epochs=2, batch=32, rate=5e-3), width=32, depth=1, bins=12)


@pytest.fixture(scope="module")
def drawn(company_lake, company_days):
    since, cut, _ = company_days
    lake = company_lake.asof(cut)
    x = sequences(lake, since, cut)
    fitted = TINY.fit(x, answers(lake, cut, x.steps))
    rows = collect(steps(lake, cut - timedelta(hours=6), cut))
    rows = rows.filter(pl.col("parcel_id").is_in(rows["parcel_id"].unique().sort()[:12].implode()))
    told = context(lake, cut)
    return fitted, rows, told, rollout(fitted, rows, told, draws=6, seed=1)


def test_every_parcel_has_its_draws_and_goes_forward_to_an_end(drawn):
    _, rows, _, ways = drawn
    assert ways.select("parcel_id", "draw").unique().height == 6 * rows["parcel_id"].n_unique()
    for (parcel, _), way in ways.group_by("parcel_id", "draw"):
        way = way.sort("step")
        start = rows.filter(parcel_id=parcel)["asof_h"].max()
        assert way["step"].to_list() == list(range(1, way.height + 1))
        assert way["at_h"].is_sorted() and way["at_h"][0] > start
        ended = way["status"].is_in(FINAL) | (way["facility_id"] == SOMEWHERE_NEW)
        assert not ended[:-1].any() and (ended[-1] or way.height == 24)


def test_a_way_takes_only_lanes_that_parcels_took(drawn):
    _, rows, told, ways = drawn
    taken = set(told["to_any"].select("reached_from", "place").rows())
    last = rows.sort("asof_h").group_by("parcel_id").agg(pl.col("reached_from").last())
    at = dict(last.iter_rows())
    moved = 0
    for (parcel, _), way in ways.group_by("parcel_id", "draw"):
        here = at[parcel]
        for place in way.sort("step")["facility_id"]:
            if place in ("", here, SOMEWHERE_NEW):
                continue
            assert (here, place) in taken
            here, moved = place, moved + 1
    assert moved > 20


def test_the_same_seed_draws_the_same_ways(drawn):
    fitted, rows, told, _ = drawn
    few = rows.filter(parcel_id=rows["parcel_id"][0])
    first, second, other = (rollout(fitted, few, told, draws=3, seed=seed) for seed in (4, 4, 5))
    assert first.equals(second) and not first.equals(other)


@pytest.mark.parametrize("wrong", [{"draws": 0}, {"most": 0}])
def test_nonsense_is_refused(drawn, wrong):
    fitted, rows, told, _ = drawn
    with pytest.raises(ValueError, match="draws >= 1 and most >= 1"):
        rollout(fitted, rows, told, **wrong)
