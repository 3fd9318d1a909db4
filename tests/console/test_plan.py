"""Plan: what is stored is drawn, and a shift that a person cancels is gone, kept with why."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import narwhals as nw
import polars as pl
import pytest

from lanecast.console.drawing.fan import Period, fan
from lanecast.console.pages import plan
from lanecast.service import planning, staffing
from lanecast.tables.lake import Lake
from lanecast.tables.parcel import LEVELS, QUANTILES
from lanecast.tables.planning import (
    DEMAND_FORECASTS,
    LABOUR,
    REPLENISHMENT_PLANS,
    ROSTER_PLANS,
)

NIGHT = datetime(2026, 3, 2, tzinfo=UTC)


def shift(worker: str, hours: int = 8) -> dict[str, Any]:
    at = NIGHT + timedelta(hours=6)
    rest = {"break_started_at": at + timedelta(hours=4), "break_ended_at": at + timedelta(hours=5)}
    who = {"plan_id": "ros_1", "worker_id": worker, "facility_id": "whs_1", "process": "pick"}
    told = {"asof": NIGHT, "paid_h": hours - 1.0, "is_temp": False, "cost": 100.0}
    return who | {"started_at": at, "ended_at": at + timedelta(hours=hours)} | rest | told


def expected(hour: int, mean: float) -> dict[str, Any]:
    of = {"unique_id": "whs_1/pick", "ds": NIGHT + timedelta(hours=hour), "model": "chain"}
    told = {"version": "1", "asof": NIGHT, "frequency": "h", "level": "facility_id/process"}
    spread = {name: 2 * mean * level for name, level in zip(QUANTILES, LEVELS, strict=True)}
    return of | told | {"mean": mean} | spread


@pytest.fixture(scope="module")
def planned(console: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The console on a lake in which a site is planned."""
    lake = Lake(tmp_path_factory.mktemp("plan") / "lake")
    done = {"worker_id": "wrk_1", "facility_id": "whs_1", "process": "pick", "heads": 1}
    at = NIGHT - timedelta(days=1)
    done |= {"started_at": at, "ended_at": at + timedelta(hours=2), "units": 40, "recorded_at": at}
    order = {
        "plan_id": "ord_1",
        "product_id": "prd_1",
        "facility_id": "whs_1",
        "source_id": "sup_1",
    }
    order |= {"order_date": NIGHT.date(), "due_date": NIGHT.date(), "asof": NIGHT, "cost": 12.5}
    order |= {"units": 24, "cases": 2, "up_to_units": 30}
    before = {"ds": NIGHT - timedelta(hours=4), "asof": NIGHT - timedelta(days=1)}
    rows = (
        (ROSTER_PLANS, [shift("wrk_<1>"), shift("wrk_2")]),
        (REPLENISHMENT_PLANS, [order]),
        (DEMAND_FORECASTS, [expected(0, 99.0) | before]),  # of a plan that is over
        (DEMAND_FORECASTS, [expected(40, 99.0) | {"asof": before["asof"]}]),  # and reached further
        (DEMAND_FORECASTS, [expected(hour, 30.0) for hour in range(6, 16)]),
        (LABOUR, [done]),
    )
    for table, each in rows:
        Lake(lake.path).write(table, nw.from_native(pl.DataFrame(each)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "_lake", lambda page: Lake(lake.path))
        yield console


def test_the_gap_is_work_at_the_recorded_pace_less_people_who_are_not_at_rest() -> None:
    work = pl.DataFrame([expected(hour, 30.0) for hour in (6, 10)])
    shifts = [shift("wrk_1") | {"override": None}]
    gone = [*shifts, shift("wrk_2") | {"override": {"value": {"cancelled": True}}}]
    for each in (shifts, gone):
        found = staffing.gaps(work, each, {"pick": 20.0}, UTC)
        told = {row["hour"]: row["gap_h"] for row in found.to_dicts()}
        assert (told[6], told[7], told[10]) == (0.5, -1.0, 1.5)
    assert staffing.gaps(work, shifts, {"pack": 20.0}, UTC)["need_h"].sum() == 0


def test_a_shift_that_ends_after_the_last_day_makes_no_day_of_its_own() -> None:
    work = pl.DataFrame([expected(hour, 30.0) for hour in range(8, 32)])
    zone = ZoneInfo("America/Los_Angeles")  # eight hours behind
    night = shift("wrk_1") | {"override": None, "started_at": NIGHT + timedelta(hours=29)}
    night |= {"ended_at": NIGHT + timedelta(hours=37)}
    found = plan._of_days(staffing.gaps(work, [night], {"pick": 20.0}, zone), work, zone)
    assert set(found["day"]) == {NIGHT.date()}


def test_a_fan_is_as_wide_as_its_quantiles_and_begins_at_the_last_that_came() -> None:
    even = {name: 100 * level for name, level in zip(QUANTILES, LEVELS, strict=True)}
    ahead = [Period(NIGHT, "<i>", 50.0, even), Period(NIGHT, "last", 50.0, even)]
    drawn = str(fan([20.0], ahead, "first", "label"))
    assert "<i>" not in drawn
    assert drawn.index('class="fan95"') < drawn.index('class="fan50"')
    assert drawn.count(f"0.0 {240 * (1 - 20 / (97.5 * 1.05)):.1f}") >= 4


def test_a_shift_is_cancelled_and_who_and_why_are_kept(tab: Any, planned: Any) -> None:
    page = tab.sign_in().open("/plan").page
    assert page.locator(".fan").is_visible()
    assert page.locator("table.heat td").first.inner_text() == "\N{MINUS SIGN}0.5"
    assert page.locator("table.heat thead th").count() == 2  # the hours, and the one day planned
    page.locator("table.plan", has_text="Shift").locator("tbody a").first.click()
    page.get_by_role("button", name="Cancel the shift").wait_for(timeout=30_000)
    page.fill("textarea[name=why]", "<b>ill</b>")
    page.get_by_role("button", name="Cancel the shift").click()
    page.locator("table.overrides").wait_for(timeout=30_000)
    assert "<b>ill</b>" in page.locator("table.overrides").inner_text()
    assert page.locator("table.heat td").first.inner_text() == "+0.5"
    (kept,) = planning.overrides(planned.app.state.parts.state, "main").values()
    assert (kept["value"], kept["who"], kept["why"]) == ({"cancelled": True}, "Ada", "<b>ill</b>")
    audit = planned.audit()
    assert (audit["action"], audit["detail"]["why"]) == ("plan overridden", "<b>ill</b>")
    page.fill("textarea[name=why]", "well again")
    page.get_by_role("button", name="Back to the plan").click()
    page.get_by_text("back to the plan", exact=True).wait_for(timeout=30_000)
    assert not planning.overrides(planned.app.state.parts.state, "main")
    tab.usable()


def test_money_stands_by_cause_where_the_plan_was_made_as_a_job(tab: Any, planned: Any) -> None:
    page = tab.sign_in().open("/plan").page
    assert "made elsewhere" in page.locator("main").inner_text()
    money = {"stock": ("over", "holding", 137.5), "staff": ("under", "temps", 1200.0)}
    ledger = [
        {"part": part, "side": side, "cause": cause, "week": week, "cost": cost}
        for part, (side, cause, cost) in money.items()
        for week in (1, 2)
    ]
    result = {"first": f"{NIGHT.date() + timedelta(days=1)}", "ledger": ledger}
    state, site = planned.app.state.parts.state, json.dumps({"site": "whs_1"})
    with state.writing() as write:
        write.execute(
            "insert into jobs (job_id, tenant, key_id, kind, arguments, status, step, share, "
            "made_at, ended_at, result) values ('j', 'main', 'k', 'plan', ?, 'done', '', 1, '', "
            "'', ?)",
            (site, json.dumps(result)),
        )
    try:
        table = tab.open("/plan").page.locator("table.causes")
        told = {row.split("\t")[0]: row.split("\t")[1:] for row in table.inner_text().split("\n")}
        assert [told[name][-1] for name in ("Stock together", "People together", "All")] == [
            *("275.00", "2,400.00", "2,675.00"),
        ]
        assert told["Stock that lies too much"] == ["137.50", "137.50", "275.00"]
        tab.seen_on_a_phone(table.locator("td"))
        tab.usable()
    finally:
        state.write("delete from jobs where job_id = 'j'")


def test_who_may_only_read_gets_no_form(tab: Any, planned: Any) -> None:
    page = tab.sign_in(planned.key_with("planning:read")).open("/plan").page
    page.locator("table.plan", has_text="Shift").locator("tbody a").first.click()
    page.locator(".drawer").wait_for(timeout=30_000)
    assert page.locator(".drawer form").count() == 0
