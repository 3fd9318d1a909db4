"""How many people of each group work which shift: a programme whose relaxation is a bound."""

from dataclasses import dataclass, replace

import numpy as np

from .contracts import People, Rules, Temps, Work
from .linear import Program
from .shift_flow import flow, overtime
from .shift_groups import Groups, alike, counted, groups, share_of_week
from .shifts import WEEK, Floats, Ints, Shifts


@dataclass(frozen=True)
class Counts:
    """The programme, and where its variables are; ``paid`` is the pay of contracts, whatever comes.

    ``heads`` (G, D, K), ``extra`` and ``idle`` (n, weeks) hours above and below the contract,
    ``extended`` (S, C, D, K), ``late`` (S, J, T), ``doing`` (S, C, J, T). ``busy`` (S, C, T) are
    the rows that say: no more people do something than are at work.
    """

    program: Program
    heads: Ints
    extra: Ints
    idle: Ints
    extended: Ints
    late: Ints
    doing: Ints
    busy: Ints
    paid: float


def counts(
    people: People, temps: Temps, shifts: Shifts, work: Work, rules: Rules,
    fixed: Floats | None = None, may_extend: Floats | None = None,
) -> Counts:  # fmt: skip
    """Write the programme.

    Every row is a sum of what holds for each person, so its relaxation bounds every roster from
    below. ``fixed`` are heads that are already decided, of all groups (G, D, K) or of the first
    ones, those of people; then only temps, overtime and late work are left, with at most
    ``may_extend`` (C, D, K) people who may stay longer.
    """
    gone, group = rules.without, groups(people, temps)
    if "min_hours" in gone:
        people = replace(people, low=np.zeros_like(people.low))
    if "skills" in gone:
        group = alike(group)
    days, many = shifts.begin.shape
    size, program = len(group.skills), Program()
    regular = np.flatnonzero(group.temp < 0)
    hours, first = shifts.hours, np.arange(days) // WEEK
    weeks = int(first.max()) + 1

    wished = "wishes" not in gone
    unwanted = (group.wish[:, None] >= 0) & (group.wish[:, None] != shifts.kind) & wished
    temp = group.temp >= 0
    pay = np.where(temp, temps.wage[group.temp] if temp.any() else 0.0, 0.0)
    cost = pay[:, None, None] * hours + rules.wish * unwanted[:, None, :]
    if fixed is not None:
        cost[: len(fixed)] = 0.0
    heads = program.block((size, days, many), cost)
    own = len(regular) if fixed is None else 0
    _calendar(program, heads, people, temps, group, shifts, rules, first, weeks, own)
    if fixed is None:
        extra, idle = _contracts(program, heads, people, group, hours, first, weeks, rules)
        _changes(program, heads[regular], people, group, many, rules)
    else:
        extra = idle = np.zeros((0, weeks), np.int64)
        given = heads[: len(fixed)].ravel()
        program.constrain(
            fixed.size, (np.arange(fixed.size), given, 1.0),
            least=fixed.ravel(), most=fixed.ravel(),
        )  # fmt: skip
    extended = overtime(
        program, heads, people, group, shifts, work, rules, first, weeks, may_extend
    )
    late, doing, busy = flow(program, heads, extended, group, shifts, work, rules)
    paid = float(people.wage @ people.low) * days / WEEK if fixed is None else 0.0
    return Counts(program, heads, extra, idle, extended, late, doing, busy, paid)


def _contracts(
    program: Program, heads: Ints, people: People, group: Groups, hours: Floats, first: Ints,
    weeks: int, rules: Rules,
) -> tuple[Ints, Ints]:  # fmt: skip
    """Hours of a group are the hours of its people, each within the contract."""
    part = share_of_week(first, weeks)
    over = np.maximum(people.high - people.low, 0)[:, None] * part
    if "max_hours" in rules.without:
        over = np.full_like(over, 168.0)
    under = people.low[:, None] * part * (0.0 if rules.must_work else 1.0)
    extra = program.block(over.shape, people.wage[:, None], over)
    idle = program.block(over.shape, 0.0, under)
    each = np.arange(over.size).reshape(over.shape)
    reach = _reach(people, hours, first, weeks, rules) - people.low[:, None] * part
    program.constrain(over.size, (each, extra, 1.0), (each, idle, -1.0), most=reach.ravel())
    regular = int((group.temp < 0).sum())
    row = np.arange(regular)[:, None, None] * weeks + first[None, :, None]
    people_row = group.of[:, None] * weeks + np.arange(weeks)
    total = np.zeros((regular, weeks))
    np.add.at(total, group.of, people.low[:, None] * part)
    program.constrain(
        regular * weeks, (row, heads[:regular], hours), (people_row, extra, -1.0),
        (people_row, idle, 1.0), least=total.ravel(), most=total.ravel(),
    )  # fmt: skip
    return extra, idle


