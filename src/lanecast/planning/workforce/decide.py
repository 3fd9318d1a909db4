"""Who works when: volumes become hours of work, heads, and a roster."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from lanecast.optimize.plan import Plan
from lanecast.optimize.roster import Roster, roster
from lanecast.optimize.shift_groups import groups

from .asked import asked
from .cover import hours, weekly
from .roster_rows import roster_rows
from .terms import Costs as Costs
from .terms import Limits as Limits

SCENARIOS = {"q100": 0.3, "mean": 0.4, "q900": 0.3}  # Swanson's rule for three quantiles


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
    of = asked(volumes, rates, team, cutoffs, costs, limits, SCENARIOS, before)
    people, shifts, work, temps = of.people, of.shifts, of.work, of.temps
    made = roster(people, shifts, work, of.rules, temps, rounds=rounds, prices=prices, seed=seed)
    mark = f"{costs}{limits}{made.shift.tobytes()!r}{work.come.tobytes()!r}"
    name = hashlib.sha256(mark.encode())
    plan_id = f"ros_{name.hexdigest()[:16]}"
    asof = volumes["asof"].max()
    group = groups(people, temps)
    table = roster_rows(
        made, people, temps, group, shifts, of.staff, of.names, of.site, of.origin, plan_id, asof
    )
    plan = Plan(
        table, made.cost, {**made.parts, "changed_days": float(made.changed)}, made.bound,
        "optimal" if made.gap < 1e-6 else "feasible",
        _late(made, of.names, of.origin, limits.per_hour), made.saves,
    )  # fmt: skip
    return Rostered(
        plan,
        hours(made, people, group, shifts, work, of.origin),
        weekly(made, people, temps, shifts, work, of.rules),
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
