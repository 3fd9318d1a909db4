"""What a roster leads to: hours at work beside the work that comes, and money week by week."""

from datetime import datetime

import numpy as np
import polars as pl

from lanecast.optimize.contracts import People, Rules, Temps, Work
from lanecast.optimize.roster import Roster, at_work
from lanecast.optimize.shift_groups import Groups, counted, share_of_week
from lanecast.optimize.shifts import WEEK, Floats, Shifts


def hours(
    made: Roster, people: People, group: Groups, shifts: Shifts, work: Work, origin: datetime
) -> pl.DataFrame:
    """Return each interval: ``started_at`` and expected hours of work, over all processes.

    ``need_h`` comes up then, ``rostered_h`` people and temps are at work, ``done_h`` is done (with
    overtime), ``late_h`` is late at its end.
    """
    length, per_hour = work.come.shape[2], shifts.per_hour
    heads = _heads(made, people, group, shifts)
    there = at_work(heads, group, shifts, length).sum(axis=0)
    at = origin.timestamp() + 3600 * np.arange(length) / per_hour
    started = pl.from_epoch(pl.Series(at * 1e6).cast(pl.Int64), time_unit="us")
    mean = {
        "need_h": work.come.sum(axis=1),
        "done_h": done(made, work).sum(axis=1),
        "late_h": made.late.sum(axis=1),
    }
    told = {name: work.chance @ each / per_hour for name, each in mean.items()}
    return pl.DataFrame(
        {"started_at": started.dt.replace_time_zone("UTC"), "need_h": told["need_h"]}
        | {"rostered_h": there / per_hour, "done_h": told["done_h"], "late_h": told["late_h"]}
    )


def weekly(
    made: Roster, people: People, temps: Temps, shifts: Shifts, work: Work, rules: Rules
) -> pl.DataFrame:
    """Return what is expected to be paid: ``week`` from 1, ``cause``, ``cost`` [currency].

    ``idle`` is the part of the wages (contract hours, worked or not, and more hours) for hours in
    which nothing was to be done, ``work`` the rest of them; hours of temps and overtime are taken
    to be work. ``overtime`` and ``late`` are split by the hours that they stand for; wishes,
    changes and fairness, which have no day, stand in the week with most shifts.
    """
    days = shifts.begin.shape[0]
    first = np.arange(days) // WEEK
    weeks = int(first.max()) + 1
    wages, paid_h = _wages(made, people, shifts, first, weeks)
    temp_h = np.zeros(weeks)
    np.add.at(temp_h, first, (made.temps * shifts.hours).sum(axis=(0, 2)))
    temp_cost = np.zeros(weeks)
    each = (temps.wage[:, None, None] * made.temps * shifts.hours).sum(axis=(0, 2))
    np.add.at(temp_cost, first, each)
    extended = np.zeros(weeks)
    longer = np.einsum("s,scdk->d", work.chance, made.extended)
    np.add.at(extended, first, longer * rules.overtime_h)
    week_of = np.minimum(_day(shifts, work.come.shape[2]) // WEEK, weeks - 1)
    busy, late = np.zeros(weeks), np.zeros(weeks)
    np.add.at(busy, week_of, work.chance @ done(made, work).sum(axis=1) / shifts.per_hour)
    np.add.at(late, week_of, np.einsum("s,j,sjt->t", work.chance, rules.late, made.late))
    spare = np.maximum(paid_h + temp_h + extended - busy, 0)
    idle = wages * np.minimum(spare / np.maximum(paid_h, 1e-9), 1)
    beside = sum(made.parts.get(name, 0.0) for name in ("wishes", "changes", "fairness"))
    on = np.bincount(first, (made.shift >= 0).sum(axis=0), weeks)
    rows = {
        "work": wages - idle,
        "idle": idle,
        "temps": temp_cost,
        "overtime": made.parts["overtime"] * _share(extended),
        "late": made.parts["late"] * _share(late),
        "wishes": np.where(np.arange(weeks) == on.argmax(), beside, 0.0),
    }
    return pl.DataFrame(
        [
            {"week": week + 1, "cause": cause, "cost": float(each[week])}
            for week in range(weeks)
            for cause, each in rows.items()
        ]
    )


def done(made: Roster, work: Work) -> Floats:
    """Return the work that is done (S, J, T) [person-intervals], none before it has come.

    Whoever is assigned beyond what is there is idle: what is left is B_t = max(0, B_(t-1) + come -
    assigned), by a running minimum.
    """
    more = np.cumsum(work.come - made.doing.sum(axis=1), axis=2)
    left = more - np.minimum(np.minimum.accumulate(more, axis=2), 0.0)
    return work.come - np.diff(left, axis=2, prepend=0.0)


def _heads(made: Roster, people: People, group: Groups, shifts: Shifts) -> Floats:
    regular = int((group.temp < 0).sum())
    own = counted(made.shift, group.of, regular, shifts.begin.shape[1])
    return np.concatenate([own, made.temps.astype(np.float64)]) if len(made.temps) else own


def _wages(
    made: Roster, people: People, shifts: Shifts, first: np.ndarray, weeks: int
) -> tuple[Floats, Floats]:
    """Return wages [currency] and paid hours of each week, those of the contract at least."""
    on = made.shift >= 0
    day = np.arange(made.shift.shape[1])
    hours = np.where(on, shifts.hours[day, np.maximum(made.shift, 0)], 0.0)
    worked = np.zeros((len(hours), weeks))
    np.add.at(worked.T, first, hours.T)
    paid = np.maximum(worked, people.low[:, None] * share_of_week(first, weeks))
    return (people.wage[:, None] * paid).sum(axis=0), paid.sum(axis=0)


def _day(shifts: Shifts, length: int) -> np.ndarray:
    """Return the day of each interval, by the first shift of each day."""
    begin = shifts.begin.min(axis=1)
    return np.maximum(np.searchsorted(begin, np.arange(length), side="right") - 1, 0)


def _share(part: Floats) -> Floats:
    total = float(part.sum())
    return part / total if total > 0 else np.full(len(part), 1 / len(part))