def _reach(people: People, hours: Floats, first: Ints, weeks: int, rules: Rules) -> Floats:
    """Return the most hours of each person and week: the longest shifts of the allowed days."""
    most = rules.days_a_week if "days_a_week" not in rules.without else WEEK
    free = ~people.away if "days_off" not in rules.without else np.ones_like(people.away)
    longest = np.where(free, hours.max(axis=1), 0.0)
    found = np.zeros((len(longest), weeks))
    for week in range(weeks):
        best = np.sort(longest[:, first == week], axis=1)[:, ::-1]
        found[:, week] = best[:, :most].sum(axis=1)
    return found


def _calendar(
    program: Program, heads: Ints, people: People, temps: Temps, group: Groups, shifts: Shifts,
    rules: Rules, first: Ints, weeks: int, own_groups: int,
) -> None:  # fmt: skip
    """Days at work per person: present, in a week, in a row, and with rest between two shifts."""
    gone, (size, days, _) = rules.without, heads.shape
    regular = int((group.temp < 0).sum())
    free = np.zeros((size, days))
    np.add.at(free, group.of, (~people.away if "days_off" not in gone else 1) * np.ones(days))
    free[regular:] = (
        temps.most[:, None] if "temps" not in gone else np.full((len(temps.most), 1), 1e6)
    )
    people_of = np.bincount(group.of, minlength=regular).astype(float)
    row = (np.arange(size)[:, None] * days + np.arange(days))[:, :, None]
    program.constrain(size * days, (row, heads, 1.0), most=free.ravel())
    if not own_groups:
        return
    own = heads[:regular]
    if "days_a_week" not in gone:
        row = (np.arange(regular)[:, None] * weeks + first)[:, :, None]
        most = people_of[:, None] * np.minimum(rules.days_a_week, np.bincount(first))
        program.constrain(regular * weeks, (row, own, 1.0), most=most.ravel())
    window = rules.days_in_row + 1
    if "days_in_row" not in gone and days >= window:
        begin = np.arange(days - window + 1)
        inside = own[:, begin[:, None] + np.arange(window)].reshape(regular, len(begin), -1)
        row = (np.arange(regular)[:, None] * len(begin) + np.arange(len(begin)))[:, :, None]
        most = np.repeat(people_of * rules.days_in_row, len(begin))
        program.constrain(regular * len(begin), (row, inside, 1.0), most=most)
    if "rest" in gone or days < 2:
        return
    close = shifts.too_close(rules.rest_h)
    ends = np.unique(shifts.end[0])
    for limit in ends:
        late = np.flatnonzero(shifts.end[0] >= limit)
        early = np.flatnonzero(close[:, late].all(axis=(0, 1)))
        if early.size:
            row = (np.arange(regular)[:, None] * (days - 1) + np.arange(days - 1))[:, :, None]
            program.constrain(
                regular * (days - 1), (row, own[:, :-1][:, :, late], 1.0),
                (row, own[:, 1:][:, :, early], 1.0), most=np.repeat(people_of, days - 1),
            )  # fmt: skip


def _changes(
    program: Program, own: Ints, people: People, group: Groups, many: int, rules: Rules
) -> None:
    """Charge days that are others than before; a group changes at least what is in excess."""
    if people.before is None or not rules.change:
        return
    was = counted(people.before, group.of, len(own), many)
    more = program.block(own.shape, rules.change)
    row = np.arange(own.size)
    program.constrain(own.size, (row, own.ravel(), 1.0), (row, more.ravel(), -1.0),
                      most=was.ravel())  # fmt: skip
