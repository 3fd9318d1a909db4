from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.stored import gazetteer
from lanecast.address.verify import verify
from lanecast.address.verify.checks import history
from lanecast.address.verify.decide import Costs, decide
from lanecast.address.verify.deliveries import NOT_FOUND, deliveries
from lanecast.address.verify.deliveries import typed as deliveries_typed
from lanecast.address.verify.models.deliverable import (
    PARTS,
    SIGNS,
    Deliverable,
    FittedDeliverable,
    marked,
    signs,
)
from lanecast.sources.world import World
from lanecast.tables.lake import Lake, collect

CHANCES = st.lists(st.floats(0, 1), min_size=1, max_size=20)


def test_signs_are_what_the_reply_says(known: Gazetteer) -> None:
    texts = ("107 Harvard St, Alexandria, VA 22314", "9 Harvrad St, Alexandria, VA")
    found = signs([verify(text, known, "US") for text in texts])
    assert found[0].sum() == 0
    assert {SIGNS[i] for i in np.flatnonzero(found[1])} == {
        "misspelt_road",
        "missing_postcode",
        "unknown_house_number",
    }


def test_it_learns_the_rate_of_each_sign() -> None:
    rng = np.random.default_rng(0)
    x = np.zeros((20_000, len(SIGNS)))
    bad = SIGNS.index("missing_unit")
    x[:, bad] = rng.random(len(x)) < 0.3
    y = rng.random(len(x)) < np.where(x[:, bad] == 1, 0.10, 0.02)
    model = Deliverable().fit(x, y)
    one = np.zeros((1, len(SIGNS)))
    assert model.predict(one)[0] == pytest.approx(0.02, abs=0.004)
    one[0, bad] = 1
    assert model.predict(one)[0] == pytest.approx(0.10, abs=0.01)
    chance = model.predict(one)
    assert model.without(one, chance, "unit")[0] == pytest.approx(0.02, abs=0.004)
    assert model.repaired(one, chance)[0] == pytest.approx(chance[0])  # nobody proposed a unit


@given(CHANCES, CHANCES, CHANCES)
def test_no_way_is_cheaper_than_the_one_chosen(
    a: list[float], b: list[float], c: list[float]
) -> None:
    n = min(len(a), len(b), len(c))
    chance, fixed, low = (np.array(v[:n]) for v in (a, b, c))
    costs = Costs()
    plan = decide([str(i) for i in range(n)], chance, fixed, {"unit": low}, costs)

    def heed(better: np.ndarray) -> np.ndarray:
        low = np.minimum(better, chance)
        return (1 - costs.heeded) * (chance - low) + (1 - costs.looked) * low

    every = [
        costs.failed * chance,
        costs.order * costs.confirm + costs.failed * heed(fixed),
        costs.order * costs.ask + costs.failed * heed(low),
        np.full(n, costs.order * costs.pickup),
    ]
    assert np.allclose(plan.table["cost"], np.min(every, axis=0))
    assert plan.objective == pytest.approx(sum(plan.parts.values()))
    assert (plan.table["saving"] >= -1e-12).all()


def test_it_asks_for_the_part_that_lowers_the_risk_most() -> None:
    without = {"unit": np.array([0.30]), "postcode": np.array([0.05])}
    plan = decide(["a"], np.array([0.4]), np.array([0.4]), without, Costs(pickup=1.0))
    assert plan.table.select("action", "part").row(0) == ("ask", "postcode")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"failed": -1.0}, "failed: expected at least 0"),
        ({"order": float("inf")}, "order: expected at least 0 and finite"),
        ({"ask": 1.5}, "ask: expected a share"),
    ],
)
def test_nonsense_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Costs(**wrong)
    with pytest.raises(ValueError, match="chance: expected 1 chances"):
        decide(["a"], np.array([1.2]), np.array([0.1]), {})


def test_what_is_learnt_from_does_not_know_the_future(world: World, tmp_path: Path) -> None:
    now = world.tables["scans"]["recorded_at"].median()
    world.write(Lake(tmp_path / "all"))
    past = {name: rows.filter(pl.col("recorded_at") <= now) for name, rows in world.tables.items()}
    replace(world, tables=past).write(Lake(tmp_path / "past"))
    late = now + timedelta(days=99)
    known = gazetteer(Lake(tmp_path / "all"))
    rows = history(Lake(tmp_path / "all"), now, known)
    assert rows.height > 30
    assert_frame_equal(rows, history(Lake(tmp_path / "past"), late, known))
    tried = past["scans"].filter(pl.col("status").is_in(["delivered", "delivery_failed"]))
    assert set(rows["parcel_id"]) == set(tried["parcel_id"])
    assert (rows["known_h"] * 3600 <= now.timestamp()).all()


