"""Promises lie on working days, cost no more than any other, and rows left out say why."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import narwhals as nw
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lanecast.optimize.promise import cost
from lanecast.parcel.eta import Costs, Limits, decide, tradeoff
from lanecast.tables.parcel import LEVELS, PLANS, QUANTILES
from lanecast.tables.schema import check

from .test_evaluate import answers

ZONE = {"US-NY": "America/New_York", "US-CA": "America/Los_Angeles", "IT-MI": "Europe/Rome"}
HOLIDAYS = {"IT-MI": {date(2025, 4, 21), date(2025, 4, 25), date(2025, 5, 1)}}
EPOCH = date(1970, 1, 1)


def works(region, day):
    weekend = {7} if region != "IT-MI" else {6, 7}
    return day.isoweekday() not in weekend and day not in HOLIDAYS.get(region, ())


@pytest.fixture(scope="module")
def scene():
    """Forty questions to three regions with their own weekends and holidays."""
    x, y, hours = answers(40)
    regions = [list(ZONE)[i % 3] for i in range(x.height)]
    asof = x["asof"].to_list()
    offset = [
        int(t.astimezone(ZoneInfo(ZONE[r])).utcoffset() / timedelta(minutes=1))
        for t, r in zip(asof, regions, strict=True)
    ]
    places = pl.DataFrame(
        {"parcel_id": x["parcel_id"], "goal_region": regions, "utc_offset_min": offset,
         "promised_h": pl.Series([None] * x.height, dtype=pl.Float64)}
    )  # fmt: skip
    days = [date(2025, 2, 1) + timedelta(days=k) for k in range(300)]
    calendar = pl.DataFrame(
        [{"goal_region": r, "day": (d - EPOCH).days, "is_working": float(works(r, d))}
         for r in ZONE for d in days]
    )  # fmt: skip
    return x, y, hours, places, calendar


def today(asof, offset_min):
    return (asof + timedelta(minutes=offset_min)).date()


@pytest.mark.parametrize(("soonest", "longest"), [(0, 60), (2, 9), (1, 1), (0, 3)])
def test_a_promise_is_a_working_day_within_the_limits(scene, soonest, longest):
    x, _, _, places, calendar = scene
    plan = decide(x, Costs(), Limits(places, calendar, soonest, longest))
    rows = plan.table.join(places, on="parcel_id").to_dicts()
    assert len(rows) == x.height
    for row in rows:
        first = today(row["asof"], row["utc_offset_min"])
        allowed = [first + timedelta(days=k) for k in range(soonest, longest + 1)]
        working = [day for day in allowed if works(row["goal_region"], day)]
        assert row["promised_date"] in (working or allowed)


def test_a_promise_ends_with_its_civil_day_at_the_address(scene):
    x, _, _, places, calendar = scene
    for row in decide(x, Costs(), Limits(places, calendar)).table.join(
        places, on="parcel_id"
    ).iter_rows(named=True):  # fmt: skip
        local = row["asof"] + timedelta(minutes=row["utc_offset_min"])
        midnight = datetime.combine(row["promised_date"], datetime.min.time(), UTC)
        end = midnight + timedelta(days=1)
        assert row["promised_h"] == pytest.approx((end - local) / timedelta(hours=1))


def test_no_working_day_in_reach_costs_less(scene):
    x, _, _, places, calendar = scene
    costs = Costs(per_day=1.0, late=20.0, per_late_day=2.0)
    plan = decide(x, costs, Limits(places, calendar, 0, 30))
    quantiles = x.select(QUANTILES).to_numpy()
    total = 0.0
    for i, row in enumerate(plan.table.join(places, on="parcel_id").iter_rows(named=True)):
        local = row["asof"] + timedelta(minutes=row["utc_offset_min"])
        since = (local - datetime.combine(local.date(), datetime.min.time(), UTC)).total_seconds()
        ends = [24.0 * (k + 1) - since / 3600 for k in range(31)
                if works(row["goal_region"], local.date() + timedelta(days=k))]  # fmt: skip
        each = cost(LEVELS, quantiles[i : i + 1], [ends], per_day=1, late=20, per_late_day=2)
        assert row["cost"] == pytest.approx(each.total.min())
        assert row["level"] == pytest.approx(each.on_time[0, each.total.argmin()])
        total += row["cost"]
    assert plan.objective == pytest.approx(total)
    assert sum(plan.parts.values()) == pytest.approx(total)
    assert plan.parts.keys() == {"waiting", "late", "late_days"}


def test_the_bound_is_never_above_the_objective_and_free_moments_can_be_cheaper(scene):
    x, _, _, places, calendar = scene
    for late in (0.0, 5.0, 60.0, 1000.0):
        plan = decide(x, Costs(late=late), Limits(places, calendar))
        assert 0 <= plan.bound <= plan.objective
        assert plan.gap >= 0
    assert decide(x, Costs(late=60.0), Limits(places, calendar)).gap > 0.01


@pytest.mark.parametrize("late", [5.0, 60.0, 1000.0])
def test_no_moment_at_all_costs_less_than_the_bound(scene, late):
    x, _, _, places, calendar = scene
    plan = decide(x, Costs(late=late, per_late_day=0.5), Limits(places, calendar))
    moments = np.linspace(0.01, 24 * 40, 4001)  # finer than the steps of the bound
    q = x.select(QUANTILES).to_numpy()
    paid = cost(np.array(LEVELS), q, np.tile(moments, (x.height, 1)),
                per_day=1.0, late=late, per_late_day=0.5)  # fmt: skip
    best = paid.total.min(axis=1).sum()
    assert plan.bound <= best
    assert plan.bound > best - 3 / 24 * x.height  # and is near: a step of waiting at most


def test_dearer_lateness_never_promises_earlier(scene):
    x, _, _, places, calendar = scene
    limits = Limits(places, calendar)
    before = np.zeros(x.height)
    for late in (0.0, 1.0, 5.0, 20.0, 60.0, 300.0, 5000.0):
        promised = decide(x, Costs(late=late), limits).table["promised_h"].to_numpy()
        assert (promised >= before).all()
        before = promised
    dear_days = decide(x, Costs(per_day=50.0, late=5000.0), limits).table["promised_h"].to_numpy()
    assert (dear_days <= before).all()


def test_a_later_parcel_is_promised_later(scene):
    x, _, _, places, calendar = scene
    limits = Limits(places, calendar)
    slow = x.with_columns(pl.col(QUANTILES) + 72)
    mean = [decide(rows, Costs(), limits).table["promised_h"].mean() for rows in (x, slow)]
    assert mean[1] > mean[0] + 60


def test_rows_without_a_place_or_a_number_are_skipped_with_the_reason(scene):
    x, _, _, places, calendar = scene
    here = places.filter(pl.col("parcel_id") != "p0").with_columns(
        goal_region=pl.when(pl.col("parcel_id") != "p1").then("goal_region")
    )
    x = x.with_columns(
        q500=pl.when(pl.col("parcel_id") != "p2").then("q500"),
        q010=pl.when(pl.col("parcel_id") == "p3").then(float("nan")).otherwise("q010"),
        q990=pl.when(pl.col("parcel_id") == "p4").then(float("inf")).otherwise("q990"),
    )
    plan = decide(x, Costs(), Limits(here, calendar))
    reasons = dict(plan.skipped.select("parcel_id", "reason").rows())
    nowhere, nothing = "no address known", "no prediction"
    assert reasons == dict(p0=nowhere, p1=nowhere, p2=nothing, p3=nothing, p4=nothing)
    assert set(plan.table["parcel_id"]) == set(x["parcel_id"]) - reasons.keys()


def test_nothing_to_decide_is_an_empty_plan(scene):
    x, _, _, places, calendar = scene
    plan = decide(x.with_columns(q500=pl.lit(None, pl.Float64)), Costs(), Limits(places, calendar))
    assert plan.table.height == 0 == plan.objective == plan.bound == plan.gap
    assert plan.skipped.height == x.height
    assert check(PLANS, nw.from_native(plan.table)).to_native().height == 0


def test_plans_are_canonical_and_named_by_what_they_rest_on(scene):
    x, _, _, places, calendar = scene
    limits = Limits(places, calendar)
    plan = decide(x, Costs(), limits)
    assert check(PLANS, nw.from_native(plan.table)).to_native().height == x.height
    assert plan.table["plan_id"].n_unique() == 1
    name = plan.table["plan_id"][0]
    strike = calendar.with_columns(is_working=pl.lit(1.0))
    others = (
        decide(x, Costs(late=61), limits),
        decide(x, Costs(), Limits(places, calendar, 1)),
        decide(x, Costs(), Limits(places, strike)),
        decide(x.with_columns(pl.col("q990") + 1), Costs(), limits),
        decide(x.head(39), Costs(), limits),
    )
    names = {other.table["plan_id"][0] for other in others} | {name}
    assert len(names) == 1 + len(others)
    shuffled = decide(x.sample(fraction=1, shuffle=True, seed=3), Costs(), limits)
    assert_frame_equal(shuffled.table.sort("parcel_id"), plan.table.sort("parcel_id"))


def test_without_a_calendar_every_day_counts_and_without_an_offset_the_clock_is_utc(scene):
    x, _, _, places, _ = scene
    bare = places.with_columns(utc_offset_min=pl.lit(None, pl.Int16))
    rows = decide(x, Costs(late=0.0), Limits(bare)).table
    assert (rows["promised_date"] == rows["asof"].dt.date()).all()
    unknown = Limits(places, pl.DataFrame({"goal_region": ["x"], "day": [0], "is_working": [0.0]}))
    assert decide(x, Costs(late=0.0), unknown).table["promised_h"].max() <= 24


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Costs(per_day=0), "per_day > 0"),
        (lambda: Costs(per_day=float("nan")), "per_day > 0"),
        (lambda: Costs(late=-1), "late >= 0"),
        (lambda: Costs(per_late_day=-1), "per_late_day >= 0"),
        (lambda: Limits(pl.DataFrame(), soonest_d=-1), "0 <= soonest_d <= longest_d"),
        (lambda: Limits(pl.DataFrame(), soonest_d=5, longest_d=4), "0 <= soonest_d <= longest_d"),
    ],
)
def test_nonsense_is_refused_in_words(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_more_days_keep_more_promises(scene):
    x, _, hours, places, calendar = scene
    curve = tradeoff(x, hours, Limits(places, calendar))
    assert (np.diff(curve.days) >= 0).all()
    assert (np.diff(curve.on_time) >= 0).all()
    assert curve.on_time[0] < curve.on_time[-1]
    few = tradeoff(x, hours, Limits(places, calendar), late=np.array([60.0]))
    plan = decide(x, Costs(late=60), Limits(places, calendar)).table
    assert few.days[0] == pytest.approx(plan["promised_h"].mean() / 24)
    assert few.on_time[0] == np.mean(hours <= plan["promised_h"].to_numpy())
