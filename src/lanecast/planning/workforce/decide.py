"""Who works when: volumes become hours of work, heads, and a roster."""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np
import polars as pl

from lanecast.optimize.contracts import People, Rules, Temps, Work
from lanecast.optimize.plan import Plan
from lanecast.optimize.roster import Roster, roster
from lanecast.optimize.shift_groups import groups
from lanecast.optimize.shifts import Shifts
from lanecast.tables.planning import PROCESSES

from .cover import hours, weekly
from .roster_rows import days_off, local_shifts, roster_rows, work_of

KINDS = {"early": 0, "late": 1, "night": 2}
SCENARIOS = {"q100": 0.3, "mean": 0.4, "q900": 0.3}  # Swanson's rule for three quantiles


@dataclass(frozen=True)
class Costs:
    """What is not a wage [currency].

    ``late`` per hour of work that is late for an hour, ``wish`` per shift of another kind than
    wished, ``change`` per changed day, ``fair`` per weekend shift beyond the mean; and factors on
    the wage: ``overtime``, ``temp``.
    """

    late: float = 40.0
    wish: float = 5.0
    change: float = 10.0
    fair: float = 3.0
    overtime: float = 1.5
    temp: float = 1.4

    def __post_init__(self) -> None:
        for name in ("late", "wish", "change", "fair"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name}: expected a cost >= 0, got {getattr(self, name)}.")
        for name in ("overtime", "temp"):
            if not 1 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name}: expected a factor >= 1, got {getattr(self, name)}.")


@dataclass(frozen=True)
class Limits:
    """Shifts of ``starts`` [local h] and ``lengths`` [h], rules of work, and how many temps a day.

    ``per_hour`` intervals make an hour; a shift of six hours or more has a break of half an hour
    (of a whole one where the interval is an hour).
    """

    starts: tuple[float, ...] = (6.0, 8.0, 10.0, 14.0)
    lengths: tuple[float, ...] = (4.0, 6.0, 8.0)
    per_hour: int = 2
    rest_h: float = 11.0
    days_a_week: int = 5
    days_in_row: int = 5
    overtime_h: float = 2.0
    overtime_week_h: float = 4.0
    temps: int = 3
    away: dict[tuple[str, date], bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.starts or not all(0 <= s < 24 for s in self.starts):
            raise ValueError(f"starts: expected hours from 0 to 24, got {self.starts}.")
        if not self.lengths or not all(0 < h <= 12 for h in self.lengths):
            raise ValueError(f"lengths: expected hours above 0 and up to 12, got {self.lengths}.")
        if self.per_hour not in (1, 2, 4) or self.temps < 0:
            raise ValueError(
                f"per_hour, temps: expected 1, 2 or 4, and a number >= 0; got {self.per_hour} and "
                f"{self.temps}."
            )


@dataclass(frozen=True)
class Rostered:
    """A roster as ``decide`` returns it, and what it leads to (see ``cover``).

    ``hours`` has a row per interval: work that comes, people at work, work done and late;
    ``weekly`` what is expected to be paid, by week and cause.
    """

    plan: Plan[pl.DataFrame]
    hours: pl.DataFrame
    weekly: pl.DataFrame


def decide(
    volumes: pl.DataFrame, rates: pl.DataFrame, team: pl.DataFrame, cutoffs: pl.DataFrame,
    costs: Costs, limits: Limits, before: pl.DataFrame | None = None, prices: bool = False,
    rounds: int = 60, seed: int = 0,
) -> Plan[pl.DataFrame]:  # fmt: skip
    """Return a roster of one place for the days of ``volumes``.

    Parameters
    ----------
    volumes
        Rows of ``demand_forecasts`` of one place, hourly, ``unique_id`` place/process.
    rates
        ``facility_id``, ``process``, ``units_per_h`` of a practised hand.
    team, cutoffs
        As ``features.team`` and ``features.cutoffs`` return them.
    before
        Rows of ``roster_plans`` that hold until now, to be kept where possible.
    prices
        Whether to tell what each rule costs.

    Returns
    -------
    Plan
        ``table`` has rows of ``roster_plans``; ``skipped`` the work that is expected to be late,
        with ``process``, ``started_at``, ``late_h`` and the reason; ``prices`` what each rule
        costs. ``objective`` is the expected cost over three volumes: low, mean and high.

    Raises
    ------
    ValueError
        When the volumes are of several places, nobody works there, or no shift fits a contract.
    """
    return rostered(volumes, rates, team, cutoffs, costs, limits, before, prices, rounds, seed).plan


def rostered(
    volumes: pl.DataFrame, rates: pl.DataFrame, team: pl.DataFrame, cutoffs: pl.DataFrame,
    costs: Costs, limits: Limits, before: pl.DataFrame | None = None, prices: bool = False,
    rounds: int = 60, seed: int = 0,
) -> Rostered:  # fmt: skip
    """Return a roster, and what it leads to; everything else as ``decide`` says."""
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
        volumes, rates, cutoffs.filter(pl.col("facility_id") == site), tuple(SCENARIOS), names,
        origin, first, until, zone, limits.per_hour,
    )  # fmt: skip
    kinds = len(names)
    rules = Rules(
        np.full(kinds, costs.late / limits.per_hour**2), limits.rest_h, limits.days_a_week,
        limits.days_in_row, costs.overtime, limits.overtime_h, limits.overtime_week_h, costs.wish,
        costs.change, costs.fair,
    )  # fmt: skip
    pay = np.full(kinds, costs.temp * float(np.median(people.wage)))
    temps = Temps(np.eye(kinds, dtype=bool), pay, np.full(kinds, float(limits.temps)))
    if before is not None and before.height:
        people = _with_before(people, staff, before, shifts, origin, limits.per_hour)
    work = Work(come, waits, np.array(list(SCENARIOS.values())))
    made = roster(people, shifts, work, rules, temps, rounds=rounds, prices=prices, seed=seed)
    name = hashlib.sha256(f"{costs}{limits}{made.shift.tobytes()!r}{come.tobytes()!r}".encode())
    plan_id = f"ros_{name.hexdigest()[:16]}"
    asof = volumes["asof"].max()
    group = groups(people, temps)
    table = roster_rows(
        made, people, temps, group, shifts, staff, names, site, origin, plan_id, asof
    )
    plan = Plan(
        table, made.cost, {**made.parts, "changed_days": float(made.changed)}, made.bound,
        "optimal" if made.gap < 1e-6 else "feasible",
        _late(made, names, origin, limits.per_hour), made.saves,
    )  # fmt: skip
    return Rostered(
        plan,
        hours(made, people, group, shifts, work, origin),
        weekly(made, people, temps, shifts, work, rules),
    )


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


def _late(made: Roster, names: tuple[str, ...], origin: datetime, per_hour: int) -> pl.DataFrame:
    chance = np.array(list(SCENARIOS.values()))
    late = np.tensordot(chance, made.late, axes=1) / per_hour
    rows = [
        (names[process], origin.timestamp() + 3600 * t / per_hour, float(late[process, t]), why)
        for (process, t), why in made.reasons.items()
    ]
    frame = pl.DataFrame(
        rows,
        schema={"process": pl.String, "at": pl.Float64, "late_h": pl.Float64, "reason": pl.String},
        orient="row",
    )
    stamp = (pl.col("at") * 1_000_000).cast(pl.Int64)
    started = pl.from_epoch(stamp, time_unit="us").dt.replace_time_zone("UTC")
    return frame.select("process", started_at=started, late_h="late_h", reason="reason")
