"""Where parcels went, counted in a loop."""

import math

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from lanecast.parcel.journey.reach import KEYS, MOST, WEEK_H, lanes, moves, padded, reach

GOALS = {"g1": "A", "g2": "A", "g3": "B", None: "B"}
SHARES = {"to_goal": ("goal_facility_id",), "to_region": ("goal_region",), "to_any": ()}
COUNTED = {
    "place": pl.String, "goal_facility_id": pl.String, "goal_region": pl.String,
    "week": pl.Int32, "reached_from": pl.String, "n": pl.UInt32,
}  # fmt: skip
ASKED = {name: COUNTED[name] for name in ("week", "reached_from", "goal_facility_id",
                                          "goal_region")}  # fmt: skip

goals = st.sampled_from(sorted(GOALS, key=str))
move = st.tuples(
    st.sampled_from("xyz"), goals, st.integers(0, 5), st.sampled_from(["x", "y", "from x"])
)
question = st.tuples(st.integers(0, 6), st.sampled_from(["x", "y", "from x", "w"]), goals)


def table(told):
    """Return the lanes of moves; the region of a goal is that of ``GOALS``."""
    rows = [(place, goal, GOALS[goal], week, here) for place, goal, week, here in told]
    counted = {row: rows.count(row) for row in rows}
    each = [(*row, n) for row, n in counted.items()]
    return lanes(pl.DataFrame(each, schema=COUNTED, orient="row").sort(pl.all()))


def asked(questions):
    rows = [(*each, GOALS[each[2]]) for each in questions]
    return pl.DataFrame(rows, schema=ASKED, orient="row")


def naive(told, week, here, goal):
    """Count the moves of all weeks before, one by one."""
    before = [m for m in told if m[2] < week and m[3] == here]
    same = {
        "to_goal": [m for m in before if m[1] == goal and goal is not None],
        "to_region": [m for m in before if GOALS[m[1]] == GOALS[goal]],
        "to_any": before,
    }
    return {
        place: {
            level: math.log((sum(m[0] == place for m in part) + 0.1) / (len(part) + 1))
            for level, part in same.items()
        }
        for place in {m[0] for m in before}
    }


@settings(max_examples=40)
@given(st.lists(move, max_size=30), st.lists(question, min_size=1, max_size=6))
def test_shares_are_those_of_a_loop_over_moves_of_the_weeks_before(told, questions):
    rows = reach(table(told), asked(questions))
    for week, here, goal in set(questions):
        same = pl.col("goal_facility_id").eq_missing(pl.lit(goal, pl.String))
        mine = rows.filter(week=week, reached_from=here).filter(same)
        mine = mine.filter(pl.col("goal_region") == GOALS[goal])
        loop = naive(told, week, here, goal)
        assert set(mine["place"]) == set(loop)
        assert mine["rank"].to_list() == list(range(len(loop)))
        for row in mine.iter_rows(named=True):
            for level in SHARES:
                assert abs(row[level] - loop[row["place"]][level]) < 1e-9
        order = mine.select("to_goal", "to_region", "to_any").rows()
        assert order == sorted(order, reverse=True)
    assert rows.select(pl.all_horizontal(pl.col(*SHARES).is_finite(), pl.col(*SHARES) < 0)
                       .all()).item()  # fmt: skip


def test_a_place_never_taken_to_a_goal_is_less_likely_than_one_taken_once():
    told = [("x", "g1", 0, "y")] * 50 + [("y", "g1", 0, "y")] + [("z", "g3", 0, "y")] * 50
    assert reach(table(told), asked([(1, "y", "g1")]))["place"].to_list() == ["x", "y", "z"]


def test_only_the_likeliest_places_are_kept():
    told = [(f"p{i:02}", "g1", 0, "x") for i in range(30) for _ in range(i + 1)]
    rows = reach(table(told), asked([(1, "x", "g1")]))
    assert rows["place"].to_list() == [f"p{i}" for i in range(29, 29 - MOST, -1)]


def test_goals_without_a_facility_are_told_apart_by_region():
    told = [("x", None, 0, "y")] * 3 + [("z", "g1", 0, "y")] * 2
    questions = asked([(1, "y", None)])
    questions = pl.concat([questions, questions.with_columns(goal_region=pl.lit("A"))])
    rows = reach(table(told), questions)
    best = rows.filter(rank=0).select("goal_region", "place").rows()
    assert sorted(best) == [("A", "z"), ("B", "x")]
    codes, _ = padded(rows, pl.Series(["x", "z"]), questions.select(KEYS))
    assert codes[:, :3].tolist() == [[1, 2, 0], [2, 1, 0]]


def test_a_move_counts_in_the_week_in_which_it_became_known():
    scans = pl.DataFrame(
        {
            "parcel_id": ["p1", "p1", "p1", "p2"],
            "facility_id": ["x", "y", "", "x"],
            "recorded_h": [WEEK_H, 2 * WEEK_H - 0.1, 2 * WEEK_H, 3 * WEEK_H],
        }
    )
    parcels = pl.DataFrame(
        {"parcel_id": ["p1", "p2"], "origin_facility_id": ["o", None], "goal_facility_id": "g1"}
    ).with_columns(goal_region=pl.lit("A"))
    found = moves(scans, parcels).select("reached_from", "place", "week", "n").rows()
    assert sorted(found) == [("from ", "x", 3, 1), ("from o", "x", 1, 1), ("x", "y", 1, 1)]


def test_candidates_stand_in_the_order_of_their_chance():
    told = [("x", "g1", 0, "y")] * 3 + [("z", "g1", 0, "y")] * 2
    questions = asked([(0, "y", "g1"), (1, "y", "g1")])
    codes, shares = padded(
        reach(table(told), questions), pl.Series(["w", "x", "z"]), questions.select(KEYS)
    )
    assert codes[:, :3].tolist() == [[0, 0, 0], [2, 3, 0]]
    np.testing.assert_allclose(np.exp(shares[1, :2, 0]), [3.1 / 6, 2.1 / 6], rtol=1e-6)
    assert not shares[0].any()
