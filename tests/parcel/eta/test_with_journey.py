"""The mean of two models lies between them, and says where one of them is missing."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from lanecast.nn.training import Training
from lanecast.parcel.eta.models import WithJourney
from lanecast.parcel.eta.models.rows import predictions
from lanecast.parcel.journey import Journey, answers, sequences
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake
from lanecast.tables.parcel import LEVELS, QUANTILES

START, CUT, END = (datetime(2025, month, day, tzinfo=UTC) for month, day in
                   ((1, 1), (1, 28), (2, 5)))  # fmt: skip


@dataclass(frozen=True)
class Ours:
    """A blend that answers with the same quantiles always, and not for checkouts by itself."""

    seen_h: float = 1.0

    def predict(self, x):
        hours = np.tile(10.0 * np.array(LEVELS) + 1, (x.height, 1))
        lane = pl.when(pl.col("moment") == "checkout").then(pl.lit("baseline"))
        return predictions(x, hours, "blend", "1").with_columns(
            slice=pl.lit("all"), coverage_80=pl.lit(0.8), fallback=lane
        )


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    lake = Lake(tmp_path_factory.mktemp("mixed") / "lake")
    simulate(parcels=300, days=40, seed=2).write(lake)
    past = sequences(Lake(lake.path).asof(CUT), START, CUT)
    y = answers(Lake(lake.path), CUT, past.steps)
    model = Journey(Training(epochs=1, batch=64, rate=4e-3), width=16, depth=1, bins=8)
    later = sequences(Lake(lake.path), CUT, END)
    x = later.steps.filter("is_asked").select("parcel_id", "asof_h", "moment")
    x = x.with_columns(handling_merchant_n=9.0, distance_km=100.0, to_promise_h=24.0)
    return model.fit(past, y), later, x


def quantiles(rows):
    return rows.select(QUANTILES).to_numpy()


def test_a_share_of_a_half_is_the_geometric_mean(told):
    journey, later, x = told
    mixed = WithJourney(Ours(), journey).predict(x, later)
    alone = quantiles(Ours().predict(x))
    theirs = journey.answer(later).hours("end", np.array(LEVELS), "delivered")
    both = mixed["fallback"].is_null().to_numpy()
    assert both.sum() > 100
    np.testing.assert_allclose(quantiles(mixed)[both], np.sqrt(alone * theirs)[both], rtol=1e-6)
    np.testing.assert_allclose(quantiles(mixed)[~both], alone[~both], rtol=1e-6)
    assert mixed.select("parcel_id", "moment").equals(x.select("parcel_id", "moment"))
    assert mixed["coverage_80"].is_null().all()  # nobody has measured the mean


def test_what_only_one_was_asked_says_so(told):
    journey, later, x = told
    checkout = x["moment"] == "checkout"
    gone = x.filter(~checkout)["parcel_id"][0]
    asked = pl.col("is_asked") & (pl.col("parcel_id") != gone)
    few = replace(later, steps=later.steps.with_columns(is_asked=asked))
    found = WithJourney(Ours(), journey).predict(x, few)["fallback"]
    missing = (x["parcel_id"] == gone) & ~checkout
    assert checkout.any() and missing.any()
    assert set(found.filter(checkout)) == {"baseline"}
    assert set(found.filter(missing)) == {"blend"}
    assert found.filter(~checkout & ~missing).is_null().all()


@pytest.mark.parametrize(("share", "model"), [(0.0, "blend"), (1.0, "journey")])
def test_a_share_of_all_is_one_model(told, share, model):
    journey, later, x = told
    mixed = WithJourney(Ours(), journey, share).predict(x, later)
    both = mixed["fallback"].is_null().to_numpy()
    theirs = journey.answer(later).hours("end", np.array(LEVELS), "delivered")
    alone = {"blend": quantiles(Ours().predict(x)), "journey": theirs}
    np.testing.assert_allclose(quantiles(mixed)[both], alone[model][both], rtol=1e-6)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_that_is_none_is_refused(told, share):
    with pytest.raises(ValueError, match=r"share: expected a number in \[0, 1\], got"):
        WithJourney(Ours(), told[0], share)
