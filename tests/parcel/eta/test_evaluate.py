"""Scores and costs against loops; foresight is free of regret."""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lanecast.parcel import eta
from lanecast.tables.parcel import LEVELS, QUANTILES

DAY0 = datetime(2025, 3, 1, 22, tzinfo=UTC)


def answers(n=60, seed=0, **more):
    """Predictions of one question per parcel, and what came of it; every fifth is open."""
    rng = np.random.default_rng(seed)
    asof = [DAY0 + timedelta(hours=float(h)) for h in rng.uniform(0, 24 * 60, n)]
    quantiles = np.sort(rng.gamma(4.0, 20.0, (n, len(LEVELS))), axis=1)
    hours = rng.gamma(4.0, 20.0, n)
    x = pl.DataFrame(
        {
            "parcel_id": [f"p{i}" for i in range(n)],
            "moment": rng.choice(["checkout", "shipped"], n),
            "model": rng.choice(["one", "two"], n),
            "version": "1",
            "asof": pl.Series(asof, dtype=pl.Datetime("us", "UTC")),
            "asof_to_delivered_h": quantiles[:, 7],
            **{name: quantiles[:, i] for i, name in enumerate(QUANTILES)},
            **more,
        }
    )
    asof_h = x["asof"].dt.epoch("us").to_numpy() / 3.6e9
    y = pl.DataFrame(
        {
            "parcel_id": x["parcel_id"],
            "end_h": asof_h + hours,
            "ended": pl.Series([int(i % 5 > 0) for i in range(n)], dtype=pl.Int8),
            "seen_h": asof_h.max() + 999,
        }
    )
    return x, y, hours


def test_scores_agree_with_a_loop():
    x, y, hours = answers()
    scores = eta.evaluate(x, y)
    assert scores.select("n", "n_open").sum().row(0) == (48, 12)
    for row in scores.iter_rows(named=True):
        mine = [
            (r, hours[i] / 24) for i, r in enumerate(x.iter_rows(named=True))
            if r["model"] == row["model"] and r["moment"] == row["moment"] and i % 5 > 0
        ]  # fmt: skip
        off = [r["asof_to_delivered_h"] / 24 - days for r, days in mine]
        assert row["n"] == len(mine) > 0
        assert row["mae_days"] == pytest.approx(np.mean(np.abs(off)))
        assert row["bias_days"] == pytest.approx(np.mean(off))
        assert row["within_1_day"] == pytest.approx(np.mean(np.abs(off) <= 1))
        for name, low, high in (("coverage_80", "q100", "q900"), ("coverage_95", "q025", "q975")):
            inside = [r[low] <= 24 * days <= r[high] for r, days in mine]
            assert row[name] == pytest.approx(np.mean(inside))
        width = np.diff([0, *(np.array(LEVELS[1:]) + LEVELS[:-1]) / 2, 1])
        pinballs = [
            sum(
                2 * w * max(level * (days - r[q] / 24), (level - 1) * (days - r[q] / 24))
                for q, level, w in zip(QUANTILES, LEVELS, width, strict=True)
            )
            for r, days in mine
        ]
        assert row["crps_days"] == pytest.approx(np.mean(pinballs))


def test_open_parcels_are_counted_and_not_scored():
    x, y, _ = answers()
    far = y.with_columns(end_h=pl.when(pl.col("ended") == 0).then(1e7).otherwise("end_h"))
    assert eta.evaluate(x, y).equals(eta.evaluate(x, far))
    none = eta.evaluate(x, y.with_columns(ended=pl.lit(0, pl.Int8)))
    assert none["n"].sum() == 0
    assert none["n_open"].sum() == x.height
    part = y.with_columns(ended=pl.col("ended") * (x["model"] == "two").cast(pl.Int8))
    scores = eta.evaluate(x, part, ["model"]).sort("model")
    assert scores["mae_days"].is_null().to_list() == [True, False]


def test_a_delivery_before_the_question_counts_as_now():
    x, y, _ = answers(n=1)
    y = y.with_columns(ended=pl.lit(1, pl.Int8), end_h=pl.col("end_h") - 1e4)
    row = eta.evaluate(x, y).row(0, named=True)
    assert row["bias_days"] == pytest.approx(x["asof_to_delivered_h"].item() / 24)


def test_months_are_civil_months_of_the_question():
    x, y, _ = answers(n=4)
    edge = pl.Series([datetime(2025, 4, 1, 1, tzinfo=UTC)] * 4, dtype=pl.Datetime("us", "UTC"))
    x, y = x.with_columns(asof=edge), y.with_columns(ended=pl.lit(1, pl.Int8))
    assert eta.evaluate(x, y, ["month"])["month"].to_list() == ["2025-04"]
    west = eta.evaluate(x, y, ["month"], "America/Sao_Paulo")
    assert west["month"].to_list() == ["2025-03"]


