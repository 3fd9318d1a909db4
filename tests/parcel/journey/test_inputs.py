"""What a request reads of a context is, to the bit, what a whole day reads of it."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lanecast.parcel.journey import assemble, context, slices, steps
from lanecast.parcel.journey.reach import KEYS
from lanecast.tables.lake import collect

EXACT = {"check_exact": True}


@pytest.fixture(scope="module")
def told(company_lake, company_days):
    start, _, end = company_days
    return collect(steps(company_lake, start, end)), context(company_lake, end)


def alone(rows, told, n=25):
    for name in rows["parcel_id"].unique().sort()[:n]:
        yield assemble(rows.filter(parcel_id=name), told)


def test_a_parcel_alone_has_the_inputs_it_has_among_all(told):
    rows, tables = told
    every = assemble(rows, tables)
    assert every.steps["usually_n"].max() > 3 and every.steps["here_stay"].abs().max() > 0.1
    for mine in alone(rows, tables):
        name = mine.steps["parcel_id"][0]
        assert_frame_equal(mine.steps, every.steps.filter(parcel_id=name), **EXACT)
        lanes = every.reach.join(mine.steps, on=KEYS, how="semi", nulls_equal=True)
        assert_frame_equal(mine.reach, lanes, **EXACT)
    assert every.reach.height > 500


def test_a_search_reads_what_reading_the_whole_table_reads(told, monkeypatch):
    rows, tables = told
    quick = list(alone(rows, tables, 8))
    monkeypatch.setattr(slices, "FEW", -1)
    for mine, whole in zip(quick, alone(rows, tables, 8), strict=True):
        assert_frame_equal(mine.steps, whole.steps, **EXACT)
        assert_frame_equal(mine.reach, whole.reach, **EXACT)


def test_the_order_in_which_steps_are_given_does_not_matter(told):
    rows, tables = told
    one, other = (
        assemble(each, tables) for each in (rows, rows.sample(fraction=1.0, shuffle=True, seed=3))
    )
    assert_frame_equal(one.steps, other.steps, **EXACT)
    assert_frame_equal(one.reach, other.reach, **EXACT)


def test_only_places_that_somebody_mentions_are_kept(told):
    rows, tables = told
    mine = next(alone(rows, tables, 1))
    few = mine.mentioned()
    columns = ("facility_id", "origin_facility_id", "goal_facility_id")
    named = set(mine.reach["place"]).union(*(mine.steps[each] for each in columns))
    assert set(few.places["facility_id"]) == named - {"", None}
    assert few.places.height < mine.places.height
    assert few.places.equals(mine.places.filter(pl.col("facility_id").is_in(named)))


def test_vectors_stand_beside_the_places_that_have_one(company_lake, company_days):
    _, _, end = company_days
    places = context(company_lake, end)["places"]
    vectors = pl.DataFrame(
        {"facility_id": [places["facility_id"][2], "nowhere"], "v_0": [0.5, 1.0]}
    )
    found = context(company_lake, end, vectors)["places"]
    assert found["v_0"].to_list() == [None, None, 0.5, *[None] * (places.height - 3)]
    assert_frame_equal(found.drop("v_0"), places)
