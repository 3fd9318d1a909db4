"""A replay learns from what was known at each cut-off, and from nothing else."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lanecast.experiment import Entry, cutoffs, flat, replay
from lanecast.parcel import eta
from lanecast.parcel.eta import LaneQuantiles, Plain
from lanecast.parcel.journeys import journeys
from lanecast.parcel.questions import ASKED, questions
from lanecast.tables.lake import collect
from lanecast.tables.parcel import MOMENTS

LEARN, SINCE = datetime(2025, 3, 3, tzinfo=UTC), datetime(2025, 3, 6, tzinfo=UTC)
UNTIL, EVERY = SINCE + timedelta(days=5, hours=12), timedelta(days=2)
CUTOFFS = [SINCE + k * EVERY for k in range(3)]


@dataclass(frozen=True)
class Spy:
    """A model that remembers what it was shown."""

    seen: list = field(default_factory=list)

    def fit(self, x, y):
        self.seen.append((x, y))
        return LaneQuantiles().fit(x, y)


@dataclass
class Played:
    spy: Spy
    once: Spy
    said: list
    result: object


@pytest.fixture(scope="module")
def played(world_lake):
    spy, once, said = Spy(), Spy(), []
    entries = {"spy": Entry(spy), "once": Entry(once, once=True), "plain": Entry(Plain())}
    result = replay(
        eta, entries, world_lake, SINCE, UNTIL, EVERY, LEARN, lambda *what: said.append(what)
    )
    return Played(spy, once, said, result)


def hour(instant):
    return instant.timestamp() / 3600


def test_training_saw_no_question_from_after_its_cut_off(played):
    assert len(played.spy.seen) == len(CUTOFFS)
    for cutoff, (x, _) in zip(CUTOFFS, played.spy.seen, strict=True):
        assert x["asof_h"].max() < hour(cutoff)
        assert x["asof_h"].max() > hour(cutoff) - 24, "but all of those before it"
        assert x["asof_h"].min() >= hour(LEARN)
        assert x.select(ASKED).is_unique().all()


def test_training_saw_no_outcome_that_was_recorded_after_its_cut_off(played, world_lake):
    lives = collect(journeys(world_lake)).select("parcel_id", "asof_h", "delivered_known_h")
    for cutoff, (_, y) in zip(CUTOFFS, played.spy.seen, strict=True):
        assert (y["seen_h"] == hour(cutoff)).all()
        both = y.join(lives, on="parcel_id", how="left")
        assert both["asof_h"].max() <= hour(cutoff)
        known = both["delivered_known_h"].fill_null(1e9) <= hour(cutoff)
        assert (known == (both["ended"] == 1)).all()
        assert 0 < known.sum() < y.height
        assert (both.filter(~known)["end_h"] <= hour(cutoff)).all()


def test_what_was_learnt_from_grows_by_what_was_asked(played, world_lake):
    x, _ = played.spy.seen[-1]
    alone = collect(eta.features(world_lake.asof(CUTOFFS[-1]), LEARN, CUTOFFS[-1]).lazy())
    assert_frame_equal(x.sort(ASKED), alone.sort(ASKED), rel_tol=1e-12, abs_tol=1e-12)


def test_every_question_is_answered_once_by_every_entry(played, world_lake):
    asked = collect(questions(world_lake, SINCE, UNTIL)).select("parcel_id", "moment", "asof_h")
    got = played.result.predictions
    assert got.height == 3 * asked.height
    for (name,), part in got.group_by("model"):
        assert name in {"spy", "once", "plain"}
        asof_h = part["asof"].dt.epoch("us") / 3.6e9
        rows = part.select("parcel_id", "moment", asof_h=asof_h).sort("parcel_id", "asof_h")
        assert_frame_equal(rows, asked.sort("parcel_id", "asof_h"), abs_tol=1e-8, rel_tol=0)


def test_each_answer_comes_from_the_fit_before_it(played):
    rows = played.result.predictions.filter(model="spy")
    fitted_h = rows["version"].cast(pl.Float64)
    age = (rows["asof"].dt.epoch("us") / 3.6e9 - fitted_h) / 24
    assert age.min() >= 0
    assert age.max() < EVERY / timedelta(days=1)


def test_once_is_fitted_once(played):
    assert len(played.once.seen) == 1
    assert_frame_equal(played.once.seen[0][0], played.spy.seen[0][0])
    first = played.result.predictions.filter(model="once")
    assert first["version"].unique().to_list() == [f"{hour(SINCE):.0f}"]


def test_scores_see_what_the_lake_knows_today(played, world_lake):
    final = played.result.outcomes
    assert (final["ended"] == 1).mean() > 0.9
    early = replay(
        eta, {"spy": Entry(Spy())}, world_lake.asof(UNTIL), SINCE, SINCE + EVERY, EVERY, LEARN
    )  # fmt: skip
    assert early.outcomes["seen_h"].unique().to_list() == [hour(UNTIL)]


def test_progress_is_told_and_never_goes_back(played):
    done = [fraction for _, fraction in played.said]
    assert done == sorted(done)
    assert done[-1] == 1
    assert [what for what, _ in played.said[1:-1]] == [f"{c:%Y-%m-%d}" for c in CUTOFFS]


def test_flat_has_exactly_the_documented_keys(played):
    figures = flat(played.result, eta, "spy", "plain")
    scores = {"mae_days", "coverage_80", "coverage_95", "bias_days", "crps_days", "n", "n_open"}
    scores |= {"mae_baseline_days", "mae_spy_days", "mae_once_days", "mae_plain_days"}
    assert figures.keys() == scores | {"fit_s", "predict_rows_per_s", "features_s", "months"}
    assert [month["month"] for month in figures["months"]] == ["2025-03"]
    assert all(month.keys() == scores | {"month"} for month in figures["months"])
    json.dumps(figures, allow_nan=False)
    assert figures["mae_days"] == figures["mae_spy_days"]
    assert figures["mae_baseline_days"] == figures["mae_plain_days"]
    assert figures["fit_s"] > 0 < figures["predict_rows_per_s"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_flat_is_the_evaluation_of_one_moment(played, moment):
    figures = flat(played.result, eta, "once", "plain", moment)
    rows = played.result.predictions.filter(moment=moment, model="once")
    row = eta.evaluate(rows, played.result.outcomes, ["model"]).row(0, named=True)
    for name in figures.keys() & row.keys():
        assert figures[name] == pytest.approx(row[name], rel=1e-12)
    assert sum(month["n"] for month in figures["months"]) == row["n"]


def test_months_are_civil_where_the_reader_lives(played):
    edge = pl.lit(datetime(2025, 4, 1, 2, tzinfo=UTC)).cast(pl.Datetime("us", "UTC"))
    moved = replace(played.result, predictions=played.result.predictions.with_columns(asof=edge))
    there = flat(moved, eta, "spy", "plain", zone="America/Sao_Paulo")
    assert [month["month"] for month in there["months"]] == ["2025-03"]
    assert [month["month"] for month in flat(moved, eta, "spy", "plain")["months"]] == ["2025-04"]


@given(st.integers(1, 2000), st.integers(1, 900))
def test_cut_offs_cover_the_window_without_gap_or_overlap(hours, step):
    until, every = SINCE + timedelta(hours=hours), timedelta(hours=step)
    moments = cutoffs(SINCE, until, every)
    assert moments[0] == SINCE
    assert all(b - a == every for a, b in pairwise(moments))
    assert moments[-1] < until <= moments[-1] + every


@pytest.mark.parametrize(
    ("until", "every", "message"),
    [
        (UNTIL, timedelta(0), "every: expected a time above zero, got 0:00:00"),
        (UNTIL, -EVERY, "every: expected a time above zero"),
        (SINCE, EVERY, "until: expected a moment after 2025-03-06"),
        (LEARN, EVERY, "until: expected a moment after"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(until, every, message):
    with pytest.raises(ValueError, match=message):
        cutoffs(SINCE, until, every)
