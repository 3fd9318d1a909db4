"""The question of a roster as arrays: people, shifts, work, rules and temps of one place."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from lanecast.optimize.contracts import People, Rules, Temps, Work
from lanecast.optimize.shifts import Shifts
from lanecast.tables.planning import PROCESSES

from .roster_rows import days_off, local_shifts, work_of
from .terms import Costs, Limits

KINDS = {"early": 0, "late": 1, "night": 2}


@dataclass(frozen=True)
class Asked:
    """What a roster of ``site`` for the local days [first, until) is decided on.

    ``names`` are the processes, ``staff`` the workers in the order of ``people``, ``origin`` the
    instant of interval 0.
    """

    people: People
    shifts: Shifts
    work: Work
    rules: Rules
    temps: Temps
    site: str
    staff: pl.DataFrame
    names: tuple[str, ...]
    origin: datetime


def asked(
    volumes: pl.DataFrame, rates: pl.DataFrame, team: pl.DataFrame, cutoffs: pl.DataFrame,
    costs: Costs, limits: Limits, chances: Mapping[str, float], before: pl.DataFrame | None = None,
) -> Asked:  # fmt: skip
    """Return the arrays of a question; ``chances`` has a column of ``volumes`` for each scenario.

    Raises
    ------
    ValueError
        When the volumes are of several places, nobody works there, or no shift fits a contract.
    """
    sites = volumes["unique_id"].str.split("/").list.first().unique()
    if len(sites) != 1:
        raise ValueError(f"volumes: expected one place, got {len(sites)}: {', '.join(sites)}.")
    site = str(sites[0])
    staff = team.filter(pl.col("facility_id") == site).sort("worker_id")
    first, until, zone = _span(volumes, staff, site)
    staff = staff.filter(
        (pl.col("hired_day") < until) & (pl.col("end_day").is_null() | (pl.col("end_day") >= first))
    )
    if staff.is_empty():
        raise ValueError(f"team: nobody works in {site} on these days.")
    shifts, origin = local_shifts(
        first, until, zone, limits.starts, limits.lengths, limits.per_hour
    )
    busy = set(volumes["unique_id"].str.split("/").list.last())
    names = tuple(name for name in PROCESSES if name in busy)
    people = _people(staff, names, first, until, limits)
    if (short := float(shifts.hours.min())) > (most := float(people.high.max())):
        raise ValueError(
            f"lengths: the shortest shift has {short:g} h; no contract allows more than {most:g} h."
        )
    come, waits = work_of(
        volumes, rates, cutoffs.filter(pl.col("facility_id") == site), tuple(chances), names,
        origin, first, until, zone, limits.per_hour,
    )  # fmt: skip
    kinds = len(names)
    rules = Rules(
        np.full(kinds, costs.late / limits.per_hour**2), limits.rest_h, limits.days_a_week,
        limits.days_in_row, costs.overtime, limits.overtime_h, limits.overtime_week_h, costs.wish,
        costs.change, costs.fair, must_cover=limits.in_time,
    )  # fmt: skip
    pay = np.full(kinds, costs.temp * float(np.median(people.wage)))
    temps = Temps(np.eye(kinds, dtype=bool), pay, np.full(kinds, float(limits.temps)))
    if before is not None and before.height:
        people = _with_before(people, staff, before, shifts, origin, limits.per_hour)
    work = Work(come, waits, np.array(list(chances.values())))
    return Asked(people, shifts, work, rules, temps, site, staff, names, origin)


def _span(volumes: pl.DataFrame, staff: pl.DataFrame, site: str) -> tuple[int, int, str]:
    """Return first local day, the day after the last, and the zone."""
    if staff.is_empty():
        raise ValueError(f"team: nobody works in {site}.")
    zone = str(staff["zone"][0])
    day = volumes["ds"].dt.convert_time_zone(zone).dt.date().cast(pl.Int32)
    return int(day.min()), int(day.max()) + 1, zone  # type: ignore[arg-type]


def _people(
    staff: pl.DataFrame, names: tuple[str, ...], first: int, until: int, limits: Limits
) -> People:
    skills = np.array([[name in row.split(",") for name in names] for row in staff["skills"]])
    wish = [KINDS.get(name, -1) if name else -1 for name in staff["preferred_shift"]]
    return People(
        skills, staff["wage"].to_numpy(), staff["min_h_week"].to_numpy(),
        staff["max_h_week"].to_numpy(), np.array(wish), days_off(staff, first, until, limits.away),
    )  # fmt: skip


def _with_before(
    people: People, staff: pl.DataFrame, before: pl.DataFrame, shifts: Shifts, origin: datetime,
    per_hour: int,
) -> People:  # fmt: skip
    """Return people with the shifts that they have in ``before``; an unknown one is a day off."""
    row = {name: i for i, name in enumerate(staff["worker_id"])}
    was = np.full(people.away.shape, -1, np.int64)
    for worker, start, end in before.select("worker_id", "started_at", "ended_at").iter_rows():
        begin = round((start - origin).total_seconds() / 3600 * per_hour)
        stop = round((end - origin).total_seconds() / 3600 * per_hour)
        found = np.argwhere((shifts.begin == begin) & (shifts.end == stop))
        if worker in row and len(found):
            was[row[worker], found[0][0]] = found[0][1]
    return People(
        people.skills, people.wage, people.low, people.high, people.wish, people.away, was
    )
