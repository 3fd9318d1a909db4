"""The same phase of former cycles: days and weeks before, and last year with its neighbours."""

from collections.abc import Iterator

import numpy as np

from lanecast.planning.panel import Floats

from .history import YEARS, Group, History, growth
from .recent import windows

NEAR = {"days": (-1, 0, 1), "weeks": (-2, -1, 0, 1, 2), "months": (-1, 0, 1)}
Named = Iterator[tuple[str, Floats]]


def phases(past: History, o: int, k: int, scale: Floats, centre: Floats) -> Named:
    """Yield values of the phase of step ``k`` in former cycles, and their means."""
    t, year = o + k - 1, YEARS.get(past.of.frequency.name)
    for season in past.of.frequency.seasons:
        back = -(-k // season) * season
        if season == year:
            yield from _last_year(past, o, t, back, scale, centre)
            continue
        for cycle in range(3):
            value = past.at(o, t - back - cycle * season)
            yield f"phase_{season}_{cycle}", (value - centre) / scale
        for many in (4, 8):
            each = [past.at(o, t - back - c * season) for c in range(many)]
            yield f"phase_{season}_mean{many}", (_nanmean(each) - centre) / scale


def _last_year(past: History, o: int, t: int, back: int, scale: Floats, centre: Floats) -> Named:
    name = past.of.frequency.name
    wide = 4 if name == "weeks" else 3
    for cycle in range(2):
        for d in NEAR.get(name, (0,)) if cycle == 0 else (-1, 0, 1):
            value = past.at(o, t - back - cycle * back + d)
            yield f"year_{cycle}_{d}", (value - centre) / scale
        end = min(t - back - cycle * back + wide + 1, o)
        yield f"year_{cycle}_near", (past.mean(end, 2 * wide + 1) - centre) / scale
    for i, group in enumerate(past.groups):
        yield from _beside(past, group, i, (o, t, back), scale)
    yield from _drift(past, o, t, back, scale)


def _beside(
    past: History, group: Group, i: int, when: tuple[int, int, int], scale: Floats
) -> Named:
    """Yield last year of the group of a series, in units of the year of the group."""
    o, t, back = when
    whole = np.maximum(group.window(o, back) / back, 1e-9)
    for d in (-1, 0, 1):
        at = t - back + d
        known = 0 <= at < o
        value = group.total[:, at] / whole if known else np.full(len(whole), np.nan)
        yield f"group{i}_year_{d}", value[group.number]
        if d == 0:  # the year of all, at the size of this one, against its own
            usual, own = past.mean(o, back) / scale, past.at(o, at) / scale
            yield f"group{i}_beside", value[group.number] * usual - own


def _drift(past: History, o: int, t: int, back: int, scale: Floats) -> Named:
    """Yield by how much last year's value changes if it grows like the last weeks."""
    then = past.at(o, t - back) / scale
    lengths = windows(past)
    for w in (lengths[3], lengths[5]):
        grown = growth(past.mean(o, w), past.mean(o - back, w))
        yield f"drift_{w}", then * np.expm1(grown)
        for i, group in enumerate(past.groups):
            yield f"group{i}_drift_{w}", then * np.expm1(group.growth(o, w, back)[group.number])


def _nanmean(each: list[Floats]) -> Floats:
    stack = np.stack(each)
    count = np.isfinite(stack).sum(axis=0)
    return np.where(count > 0, np.nansum(stack, axis=0) / np.maximum(count, 1), np.nan)
