"""What happens to whole regions and lanes: weather, drift and level shifts."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from .clock import AFTER, BEFORE, DAY, Clock
from .network import Network
from .streams import Floats, Ints, Streams


@dataclass(frozen=True)
class Shocks:
    """``weather`` [region, day + BEFORE] is the severity, 0 on most days, 1 is a bad storm.

    A lane takes ``exp(drift sin(2 pi (day / period + phase)))`` times its planned time, and
    from day ``shift_day`` on ``shift`` times that; ``sigma`` is the log deviation of one
    departure, ``late`` [s] the mean delay of a departure, ``level`` its lasting bias.
    """

    weather: Floats
    level: Floats
    sigma: Floats
    late: Floats
    drift: Floats
    period: Floats
    phase: Floats
    shift_day: Ints
    shift: Floats

    def factor(self, lane: Ints, t: Ints) -> Floats:
        """Return the lasting factor on the planned time of lanes at ``t``, without weather."""
        day = t / DAY
        wave = np.sin(2 * np.pi * (day / self.period[lane] + self.phase[lane]))
        slow = self.level[lane] * np.exp(self.drift[lane] * wave)
        result: Floats = slow * np.where(day >= self.shift_day[lane], self.shift[lane], 1.0)
        return result

    def severity(self, region: Ints, t: Ints) -> Floats:
        """Return the severity of the weather in regions at ``t``."""
        day = np.clip(t // DAY + BEFORE, 0, self.weather.shape[1] - 1)
        return self.weather[region, day]


def shocks(clock: Clock, net: Network, unreliable: Floats, streams: Streams) -> Shocks:
    """Draw the weather (a spell per region every 40 days, 1 to 4 days) and the fate of lanes."""
    rng = streams.fixed("weather")
    width = BEFORE + clock.days + AFTER + 1
    weather = np.zeros((len(net.regions), width))
    for row in weather:
        for begin in np.flatnonzero(rng.random(width) < 1 / 40):
            spell = slice(begin, begin + rng.integers(1, 5))
            row[spell] = np.maximum(row[spell], rng.uniform(0.25, 1.3))
    rng = streams.fixed("lanes")
    size = len(net.origin)
    carrier = unreliable[net.carrier]
    shifted = rng.random(size) < 0.12
    return Shocks(
        weather,
        level=rng.lognormal(0.03, 0.06, size),
        sigma=carrier * rng.uniform(0.03, 0.10, size),
        late=carrier * rng.uniform(300, 1500, size),
        drift=rng.uniform(0.0, 0.10, size),
        period=rng.uniform(120, 400, size),
        phase=rng.random(size),
        shift_day=np.where(shifted, rng.integers(15, max(16, clock.days), size), 100_000),
        shift=np.where(shifted, np.where(rng.random(size) < 0.75, 1.3, 0.8), 1.0),
    )


def weather_table(shock: Shocks, clock: Clock, net: Network) -> pl.DataFrame:
    """Return truth ``shocks``: one row per region and UTC day with weather."""
    region, column = np.nonzero(shock.weather)
    return pl.DataFrame(
        {
            "region": pl.Series(net.regions).gather(region),
            "date": clock.dates(column - BEFORE),
            "severity": shock.weather[region, column],
        }
    )
