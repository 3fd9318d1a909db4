"""A roster is made better person by person: other shifts, days off, and shifts handed over."""

from dataclasses import dataclass

import numpy as np

from .contracts import People, Rules
from .shift_groups import share_of_week
from .shifts import OFF, WEEK, Bools, Floats, Ints, Shifts

FEW = 8  # people who begin anew
MUST = 100.0  # times the wage, for an hour of the contract that must be worked


@dataclass
class _Desk:
    """The roster on the way; ``lack`` (C, T) are people missing against the target, may be < 0."""

    roster: Ints
    lack: Floats
    worth: Floats
    worked: Floats
    price: Floats
    low: Floats
    high: Floats
    kind: Ints
    people: People
    shifts: Shifts
    rules: Rules
    cover: Floats
    first: Ints
    week: Ints
    hours: Floats
    close: Bools
    mean: float


def people_for(
    start: Ints, target: Floats, worth: Floats, square: float, kind: Ints, people: People,
    shifts: Shifts, rules: Rules, rounds: int, seed: int,
) -> Ints:  # fmt: skip
    """Return a roster (n, D) that keeps the rules and comes near to ``target`` (C, T).

    ``kind`` (n,) is the row of ``target`` that a person counts for. Somebody missing for an
    interval costs ``worth`` (C, T), and the square of what is missing or too much a share
    ``square`` of overtime: an augmented Lagrangian, since at ``worth`` alone many rosters are
    equal. Hours above the contract, wishes, changes and weekends cost what they do in ``rules``.

    It begins with ``start`` (n, D), which must keep the rules. Each step is the best change of one
    person's day, or the best colleague to hand a shift to, until nothing gets better. Then,
    ``rounds`` times, a few people of equal skills begin anew with days off; what is worse is taken
    back (large neighbourhood search).
    """
    rng = np.random.default_rng(seed)
    desk = _desk(start.copy(), target, worth, square, kind, people, shifts, rules)
    everybody = np.arange(len(kind))
    _settle(desk, everybody, rng, 5)
    for _ in range(rounds):
        first = rng.integers(len(kind))
        alike = np.flatnonzero(kind == kind[first])
        few = rng.permutation(alike)[:FEW]
        was, lack, worked = desk.roster[alike].copy(), desk.lack[kind[first]].copy(), desk.worked
        worked, cost = worked.copy(), _cost(desk, alike)
        for person in few:
            for day in np.flatnonzero(desk.roster[person] >= 0):
                _set(desk, int(person), int(day), OFF)
        _settle(desk, few, rng, 2)
        if _cost(desk, alike) > cost - 1e-6:
            desk.roster[alike], desk.lack[kind[first]], desk.worked = was, lack, worked
    return desk.roster


def _settle(desk: _Desk, who: Ints, rng: np.random.Generator, passes: int) -> None:
    """Change and hand over until nothing gets better."""
    for _ in range(passes):
        before = desk.roster[who].copy()
        for person in rng.permutation(who):
            for _ in range(3 * desk.roster.shape[1]):
                if not _change(desk, int(person)):
                    break
        for person in rng.permutation(who):
            for day in np.flatnonzero(desk.roster[person] >= 0):
                _hand_over(desk, int(person), int(day))
        if (before == desk.roster[who]).all():
            break


def _cost(desk: _Desk, alike: Ints) -> float:
    """Return what the people of one set of skills cost, and what is missing there."""
    people, rules, roster = desk.people, desk.rules, desk.roster[alike]
    kind = desk.kind[alike[0]]
    lack = desk.lack[kind]
    missing = float((desk.price[kind] * lack + desk.worth[kind]) @ lack)
    away_from = desk.worked[alike] - desk.low[alike]
    above = np.maximum(away_from, 0).sum(axis=1)
    if rules.must_work:
        above += MUST * np.maximum(-away_from, 0).sum(axis=1)
    cost = missing + people.wage[alike] @ above
    on, wish = roster >= 0, people.wish[alike, None]
    if "wishes" not in rules.without:
        cost += rules.wish * (on & (wish >= 0) & (desk.shifts.kind[roster] != wish)).sum()
    if people.before is not None:
        cost += rules.change * (roster != people.before[alike]).sum()
    late = np.arange(roster.shape[1]) >= desk.week * WEEK + 5
    cost += rules.fair * np.maximum(on[:, late].sum(axis=1) - desk.mean, 0).sum()
    return float(cost)


