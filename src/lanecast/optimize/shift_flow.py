"""What is done, waits and is late in each scenario, by the people at work; the second stage."""

import numpy as np

from .contracts import People, Rules, Work
from .linear import Program
from .shift_groups import Groups, share_of_week
from .shifts import Floats, Ints, Shifts


def overtime(
    program: Program, heads: Ints, people: People, group: Groups, shifts: Shifts, work: Work,
    rules: Rules, first: Ints, weeks: int, may_extend: Floats | None,
) -> Ints:  # fmt: skip
    """People who stay after a shift, in each scenario; temps do not."""
    scenarios, (_, days, many) = len(work.chance), heads.shape
    sets = len(group.skillsets)
    regular = group.temp < 0
    cheapest = np.array(
        [
            people.wage[group.kind[group.of] == c].min(initial=np.inf) if len(people.wage) else 0
            for c in range(sets)
        ]
    )
    ever = np.isfinite(cheapest) & (rules.overtime_h > 0)
    wage = np.where(ever, cheapest, 0.0) * rules.overtime * rules.overtime_h
    cost = work.chance[:, None, None, None] * wage[:, None, None]
    high = np.where(ever, np.inf, 0.0)[:, None, None]
    extended = program.block((scenarios, sets, days, many), cost, high)
    each = np.arange(sets * days * many).reshape(sets, days, many)
    staff = each[group.kind[regular]]
    for s in range(scenarios):
        if may_extend is not None:
            program.constrain(each.size, (each, extended[s], 1.0), most=may_extend.ravel())
        else:
            program.constrain(
                each.size, (each, extended[s], 1.0), (staff, heads[regular], -1.0), most=0.0
            )
        if "overtime" in rules.without:
            continue
        most = np.bincount(group.kind[group.of], minlength=sets) * rules.overtime_week_h
        row = (np.arange(sets)[:, None] * weeks + first)[:, :, None]
        program.constrain(
            sets * weeks, (row, extended[s], rules.overtime_h),
            most=(most[:, None] * share_of_week(first, weeks)).ravel(),
        )  # fmt: skip
    return extended


def flow(
    program: Program, heads: Ints, extended: Ints, group: Groups, shifts: Shifts, work: Work,
    rules: Rules,
) -> tuple[Ints, Ints, Ints]:  # fmt: skip
    """Everybody at work does one thing that they can; what is left waits, and may be late."""
    scenarios, kinds, length = work.come.shape
    sets = len(group.skillsets)
    cover = rules.must_cover and "cover" not in rules.without
    doing = program.block((scenarios, sets, kinds, length), 0.0,
                          np.where(group.skillsets, np.inf, 0.0)[:, :, None])  # fmt: skip
    price = work.chance[:, None, None] * rules.late[:, None]
    left = program.block(work.come.shape, 1e-7)
    late = program.block(work.come.shape, price, 0.0 if cover else np.inf)
    present = _present(program, heads, group, shifts, length)
    longer = round(rules.overtime_h * shifts.per_hour)
    stay = shifts.end.ravel()[:, None] + np.arange(longer)
    where, step = np.nonzero(stay < length)
    each = np.arange(sets)[:, None] * length
    busy = each[:, :, None] + np.arange(length)
    row = np.arange(kinds)[:, None] * length + np.arange(length)
    rows = np.zeros((scenarios, sets, length), np.int64)
    for s in range(scenarios):
        rows[s] = program.rows + np.arange(sets * length).reshape(sets, length)
        program.constrain(
            sets * length,
            (busy, doing[s], 1.0),
            (busy[:, 0], present, -1.0),
            (each + stay[where, step], extended[s].reshape(sets, -1)[:, where], -1.0),
            most=0.0,
        )
        program.constrain(
            kinds * length,
            (row, left[s], 1.0), (row[:, 1:], left[s][:, :-1], -1.0), (row[None], doing[s], 1.0),
            least=work.come[s].ravel(),
        )  # fmt: skip
        program.constrain(
            kinds * length, (row, left[s], 1.0), (row, late[s], -1.0), most=work.waits[s].ravel()
        )
    return late, doing, rows


def _present(program: Program, heads: Ints, group: Groups, shifts: Shifts, length: int) -> Ints:
    """Return how many of each set of skills are at work (C, T): come, go, and take a break."""
    sets = len(group.skillsets)
    present = program.block((sets, length))
    row = np.arange(sets)[:, None] * length + np.arange(length)
    rest, kind = shifts.rest, group.kind[:, None]
    parts: list[tuple[Ints, Ints, float]] = [
        (row, present, 1.0),
        (row[:, 1:], present[:, :-1], -1.0),
    ]
    pause = np.broadcast_to(rest > 0, shifts.begin.shape)
    for at, sign in (
        (shifts.begin, -1.0), (shifts.end, 1.0), (np.where(pause, shifts.pause, length), 1.0),
        (np.where(pause, shifts.pause + rest, length), -1.0),
    ):  # fmt: skip
        day, shift = np.nonzero(at < length)
        parts.append((kind * length + at[day, shift], heads[:, day, shift], sign))
    program.constrain(sets * length, *parts, least=0.0, most=0.0)
    return present
