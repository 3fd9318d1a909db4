import narwhals as nw
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lanecast.parcel import trajectory
from lanecast.tables.lake import collect
from lanecast.tables.trajectory import SOMEWHERE_NEW

from ..stories import at, number, scan, shop, told
from .conftest import history, plan

ROW = ["parcel_id", "asof_h", "next_stop"]


def x_of(lake, since=-6, until=30):
    return collect(trajectory.features(lake, at(since), at(until)).lazy())


def test_candidates_are_who_was_gone_to_from_here_and_somewhere_new(tmp_path):
    lake = told(tmp_path / "lake", scan("1", "departed", 0, 0, "a"))
    x = x_of(history(lake), until=5).sort("next_stop")
    assert x["next_stop"].to_list() == ["b", "c", SOMEWHERE_NEW]
    assert x["n0"].to_list() == [12, 6, 0]
    assert (x["k"] == 3).all()
    assert x["usual_h"].to_list() == [2.0, 4.0, 1.0]
    assert (x["listed"] == 1).all()
    assert x["p_hour"].to_list() == [0, 0, 0]


def test_a_move_counts_once_it_is_known_by_all_who_are_alike(tmp_path):
    first = [scan("1", "departed", 0, 0, "a", "p1"), scan("2", "arrived", 3, 3, "c", "p1")]
    second = scan("3", "departed", 24, 24, "a", "p2")
    third = scan("4", "departed", 2, 2, "a", "p3")  # before the move of p1 was known
    x = x_of(history(told(tmp_path / "lake", *first, second, third)))
    counts = [f"n_{name}" for name in ("status", "hour", "prev", "first", "service", "goal")]
    late = x.filter(parcel_id="p2", next_stop="c").row(0, named=True)
    assert [late[name] for name in counts] == [1] * 6
    assert late["n1"] == 1
    assert late["recent"] == 0  # more than 18 hours before the snapshot, or in it
    assert late["long_ago_h"] == 24
    early = x.filter(parcel_id="p3", next_stop="c").row(0, named=True)
    assert [early[name] for name in counts] == [0] * 6
    assert late["usual_h"] < 4.0  # it took 3 hours


def test_the_time_of_a_planned_leg_follows_its_plan_and_an_unknown_lane_has_its_own(tmp_path):
    story = [scan("1", "departed", 0, 0, "a", "p1"), scan("2", "departed", 0, 0, "a", "p2")]
    lake = plan(
        history(told(tmp_path / "lake", *story)),
        ("p1", "a", "b", 2.0, 0),  # planned at twice the usual plan of an hour
        ("p2", "a", "z", 3.0, 0),  # nobody is known to have gone there
    )
    x = x_of(lake, until=5)
    told_b = x.filter(parcel_id="p1", next_stop="b").row(0, named=True)
    assert (told_b["planned"], told_b["plan_h"]) == (1, 2.0)
    assert told_b["usual_h"] == pytest.approx(2.0 * 2**0.5)
    assert x.filter(parcel_id="p2", next_stop="b")["usual_h"].item() == 2.0
    new = x.filter(parcel_id="p2", next_stop="z").row(0, named=True)
    assert (new["listed"], new["planned"]) == (0, 1)
    assert new["usual_h"] == pytest.approx(3.0 * 2)  # plans are exceeded twofold elsewhere
    assert new["k"] == 3


def test_a_plan_of_an_earlier_visit_is_none(tmp_path):
    story = [
        scan("1", "departed", 0, 0, "a"),
        scan("2", "arrived", 2, 2, "b"),
        scan("3", "arrived", 4, 4, "a"),
    ]
    lake = plan(history(told(tmp_path / "lake", *story)), ("p1", "a", "b", 2.0, 0))
    x = x_of(lake)
    planned = x.group_by("asof_h").agg(pl.col("planned").sum()).sort("asof_h")
    assert planned["planned"].to_list() == [1, 0, 0]


