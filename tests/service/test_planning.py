"""Plans over HTTP: what is stored, page by page, as of any moment, with overrides beside it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import narwhals as nw
import polars as pl
import pytest

from lanecast.service.app import create
from lanecast.service.settings import Settings
from lanecast.tables.lake import Lake
from lanecast.tables.planning import DEMAND_FORECASTS, REPLENISHMENT_PLANS, ROSTER_PLANS, WORKERS

from .conftest import headers, serving

MONDAY = datetime(2025, 4, 14, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)


def order(plan: str, product: str, asof: datetime, units: int) -> dict[str, Any]:
    return {
        "plan_id": plan,
        "product_id": product,
        "facility_id": "whs_1",
        "source_id": "sup_1",
        "order_date": date(2025, 4, 16),
        "asof": asof,
        "units": units,
        "cost": 2.5,
    }


def shift(worker: str, hour: int) -> dict[str, Any]:
    at = TUESDAY + timedelta(hours=hour)
    ends = {"started_at": at, "ended_at": at + timedelta(hours=8)}
    who = {"plan_id": "ros_1", "worker_id": worker, "facility_id": "whs_1", "process": "pick"}
    return who | ends | {"asof": MONDAY, "paid_h": 7.5, "is_temp": False, "cost": 100.0}


def worker(name: str) -> dict[str, Any]:
    hours = {"min_h_week": 20.0, "max_h_week": 40.0, "cost_minor_per_h": 2000}
    who = {"worker_id": name, "facility_id": "whs_1", "skills": "pick", "is_temp": False}
    return who | hours | {"currency": "USD", "hired_date": MONDAY.date(), "recorded_at": MONDAY}


def forecast(series: str, day: int, asof: datetime, mean: float) -> dict[str, Any]:
    told = {"unique_id": series, "ds": TUESDAY + timedelta(days=day), "asof": asof, "mean": mean}
    return told | {"model": "chain", "version": "1", "frequency": "d", "level": "product/place"}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("planning")
    lake = Lake(folder / "lake")
    products = ("prd_1", "prd_2", "prd_3")
    old = [order("pln_1", each, MONDAY, 10) for each in products]
    new = [order("pln_2", each, TUESDAY, 20 * i) for i, each in enumerate(products)]
    guesses = [forecast("prd_1/whs_1", day, MONDAY, 5.0) for day in range(5)]
    guesses += [forecast("prd_2/whs_1", 0, MONDAY, 7.0), forecast("prd_2/whs_1", 0, TUESDAY, 8.0)]
    shifts = [shift("wrk_1", 6), shift("wrk_2", 14)]
    for table, rows in (
        (REPLENISHMENT_PLANS, old + new),
        (ROSTER_PLANS, shifts),
        (DEMAND_FORECASTS, guesses),
        (WORKERS, [worker("wrk_1"), worker("wrk_9")]),
    ):
        Lake(lake.path).write(table, nw.from_native(pl.DataFrame(rows)))
    lakes = {"main": lake.path, "other": lake.path}
    with serving(create(Settings(lakes, folder / "home"))) as client:
        yield client


def test_the_newest_plan_counts_and_older_ones_can_be_asked_for(asked: Any) -> None:
    key = headers(asked, "planning:read")

    def orders(**params: Any) -> list[tuple[str, int]]:
        told = asked.get("/v1/planning/orders", params=params, headers=key).json()
        return [(row["plan_id"], row["units"]) for row in told["items"]]

    assert orders() == [("pln_2", 0), ("pln_2", 20), ("pln_2", 40)]
    assert orders(only_ordered=True, product_id="prd_2") == [("pln_2", 20)]
    assert orders(asof=MONDAY.isoformat()) == [("pln_1", 10)] * 3
    assert orders(plan_id="pln_1") == [("pln_1", 10)] * 3
    assert len(orders(newest=False)) == 6
    assert orders(until="2025-04-16") == orders(since="2025-04-17") == []
    assert orders(site="whs_2") == []
    told = asked.get("/v1/planning/plans", headers=key).json()["items"]
    assert [(row["plan_id"], row["rows"]) for row in told] == [
        ("pln_2", 3),
        ("pln_1", 3),
        ("ros_1", 2),
    ]
    assert told[0]["amount"] == 60


def test_pages_hold_every_row_once(asked: Any) -> None:
    key = headers(asked, "planning:read")
    seen = []
    for offset in range(0, 8, 2):
        params: dict[str, Any] = {"offset": offset, "limit": 2}
        told = asked.get("/v1/planning/forecasts", params=params, headers=key).json()
        assert told["total"] == 6
        seen += [(row["unique_id"], row["ds"], row["mean"]) for row in told["items"]]
    assert len(set(seen)) == len(seen) == 6
    assert [mean for name, _, mean in seen if name.startswith("prd_2")] == [8.0]
    params = {"site": "whs_1", "product_id": "prd_1", "since": "2025-04-18T00:00:00Z"}
    told = asked.get("/v1/planning/forecasts", params=params, headers=key).json()
    assert told["total"] == 2
    params = {"product_id": "prd"}
    assert asked.get("/v1/planning/forecasts", params=params, headers=key).json()["total"] == 0


def test_an_override_is_shown_beside_the_plan_with_who_and_why(asked: Any) -> None:
    key = headers(asked, "planning:read", "planning:write", "audit:read")
    wanted = {
        "kind": "order",
        "plan_id": "pln_2",
        "product_id": "prd_2",
        "facility_id": "whs_1",
        "source_id": "sup_1",
        "order_date": "2025-04-16",
        "units": 33,
        "why": "a fair is in town",
    }

    def told() -> dict[str, Any] | None:
        params = {"product_id": "prd_2"}
        (row,) = asked.get("/v1/planning/orders", params=params, headers=key).json()["items"]
        assert row["units"] == 20
        found: dict[str, Any] | None = row["override"]
        return found

    assert told() is None
    assert asked.post("/v1/planning/overrides", json=wanted, headers=key).status_code == 201
    found = told()
    assert found is not None
    assert (found["value"], found["who"], found["why"]) == ({"units": 33}, "test", wanted["why"])
    theirs = headers(asked, "planning:read", tenant="other")
    rows = asked.get("/v1/planning/orders", headers=theirs).json()["items"]
    assert all(row["override"] is None for row in rows)
    assert asked.get("/v1/planning/overrides", headers=theirs).json()["items"] == []
    then = {"asof": TUESDAY.isoformat(), "product_id": "prd_2"}
    (row,) = asked.get("/v1/planning/orders", params=then, headers=key).json()["items"]
    assert row["override"] is None  # nobody had changed it then
    back = asked.post("/v1/planning/overrides", json=wanted | {"units": None}, headers=key)
    assert back.status_code == 201
    assert told() is None
    past = asked.get("/v1/planning/overrides", headers=key).json()["items"]
    assert [each["value"] for each in past[:2]] == [None, {"units": 33}]
    audit = asked.get("/v1/audit", headers=key).json()["items"][0]
    assert (audit["action"], audit["detail"]["why"]) == ("plan overridden", wanted["why"])


def test_shifts_and_forecasts_are_overridden_too(asked: Any) -> None:
    key = headers(asked, "planning:read", "planning:write")
    shift = {"kind": "shift", "plan_id": "ros_1", "worker_id": "wrk_1", "why": "ill"}
    shift["started_at"] = "2025-04-15T08:00:00+02:00"
    for body, path, value in (
        (shift | {"cancelled": True}, "roster", {"cancelled": True}),
        (shift | {"to_worker_id": "wrk_9"}, "roster", {"worker_id": "wrk_9"}),
        (
            {"kind": "forecast", "unique_id": "prd_1/whs_1", "ds": "2025-04-15T00:00:00Z"}
            | {"mean": 9.5, "why": "fair"},
            "forecasts",
            {"mean": 9.5},
        ),
    ):
        assert asked.post("/v1/planning/overrides", json=body, headers=key).status_code == 201
        row = asked.get(f"/v1/planning/{path}", headers=key).json()["items"][0]
        assert row["override"]["value"] == value
    both = shift | {"cancelled": True, "to_process": "pack"}
    for body, status in ((both, 422), (shift | {"worker_id": "wrk_8"}, 404)):
        assert asked.post("/v1/planning/overrides", json=body, headers=key).status_code == status
    for wrong, field in (({"why": " "}, "shift.why"), ({"to_worker_id": "wrk_7"}, "to_worker_id")):
        answer = asked.post("/v1/planning/overrides", json=shift | wrong, headers=key)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    reader = headers(asked, "planning:read")
    assert asked.post("/v1/planning/overrides", json=shift, headers=reader).status_code == 403
