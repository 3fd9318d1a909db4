"""What rosters would have cost: planned on a forecast, paid by the work that really came."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from lanecast.optimize.contracts import Work
from lanecast.optimize.roster import Roster, roster, settled
from lanecast.optimize.shift_groups import groups

from .asked import Asked, asked
from .cover import weekly
from .decide import SCENARIOS, Costs, Limits
from .ratio import ratio

SIDE = {
    "idle": "over", "temps": "under", "overtime": "under", "late": "under",
    "work": "running", "wishes": "running",
}  # fmt: skip
FORESIGHT = "foresight"


def replay(
    forecasts: Mapping[str, pl.DataFrame], came: pl.DataFrame, rates: pl.DataFrame,
    later: pl.DataFrame, team: pl.DataFrame, cutoffs: pl.DataFrame, costs: Costs, limits: Limits,
    rounds: int = 60, seed: int = 0,
) -> pl.DataFrame:  # fmt: skip
    """Return what each way of planning would have cost on the work of these days.

    Parameters
    ----------
    forecasts
        Rows of ``demand_forecasts`` of one place, by the name of who said so.
    came
        Rows of ``outcomes``: the pieces ``y`` that came up.
    rates, later
        ``units_per_h`` as it was known when the roster was made, and as it is known since.

    Returns
    -------
    DataFrame
        A row per plan: ``plan`` is ``roster:NAME`` and ``ratio:NAME`` of each forecast (see
        ``decide`` and ``ratio``), and ``foresight``, the roster of who knew what comes. Then
        ``cost`` [currency] and its sides ``over`` (paid hours without work), ``under`` (temps,
        overtime, late work) and ``running``, each cause of them, ``bound`` (no roster costs less
        on the work that came), ``need_h`` that came, ``rostered_h`` with temps, ``overtime_h``, and
        ``served``, the share of the work that was done before it was late.

    Notes
    -----
    People and temps are those of the plan. Overtime, and who does what, are decided for the whole
    week when its work is known, in the same way for all. A week begins with nothing left to do.
    """
    whole = _with_all(came, forecasts)
    true = asked(whole, later, team, cutoffs, costs, limits, {"y": 1.0})
    best = roster(true.people, true.shifts, true.work, true.rules, true.temps, rounds, seed=seed)
    rows = [_row(FORESIGHT, best, true, best.bound)]
    for name, said in forecasts.items():
        planned = asked(said, rates, team, cutoffs, costs, limits, SCENARIOS)
        made = roster(
            planned.people, planned.shifts, planned.work, planned.rules, planned.temps, rounds,
            seed=seed,
        )  # fmt: skip
        none = np.zeros((len(planned.temps.wage), *planned.shifts.begin.shape), np.int64)
        for kind, shift, hired in (
            ("roster", made.shift, made.temps),
            ("ratio", ratio(planned), none),
        ):
            paid = settled(
                shift, groups(true.people, true.temps), true.people, true.temps, true.shifts,
                true.work, true.rules, hired,
            )  # fmt: skip
            rows.append(_row(f"{kind}:{name}", paid, true, best.bound))
    return pl.DataFrame(rows)


def paid(weeks: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return several replays added up, with ``regret``, the cost above that of ``foresight``.

    ``served`` is the share of all the work.
    """
    rows = pl.concat(weeks).with_columns(served=pl.col("served") * pl.col("need_h"))
    told = rows.group_by("plan", maintain_order=True).agg(pl.all().exclude("plan").sum())
    least = float(told.filter(plan=FORESIGHT)["cost"].sum())
    return told.with_columns(
        served=pl.col("served") / pl.col("need_h").clip(1e-9), regret=pl.col("cost") - least
    )


def served(late: np.ndarray, work: Work) -> float:
    """Return the share of the work that is done before it is late, what is due first done first.

    ``late`` (S, J, T) is the work that is late at the end of each interval.
    """
    due = np.cumsum(work.come, axis=2) - work.waits
    before = np.concatenate([np.zeros_like(due[:, :, :1]), due[:, :, :-1]], axis=2)
    done = due - late  # of what is due; more may have been done, which is not needed here
    in_time = np.clip(done - before, 0, np.maximum(due - before, 0)).sum(axis=(1, 2))
    total = np.maximum(due - before, 0).sum(axis=(1, 2))
    return float(work.chance @ (in_time / np.maximum(total, 1e-9)))


def _with_all(came: pl.DataFrame, forecasts: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return what came in all hours of the forecasts, 0 where nothing did."""
    said = pl.concat([each.select("unique_id", "ds") for each in forecasts.values()]).unique()
    said = said.with_columns(hour_h=pl.col("ds").dt.epoch("s") / 3600)
    found = said.join(
        came.select("unique_id", "hour_h", "y"), on=["unique_id", "hour_h"], how="left"
    )
    return found.with_columns(pl.col("y").fill_null(0.0)).sort("unique_id", "ds")


def _row(plan: str, made: Roster, true: Asked, bound: float) -> dict[str, object]:
    paid = weekly(made, true.people, true.temps, true.shifts, true.work, true.rules)
    cause = {name: float(paid.filter(cause=name)["cost"].sum()) for name in SIDE}
    sides = {
        side: sum(cost for name, cost in cause.items() if SIDE[name] == side)
        for side in ("over", "under", "running")
    }
    on, per_hour = made.shift >= 0, true.shifts.per_hour
    hours = true.shifts.hours[np.arange(on.shape[1]), np.maximum(made.shift, 0)]
    return {
        "plan": plan,
        "cost": made.cost,
        **sides,
        **cause,
        "bound": bound,
        "need_h": float(true.work.come.sum() / per_hour),
        "rostered_h": float((hours * on).sum() + (made.temps * true.shifts.hours).sum()),
        "overtime_h": float(made.extended.sum() * true.rules.overtime_h),
        "served": served(made.late, true.work),
    }
