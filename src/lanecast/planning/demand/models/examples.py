"""Rows to learn from: a series at an origin of the past, a step, and what came."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lanecast.planning.panel import Floats, Panel
from lanecast.planning.weighing import Weighing

from .design import Design, Matrix
from .history import YEARS

EARLIEST = 8  # periods that must be known before a row is learnt from
FEWEST = 8  # rows below which trees, that draw a part of them, have nothing to learn from
WIDEST = 20.0  # a target beyond so many times the level of its series tells nothing more


@dataclass(frozen=True)
class Examples:
    """How rows are drawn.

    Parameters
    ----------
    most
        Rows; origins, and at each some of the steps, are drawn so that they fit.
    back
        Origins that are looked at, in periods before the last; None looks at all.
    """

    most: int = 300_000
    back: int | None = None
    weighing: Weighing = field(default_factory=Weighing)
    seed: int = 0


@dataclass(frozen=True)
class Rows:
    """R rows: features (R, F) and their names, scaled targets, weights, unit and number of each."""

    x: Matrix
    names: tuple[str, ...]
    y: Floats
    weight: Floats
    scale: Floats
    series: npt.NDArray[np.int64]


def examples(design: Design, how: Examples) -> Rows | None:
    """Return rows to learn from; None where nothing can be learnt from.

    All steps of an origin share what is of the origin, so a few steps of many origins are drawn;
    and of very many series a part at each origin.
    """
    past, random = design.of, np.random.default_rng(how.seed)
    origins = origins_of(past, how.back)
    if not len(origins):
        return None
    n, horizon = len(past.ids), past.horizon
    whole = n * horizon * len(origins)
    each = int(np.clip(round(horizon * how.most / whole), min(4, horizon), horizon))
    fitting = max(1, how.most // (n * each))
    if fitting < len(origins):
        spaced = np.linspace(0, origins[-1] - origins[0], fitting).astype(int)
        origins = np.unique(origins[-1] - spaced)
    series, periods = how.weighing.series(past), how.weighing.periods(past)
    parts = []
    for origin in origins:
        possible = np.arange(1, min(horizon, past.length - origin) + 1)
        steps = np.sort(random.permutation(possible)[:each])
        target = past.y[:, origin + steps - 1]
        scale = design.scale(int(origin))
        scaled = (target - design.base(int(origin), steps)) / scale[:, None]
        begun = np.isfinite(past.y[:, :origin]).any(axis=1, keepdims=True)
        weight = (scale * series)[:, None] * periods[origin + steps - 1][None, :]
        kept = np.ravel(np.isfinite(scaled) & begun & (weight > 0))
        x, names = design.x(int(origin), steps)
        found = (
            np.clip(scaled.ravel()[kept], -WIDEST, WIDEST),
            weight.ravel()[kept],
            np.repeat(scale, len(steps))[kept],
            np.repeat(np.arange(n), len(steps))[kept],
        )
        parts.append((x[kept], *found))
    x, y, weight, unit, number = (np.concatenate(each) for each in zip(*parts, strict=True))
    if len(y) < FEWEST:
        return None
    return Rows(x, tuple(names), y, weight / max(weight.mean(), 1e-12), unit, number)


def origins_of(past: Panel, back: int | None) -> npt.NDArray[np.int64]:
    """Return the origins to learn from, a year of history before each if there is enough."""
    year = YEARS.get(past.frequency.name, 0)
    first = year + 4 if past.length > 1.3 * year + past.horizon else EARLIEST
    first = min(first, past.length - 1)
    if back is not None:
        first = max(first, past.length - back)
    return np.arange(max(first, 1), past.length)
