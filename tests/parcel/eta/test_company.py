"""From tables to scores on a simulated company of some size; the one slow test."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from lanecast.nn.training import Training
from lanecast.parcel import eta
from lanecast.parcel.eta import Blend, Boosted, Deep, LaneQuantiles
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake, collect

LEARN, CUT = datetime(2025, 2, 5, tzinfo=UTC), datetime(2025, 3, 17, tzinfo=UTC)
UNTIL, TODAY = CUT + timedelta(days=6), datetime(2025, 4, 20, tzinfo=UTC)
BLEND = Blend(
    Boosted(rounds=90, learning_rate=0.1, leaves=15),
    Deep(Training(epochs=3, batch=256, rate=3e-3), bins=30, width=48),
)


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """Predictions of six days by the baseline and by the blend, and their outcomes."""
    lake = Lake(tmp_path_factory.mktemp("company") / "lake")
    simulate(parcels=6000, days=110, seed=4).write(lake)
    lake = Lake(lake.path)
    x = collect(eta.features(lake, LEARN, UNTIL).lazy())
    asked = pl.col("asof_h") >= CUT.timestamp() / 3600
    y = collect(eta.outcomes(lake, CUT))
    models = {"lane": LaneQuantiles(), "blend": BLEND}
    predictions = pl.concat(
        [
            model.fit(x.filter(~asked), y).predict(x.filter(asked)).with_columns(model=pl.lit(name))
            for name, model in models.items()
        ],
        how="diagonal",
    )
    scans = x.filter(asked).select("parcel_id", "scans", "asof_h")
    return predictions, collect(eta.outcomes(lake, TODAY)), scans


def test_the_blend_beats_the_baseline_and_covers_what_it_says(answered):
    predictions, outcomes, _ = answered
    scores = eta.evaluate(predictions, outcomes).sort("moment", "model")
    assert scores["n"].min() > 200
    blend, lane = (scores.filter(model=name) for name in ("blend", "lane"))
    assert (blend["crps_days"] < lane["crps_days"]).all()
    assert (blend["mae_days"] < 1.02 * lane["mae_days"]).all()
    assert blend["crps_days"].mean() < 0.9 * lane["crps_days"].mean()
    assert blend["coverage_80"].is_between(0.68, 0.92).all()
    assert blend["coverage_95"].is_between(0.86, 1.0).all()


def test_the_more_is_scanned_the_smaller_the_error(answered):
    predictions, outcomes, scans = answered
    key = {"asof_h": (pl.col("asof").dt.epoch("us") / 3.6e9).round(6)}
    rows = (
        predictions.filter(model="blend")
        .with_columns(**key)
        .join(scans.with_columns(pl.col("asof_h").round(6)), on=["parcel_id", "asof_h"])
    )
    rows = rows.filter(pl.col("scans") <= 7).with_columns(pl.col("scans").cast(pl.Int64))
    scores = eta.evaluate(rows, outcomes, ["scans"]).sort("scans").filter(pl.col("n") > 100)
    error = scores["mae_days"].to_numpy()
    assert scores.height >= 6
    assert np.corrcoef(scores["scans"].to_numpy(), error)[0, 1] < -0.8
    assert error[-1] < 0.6 * error[0]