def _desk(
    roster: Ints, target: Floats, worth: Floats, square: float, kind: Ints, people: People,
    shifts: Shifts, rules: Rules,
) -> _Desk:  # fmt: skip
    days, many = shifts.begin.shape
    first = shifts.begin.min(axis=1)
    width = int((shifts.end.max(axis=1) - first).max())
    cover = np.zeros((days, many + 1, width))  # the last column is a day off
    day, shift, at = shifts.at_work()
    cover[day, shift, at - first[day]] = 1.0
    beyond = np.zeros((len(target), width))
    padded = np.concatenate([target, beyond], axis=1)
    worth = np.concatenate([worth, beyond], axis=1)
    week = np.arange(days) // WEEK
    hours = np.concatenate([shifts.hours, np.zeros((days, 1))], axis=1)
    part = share_of_week(week, int(week.max()) + 1)
    worked = np.zeros((len(roster), len(part)))
    np.add.at(worked.T, week, hours[np.arange(days), roster].T)
    high = people.high[:, None] * part
    if "max_hours" in rules.without:
        high = np.full_like(high, np.inf)
    for person in range(len(roster)):
        for d in np.flatnonzero(roster[person] >= 0):
            padded[kind[person], first[d] : first[d] + width] -= cover[d, roster[person, d]]
    close = shifts.too_close(rules.rest_h) & ("rest" not in rules.without)
    close = np.pad(close, ((0, 0), (0, 1), (0, 1)))
    price = np.array(
        [
            people.wage[kind == c].mean() if (kind == c).any() else 0.0
            for c in range(len(target))
        ]
    ) * rules.overtime / shifts.per_hour  # fmt: skip
    day, shift, at = shifts.at_work()
    late = (at < target.shape[1]) & (day >= week[day] * WEEK + 5)
    busy = np.zeros(target.shape[1], bool)
    busy[at[late]] = True
    weekends = target[:, busy].sum() / shifts.per_hour / shifts.hours.mean() / max(len(roster), 1)
    return _Desk(
        roster, padded, worth, worked, square * price, people.low[:, None] * part, high, kind,
        people, shifts, rules, cover, first, week, hours, close, float(np.ceil(weekends)),
    )  # fmt: skip


def _legal(desk: _Desk, person: int) -> Bools:
    """Return which shift (D, K + 1) the person may have on each day, the others unchanged."""
    row, rules = desk.roster[person], desk.rules
    days, many = desk.shifts.begin.shape
    on, week = row >= 0, desk.week
    legal = np.ones((days, many + 1), bool)
    blocked = np.zeros(days, bool)
    if "days_off" not in rules.without:
        blocked |= desk.people.away[person]
    if "days_a_week" not in rules.without:
        others = np.bincount(week, on)[week] - on
        blocked |= others >= rules.days_a_week
    if "days_in_row" not in rules.without:
        before, after, run = np.zeros(days, int), np.zeros(days, int), 0
        for d in range(days):
            before[d], run = run, run + 1 if on[d] else 0
        run = 0
        for d in range(days - 1, -1, -1):
            after[d], run = run, run + 1 if on[d] else 0
        blocked |= before + after + 1 > rules.days_in_row
    legal[:, :many] &= ~blocked[:, None]
    legal[1:] &= ~desk.close[np.arange(days - 1), row[:-1]]
    legal[:-1] &= ~desk.close[np.arange(days - 1)[:, None], np.arange(many + 1), row[1:, None]]
    hours = _worked_then(desk, person)
    legal &= hours <= desk.high[person, week][:, None] + 1e-9
    if rules.must_work:
        now = desk.worked[person, week][:, None]
        legal &= (hours >= desk.low[person, week][:, None] - 1e-9) | (hours >= now)
    return legal


