"""Daily numbers beside demand: one that drives it two days later, and others that do nothing."""

from dataclasses import dataclass

import numpy as np

from .assortment import AHEAD
from .clock import BEFORE
from .scene import Scene
from .streams import Floats, Ints

LAG = 2  # days from visits to demand
PLACEBOS = ("fuel_price", "social_mentions", "rival_visits", "exchange_rate")


@dataclass(frozen=True)
class Signals:
    """Series [site, day + BEFORE]: log ``visits`` about zero, ``severity`` of weather, placebos.

    A placebo has trend, memory or a weekly habit like a driver, and no effect at all.
    """

    visits: Floats
    severity: Floats
    placebo: dict[str, Floats]


def signals(sites: Ints, scene: Scene) -> Signals:
    """Draw the series, also for ``AHEAD`` days after the end."""
    rng, clock = scene.streams.fixed("signals"), scene.clock
    shape = (len(sites), BEFORE + clock.days + AHEAD)
    weekday = (np.arange(shape[1]) - BEFORE + clock.start.weekday()) % 7
    habit = rng.normal(0, 0.2, (len(sites), 7))[:, weekday]
    severity = scene.shock.weather[:, : shape[1]][scene.net.region[sites]]
    return Signals(
        _memory(rng, shape, 0.8, 0.35),
        severity,
        {
            "fuel_price": 1.6 * np.exp(0.008 * rng.standard_normal(shape).cumsum(axis=1)),
            "social_mentions": np.exp(3 + _memory(rng, shape, 0.7, 0.5)),
            "rival_visits": np.exp(5 + habit + _memory(rng, shape, 0.5, 0.15)),
            "exchange_rate": 1 + 0.004 * rng.standard_normal(shape).cumsum(axis=1),
        },
    )


def _memory(rng: np.random.Generator, shape: tuple[int, int], keep: float, scale: float) -> Floats:
    """Return first-order autoregressions of that lasting deviation."""
    noise = rng.standard_normal(shape) * scale
    noise[:, 1:] *= np.sqrt(1 - keep**2)
    for day in range(1, shape[1]):
        noise[:, day] += keep * noise[:, day - 1]
    return noise
