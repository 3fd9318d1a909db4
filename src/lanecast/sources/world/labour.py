"""Hours of work: who did what in which hour, and how many pieces came of it."""

from dataclasses import dataclass

import numpy as np

from lanecast.tables.planning import PROCESSES

from .chores import Chores
from .clock import DAY, HOUR
from .crew import CROWD, LEARN, MIX, Crew
from .events import Array
from .scene import Scene
from .streams import Floats, Ints

EARLY = np.array([6, 7, 8, 9, 11, 12, 13])  # civil hours of work; the fifth hour is the break
LATE = EARLY + 8
NOISE = 0.12  # log deviation of an hour


@dataclass(frozen=True)
class Labour:
    """One row per worker and hour: ``hour`` [UTC hour], ``process``, ``heads`` beside one another.

    ``true`` [units/h] is the productivity, ``busy`` the part of the hour with work at hand,
    ``units`` what came of it.
    """

    worker: Ints
    hour: Ints
    process: Ints
    heads: Ints
    heavy: Floats
    hours_before: Ints
    true: Floats
    busy: Floats
    units: Ints


def labour(team: Crew, work: Chores, scene: Scene) -> Labour:
    """Let everybody work five days of seven, in one of two shifts, where most is to do.

    People are spread over the processes they know in proportion to the day's need. What nobody
    could do waits: ``B_h = max(0, B_(h-1) + V_h - C_h)`` with what came up V and what could be
    done C; nobody does more than there is.
    """
    rng, clock = scene.streams.noise("labour"), scene.clock
    day = np.arange(clock.days)
    here = (day >= team.hired[:, None]) & (day <= team.left[:, None])
    here &= (day + team.off[:, None]) % 7 < 5
    who, when = np.nonzero(here)
    civil = np.where(team.late[who][:, None], LATE, EARLY)
    local = when[:, None] * DAY + civil * HOUR
    zone = scene.net.zone[scene.net.warehouses[team.site[who]]]
    hour = (clock.utc(np.broadcast_to(zone[:, None], local.shape), local) // HOUR).ravel()
    worker, today = np.repeat(who, len(EARLY)), np.repeat(when, len(EARLY))
    site = team.site[worker]

    order = np.lexsort((rng.random(len(worker)), hour, site))
    worker, today, hour, site = worker[order], today[order], hour[order], site[order]
    process = _assigned(team, work, worker, today, hour, site, rng)
    cell = (site * len(PROCESSES) + process) * work.hourly.shape[2] + hour + 24
    heads = np.bincount(cell, minlength=work.hourly.size)[cell]

    order = np.lexsort((hour, process, worker))
    first = np.ones(len(order), bool)
    pair = worker * len(PROCESSES) + process
    first[1:] = pair[order][1:] != pair[order][:-1]
    begin = np.flatnonzero(first)
    before = np.empty(len(order), np.int64)
    length = np.diff(np.append(begin, len(order)))
    before[order] = np.arange(len(order)) - np.repeat(begin, length)

    heavy = work.heavy[site, today]
    crowd = np.maximum(heads / team.places[site, process] - 1, 0)
    practice = (team.practised[worker] + before) / team.tau[process]
    true = (
        team.rate[site, process] * team.skill[worker] * team.affinity[worker, process]
        * (1 - LEARN * np.exp(-practice)) * np.exp(-MIX[process] * (heavy - 0.3) - CROWD * crowd)
    )  # fmt: skip
    made = true * np.exp(NOISE * rng.standard_normal(len(true)) - NOISE**2 / 2)
    can = np.bincount(cell, made, minlength=work.hourly.size).reshape(work.hourly.shape)
    done = _done(work.hourly, can)
    busy = (done / np.maximum(can, 1e-9)).ravel()[cell]
    busy = np.floor(busy * HOUR) / HOUR  # whole seconds

    order = np.argsort(cell, kind="stable")
    total = np.cumsum((made * busy)[order])
    group = (cell // work.hourly.shape[2])[order]
    fresh = np.r_[True, group[1:] != group[:-1]]
    origin = np.r_[0.0, total[:-1]][fresh][np.cumsum(fresh) - 1]
    whole = np.floor(total - origin + 1e-9).astype(np.int64)
    units = np.empty(len(order), np.int64)
    units[order] = np.where(fresh, whole, np.diff(whole, prepend=0))
    keep = (busy > 0) & (hour * HOUR + HOUR + 600 <= clock.end)
    return Labour(*(v[keep] for v in
                    (worker, hour, process, heads, heavy, before, true, busy, units)))  # fmt: skip


def _assigned(
    team: Crew, work: Chores, worker: Ints, today: Ints, hour: Ints, site: Ints,
    rng: np.random.Generator,
) -> Ints:  # fmt: skip
    """Return what each does: systematic sampling from the day's need at what each can do."""
    known = np.stack([
        np.bincount(team.site, team.skilled[:, k], len(team.rate)) for k in range(len(PROCESSES))
    ], axis=1) / np.bincount(team.site, minlength=len(team.rate))[:, None]  # fmt: skip
    need = work.daily[site, :, today] / team.rate[site] / known[site]
    edges = np.cumsum(np.where(team.skilled[worker], need + 1e-6, 0.0), axis=1)
    edges /= edges[:, -1:]
    fresh = np.r_[True, (hour[1:] != hour[:-1]) | (site[1:] != site[:-1])]
    begin = np.flatnonzero(fresh)
    size = np.diff(np.append(begin, len(hour)))
    rank = np.arange(len(hour)) - np.repeat(begin, size)
    place = (rank + np.repeat(rng.random(len(begin)), size)) / np.repeat(size, size)
    wanted: Ints = (place[:, None] > edges).sum(axis=1)
    return np.minimum(wanted, len(PROCESSES) - 1)


def _done(come: Ints, can: Array) -> Floats:
    """Return what is done in each hour when work waits until somebody can do it."""
    path = np.cumsum(come - can, axis=2)
    waits = path - np.minimum(np.minimum.accumulate(path, axis=2), 0)
    result: Floats = come + np.diff(waits, axis=2, prepend=0) * -1
    return np.clip(result, 0, can)