def test_one_request_is_the_row_of_the_batch(trucks):
    now = at(200)
    context = trajectory.context(trucks, now)
    rows = trajectory.asked(trucks, now, at(220)).collect("polars")
    batch = trajectory.assemble(rows, context).to_native().sort(ROW)
    for parcel in rows.to_native()["parcel_id"][:5]:
        one = trajectory.assemble(rows.filter(nw.col("parcel_id") == parcel), context)
        assert_frame_equal(one.to_native().sort(ROW), batch.filter(parcel_id=parcel))
    made = collect(trajectory.features(trucks, now, at(206)).lazy()).sort(ROW)
    same = batch.filter(pl.col("asof_h") < number(at(206)))
    assert_frame_equal(made, same, rel_tol=1e-9)


def test_counts_are_those_of_a_naive_loop(trucks):
    now = number(at(200))
    x = x_of(trucks, 200, 206)
    moves = collect(trajectory.asked(trucks, at(-50), at(200))).join(
        collect(trajectory.outcomes(trucks, at(200))), on=["parcel_id", "asof_h"]
    )
    done = [m for m in moves.to_dicts() if m["ended"] and m["end_h"] <= now]
    for row in x.filter(pl.col("next_stop") != SOMEWHERE_NEW).head(20).to_dicts():
        alike = [m for m in done if m["here"] == row["here"] and m["stop"] == row["next_stop"]]
        assert row["n1"] == len(alike)
        assert row["n_status"] == sum(m["status"] == row["status"] for m in alike)
        weight = {0: 1.0, 1: 0.6, 2: 0.15}
        hours = 0.0
        for m in alike:
            apart = abs(int(m["asof_h"] % 24) - int(row["hour"])) % 24
            hours += weight.get(min(apart, 24 - apart), 0.0) * (m["status"] == row["status"])
        assert row["n_hour"] == pytest.approx(hours)


BAD = {
    "no scans": ([], 0),
    "of the future": ([scan("1", "departed", 50, 50, "a")], 0),
    "out of order": ([scan("1", "arrived", 5, 5, "b"), scan("2", "departed", 0, 6, "a")], 2),
    "duplicated": ([scan("1", "departed", 0, 0, "a"), scan("2", "departed", 0, 0, "a")], 1),
    "at an unknown facility": ([scan("1", "arrived", 0, 0, "nowhere")], 1),
    "without any facility": ([scan("1", "picked_up", 0, 0)], 1),
    "in a loop": ([scan(str(i), "arrived", i, i, "ab"[i % 2]) for i in range(8)], 8),
    "with 500 scans": (
        [scan(f"{i:03d}", "arrived", i / 20, i / 20, f"f{i % 9}") for i in range(500)],
        500,
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_odd_parcels_get_an_answer_per_question_that_adds_up_to_one(tmp_path, what):
    scans, questions = BAD[what]
    past = [scan("x", "departed", -20, -20, "a", "p0"), scan("y", "arrived", -9, -9, "b", "p0")]
    lake = history(told(tmp_path / "lake", *past, *scans))
    x = x_of(lake)
    y = collect(trajectory.outcomes(lake, at(1000)))
    answers = trajectory.Blend().fit(x.head(0), y.head(0)).predict(x)
    first = answers.filter(rank=1)
    assert first.filter(parcel_id="p1").height == questions
    assert x.filter(parcel_id="p1").select(ROW).n_unique() == x.filter(parcel_id="p1").height
    assert (answers["fallback"] == "frequency").all()
    total = answers.group_by("parcel_id", "asof").agg(pl.col("probability").sum())
    assert (total["probability"] <= 1 + 1e-9).all()
    if what == "at an unknown facility":
        assert first["stop"].to_list() == [SOMEWHERE_NEW]
        assert first["probability"].item() == pytest.approx(1.0)
    assert np.isfinite(answers["q500"].to_numpy()).all()


def test_a_lake_without_scans_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="scans: no such table"):
        trajectory.features(shop(tmp_path / "lake"), at(0), at(1))
