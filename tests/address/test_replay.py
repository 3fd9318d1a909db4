from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lanecast.address.verify.decide import Costs, came_of, decide, strict
from lanecast.address.verify.deliveries import NOT_FOUND
from lanecast.address.verify.replay import ACCEPTED, EXPECTED, STRICT, money, replay
from lanecast.sources.world import World
from lanecast.tables.lake import Lake

CHANCES = st.lists(st.floats(1e-6, 1), min_size=1, max_size=20)


@given(CHANCES, CHANCES)
def test_were_the_chances_what_happens_a_plan_costs_what_it_expects(
    a: list[float], b: list[float]
) -> None:
    n, costs = min(len(a), len(b)), Costs()
    chance, low = np.array(a[:n]), np.array(b[:n])
    ids, without = [str(i) for i in range(n)], {"unit": low}
    accepted = np.arange(n) % 2 == 0
    for plan in (
        decide(ids, chance, low, without, costs).table,
        strict(ids, chance, without, accepted, costs),
    ):
        assert came_of(plan, chance, costs) == pytest.approx(plan["cost"].to_numpy())
        found = came_of(plan, np.zeros(n), costs)
        lost = {"accept": 0.0, "confirm": 0.12, "ask": 0.24, "pickup_point": 0.96}
        assert found == pytest.approx([lost[action] for action in plan["action"]])


def test_the_strict_plan_asks_for_the_part_that_matters_most() -> None:
    without = {"unit": np.array([0.3, 0.3]), "city": np.array([0.1, 0.1])}
    costs = Costs(heeded=1.0, looked=0.0)
    plan = strict(["a", "b"], np.array([0.4, 0.4]), without, np.array([True, False]), costs)
    assert plan["action"].to_list() == ["accept", "ask"]
    assert plan["cost"].to_list() == pytest.approx([0.4 * 8, 12 * 0.02 + 0.1 * 8])


def test_a_replay_knows_no_outcome_of_later(world: World, tmp_path: Path) -> None:
    scans = world.tables["scans"]
    at, week = scans["recorded_at"].median(), timedelta(days=7)
    late = (pl.col("recorded_at") > at) & pl.col("status").is_in(["delivered", "delivery_failed"])
    other = scans.with_columns(
        status=pl.when(late).then(pl.lit("delivery_failed")).otherwise("status"),
        incident=pl.when(late).then(pl.lit(NOT_FOUND)).otherwise("incident"),
    )
    rows = []
    for name, table in (("as_it_was", scans), ("as_it_was_not", other)):
        replace(world, tables=world.tables | {"scans": table}).write(Lake(tmp_path / name))
        rows.append(replay(Lake(tmp_path / name), at, at + week, week, Costs()))
    told = ["parcel_id", "asof_h", "chance", "action"]
    assert_frame_equal(*(each.select(told) for each in rows))
    known, wrong = rows
    assert known.height > 20 and (wrong["not_found"] == 1).all()
    assert known["asof_h"].is_between(*(t.timestamp() / 3600 for t in (at, at + week))).all()
    assert known[ACCEPTED].to_list() == [8.0 * y for y in known["not_found"]]
    saved = money(known)
    assert saved["plan"].to_list() == [EXPECTED, STRICT, ACCEPTED]
    assert saved.row(2)[2:] == (0.0, 0.0, 0.0)
    assert saved["saved"].to_list() == pytest.approx(
        [1000 * (known[ACCEPTED] - known[plan]).mean() for plan in saved["plan"]]
    )


def test_each_refit_knows_more(world: World, tmp_path: Path) -> None:
    world.write(Lake(tmp_path))
    lake, day = Lake(tmp_path), timedelta(days=1)
    at = world.tables["scans"]["recorded_at"].median()
    rows = replay(lake, at, at + 4 * day, 2 * day, Costs())
    alone = [replay(lake, at + i * day, at + (i + 2) * day, 2 * day, Costs()) for i in (0, 2)]
    assert_frame_equal(rows, pl.concat(alone))
