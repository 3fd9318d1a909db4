"""Chances put right: what was distorted is found again, also where many parcels are still open."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
import torch

from lanecast import artifact
from lanecast.nn.training import Training
from lanecast.parcel.journey import (
    Answered,
    Calibration,
    FittedJourney,
    Journey,
    answers,
    learnt,
    sequences,
)
from lanecast.parcel.journey.arrays import ELSEWHERE, HEADS
from lanecast.parcel.journey.net import NEW, NONE
from lanecast.parcel.journey.recalibration import calibration

MODEL = Journey(Training(epochs=1, batch=64, rate=4e-3), width=32, depth=1, bins=12)
N, BINS, WAYS = 4000, 8, 3
EDGES = {name: np.linspace(-1.0, 4.0, BINS + 1) for name in HEADS}
SAME = Calibration(
    dict.fromkeys(HEADS, 1.0),
    {name: np.zeros(len(words)) for name, words in HEADS.items()},
    {name: np.array([1.0, 0.0]) for name in HEADS},
    np.array([1.0, 0.0, 0.0]),
)
WRONG = replace(
    SAME,
    slope=SAME.slope | {"attempt": 1.6, "end": 0.7},
    shift=SAME.shift | {"attempt": np.array([-0.5, 0.5])},
    when=SAME.when | {"end": np.array([0.8, 0.4])},
    place=np.array([1.5, 0.7, 0.0]),
)


def drawn(rng, chance):
    """Draw a column of each row."""
    return (rng.random((len(chance), 1)) > chance.cumsum(1)[:, :-1]).sum(1)


@pytest.fixture(scope="module")
def true():
    """Answers that are right, of steps that are nobody's."""
    rng = np.random.default_rng(0)

    def joint(words, sharp):
        logits = rng.normal(size=(N, len(words), 1)) * sharp + rng.normal(
            size=(N, len(words), BINS)
        )
        chance = np.exp(logits)
        return chance / chance.sum((1, 2), keepdims=True)

    place = rng.dirichlet(np.ones(WAYS + 2), N)
    names = np.tile(np.array(["x", "y", "z"]), (N, 1))
    steps = pl.DataFrame({"parcel_id": [f"p{i}" for i in range(N)], "asof_h": np.zeros(N)})
    return Answered(
        steps.with_columns(moment=pl.lit("in_transit"), status=pl.lit("arrived")),
        {name: joint(words, 1.5) for name, words in HEADS.items()},
        EDGES,
        {name: np.zeros(N) for name in HEADS},
        names,
        place,
    )


@pytest.fixture(scope="module")
def truth(true):
    """What came, drawn from ``true``; a third of the parcels is last heard of early."""
    rng = np.random.default_rng(1)
    columns, moves = {}, np.zeros(N, bool)
    until = np.where(rng.random(N) < 0.33, np.exp(rng.uniform(-1, 3, N)), np.inf)
    for name, words in HEADS.items():
        what, bin_ = np.divmod(drawn(rng, true.chances[name].reshape(N, -1)), BINS)
        low, wide = EDGES[name][bin_], np.diff(EDGES[name])[bin_]
        after = np.exp(low + rng.random(N) * wide)
        word = pl.Series(np.array([each.split()[0] for each in words])[what])
        columns[name] = pl.select(pl.when(pl.Series(after <= until)).then(word)).to_series()
        columns[f"{name}_after_h"] = np.minimum(after, until)
        if name == "event":
            moves = np.array([ELSEWHERE in each for each in words])[what]
    columns["place"] = np.array(["x", "y", "z", "elsewhere", ""])[drawn(rng, true.place)]
    columns["place_after_h"] = np.where(moves, columns["event_after_h"], 1e9)
    return true.steps.select("parcel_id", "asof_h").with_columns(**columns)


def test_what_is_right_is_left_as_it_is(true):
    same = SAME.applied(true)
    for name, each in true.chances.items():
        np.testing.assert_allclose(same.chances[name], each, atol=1e-6)
    np.testing.assert_allclose(same.place, true.place, atol=1e-6)


def test_chances_that_were_moved_sum_to_one(true):
    moved = WRONG.applied(true)
    for each in moved.chances.values():
        np.testing.assert_allclose(each.sum((1, 2)), 1)
    np.testing.assert_allclose(moved.place.sum(1), 1)
    assert (
        np.abs(moved.chance("attempt", "delivered") - true.chance("attempt", "delivered")).max()
        > 0.1
    )


