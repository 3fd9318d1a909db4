"""What a plan claims: it costs least, keeps to its limits, and says why it leaves parcels alone."""

from datetime import UTC, datetime, timedelta

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from lanecast.parcel import events
from lanecast.tables.events import INTERVENTIONS
from lanecast.tables.schema import check

NOW = datetime(2026, 3, 1, 7, tzinfo=UTC)
HARM = {"failed_first": 10.0, "not_received": 50.0, "lost": 40.0}
PRICE = {"call_ahead": 1.0, "require_code": 0.5, "open_trace": 2.0}
EFFECT = {
    "call_ahead": {"failed_first": 0.5},
    "require_code": {"failed_first": 1.2, "not_received": 0.2},
    "open_trace": {"lost": 0.5},
}
COSTS = events.Costs(HARM, PRICE, EFFECT)


def risks(rows, moment="shipped", asof=NOW):
    """Return rows of ``risks`` from (parcel, event, chance)."""
    return pl.DataFrame(
        [
            {"parcel_id": p, "moment": moment, "event": e, "asof": asof, "chance": c}
            for p, e, c in rows
        ],
        schema_overrides={"asof": pl.Datetime("us", "UTC"), "chance": pl.Float64},
    )


TWO = risks(
    [
        ("a", "failed_first", 0.6),
        ("a", "not_received", 0.01),
        ("b", "failed_first", 0.3),
        ("b", "not_received", 0.1),
        ("c", "failed_first", 0.01),
        ("c", "not_received", 0.001),
    ]
)


def test_a_worked_example():
    plan = events.decide(TWO, COSTS, events.Limits())
    check(INTERVENTIONS, nw.from_native(plan.table))
    assert dict(plan.table.select("parcel_id", "action").iter_rows()) == {
        "a": "call_ahead",
        "b": "require_code",
    }
    saving = dict(plan.table.select("parcel_id", "saving").iter_rows())
    assert saving["a"] == pytest.approx(0.6 * 0.5 * 10 - 1)
    assert saving["b"] == pytest.approx(0.1 * 0.8 * 50 - 0.3 * 0.2 * 10 - 0.5)
    assert plan.objective == pytest.approx(-sum(saving.values())) == sum(plan.parts.values())
    assert plan.gap == pytest.approx(0)
    assert plan.skipped.select("parcel_id", "reason").rows() == [("c", "nothing pays")]


def test_places_and_budget_are_kept_and_priced():
    random = np.random.default_rng(0)
    rows = [(f"p{i:02d}", e, c) for i in range(40)
            for e, c in zip(HARM, random.random(3) * [0.6, 0.1, 0.02], strict=True)]  # fmt: skip
    limits = events.Limits({"call_ahead": 5}, budget=9.0)
    plan = events.decide(risks(rows), COSTS, limits)
    assert (plan.table["action"] == "call_ahead").sum() <= 5
    assert plan.table["price"].sum() <= 9
    assert set(plan.prices) == {"call_ahead", "budget"}
    assert max(plan.prices.values()) > 0
    assert plan.bound <= plan.objective + 1e-9
    free = events.decide(risks(rows), COSTS, events.Limits())
    assert free.objective < plan.objective
    left = dict(plan.skipped.select("parcel_id", "reason").iter_rows())
    acted = set(free.table["parcel_id"])
    assert all((left[p] == "no place or budget left") == (p in acted) for p in left)
    assert plan.table["plan_id"][0] != free.table["plan_id"][0]


def test_dearer_harm_never_saves_less():
    totals = []
    for claim in (10.0, 50.0, 200.0):
        costs = events.Costs(HARM | {"not_received": claim}, PRICE, EFFECT)
        totals.append(-events.decide(TWO, costs, events.Limits({"require_code": 1})).objective)
    assert totals == sorted(totals)


def test_only_the_last_prediction_counts():
    old = risks([("a", "failed_first", 0.9)], asof=NOW - timedelta(hours=5))
    new = risks([("a", "failed_first", 0.01)])
    assert events.decide(pl.concat([old, new]), COSTS, events.Limits()).table.is_empty()


def test_a_trace_is_for_what_waits_and_the_door_for_the_rest():
    lost = [("a", "lost", 0.5), ("a", "failed_first", 0.9)]
    waiting = events.decide(risks(lost, "waiting"), COSTS, events.Limits())
    assert waiting.table["action"].to_list() == ["open_trace"]
    shipped = events.decide(risks(lost, "shipped"), COSTS, events.Limits())
    assert shipped.table["action"].to_list() == ["call_ahead"]


def test_a_parcel_without_a_chance_is_named():
    plan = events.decide(risks([("a", "failed_first", None)]), COSTS, events.Limits())
    assert plan.skipped["reason"].to_list() == ["no chance known"]
    assert plan.status == "empty"


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("harm", lambda: events.Costs({"late": -1.0}, PRICE, EFFECT)),
        ("harm", lambda: events.Costs({"flood": 1.0}, PRICE, EFFECT)),
        ("price", lambda: events.Costs(HARM, {"call_ahead": float("nan")}, EFFECT)),
        ("price", lambda: events.Costs(HARM, {"call_ahead": 1.0}, EFFECT)),
        ("effect", lambda: events.Costs(HARM, PRICE, {"call_ahead": {"late": float("inf")}})),
        ("capacity", lambda: events.Limits({"call_ahead": -1})),
        ("capacity", lambda: events.Limits({"dance": 1})),
        ("budget", lambda: events.Limits(budget=float("nan"))),
    ],
)
def test_nonsense_is_refused_by_name(name, make):
    with pytest.raises(ValueError, match=f"^{name}"):
        make()