def test_an_attempt_counts_from_when_it_was_recorded(world: World, tmp_path: Path) -> None:
    """Of two attempts the second is recorded first: until the first is, the second counts."""
    scans = world.tables["scans"]
    lost = scans.filter(pl.col("incident") == NOT_FOUND).sort("event_at").row(0, named=True)
    at = lost["event_at"]
    rows = [
        lost | {"event_id": "a", "event_at": at, "recorded_at": at + timedelta(hours=9)},
        lost
        | {"event_id": "b", "status": "delivered", "incident": None}
        | {"event_at": at + timedelta(hours=2), "recorded_at": at + timedelta(hours=3)},
    ]
    lake = Lake(tmp_path / "late")
    table = pl.DataFrame(rows, scans.schema)
    replace(world, tables=world.tables | {"scans": table}).write(lake)
    found = [
        collect(deliveries(Lake(lake.path), at + timedelta(hours=hours)))["not_found"].to_list()
        for hours in (2, 4, 10)
    ]
    assert found == [[], [0], [1]]


def test_the_text_is_the_one_of_the_checkout(world: World, tmp_path: Path) -> None:
    """An address that was put right later did not fail: the one before it did."""
    typed = world.tables["typed_addresses"]
    right = typed.with_columns(
        text=pl.lit("as put right"), recorded_at=world.tables["parcels"]["recorded_at"].median()
    )
    both = pl.concat([typed, right])
    replace(world, tables=world.tables | {"typed_addresses": both}).write(Lake(tmp_path / "two"))
    lake = Lake(tmp_path / "two")
    texts = collect(deliveries_typed(lake, right["recorded_at"][0] + timedelta(days=99)))
    then_h = right["recorded_at"][0].timestamp() / 3600
    assert texts.height == world.tables["parcels"].height
    assert ((texts["text"] == "as put right") == (texts["asof_h"] >= then_h)).all()
    assert 0 < (texts["text"] == "as put right").sum() < texts.height


def test_a_gazetteer_of_later_does_not_speak_before(world: World, tmp_path: Path) -> None:
    world.write(Lake(tmp_path / "lake"))
    lake = Lake(tmp_path / "lake")
    assert gazetteer(lake).countries
    at = world.tables["gazetteers"]["recorded_at"].min()
    assert gazetteer(lake.asof(at)).countries == gazetteer(lake).countries
    assert gazetteer(lake.asof(at - timedelta(days=1))).countries == ()


def test_a_model_of_other_signs_is_refused() -> None:
    fitted = Deliverable().fit(np.zeros((3, len(SIGNS))), [0, 0, 1])
    with pytest.raises(ValueError, match="Train again"):
        replace(fitted, signs=(*SIGNS[:-1], "no_such_sign"))


def test_the_chance_of_one_reply_is_that_of_many(known: Gazetteer) -> None:
    replies = [verify(text, known, "US") for text in ("107 Harvard St, Alexandria, VA", "Oz")]
    x = signs(replies)
    rng = np.random.default_rng(1)
    fitted = FittedDeliverable(-3.0, rng.normal(size=len(SIGNS)), SIGNS)
    assert [fitted.found(each) for each in replies] == pytest.approx(
        (1 - fitted.predict(x)).tolist()
    )
    assert replies[0].row()["p_deliverable"] is None


@pytest.mark.parametrize("sign", ["empty", "too_long"])
def test_what_is_no_address_is_never_accepted(sign: str) -> None:
    fitted = FittedDeliverable(-4.0, np.zeros(len(SIGNS)), SIGNS)
    x = marked([[sign], []])
    chance = fitted.predict(x)
    assert chance[0] == 1 > chance[1]
    without = {part: fitted.without(x, chance, part) for part in PARTS}
    plan = decide(["a", "b"], chance, fitted.repaired(x, chance), without)
    assert [action == "accept" for action in plan.table["action"]] == [False, True]
