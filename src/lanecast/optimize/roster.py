"""A roster: who works when, at least expected cost over scenarios of work, and how good it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from .contracts import RULES, People, Rules, Temps, Work
from .roster_conflict import conflict
from .shift_counts import Counts, counts
from .shift_groups import Groups, alike, counted, groups, rounded, share_of_week
from .shift_rules import broken
from .shift_search import people_for
from .shifts import OFF, WEEK, Bools, Floats, Ints, Shifts

SQUARES = (0.01, 0.03)  # how much the search minds a person too much or missing, see there


class ConflictError(ValueError):
    """No roster keeps all rules; ``rules`` is a smallest set that cannot hold together."""

    def __init__(self, rules: tuple[str, ...]) -> None:
        self.rules = rules
        words = "; ".join(f"{name} ({RULES[name]})" for name in rules)
        super().__init__(f"rules: these cannot hold together: {words}. Give up one of them.")


@dataclass(frozen=True)
class Roster:
    """Who works when.

    ``shift`` (n, D) is the shift of each person and day, -1 off; ``temps`` (M, D, K) are temps to
    be hired before. When the work of scenario s is known, ``extended`` (S, C, D, K) people of
    each set of skills stay longer, ``doing`` (S, C, J, T) do what, and ``late`` (S, J, T) is late.
    ``cost`` is the expected one with its ``parts``, ``bound`` what no roster costs less than.
    ``saves`` is what each rule costs: how much less the bound would be without it. ``changed`` are
    the persons' days that are others than before. ``reasons`` says why work is late, by process
    and interval.
    """

    shift: Ints
    temps: Ints
    extended: Floats
    doing: Floats
    late: Floats
    cost: float
    parts: Mapping[str, float]
    bound: float
    saves: Mapping[str, float] = field(default_factory=dict)
    changed: int = 0
    reasons: Mapping[tuple[int, int], str] = field(default_factory=dict)

    @property
    def gap(self) -> float:
        """Return how much dearer than ``bound`` it may be, as a share of ``cost``."""
        return 0.0 if self.cost <= 0 else max(self.cost - self.bound, 0.0) / self.cost


def roster(
    people: People, shifts: Shifts, work: Work, rules: Rules, temps: Temps | None = None,
    rounds: int = 100, prices: bool = False, seed: int = 0,
) -> Roster:  # fmt: skip
    """Return a roster of little expected cost, and how far it can be from the best.

    1. The relaxed programme of counts of people per group and shift gives the bound.
    2. Its people at work, and what one more would be worth, guide a search for whole people in
       ``rounds`` (``shift_search``), once for each of ``SQUARES``.
    3. With these people fixed: temps, and then overtime and what is late in each scenario. The
       cheapest is kept.

    Parameters
    ----------
    prices
        Whether to tell what each rule costs: one more relaxed programme per rule, on the mean of
        the scenarios.

    Raises
    ------
    ConflictError
        When no roster keeps all rules, not even with parts of people.
    ValueError
        When the search finds no whole people who do; the message says which rule fails.
    """
    kinds = work.come.shape[1]
    temps = temps or Temps(np.zeros((0, kinds), bool), np.zeros(0), np.zeros(0))
    if "min_hours" in rules.without:
        people = replace(people, low=np.zeros_like(people.low))
        rules = replace(rules, must_work=False)
    program = counts(people, temps, shifts, work, rules)
    relaxed = program.program.solve()
    if relaxed.x is None:
        raise ConflictError(conflict(people, temps, shifts, work, rules))
    bound = relaxed.objective + program.paid
    group = groups(people, temps)
    if "skills" in rules.without:
        group = alike(group)
    regular = int((group.temp < 0).sum())
    target = at_work(relaxed.x[program.heads][:regular], group, shifts, work.come.shape[2])
    worth = relaxed.worth[program.busy].sum(axis=0)
    start, found = beginning(people, shifts, rules), None
    for square in SQUARES:
        shift = people_for(
            start, target, worth, square, group.kind[group.of], people, shifts, rules, rounds, seed
        )
        tried = settled(shift, group, people, temps, shifts, work, rules)
        found = tried if found is None or tried.cost < found.cost else found
    assert found is not None
    saves = {}
    if prices:
        mean = np.tensordot(work.chance, np.stack([work.come, work.waits]), axes=(0, 1))
        usual = Work(mean[0][None], mean[1][None], np.ones(1))
        whole = _relaxed(people, temps, shifts, usual, rules)
        saves = {
            name: whole - _relaxed(people, temps, shifts, usual, rules, name)
            for name in RULES
            if name not in rules.without
        }
    return replace(
        found, bound=bound, saves=saves,
        reasons=reasons(found, people, shifts, work, rules),
    )  # fmt: skip


def at_work(heads: Floats, group: Groups, shifts: Shifts, length: int) -> Floats:
    """Return how many of each set of skills are at work (C, T), by ``heads`` (G, D, K)."""
    day, shift, at = shifts.at_work()
    keep = at < length
    day, shift, at = day[keep], shift[keep], at[keep]
    found = np.zeros((len(group.skillsets), length))
    np.add.at(found, (group.kind[: len(heads), None], at), heads[:, day, shift])
    return found


def _relaxed(
    people: People, temps: Temps, shifts: Shifts, work: Work, rules: Rules, *without: str
) -> float:
    """Return the bound when further rules do not hold."""
    freed = replace(rules, without=rules.without | set(without))
    program = counts(people, temps, shifts, work, freed)
    return program.program.solve().objective + program.paid


def priced(
    shift: Ints, temps_on: Ints, people: People, temps: Temps, shifts: Shifts, rules: Rules
) -> dict[str, float]:
    """Return what a roster (n, D) and temps (M, D, K) cost before the work is known."""
    days = shift.shape[1]
    on = shift >= 0
    hours = np.where(on, shifts.hours[np.arange(days), np.maximum(shift, 0)], 0.0)
    first = np.arange(days) // WEEK
    worked = np.zeros((len(shift), int(first.max()) + 1))
    np.add.at(worked.T, first, hours.T)
    low = people.low[:, None] * share_of_week(first, worked.shape[1])
    kind = shifts.kind[np.maximum(shift, 0)]
    unwanted = on & (people.wish[:, None] >= 0) & (kind != people.wish[:, None])
    parts = {
        "contracts": float((people.wage[:, None] * low).sum()),
        "more_hours": float((people.wage[:, None] * np.maximum(worked - low, 0)).sum()),
        "temps": float((temps.wage[:, None, None] * shifts.hours * temps_on).sum()),
        "wishes": float(rules.wish * unwanted.sum()) if "wishes" not in rules.without else 0.0,
    }
    if people.before is not None:
        parts["changes"] = float(rules.change * (shift != people.before).sum())
    weekend = on[:, first * WEEK + 5 <= np.arange(days)].sum(axis=1)
    group = groups(people, temps).of
    total = np.bincount(group, weekend)
    mean = np.ceil(total / np.maximum(np.bincount(group), 1))[group]
    parts["fairness"] = float(rules.fair * np.maximum(weekend - mean, 0).sum())
    return parts


def beginning(people: People, shifts: Shifts, rules: Rules) -> Ints:
    """Return days off for everybody, or the roster of before for those who keep the rules by it."""
    start = np.full(people.away.shape, OFF, np.int64)
    if people.before is not None:
        start = people.before.copy()
        for who in broken(start, people, shifts, rules).values():
            start[who] = OFF
    return start


def settled(
    shift: Ints, group: Groups, people: People, temps: Temps, shifts: Shifts, work: Work,
    rules: Rules, hired: Ints | None = None,
) -> Roster:  # fmt: skip
    """Fix the people; decide temps, unless they are ``hired`` already, overtime, and what is late.

    With the work that came instead of the work that was planned for, it says what a roster and
    temps that were decided before really cost.
    """
    if bad := broken(shift, people, shifts, rules):
        raise ValueError(f"rules: no whole people were found who keep {', '.join(bad)}.")
    many = shifts.begin.shape[1]
    regular = int((group.temp < 0).sum())
    heads = counted(shift, group.of, regular, many)
    stay = _may_stay(shift, group.kind[group.of], len(group.skillsets), shifts, rules)
    if hired is not None:
        heads = np.concatenate([heads, hired])
    program: Counts = counts(people, temps, shifts, work, rules, heads, stay)
    solved = program.program.solve()
    if hired is None:
        hired = np.zeros((0, *shifts.begin.shape), np.int64)
        if len(temps.wage) and solved.x is not None:
            part = solved.x[program.heads]
            for hired in (
                rounded(part, group, shifts)[regular:],
                np.ceil(part[regular:] - 1e-6).astype(np.int64),  # where none may be missing
            ):
                whole = np.concatenate([heads, hired])
                program = counts(people, temps, shifts, work, rules, whole, stay)
                solved = program.program.solve()
                if solved.x is not None or (hired.sum(axis=2) > temps.most[:, None]).any():
                    break
    if solved.x is None:
        raise ValueError("rules: no whole people were found who keep cover; allow more temps.")
    parts = priced(shift, hired, people, temps, shifts, rules)
    cost = np.concatenate(program.program.cost)
    for name, block in (("overtime", program.extended), ("late", program.late)):
        parts[name] = float(cost[block].ravel() @ solved.x[block].ravel())
    changed = 0 if people.before is None else int((shift != people.before).sum())
    return Roster(
        shift, hired, solved.x[program.extended], solved.x[program.doing],
        solved.x[program.late], sum(parts.values()), parts, 0.0, changed=changed,
    )  # fmt: skip


def _may_stay(shift: Ints, kind: Ints, sets: int, shifts: Shifts, rules: Rules) -> Floats:
    """Return how many of each set of skills may stay after each shift (C, D, K), for their rest."""
    days, many = shifts.begin.shape
    close = shifts.too_close(rules.rest_h, round(rules.overtime_h * shifts.per_hour))
    then = np.concatenate([shift[:, 1:], np.full((len(shift), 1), OFF)], axis=1)
    found = np.zeros((sets, days, many))
    person, day = np.nonzero(shift >= 0)
    now, after = shift[person, day], then[person, day]
    tired = (after >= 0) & close[np.minimum(day, days - 2), now, np.maximum(after, 0)]
    if "rest" in rules.without:
        tired = np.zeros_like(tired)
    free = ~tired
    np.add.at(found, (kind[person[free]], day[free], now[free]), 1.0)
    return found


def reasons(
    made: Roster, people: People, shifts: Shifts, work: Work, rules: Rules
) -> dict[tuple[int, int], str]:
    """Return why work is late, for each process and interval with more than a hundredth late."""
    late = np.tensordot(work.chance, made.late, axes=1)
    day, _, at = shifts.at_work()
    length = late.shape[1]
    covered = np.zeros(length, bool)
    covered[at[at < length]] = True
    day_of = np.zeros(length, np.int64)
    day_of[at[at < length]] = day[at < length]
    on, said = made.shift >= 0, {}
    for process, t in zip(*np.nonzero(late > 0.01), strict=True):
        able = people.skills[:, process]
        today = day_of[t]
        free = able & ~people.away[:, today] & ~on[:, today]
        if not able.any():
            why = "nobody has the skill"
        elif not covered[t]:
            why = "no shift is at work then"
        elif not free.any():
            why = "everybody who can is at work that day or off"
        elif _spent(made.shift, people, shifts, rules, free, int(today)):
            why = "hours, days in a row or days a week of everybody who can are used up"
        else:
            why = "more people would cost more than the delay, or nobody had rested"
        said[int(process), int(t)] = why
    return said


def _spent(
    shift: Ints, people: People, shifts: Shifts, rules: Rules, free: Bools, day: int
) -> bool:
    """Return whether the hours of all ``free`` people are used up in the week of ``day``."""
    week = slice(day // WEEK * WEEK, day // WEEK * WEEK + WEEK)
    rows = shift[free, week]
    days = np.arange(shift.shape[1])[week]
    hours = np.where(rows >= 0, shifts.hours[days, np.maximum(rows, 0)], 0.0).sum(axis=1)
    least = shifts.hours[day].min()
    used: bool = bool(
        (
            (hours + least > people.high[free] + 1e-9)
            | ((rows >= 0).sum(axis=1) >= rules.days_a_week)
        ).all()
    )
    return used
