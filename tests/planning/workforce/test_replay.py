"""Rosters paid by the work that came: laws of the ledger, and a rule of thumb that keeps rules."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from lanecast.optimize.contracts import Work
from lanecast.optimize.shift_rules import broken
from lanecast.planning.workforce import Costs, Limits, paid, ratio, replay
from lanecast.planning.workforce.asked import asked
from lanecast.planning.workforce.replay import served
from lanecast.tables.parcel import LEVELS, QUANTILES

SITE, DAYS = "w", 3
NOW = datetime(2025, 3, 10, tzinfo=UTC)  # a Monday
LIMITS = Limits(starts=(6, 14), lengths=(8,), per_hour=1, temps=2)
ALONE = Limits(starts=(6, 14), lengths=(8,), per_hour=1, temps=0)


def forecast(scale=1.0, wide=0.5):
    """Pick and receive, by the hour from 8 to 18; quantiles from (1 - wide) to (1 + wide)."""
    rows = [
        (f"{SITE}/{name}", NOW + timedelta(hours=hour), scale * many * (8 <= hour % 24 < 18))
        for name, many in (("pick", 120.0), ("receive", 60.0))
        for hour in range(24 * DAYS)
    ]
    out = pl.DataFrame(rows, schema=["unique_id", "ds", "mean"], orient="row")
    return out.with_columns(
        pl.col("ds").cast(pl.Datetime("us", "UTC")),
        asof=pl.lit(NOW).cast(pl.Datetime("us", "UTC")),
        **{
            name: pl.col("mean") * (1 + wide * (2 * level - 1))
            for name, level in zip(QUANTILES, LEVELS, strict=True)
        },
    )


def came(scale=1.0):
    return forecast(scale).select(
        "unique_id", hour_h=pl.col("ds").dt.epoch("s") / 3600, y=pl.col("mean")
    )


RATES = pl.DataFrame(
    {"facility_id": [SITE] * 2, "process": ["pick", "receive"], "units_per_h": [60.0, 60.0]}
)
TEAM = pl.DataFrame(
    {
        "worker_id": [f"p{k}" for k in range(6)], "facility_id": SITE, "zone": "UTC",
        "skills": ["pick,receive"] * 4 + ["receive"] * 2, "is_temp": False, "hired_day": 0,
        "end_day": pl.Series([None] * 6, dtype=pl.Int64), "min_h_week": 8.0, "max_h_week": 60.0,
        "preferred_shift": pl.Series([None] * 6, dtype=pl.String), "wage": 20.0,
    }
)  # fmt: skip
CUTS = pl.DataFrame(
    schema={
        "weekdays": pl.String, "departures_per_day": pl.Int64, "cutoff_s": pl.Float64,
        "facility_id": pl.String, "first_s": pl.Float64, "headway_s": pl.Float64,
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def told():
    ways = {"right": forecast(wide=0.0), "double": forecast(2.0)}
    return replay(ways, came(), RATES, RATES, TEAM, CUTS, Costs(), LIMITS, rounds=10)


def test_sides_add_up_and_nothing_undercuts_the_bound(told):
    sides = told["over"] + told["under"] + told["running"]
    assert sides.to_list() == pytest.approx(told["cost"].to_list(), rel=1e-6)
    assert (told["cost"] >= told["bound"] - 1e-6).all()
    assert told["plan"].to_list() == [
        "foresight", "roster:right", "ratio:right", "roster:double", "ratio:double",
    ]  # fmt: skip
    assert told["need_h"].to_list() == pytest.approx([90.0] * 5)  # 3 days x 10 h x 180 / 60


def test_who_knows_what_comes_pays_what_foresight_pays(told):
    by = dict(told.select("plan", "cost").iter_rows())
    assert by["roster:right"] <= by["foresight"] * 1.02  # both are searches
    assert by["roster:double"] > by["roster:right"] * 1.05


def test_too_much_is_idle_and_too_little_is_late():
    few, many = (
        replay({name: forecast(said)}, came(true), RATES, RATES, TEAM, CUTS, Costs(), ALONE, 10)
        for name, said, true in (("half", 0.5, 3.0), ("much", 2.0, 0.3))
    )
    (late,), (idle,) = (
        each.filter(plan=name).to_dicts()
        for each, name in ((few, "roster:half"), (many, "roster:much"))
    )
    assert late["under"] > late["over"] and late["served"] < 0.9
    assert idle["over"] > idle["under"] and idle["served"] == pytest.approx(1.0)


def test_weeks_add_up_with_regret_over_foresight(told):
    both = paid([told, told])
    assert both["cost"].to_list() == pytest.approx((2 * told["cost"]).to_list())
    assert both["served"].to_list() == pytest.approx(told["served"].to_list())
    assert both.filter(plan="foresight")["regret"].item() == 0
    assert both.filter(plan="ratio:double")["regret"].item() > 0


def test_what_is_due_first_is_done_first():
    """Of 6 hours 4 are due after the second interval; one of them is late there."""
    come = np.array([[[4.0, 0.0, 2.0]]])
    waits = np.array([[[4.0, 0.0, 0.0]]])
    late = np.array([[[0.0, 1.0, 0.0]]])
    assert served(late, Work(come, waits, np.ones(1))) == pytest.approx(5 / 6)
    assert served(0 * late, Work(come, waits, np.ones(1))) == 1


@pytest.mark.parametrize("scale", [0.5, 1.0, 4.0])
def test_a_rule_of_thumb_keeps_all_rules_and_takes_more_for_more(scale):
    away = {("p0", date(2025, 3, 11)): True}
    limits = Limits(starts=(6, 14), lengths=(4, 8), per_hour=1, days_in_row=2, away=away)
    of = asked(forecast(scale), RATES, TEAM, CUTS, Costs(), limits, {"mean": 1.0})
    made = ratio(of)
    assert not broken(made, of.people, of.shifts, of.rules)
    hours = (made >= 0).sum() * of.shifts.hours.max()
    need = 1.15 * of.work.come.sum()
    assert hours <= need + 8 * DAYS
    assert scale > 1 or hours >= 0.6 * need
    with pytest.raises(ValueError, match="allowance: expected a factor > 0, got 0"):
        ratio(of, 0.0)