def _worked_then(desk: _Desk, person: int) -> Floats:
    """Return the hours of the week if a day had another shift, (D, K + 1)."""
    row = desk.roster[person]
    without = desk.worked[person, desk.week] - desk.hours[np.arange(len(row)), row]
    result: Floats = without[:, None] + desk.hours
    return result


def _own_cost(desk: _Desk, person: int) -> Floats:
    """Return pay, wishes, changes and weekends of a person if a day had another shift."""
    people, rules, week = desk.people, desk.rules, desk.week
    days, many = desk.shifts.begin.shape
    above = np.maximum(_worked_then(desk, person) - desk.low[person, week][:, None], 0)
    cost: Floats = people.wage[person] * above
    if rules.must_work:
        lacking = np.maximum(desk.low[person, week][:, None] - _worked_then(desk, person), 0)
        cost += MUST * people.wage[person] * lacking
    wish = people.wish[person]
    if wish >= 0 and "wishes" not in rules.without:
        cost[:, :many] += rules.wish * (desk.shifts.kind != wish)
    if people.before is not None and rules.change:
        was = people.before[person]
        cost += rules.change * (np.append(np.arange(many), OFF) != was[:, None])
    if rules.fair:
        late = np.arange(days) >= week * WEEK + 5
        others = (desk.roster[person, late] >= 0).sum() - (desk.roster[person] >= 0) * late
        cost[late, :many] += rules.fair * (others[late, None] + 1 > desk.mean)
    return cost


def _set(desk: _Desk, person: int, day: int, shift: int) -> None:
    """Give a person another shift."""
    begin, width = desk.first[day], desk.cover.shape[2]
    old = desk.roster[person, day]
    change = desk.cover[day, shift] - desk.cover[day, old]
    desk.lack[desk.kind[person], begin : begin + width] -= change
    desk.worked[person, desk.week[day]] += desk.hours[day, shift] - desk.hours[day, old]
    desk.roster[person, day] = shift


def _change(desk: _Desk, person: int) -> bool:
    """Make the best change of one day of a person, if one is better than what is."""
    row = desk.roster[person]
    days, width = len(row), desk.cover.shape[2]
    which = np.arange(days)
    window = desk.first[:, None] + np.arange(width)
    kind = desk.kind[person]
    left = (desk.lack[kind, window] + desk.cover[which, row])[:, None] - desk.cover
    each = (desk.price[kind] * left + desk.worth[kind, window][:, None]) * left
    cost = each.sum(axis=2) + _own_cost(desk, person)
    gain = np.where(_legal(desk, person), cost[which, row][:, None] - cost, -np.inf)
    best = int(gain.argmax())
    day, shift = divmod(best, gain.shape[1])
    if gain.flat[best] <= 1e-6:
        return False
    _set(desk, person, day, shift if shift < gain.shape[1] - 1 else OFF)
    return True


def _hand_over(desk: _Desk, person: int, day: int) -> None:
    """Give a shift to the colleague of the same skills for whom it costs least, if less."""
    shift = int(desk.roster[person, day])
    own = _own_cost(desk, person)[day]
    saved = own[shift] - own[OFF]
    if saved <= 1e-6 or not _legal(desk, person)[day, OFF]:
        return
    alike = np.flatnonzero((desk.kind == desk.kind[person]) & (desk.roster[:, day] == OFF))
    best, who = saved - 1e-6, -1
    for other in alike:
        room = desk.worked[other, desk.week[day]] + desk.hours[day, shift]
        if room > desk.high[other, desk.week[day]] + 1e-9 or desk.people.away[other, day]:
            continue
        cost = _own_cost(desk, int(other))[day]
        more = cost[shift] - cost[OFF]
        if more < best and _legal(desk, int(other))[day, shift]:
            best, who = more, int(other)
            if more <= 0:
                break
    if who >= 0:
        _set(desk, person, day, OFF)
        _set(desk, who, day, shift)