def test_what_was_distorted_is_put_right(true, truth):
    wrong = WRONG.applied(true)
    right = calibration(wrong, truth).applied(wrong)
    for name, word in (("attempt", "delivery_failed"), ("end", "returned"), ("end", "lost")):
        off, near = (np.abs(each.chance(name, word) - true.chance(name, word)).mean()
                     for each in (wrong, right))  # fmt: skip
        assert near < 0.02 < off
    level = np.array([0.5])
    off, near = (np.abs(np.log(each.hours("end", level) / true.hours("end", level))).mean()
                 for each in (wrong, right))  # fmt: skip
    assert near < 0.1 < 0.2 < off
    assert np.abs(right.place - true.place).mean() < 0.01 < np.abs(wrong.place - true.place).mean()


def test_few_answers_move_little(true, truth):
    found = calibration(WRONG.applied(true).only(np.arange(N) < 3), truth[:3])
    assert abs(found.slope["attempt"] - 1) < 0.2
    assert np.abs(found.shift["attempt"]).max() < 0.2
    assert np.abs(found.place - SAME.place).max() < 0.2


def test_somewhere_new_and_nowhere_are_told_apart(true, truth):
    often = replace(SAME, place=np.array([1.0, 2.0, -2.0])).applied(true)
    found = calibration(often, truth).place
    np.testing.assert_allclose(found, [1.0, -2.0, 2.0], atol=0.3)
    assert (NEW, NONE) == (0, 1)


@pytest.fixture(scope="module")
def early(company_lake, company_days):
    start, middle, _ = company_days
    x = sequences(company_lake, start, middle)
    return MODEL.fit(x, answers(company_lake, middle, x.steps)), x


def test_a_model_is_put_right_on_what_came_later_and_saved_so(
    early, company_lake, company_days, tmp_path
):
    fitted, _ = early
    _, middle, end = company_days
    later = sequences(company_lake, middle, end)
    right = fitted.calibrated(later, answers(company_lake, end, later.steps.filter("is_asked")))
    said = right.answer(later)
    wanted = right.calibration.applied(fitted.answer(later))
    np.testing.assert_array_equal(said.chances["end"], wanted.chances["end"])
    np.testing.assert_array_equal(said.place, wanted.place)
    assert np.abs(said.place - fitted.answer(later).place).max() > 1e-3
    artifact.save(tmp_path / "journey", right, {})
    loaded, _ = artifact.load(tmp_path / "journey", FittedJourney)
    np.testing.assert_array_equal(loaded.answer(later).chances["end"], said.chances["end"])


def test_a_model_is_not_put_right_on_what_it_learnt(early):
    fitted, x = early
    with pytest.raises(
        ValueError, match=r"x: expected steps from hour .* on, where what was learnt"
    ):
        fitted.calibrated(x, pl.DataFrame())


def test_what_is_learnt_up_to_a_moment_knows_nothing_of_later(company_lake, company_days, early):
    """The first model, what puts it right, and the second, step by step."""
    start, middle, end = company_days
    mine = learnt(company_lake, start, end, MODEL, held=end - middle)
    again = learnt(company_lake.asof(end), start, end, MODEL, held=end - middle)
    later = sequences(company_lake, middle, end)
    said = mine.answer(later)
    for name, each in again.answer(later).chances.items():  # sums of groups come in any order
        np.testing.assert_allclose(each, said.chances[name], atol=1e-4)
    right = early[0].calibrated(later, answers(company_lake, end, later.steps))
    for name, each in right.calibration.shift.items():
        np.testing.assert_allclose(mine.calibration.shift[name], each, atol=0.02)
    x = sequences(company_lake, start, end)
    whole = MODEL.fit(x, answers(company_lake, end, x.steps))
    for name, each in whole.weights.items():
        torch.testing.assert_close(mine.weights[name], each, atol=1e-4, rtol=0)


def test_days_without_a_step_put_nothing_right(company_lake, company_days):
    start, _, end = company_days
    with pytest.raises(ValueError, match="held: expected steps in the last 0:00:00"):
        learnt(company_lake, start, end, MODEL, held=timedelta(0))
