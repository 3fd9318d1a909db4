"""Which rules a roster breaks, and for whom."""

import numpy as np

from .contracts import People, Rules
from .shift_groups import share_of_week
from .shifts import WEEK, Floats, Ints, Shifts


def broken(roster: Ints, people: People, shifts: Shifts, rules: Rules) -> dict[str, Ints]:
    """Return the people who break each rule by ``roster`` (n, D); rules that hold are left out."""
    days = roster.shape[1]
    on = roster >= 0
    hours = np.where(on, shifts.hours[np.arange(days), np.maximum(roster, 0)], 0.0)
    first = np.arange(days) // WEEK
    part = share_of_week(first, int(first.max()) + 1)
    in_week = _sums(on.astype(float), first)
    worked = _sums(hours, first)
    run = np.zeros((len(roster), days + 1), np.int64)  # days at work until and with each
    for day in range(days):
        run[:, day + 1] = np.where(on[:, day], run[:, day] + 1, 0)
    close = shifts.too_close(rules.rest_h)
    pair = close[np.arange(days - 1), np.maximum(roster[:, :-1], 0), np.maximum(roster[:, 1:], 0)]
    found = {
        "days_off": (on & people.away).any(axis=1),
        "days_a_week": (in_week > rules.days_a_week).any(axis=1),
        "days_in_row": (run > rules.days_in_row).any(axis=1),
        "rest": (pair & on[:, :-1] & on[:, 1:]).any(axis=1),
        "max_hours": (worked > people.high[:, None] * part + 1e-6).any(axis=1),
    }
    if rules.must_work:
        found["min_hours"] = (worked < people.low[:, None] * part - 1e-6).any(axis=1)
    return {
        name: np.flatnonzero(bad)
        for name, bad in found.items()
        if bad.any() and name not in rules.without
    }


def _sums(values: Floats, first: Ints) -> Floats:
    """Return sums of the columns by week."""
    total = np.zeros((len(values), int(first.max()) + 1))
    np.add.at(total.T, first, values.T)
    return total
