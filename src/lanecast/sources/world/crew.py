"""People in the warehouses, and what each of them truly can do in an hour."""

from dataclasses import dataclass

import numpy as np

from lanecast.tables.planning import PROCESSES

from .chores import Chores
from .clock import FAR
from .scene import Scene
from .streams import Bools, Floats, Ints, pick

BASE = np.array([160.0, 90.0, 60.0, 45.0, 220.0, 300.0, 25.0])  # units/h of a practised hand
MIX = np.array([0.3, 0.7, 0.5, 0.4, 0.1, 0.3, 0.2])  # log lost if all pieces are heavy
LEARN = 0.35  # part of the rate that a beginner lacks
CROWD = 0.3  # log lost when twice as many people work as there are places
ON_SHIFT = 7  # hours of work in a shift of eight
SLACK = 1.35  # people over the mean need
SMALL = 12  # people below which everybody must know everything
WAGE = {"US": 2200, "DE": 2000, "MX": 450}  # cents per hour


@dataclass(frozen=True)
class Crew:
    """Workers by row; ``skilled`` and ``affinity`` are [worker, process], days are of the window.

    True pieces per hour = ``rate`` [site, process] x ``skill`` x ``affinity`` x (1 - 0.35
    exp(-(``practised`` + hours at it) / ``tau``)) x exp(-mix (heavy - 0.3)) x
    exp(-0.3 max(0, heads / ``places`` - 1)).
    """

    site: Ints
    skilled: Bools
    main: Ints
    temp: Bools
    hired: Ints
    left: Ints
    late: Bools
    off: Ints
    skill: Floats
    affinity: Floats
    practised: Floats
    wage: Ints
    rate: Floats
    tau: Floats
    places: Floats


def crew(work: Chores, sites: Ints, scene: Scene) -> Crew:
    """Hire as many people as the mean work needs, 35 % more, and a quarter of them again as temps.

    A fifth of the regular people are hired within the window; temps stay six weeks. Skill is
    lognormal (0.15), the hand for one process another 0.08; a beginner lacks a third, and learns
    it in 60 to 200 hours.
    """
    rng, days = scene.streams.fixed("crew"), scene.clock.days
    kinds = len(PROCESSES)
    rate = BASE * rng.lognormal(0, 0.06, (len(sites), kinds))
    need = work.daily.mean(axis=2) / rate  # hours a day
    regular = np.maximum(4, np.ceil(SLACK * need.sum(axis=1) / ON_SHIFT * 7 / 5)).astype(np.int64)
    stints = np.maximum(1, np.round(0.25 * regular * days / 42 / 4)).astype(np.int64)
    site = np.concatenate([np.repeat(np.arange(len(sites)), n) for n in (regular, stints)])
    many = len(site)
    temp = np.arange(many) >= regular.sum()
    main = np.zeros(many, np.int64)
    for s in range(len(sites)):
        of = np.flatnonzero(site == s)
        main[of] = pick(rng, need[s] + 0.02 * need[s].sum() + 1e-9, len(of))
    skilled = rng.random((many, kinds)) < np.where(temp, 0.25, 0.6)[:, None]
    skilled[np.arange(many), main] = True
    skilled[~temp & (regular[site] < SMALL)] = True
    fresh = rng.random(many) < 0.2
    hired = np.where(fresh, rng.integers(0, max(days - 30, 1), many), -rng.integers(90, 2000, many))
    hired = np.where(temp, rng.integers(0, max(days - 42, 1), many), hired)
    land = [scene.net.countries[c] for c in scene.net.country_of[scene.net.region[sites]]]
    wage = np.array([WAGE[name] for name in land])[site] * rng.uniform(0.9, 1.2, many)
    return Crew(
        site, skilled, main, temp, hired, np.where(temp, hired + 41, FAR),
        rng.random(many) < 0.5, rng.integers(0, 7, many), rng.lognormal(0, 0.15, many),
        rng.lognormal(0, 0.08, (many, kinds)), np.where(temp | fresh, 0.0, 3000.0),
        np.round(wage * np.where(temp, 1.35, 1.0)).astype(np.int64), rate,
        rng.uniform(60, 200, kinds), np.maximum(2.0, np.round(need / ON_SHIFT * 1.2)),
    )  # fmt: skip