def test_the_order_of_rows_does_not_matter():
    x, y, _ = answers()
    other = eta.evaluate(x.sample(fraction=1, shuffle=True, seed=1), y.reverse())
    assert other.equals(eta.evaluate(x, y))


def test_the_truth_scores_nothing():
    x, y, hours = answers()
    x = x.with_columns(pl.Series(hours).alias(name) for name in ("asof_to_delivered_h", *QUANTILES))
    row = eta.evaluate(x, y, ["version"]).row(0, named=True)
    assert row["mae_days"] == pytest.approx(0, abs=1e-9)
    assert row["crps_days"] == pytest.approx(0, abs=1e-9)
    assert row["within_1_day"] == 1


PRICE = st.sampled_from([0.0, 0.5, 1.0, 3.0, 20.0])


def naive_worth(rows, per_day, late, per_late_day):
    """Try the end of every day for each parcel."""

    def cost(promised, hours):
        over = max(hours - promised, 0.0)
        return per_day * promised / 24 + late * (over > 0) + per_late_day * over / 24

    costs, best = [], []
    for promised, hours in rows:
        first = promised - 24 * (math.ceil(promised / 24) - 1)
        ends = [first + 24 * k for k in range(80)]
        costs.append(cost(promised, hours))
        best.append(min(cost(end, hours) for end in ends))
    return np.mean(costs), np.mean(best)


@example([(24, 48)], 1.0, 0.0, 3.0)  # half an hour late beats a day more
@example([(24, 480)], 1.0, 3.0, 0.0)  # hopelessly late beats weeks more
@given(
    st.lists(st.tuples(st.integers(1, 40 * 24), st.integers(0, 50 * 24)), min_size=1, max_size=8),
    PRICE,
    PRICE,
    PRICE,
)
def test_no_plan_costs_less_than_foresight(rows, per_day, late, per_late_day):
    x, y, _ = answers(len(rows))
    asof_h = x["asof"].dt.epoch("us").to_numpy() / 3.6e9
    hours = np.array([h + 0.5 for _, h in rows])
    y = y.with_columns(end_h=pl.Series(asof_h + hours), ended=pl.lit(1, pl.Int8))
    plan = x.select("parcel_id", "asof", promised_h=pl.Series([float(p) for p, _ in rows]))
    got = eta.worth(plan, y, per_day, late, per_late_day).row(0, named=True)
    cost, best = naive_worth([(p, h + 0.5) for p, h in rows], per_day, late, per_late_day)
    assert got["cost"] == pytest.approx(cost, abs=1e-6)
    assert got["foresight"] == pytest.approx(best, abs=1e-6)
    assert got["regret"] >= -1e-9
    assert got["n"] == len(rows)
    assert got["on_time"] == np.mean([h + 0.5 <= p for p, h in rows])
    assert got["promised_days"] == pytest.approx(np.mean([p for p, _ in rows]) / 24)


def test_promising_the_very_day_of_delivery_leaves_no_regret():
    x, y, hours = answers()
    plan = x.select("parcel_id", "asof", promised_h=pl.Series(np.ceil(hours / 24) * 24))
    row = eta.worth(plan, y, per_day=1, late=1000).row(0, named=True)
    assert row["regret"] == pytest.approx(0)
    assert row["on_time"] == 1
    later = eta.worth(plan.with_columns(pl.col("promised_h") + 24), y, 1, 1000)
    assert later["regret"].item() == pytest.approx(1)


def test_open_parcels_and_parcels_without_a_date_have_no_worth():
    x, y, hours = answers()
    plan = x.select("parcel_id", "asof", promised_h=pl.Series(hours + 1))
    gone = plan.with_columns(promised_h=pl.when(pl.col("parcel_id") != "p1").then("promised_h"))
    assert eta.worth(plan, y, 1, 60)["n"].item() == 48
    assert eta.worth(gone, y, 1, 60)["n"].item() == 47


def test_the_lead_over_a_peer_is_the_difference_of_mean_errors():
    x, y, _ = answers(300)
    peer = x.with_columns(pl.col("asof_to_delivered_h") + 24.0)[::-1]
    x = x.with_columns(pl.col("asof_to_delivered_h") * 0.5)
    less = eta.lead(x, peer, y)
    ours, theirs = (eta.evaluate(each.with_columns(model=pl.lit("m")), y, ["model"])["mae_days"][0]
                    for each in (x, peer))  # fmt: skip
    assert less.estimate == pytest.approx(ours - theirs)
    assert less.low < less.estimate < less.high


def test_nobody_leads_over_oneself():
    x, y, _ = answers(100)
    less = eta.lead(x, x, y)
    assert (less.low, less.estimate, less.high) == (0, 0, 0)
