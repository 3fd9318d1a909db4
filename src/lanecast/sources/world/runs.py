"""What becomes of each departure: cancelled, late, slow, broken down."""

from dataclasses import dataclass

import numpy as np

from .clock import FAR
from .network import UNRELIABLE
from .scene import Scene
from .streams import Floats, Ints
from .timetable import NEVER, Timetable, sized


@dataclass(frozen=True)
class Runs:
    """Departures with ``leave`` and ``arrive`` [s], which all aboard share, and the ``storm``."""

    table: Timetable
    leave: Ints
    arrive: Ints
    storm: Floats


def runs(table: Timetable, volume: Ints, scene: Scene) -> Runs:
    """Draw the fate of every departure of lanes with ``volume`` [parcels].

    Weather of severity w (the worse end) cancels with chance 0.25 w and multiplies the duration
    by 1 + 0.4 w; a breakdown (0.8 % times unreliability) adds a gamma of mean 4 h.
    """
    net, shock, rng = scene.net, scene.shock, scene.streams.noise("departures")
    lane, at, size = table.lane, table.at, len(table.lane)
    storm = np.maximum(
        shock.severity(net.region[net.origin[lane]], at),
        shock.severity(net.region[net.target[lane]], at),
    )
    cancelled = (rng.random(size) < 0.25 * storm).astype(np.int64)
    delay = rng.exponential(size=size) * shock.late[lane] * (1 + 2 * storm)
    each = np.exp(shock.sigma[lane] * rng.standard_normal(size)) * (1 + 0.4 * storm)
    broken = rng.random(size) < 0.008 * UNRELIABLE[net.carrier[lane]]
    extra = np.where(broken, rng.gamma(2.0, 2.0, size) * 3600, 0.0)
    leave = at + delay.astype(np.int64)
    ride = net.duration[lane] * shock.factor(lane, at) * each + extra
    ever = at < NEVER
    return Runs(
        sized(table, volume, net.spare, scene.clock.days, cancelled),
        np.where(ever, leave, FAR),
        np.where(ever, leave + ride.astype(np.int64), FAR),
        np.where(ever, storm, 0.0),
    )
