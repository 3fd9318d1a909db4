"""Means are put right by what came on days that are known, apart for days with an event."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from lanecast.planning.chain.level import eventful, factors, levelled
from lanecast.planning.forecast import LEVEL, Forecast
from lanecast.planning.panel import Covariate

FEW = 40


@dataclass(frozen=True)
class Short:
    """Says a constant part of what will come, another one on days with an event."""

    y: np.ndarray
    plain: float
    event: float

    def predict(self, of):
        at = of.length + np.arange(of.horizon)
        part = np.where(eventful(of, of.length, of.horizon), self.event, self.plain)
        mean = part * self.y[:, at]
        return Forecast(np.repeat(mean[:, :, None], len(LEVEL), axis=2), np.full(len(mean), ""))


@pytest.fixture
def known(shop_panel):
    """The panel of a shop, in which every fifth day of each series has an event."""
    columns = shop_panel.length + shop_panel.horizon
    series = len(shop_panel.ids)
    on = (np.arange(columns) + np.arange(series)[:, None]) % 5 == 0
    event = Covariate(
        on.astype(float),
        np.zeros(on.shape, np.int32),
        np.arange(series, dtype=np.int32),
        True,
        True,
    )
    return replace(shop_panel, covariates={"fair": event})


def test_what_is_always_said_too_low_is_raised_by_as_much(known):
    y = np.concatenate([known.y, known.y[:, -known.horizon :]], axis=1)
    model = Short(y, 0.8, 0.5)
    plain, event = factors(model, known)
    assert plain == pytest.approx(1 / 0.8, rel=0.03)  # drawn towards 1 by a little
    assert 1.7 < event < 1 / 0.5
    mean = model.predict(known).mean
    right = y[:, known.length :]
    assert levelled((plain, event), known, mean).sum() == pytest.approx(right.sum(), rel=0.06)


def test_what_is_right_stays_and_a_factor_is_believed_up_to_two(known):
    y = np.concatenate([known.y, known.y[:, -known.horizon :]], axis=1)
    assert factors(Short(y, 1.0, 1.0), known) == pytest.approx((1.0, 1.0))
    assert factors(Short(y, 0.2, 9.0), known) == pytest.approx((2.0, 0.5))


def test_a_short_history_says_nothing(known):
    y = np.concatenate([known.y, known.y[:, -known.horizon :]], axis=1)
    assert factors(Short(y, 0.5, 0.5), known.before(FEW)) == (1.0, 1.0)
