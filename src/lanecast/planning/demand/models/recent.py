"""What is of a series at an origin, whatever the step: recent means, growth, spread, age."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from lanecast.planning.panel import Floats

from .history import LEVEL, YEARS, History, growth

WINDOWS = {
    "hours": (1, 2, 3, 6, 12, 24, 48, 168, 336),
    "days": (1, 2, 7, 14, 28, 56, 91, 182, 364),
    "weeks": (1, 2, 3, 4, 8, 13, 26, 52),
    "months": (1, 2, 3, 6, 12, 24),
}
OTHERS = (1, 2, 3, 4, 8, 16, 32)
Named = Iterator[tuple[str, Floats]]


def windows(past: History) -> tuple[int, ...]:
    """Return the lengths of the recent means."""
    return WINDOWS.get(past.of.frequency.name, OTHERS)


def recent(past: History, o: int, scale: Floats, centre: Floats) -> Named:
    """Yield means of the last periods, growth, groups, attributes and past covariates."""
    lengths = windows(past)
    for w in lengths:
        yield f"mean_{w}", (past.mean(o, w) - centre) / scale
    for w in lengths[:3]:
        yield f"mean_{w}_before", (past.mean(o - w, w) - centre) / scale
    yield from _shape(past, o, scale)
    year = YEARS.get(past.of.frequency.name)
    if year is not None:
        for w in (lengths[3], lengths[5]):
            yield f"growth_{w}", growth(past.mean(o, w), past.mean(o - year, w))
            for i, group in enumerate(past.groups):
                yield f"group{i}_growth_{w}", group.growth(o, w, year)[group.number]
    for i, group in enumerate(past.groups):
        ratio = growth(group.window(o, lengths[3]), group.window(o, lengths[5]))
        yield f"group{i}_recent", ratio[group.number]
    for i, (name, values) in enumerate(past.of.attributes.items()):
        if len(np.unique(values)) <= max(len(values) / 3, 1):
            yield f"attribute{i}_{name}", codes(values)
    for name, each in past.of.covariates.items():
        if not each.ahead:
            yield f"{name}_last", _last(each.upto(o, o - lengths[4]))


def _shape(past: History, o: int, scale: Floats) -> Named:
    total, square, count = past.sums
    start = max(o - LEVEL.get(past.of.frequency.name, 12), 0)
    number = np.maximum(count[:, o] - count[:, start], 1)
    mean = (total[:, o] - total[:, start]) / number
    variance = (square[:, o] - square[:, start]) / number - mean**2
    last = past.of.y[:, start:o]
    yield "spread", np.sqrt(np.maximum(variance, 0)) / scale
    yield "zeros", (last == 0).sum(axis=1) / number
    yield "peak", np.fmax.reduce(last, axis=1, initial=-np.inf).clip(-1e9, 1e9) / scale
    yield "since_sale", past.since_sale(o)
    yield "known", count[:, o].astype(float)
    yield "known_recent", count[:, o] - count[:, max(o - 8, 0)]
    yield "age", np.maximum(o - past.begin, 0).astype(float)
    yield "log_scale", np.log(scale)


def codes(values: npt.NDArray[np.str_]) -> Floats:
    """Return text as numbers: its own if it is one, else its place in the alphabet."""
    try:
        return np.array([float(each) if each else np.nan for each in values])
    except ValueError:
        return np.unique(values, return_inverse=True)[1].astype(float)


def _last(values: Floats) -> Floats:
    if not values.shape[1]:
        return np.full(len(values), np.nan)
    seen = np.isfinite(values)
    at = values.shape[1] - 1 - np.argmax(seen[:, ::-1], axis=1)
    return np.where(seen.any(axis=1), values[np.arange(len(values)), at], np.nan)
