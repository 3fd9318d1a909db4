from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from lanecast.parcel import trajectory
from lanecast.tables.parcel import QUANTILES
from lanecast.tables.trajectory import SOMEWHERE_NEW

NOON = datetime(2025, 3, 3, 20, tzinfo=UTC)
HOUR = NOON.timestamp() / 3600


def answers(parcel, *stops, hours=2.0):
    spread = [hours * 0.5] * 5 + [hours] * 5 + [hours * 1.5] * 5
    return [
        {"parcel_id": parcel, "step": 1, "rank": rank, "model": "m", "asof": NOON}
        | {"status": "departed", "stop": stop, "probability": chance, "planned": False}
        | {"asof_to_arrived_h": hours}
        | dict(zip(QUANTILES, spread, strict=True))
        for rank, (stop, chance) in enumerate(stops, 1)
    ]


def scored(rows, truth, by=("model",), zone="UTC"):
    outcomes = pl.DataFrame(
        [
            {"parcel_id": p, "asof_h": HOUR, "stop": stop, "end_h": HOUR + h, "ended": int(h > 0)}
            for p, (stop, h) in truth.items()
        ],
        schema_overrides={"end_h": pl.Float64, "stop": pl.String},
    )
    return trajectory.evaluate(pl.DataFrame(rows), outcomes, list(by), zone)


def test_scores_are_those_one_works_out_by_hand():
    rows = [
        *answers("p1", ("a", 0.5), ("b", 0.3), (SOMEWHERE_NEW, 0.2)),
        *answers("p2", (SOMEWHERE_NEW, 0.6), ("a", 0.3), ("b", 0.1)),
        *answers("p3", ("a", 0.9), (SOMEWHERE_NEW, 0.1)),
        *answers("p4", ("a", 1.0)),
    ]
    truth = {"p1": ("a", 3.5), "p2": ("b", 2.5), "p3": ("z", 5.0), "p4": (None, 0.0)}
    row = scored(rows, truth).row(0, named=True)
    assert (row["n"], row["n_open"], row["n_leg"]) == (3, 1, 2)
    assert row["next_top1"] == pytest.approx(1 / 3)
    assert row["next_top3"] == pytest.approx(2 / 3)
    assert row["next_mrr"] == pytest.approx((1 + 1 / 2) / 3)  # somewhere new is no place
    assert row["log_loss"] == pytest.approx(-pl.Series([0.5, 0.1, 0.1]).log().mean())
    assert row["leg_mae_min"] == pytest.approx((90 + 30) / 2)
    assert row["leg_bias_min"] == pytest.approx(-60)
    assert row["coverage_80"] == pytest.approx(1 / 2)
    assert row["arrival_mae_min"] == pytest.approx((90 + 30 + 180) / 3)


def test_a_plan_that_no_history_knows_has_a_time_and_no_place():
    rows = [*answers("p1", ("a", 0.9), (SOMEWHERE_NEW, 0.1), ("z", None))]
    row = scored(rows, {"p1": ("z", 2.0)}).row(0, named=True)
    assert (row["next_top1"], row["next_top3"], row["leg_mae_min"]) == (0, 0, 0)
    assert row["log_loss"] == pytest.approx(-pl.Series([0.1]).log().item())


def test_days_are_those_of_the_zone():
    rows = answers("p1", ("a", 1.0))
    days = scored(rows, {"p1": ("a", 1.0)}, ("day", "model"), "Asia/Kolkata")
    assert days["day"].to_list() == [f"{NOON + timedelta(hours=5.5):%Y-%m-%d}"] == ["2025-03-04"]


def test_one_flat_object_has_the_baseline_beside_and_a_list_of_days():
    rows = pl.DataFrame(answers("p1", ("a", 0.9), ("b", 0.1)))
    other = pl.DataFrame(answers("p1", ("b", 0.9), ("a", 0.1), hours=4.0))
    both = pl.concat([rows, other.with_columns(model=pl.lit("lane"))])
    y = pl.DataFrame([{"parcel_id": "p1", "asof_h": HOUR, "stop": "a", "end_h": HOUR + 2}])
    y = y.with_columns(ended=pl.lit(1))
    told = trajectory.figures(both, y, "m", "lane")
    assert (told["next_top1"], told["next_top1_baseline"], told["next_top1_lane"]) == (1, 0, 0)
    assert (told["leg_mae_min"], told["leg_mae_min_baseline"]) == (0, pytest.approx(120))
    assert [day["day"] for day in told["days"]] == ["2025-03-03"]
    with pytest.raises(ValueError, match="no question"):
        trajectory.figures(both.head(0), y, "m", "lane")
