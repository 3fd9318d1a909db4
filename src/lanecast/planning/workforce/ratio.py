"""The roster of a rule of thumb: hours of work over hours of a shift, people taken in turn."""

import numpy as np

from lanecast.optimize.shift_groups import share_of_week
from lanecast.optimize.shifts import OFF, WEEK, Bools, Floats, Ints

from .asked import Asked


def ratio(of: Asked, allowance: float = 1.15) -> Ints:
    """Return a shift (n, D) of each person and day, as who plans with a ratio would give them.

    Parameters
    ----------
    of
        The question; of several scenarios the mean counts.
    allowance
        Hours rostered per hour of work.

    Notes
    -----
    Shifts of the longest kind alone. A day's work of each process goes to the shift that has begun
    last when it comes. Whoever lacks most hours of the contract is asked first, and given the shift
    in which most is left of what she can do, until what is left is less than half a shift. Rest,
    days off, days in a row and a week, and hours of the contract are kept.

    Raises
    ------
    ValueError
        When the allowance is not above 0.
    """
    if not 0 < allowance < np.inf:
        raise ValueError(f"allowance: expected a factor > 0, got {allowance}.")
    people, shifts, rules = of.people, of.shifts, of.rules
    length: Floats = np.asarray(shifts.hours.min(axis=0))
    used = np.flatnonzero(length == length.max())
    need = _need(of, used) * allowance
    close: Bools = shifts.too_close(rules.rest_h)
    made: Ints = np.full(people.away.shape, OFF, np.int64)
    first = np.arange(len(need)) // WEEK
    part = share_of_week(first, int(first.max()) + 1)
    worked, row = np.zeros(len(made)), np.zeros(len(made), np.int64)
    for day in range(len(need)):
        if day % WEEK == 0:
            worked[:], on = 0.0, np.zeros(len(made), np.int64)
        left = need[day]
        low, high = (each * part[first[day]] for each in (people.low, people.high))
        for who in np.argsort(worked - low, kind="stable"):
            hours = shifts.hours[day, used]
            free = worked[who] + hours <= high[who] + 1e-9
            if day and made[who, day - 1] >= 0:
                free &= ~close[day - 1, made[who, day - 1], used]
            if people.away[who, day] or on[who] >= rules.days_a_week:
                continue
            if row[who] >= rules.days_in_row or not free.any():
                continue
            able = people.skills[who]
            most = np.where(free, left[able].sum(axis=0), -1.0)
            best = int(most.argmax())
            if most[best] < hours[best] / 2:
                continue
            made[who, day] = used[best]
            worked[who] += hours[best]
            rest = hours[best]
            for process in np.argsort(-left[:, best]):
                if able[process]:
                    done = min(rest, left[process, best])
                    left[process, best] -= done
                    rest -= done
        here = made[:, day] >= 0
        on, row = on + here, np.where(here, row + 1, 0)
    return made


def _need(of: Asked, used: Ints) -> Floats:
    """Return hours of work (D, J, K') of each day, by the last shift that has begun."""
    come = np.tensordot(of.work.chance, of.work.come, axes=1) / of.shifts.per_hour
    begin = of.shifts.begin[:, used]
    starts = begin.ravel()
    order = np.argsort(starts, kind="stable")
    at = np.maximum(np.searchsorted(starts[order], np.arange(come.shape[1]), side="right") - 1, 0)
    need = np.zeros((len(starts), len(come)))
    np.add.at(need, order[at], come.T)
    return need.reshape(*begin.shape, len(come)).transpose(0, 2, 1)
