from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.verify import verify
from lanecast.address.verify.decide import Costs, decide
from lanecast.address.verify.deliveries import deliveries
from lanecast.address.verify.models.deliverable import SIGNS, Deliverable, signs
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake, collect

CHANCES = st.lists(st.floats(0, 1), min_size=1, max_size=20)


def test_signs_are_what_the_reply_says(known: Gazetteer) -> None:
    texts = ("107 Harvard St, Alexandria, VA 22314", "107 Harvrad St, Alexandria, VA")
    found = signs([verify(text, known, "US") for text in texts])
    assert found[0].sum() == 0
    assert {SIGNS[i] for i in np.flatnonzero(found[1])} == {"misspelt_road", "missing_postcode"}


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
    assert model.without(one, "unit")[0] == pytest.approx(0.02, abs=0.004)
    assert model.repaired(one)[0] == model.predict(one)[0]  # nobody proposed a unit


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
    [({"failed": -1.0}, "failed: expected at least 0"), ({"ask": 1.5}, "ask: expected a share")],
)
def test_nonsense_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Costs(**wrong)
    with pytest.raises(ValueError, match="chance: expected 1 chances"):
        decide(["a"], np.array([1.2]), np.array([0.1]), {})


def test_deliveries_do_not_know_the_future(tmp_path: Path) -> None:
    world = simulate(parcels=400, days=30, seed=2)
    scans = world.tables["scans"]
    now = scans["recorded_at"].median()
    world.write(Lake(tmp_path / "all"))
    before = collect(deliveries(Lake(tmp_path / "all"), now)).sort("parcel_id")
    world.tables["scans"] = scans.filter(pl.col("recorded_at") <= now)
    world.write(Lake(tmp_path / "past"))
    past = collect(deliveries(Lake(tmp_path / "past"), now + timedelta(days=99))).sort("parcel_id")
    assert before.height > 30 and before.equals(past)
    tried = scans.filter(pl.col("recorded_at") <= now).filter(
        pl.col("status").is_in(["delivered", "delivery_failed"])
    )
    assert set(before["parcel_id"]) == set(tried["parcel_id"])
