"""What the model must hold, trained or not: a short training on a small company."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch

from lanecast import artifact
from lanecast.nn.training import Training
from lanecast.parcel.journey import (
    FittedJourney,
    Journey,
    Sequences,
    answers,
    assemble,
    context,
    sequences,
)
from lanecast.parcel.journey.arrays import HEADS, asked_rows, sequence_rows
from lanecast.parcel.journey.model import TASKS
from lanecast.parcel.journey.reach import KEYS, MOST
from lanecast.parcel.journey.steps import steps
from lanecast.tables.lake import collect

from ..stories import at, number, scan, told

HOW = Training(epochs=1, batch=64, rate=4e-3, threads=1)
MODEL = Journey(HOW, width=32, heads=4, depth=1, bins=12)
LEVELS = np.array([0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95])
CLOSE = {"rtol": 1e-4, "atol": 1e-6}


@pytest.fixture(scope="module")
def data(company_lake, company_days):
    start, middle, _ = company_days
    x = sequences(company_lake, start, middle)
    return x, answers(company_lake, middle, x.steps)


@pytest.fixture(scope="module")
def fitted(data):
    return MODEL.fit(*data)


@pytest.fixture(scope="module")
def later(company_lake, company_days):
    _, middle, end = company_days
    return sequences(company_lake, middle, end)


@pytest.fixture(scope="module")
def said(fitted, later):
    return fitted.answer(later)


def numbers(said):
    """Return every number that was said, one row per step."""
    return np.hstack([*(each.reshape(len(each), -1) for each in said.chances.values()), said.place])


def only(x, mask, asked=None):
    rows = x.steps.filter(mask)
    return replace(x, steps=rows if asked is None else rows.with_columns(is_asked=asked))


def test_chances_sum_to_one(said):
    assert said.steps.height > 500
    for head, joint in said.chances.items():
        assert (joint >= 0).all()
        np.testing.assert_allclose(joint.sum((1, 2)), 1, atol=1e-5)
        words = {word.removesuffix(" elsewhere") for word in HEADS[head]}
        np.testing.assert_allclose(sum(said.chance(head, word) for word in words), 1, atol=1e-5)
    np.testing.assert_allclose(said.place.sum(1), 1, atol=1e-5)


@pytest.mark.parametrize(("head", "what"), [("event", "arrived"), ("end", None)])
def test_quantiles_are_those_of_the_chances_of_each_bin(said, head, what):
    here = [i for i, word in enumerate(HEADS[head]) if what in (None, word.split()[0])]
    hours = said.hours(head, LEVELS, what)
    for i in range(0, len(hours), 50):
        below = np.append(0, said.chances[head][i, here].sum(0).cumsum())
        log = np.interp(LEVELS, below / below[-1], said.edges[head]) + said.starts[head][i]
        np.testing.assert_allclose(np.log(hours[i]), log, atol=1e-6)


@pytest.mark.parametrize("head", HEADS)
def test_quantiles_never_cross(said, head):
    for what in (None, HEADS[head][0], HEADS[head][-1].removesuffix(" elsewhere")):
        hours = said.hours(head, LEVELS, what)
        assert hours.shape == (said.steps.height, len(LEVELS))
        assert (np.diff(hours, axis=1) >= 0).all()
        assert (hours > 0).all()


def test_the_steps_that_are_asked_about_are_answered_in_their_order(later, said):
    asked = later.steps.filter("is_asked")
    assert said.steps.equals(asked.select("parcel_id", "asof_h", "moment", "status"))
    assert asked.height < later.steps.height
    some = np.arange(asked.height) % 3 == 0
    np.testing.assert_array_equal(numbers(said.only(some)), numbers(said)[some])


def test_nothing_asked_is_nothing_said(fitted, later):
    none = fitted.answer(only(later, pl.lit(True), asked=False))
    assert none.steps.is_empty()
    assert none.hours("end", LEVELS).shape == (0, len(LEVELS))


def test_an_answer_does_not_depend_on_later_steps(fitted, later, said):
    number_of = pl.int_range(pl.len()).over("parcel_id")
    for many in (2, 4, 7):
        short = fitted.answer(only(later, number_of < many))
        mask = later.steps.select(number_of < many).to_series().filter(later.steps["is_asked"])
        assert 0 < short.steps.height < said.steps.height
        np.testing.assert_allclose(numbers(short), numbers(said)[mask.to_numpy()], **CLOSE)


def test_a_parcel_is_answered_the_same_alone_and_among_others(
    fitted, company_lake, company_days, later, said
):  # fmt: skip
    _, middle, end = company_days
    known = context(company_lake, end)
    rows = collect(steps(company_lake, middle, end))
    for parcel in said.steps["parcel_id"].unique(maintain_order=True)[::60]:
        alone = fitted.answer(assemble(rows.filter(parcel_id=parcel), known))
        mask = (said.steps["parcel_id"] == parcel).to_numpy()
        np.testing.assert_allclose(numbers(alone), numbers(said)[mask], **CLOSE)
        assert (alone.candidates == said.candidates[mask]).all()


def test_more_parcels_than_are_answered_at_once(fitted, later, said, monkeypatch):
    monkeypatch.setattr("lanecast.parcel.journey.model.CHUNK", 50)
    np.testing.assert_allclose(numbers(fitted.answer(later)), numbers(said), **CLOSE)


def test_chances_of_places_are_of_places_that_parcels_went_to_from_there(later, said):
    asked = later.steps.filter("is_asked")
    reached = {}
    for row in later.reach.iter_rows(named=True):
        reached.setdefault(tuple(row[key] for key in KEYS), {})[row["place"]] = row["rank"]
    assert said.candidates.shape == (asked.height, MOST)
    for i, row in enumerate(asked.iter_rows(named=True)):
        wanted = reached.get(tuple(row[key] for key in KEYS), {})
        named = said.candidates[i] != ""
        assert dict(zip(said.candidates[i][named], np.flatnonzero(named), strict=True)) == wanted
        assert (said.place[i, :MOST][~named] == 0).all()
        assert (said.place[i, :MOST][named] > 0).all()


def test_the_place_that_is_most_often_next_is_learnt(company_lake, company_days, later, said):
    y = answers(company_lake, company_days[2], later.steps.filter("is_asked"))
    place = y["place"].to_list()
    words = np.column_stack([said.candidates, np.full(len(place), "new"), np.full(len(place), "")])
    best = words[np.arange(len(place)), said.place.argmax(1)]
    known = [i for i, each in enumerate(place) if each is not None]
    assert np.mean([best[i] == place[i] for i in known]) > 0.4


STRANGE = {
    "facility": ("facility_id", "reached_from"), "goal": ("goal_facility_id",),
    "merchant": ("merchant_id",), "region": ("origin_region", "goal_region"),
    "carrier and service": ("carrier_id", "service"), "status": ("status",),
}  # fmt: skip


@pytest.mark.parametrize("name", STRANGE)
@pytest.mark.parametrize("value", ["從未見過", None])
def test_what_was_never_seen_gets_an_answer(fitted, later, said, name, value):
    values = {column: pl.lit(value, pl.String) for column in STRANGE[name]}
    strange = fitted.answer(replace(later, steps=later.steps.with_columns(**values)))
    assert np.isfinite(numbers(strange)).all()
    np.testing.assert_allclose(strange.place.sum(1), 1, atol=1e-5)
    if name == "facility":
        assert (strange.candidates == "").all()
    if name in ("region", "status"):
        assert np.abs(numbers(strange) - numbers(said)).max() > 1e-5


def test_a_place_that_was_opened_later_may_be_next(fitted, later):
    """It has no embedding; its traits stand in."""
    name = later.reach["place"].mode().sort()[0]
    renamed = {part: getattr(later, part).with_columns(
        pl.col(column).replace({name: "opened"}) for column in columns)
        for part, columns in {"steps": ("facility_id", "reached_from", "goal_facility_id"),
                              "reach": ("reached_from", "goal_facility_id", "place"),
                              "places": ("facility_id",)}.items()}  # fmt: skip
    found = fitted.answer(Sequences(**renamed))
    opened = found.candidates == "opened"
    assert (found.place[:, :MOST][opened] > 1e-3).any()
    moved = pl.when(facility_id="opened").then(0.0)
    places = renamed["places"].with_columns(lat=moved.otherwise("lat"), lon=moved.otherwise("lon"))
    elsewhere = fitted.answer(Sequences(**renamed | {"places": places}))
    assert np.abs(elsewhere.place[:, :MOST][opened] - found.place[:, :MOST][opened]).max() > 1e-5


def test_of_a_parcel_longer_than_what_is_read_the_first_and_the_last_steps_are_kept(later):
    rows = sequence_rows(later, 4).tolist()
    whole = later.steps.with_row_index("row").group_by("parcel_id", maintain_order=True)
    wanted = whole.agg("row")["row"].to_list()
    assert max(map(len, wanted)) > 4 > min(map(len, wanted))
    assert rows == [
        [each[0], *each[-3:]] if len(each) > 4 else each + [-1] * (4 - len(each)) for each in wanted
    ]


def test_each_step_that_is_asked_about_is_read_once_with_its_first_and_last_steps(later):
    rows, answered = asked_rows(later, 4)
    row_of = later.steps.with_row_index("row")
    past = {each[0]: each for each in row_of.group_by("parcel_id", maintain_order=True)
            .agg("row")["row"].to_list()}  # fmt: skip
    seen = []
    for sequence, which in zip(rows.tolist(), answered.tolist(), strict=True):
        for place in np.flatnonzero(which):
            row = sequence[place]
            seen.append(row)
            before = [each for each in past[sequence[0]] if each <= row]
            read = before if len(before) <= 4 else [before[0], *before[-3:]]
            assert sequence[: place + 1] == read
    assert sorted(seen) == row_of.filter("is_asked")["row"].to_list()


def test_a_model_that_reads_few_steps_answers_all_in_their_order(data, later):
    short = replace(MODEL, longest=4).fit(*data)
    found = short.answer(later)
    asked = later.steps.filter("is_asked")
    assert found.steps.equals(asked.select("parcel_id", "asof_h", "moment", "status"))
    ends = pl.col("asof_h") == pl.col("asof_h").max().over("parcel_id")
    alone = short.answer(only(later, pl.lit(True), asked=ends & pl.col("is_asked")))
    mask = asked.select(ends).to_series().to_numpy()
    np.testing.assert_allclose(numbers(alone), numbers(found)[mask], **CLOSE)


def test_five_hundred_scans_are_answered_each_from_its_own_past(fitted, tmp_path):
    lake = told(
        tmp_path / "lake",
        *(scan(f"e{i:03}", "arrived", i, i, f"f{i % 7}") for i in range(1, 501)),
    )
    x = sequences(lake, at(-1), at(600))
    long = fitted.answer(x)
    assert long.steps.height == 501
    for last in (31, 32, 33, 200):
        until = only(x, pl.col("asof_h") <= number(at(last)))
        short = fitted.answer(until)
        np.testing.assert_allclose(numbers(short), numbers(long)[: last + 1], **CLOSE)
    changed = x.steps["asof_h"] == number(at(1))  # read by nobody from the 33rd on
    other = replace(x, steps=x.steps.with_columns(
        status=pl.when(changed).then(pl.lit("lost")).otherwise("status")))  # fmt: skip
    differs = np.abs(numbers(fitted.answer(other)) - numbers(long)).max(1) > 1e-6
    assert differs[1]
    assert not differs[40:].any()


def test_odd_stories_are_learnt_from_and_answered(tmp_path):
    """Of one instant with the checkout, a loop, scans told late and twice, and no other end."""
    lake = told(
        tmp_path / "lake",
        scan("e1", "picked_up", 0, 0, "f1"),
        scan("e2", "arrived", 9, 20, "f2"),
        scan("e3", "arrived", 7, 21, "f1"),
        scan("e4", "arrived", 7, 22, "f1"),
        scan("e5", "lost", 30, 31),
        scan("g1", "created", 5, 5, None, "p2"),
    )
    x = sequences(lake, at(-1), at(40))
    odd = replace(MODEL, longest=2).fit(x, answers(lake, at(40), x.steps))
    found = odd.answer(x)
    assert found.steps.height == x.steps.height == 6
    assert np.isfinite(numbers(found)).all()
    assert np.isfinite(found.hours("attempt", LEVELS)).all()  # of which there was none


def test_a_company_without_places_is_learnt_from(tmp_path):
    lake = told(
        tmp_path / "lake", scan("e1", "picked_up", 5, 5), scan("e2", "delivered", 30, 31)
    )  # fmt: skip
    x = sequences(lake, at(-1), at(40))
    found = MODEL.fit(x, answers(lake, at(40), x.steps)).answer(x)
    assert (found.candidates == "").all()
    np.testing.assert_allclose(found.place[:, MOST:].sum(1), 1, atol=1e-5)


def test_numbers_that_are_missing_or_not_finite_are_read_as_missing(data, fitted, later):
    x, y = data
    for value in (None, float("nan")):
        holes = replace(x, steps=x.steps.with_columns(
            weight=pl.lit(value, pl.Float64),
            since_event=pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit(value, pl.Float64))
            .otherwise("since_event")))  # fmt: skip
        assert np.isfinite(numbers(MODEL.fit(holes, y).answer(holes))).all()
    nothing, nan = (
        fitted.answer(replace(later, steps=later.steps.with_columns(weight=pl.lit(v, pl.Float64))))
        for v in (None, float("nan"))
    )
    np.testing.assert_array_equal(numbers(nothing), numbers(nan))


def test_the_same_seed_gives_the_same_bytes(data, fitted, later, said):
    again = MODEL.fit(*data, progress=lambda share: None)
    assert all(torch.equal(again.weights[name], each) for name, each in fitted.weights.items())
    assert numbers(again.answer(later)).tobytes() == numbers(said).tobytes()
    other = replace(MODEL, training=replace(HOW, seed=1)).fit(*data)
    assert not np.array_equal(numbers(other.answer(later)), numbers(said))


def test_what_was_saved_answers_the_same(fitted, later, said, tmp_path):
    artifact.save(tmp_path / "journey", fitted, {})
    loaded, _ = artifact.load(tmp_path / "journey", FittedJourney)
    assert numbers(loaded.answer(later)).tobytes() == numbers(said).tobytes()
    assert loaded.seen_h == fitted.seen_h


def test_a_parcel_is_answered_alike_beside_a_context_that_was_saved(
    fitted, company_lake, company_days, tmp_path
):
    start, middle, _ = company_days
    told = context(company_lake, middle)
    artifact.save(tmp_path / "journey", fitted, told)
    loaded, kept = artifact.load(tmp_path / "journey", FittedJourney)
    rows = collect(steps(company_lake, start, middle))
    rows = rows.filter(parcel_id=rows["parcel_id"][0])
    mine, theirs = loaded.answer(assemble(rows, kept)), fitted.answer(assemble(rows, told))
    assert numbers(mine).tobytes() == numbers(theirs).tobytes()


@pytest.mark.parametrize("task", TASKS)
def test_a_twin_learns_its_own_task_alone(data, later, task):
    """The rest of its weights only decays."""
    twins = [
        replace(MODEL, tasks=(task,), training=replace(HOW, rate=rate)).fit(*data)
        for rate in (4e-3, 8e-3)
    ]
    leave = {"place": "query.bias", "event": "cells.0.bias", "attempt": "cells.1.bias",
             "end": "cells.2.bias"}  # fmt: skip
    for name, weight in leave.items():
        one, other = (each.weights[weight] for each in twins)
        assert torch.allclose(one, other, rtol=1e-3) == (name != task)
    assert np.isfinite(numbers(twins[0].answer(later))).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"width": 30}, "width: expected a multiple of the 4 heads, got 30"),
        ({"heads": 0}, "heads: expected at least 1, got 0"),
        ({"depth": 0}, "depth: expected at least 1, got 0"),
        ({"bins": 3}, "bins: expected at least 4, got 3"),
        ({"longest": 1}, "longest: expected at least 2, got 1"),
        ({"tasks": ("place", "price")}, "tasks: expected some of event, place, attempt, end"),
        ({"tasks": ()}, "tasks: expected some of event, place, attempt, end"),
    ],
)
def test_a_model_that_cannot_be_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        Journey(**{"width": 32, "heads": 4, **wrong})


def test_nothing_is_learnt_from_nothing(data, fitted, later):
    x, y = data
    nobody = y.with_columns(end=pl.lit(None, pl.String))
    for part in ((x, nobody), (x, y.clear()), (only(x, pl.lit(False)), y), (later, y.head(0))):
        with pytest.raises(ValueError, match="y: no journey of x had ended; fit at a later"):
            MODEL.fit(*part)
    with pytest.raises(ValueError, match="x: no steps; ask about a time in which something"):
        fitted.answer(only(later, pl.lit(False)))


def test_a_question_that_has_no_answer_is_refused(said):
    with pytest.raises(ValueError, match="head: expected one of event, attempt, end, got 'place'"):
        said.chance("place", "f1")
    with pytest.raises(ValueError, match=r"what: expected one of delivered, .*got 'eaten'"):
        said.hours("end", LEVELS, "eaten")


def with_vectors(x, n, at=0.0):
    """Give each place a vector of ``n`` numbers, by its place in the alphabet."""
    told = {f"v_{i}": pl.int_range(pl.len()) * (i + 1.0) + at for i in range(n)}
    return replace(x, places=x.places.with_columns(**told))


def test_a_vector_of_the_graph_is_a_trait_of_a_place(data, later):
    x, y = data
    vectors = MODEL.fit(with_vectors(x, 2), y)
    here = vectors.answer(with_vectors(later, 2))
    there = vectors.answer(with_vectors(later, 2, at=30.0))
    assert np.abs(here.place - there.place).max() > 1e-5
    assert (
        vectors.shape.traits == MODEL.fit(*data).shape.traits + 4
    )  # each, and whether it is missing


def test_vectors_that_are_not_those_of_training_are_refused(data, fitted, later):
    with pytest.raises(
        ValueError, match="places: expected vectors of 0 numbers as in training, got 2"
    ):
        fitted.answer(with_vectors(later, 2))
    vectors = MODEL.fit(with_vectors(data[0], 3), data[1])
    with pytest.raises(
        ValueError, match="expected vectors of 3 numbers as in training, got 0; pass"
    ):
        vectors.answer(later)
