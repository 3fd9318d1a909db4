"""Delete what was recorded later: no step, no lane, no load and no answer may change."""

from datetime import timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lanecast.parcel.journey import answers, assemble, context, sequences
from lanecast.parcel.journey.reach import KEYS
from lanecast.parcel.journey.steps import steps
from lanecast.sources.world import TABLES
from lanecast.tables.lake import collect

from ..stories import at, chaos, cut, number

CLOSE = {"rel_tol": 1e-9, "abs_tol": 1e-9}  # the order of a sum may differ in its last bits


def tables_of(lake):
    return {each.name: collect(lake.read(each)).select(list(each.columns)) for each in TABLES
            if lake.has(each)}  # fmt: skip


def same(one, other):
    for part in ("steps", "reach", "places"):
        assert_frame_equal(getattr(one, part), getattr(other, part), **CLOSE)


def until_then(x, instant):
    """Return the steps before ``instant``, and their lanes."""
    rows = x.steps.filter(pl.col("asof_h") < number(instant))
    return rows, x.reach.join(rows.select(KEYS).unique(), on=list(KEYS), nulls_equal=True,
                              how="semi")  # fmt: skip


@pytest.fixture(scope="module")
def cut_lake(company, company_days, tmp_path_factory):
    """The lake as it would be had the world ended in the middle."""
    return cut(company.tables, company_days[1], tmp_path_factory.mktemp("cut") / "lake")


def test_something_was_recorded_later(company, company_days):
    later = company.tables["scans"].filter(pl.col("recorded_at") > company_days[1])
    assert later.height > 500
    assert (later["recorded_at"] - later["event_at"]).max() > timedelta(hours=6)


def test_sequences_know_nothing_recorded_after_their_moment(company_lake, cut_lake, company_days):
    start, middle, _ = company_days
    mine = sequences(company_lake, start, middle)
    same(mine, sequences(cut_lake, start, middle))
    same(mine, sequences(company_lake.asof(middle), start, middle))
    assert mine.steps.height > 1000


def test_answers_know_nothing_recorded_after_their_moment(company_lake, cut_lake, company_days):
    start, middle, end = company_days
    rows = sequences(company_lake, start, end).steps
    short = answers(cut_lake, middle, rows)
    assert_frame_equal(answers(company_lake, middle, rows), short)
    assert answers(company_lake, end, rows)["end"].count() > short["end"].count() + 50


def test_steps_of_the_past_do_not_change_when_the_future_is_added(company_lake, company_days):
    start, middle, end = company_days
    early, late = sequences(company_lake, start, middle), sequences(company_lake, start, end)
    rows, lanes = until_then(late, middle)
    assert_frame_equal(early.steps, rows, **CLOSE)
    assert_frame_equal(early.reach, lanes, **CLOSE)
    assert early.reach.height > 100


def test_a_context_of_later_tells_the_same_of_the_past(company_lake, company_days):
    start, middle, end = company_days
    rows = collect(steps(company_lake, start, middle))
    early, late = (assemble(rows, context(company_lake, when)) for when in (middle, end))
    assert_frame_equal(early.steps, late.steps, **CLOSE)
    assert_frame_equal(early.reach, late.reach, **CLOSE)


@pytest.mark.parametrize("seed", range(2))
def test_a_chaotic_past_looks_the_same_from_later(tmp_path, seed):
    """Scans in any order, on the hour, twice, and after the end."""
    lake = chaos(tmp_path / "lake", seed)
    tables = tables_of(lake)
    whole = sequences(lake, at(-1), at(500))
    for hours in (170, 330):
        short = cut(tables, at(hours), tmp_path / f"cut{hours}")
        mine = sequences(short, at(-1), at(hours))
        same(sequences(lake, at(-1), at(hours)), mine)
        rows, lanes = until_then(whole, at(hours))
        assert_frame_equal(mine.steps, rows, **CLOSE)
        assert_frame_equal(mine.reach, lanes, **CLOSE)
        asked = answers(short, at(hours), whole.steps)
        assert_frame_equal(answers(lake, at(hours), whole.steps), asked)


def test_a_step_does_not_know_its_own_end(company, company_lake, company_days, tmp_path):
    """Every delivery that became known after the middle is made a month later."""
    start, middle, end = company_days
    later = (pl.col("recorded_at") > middle) & (pl.col("status") == "delivered")
    moved = [
        pl.when(later).then(pl.col(name) + pl.duration(days=30)).otherwise(name).alias(name)
        for name in ("event_at", "recorded_at")
    ]
    tables = company.tables | {"scans": company.tables["scans"].with_columns(moved)}
    other = cut(tables, end + timedelta(days=90), tmp_path / "lake")
    mine, theirs = (sequences(lake, start, end) for lake in (company_lake, other))
    week = middle + timedelta(days=1)
    key = ["parcel_id", "asof_h"]
    now = mine.steps.filter(pl.col("asof_h") < number(week))
    met = theirs.steps.join(now, on=key, how="semi", maintain_order="left")
    own = ("here_arrivals", "here_stay", "goal_arrivals", "goal_stay")  # others' deliveries count
    assert_frame_equal(met.drop(own), now.drop(own), **CLOSE)
    y, moved_y = (answers(lake, end, now.select(*key, "facility_id"))
                  for lake in (company_lake, other))  # fmt: skip
    assert (y["end"].count() - moved_y["end"].count()) > 50
