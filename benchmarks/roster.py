"""Our roster beside a plain CP-SAT formulation: python benchmarks/roster.py --people 200.

Prints cost, bound, gap, wall time and processor time of each. The instance is drawn: people with
one to three skills, contracts of 20 to 40 hours of which a part is paid in any case, wishes and
days off; work of three processes in half hours that may wait until one of five departures.
"""

import argparse
import time
from typing import Any

import numpy as np

from lanecast.optimize.contracts import People, Rules, Temps, Work
from lanecast.optimize.roster import roster, settled
from lanecast.optimize.shift_groups import groups
from lanecast.optimize.shifts import OFF, WEEK, Shifts, patterns
from lanecast.optimize.staffing import may_wait

SETS = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 1, 1]], bool)
TENTH = 10  # CP-SAT counts work in tenths of a person-interval, money in cents


def instance(
    many: int, days: int, scenarios: int, seed: int
) -> tuple[People, Shifts, Work, Rules, Temps]:
    """Draw people and work; a tenth more or less work in the outer two of three scenarios."""
    rng = np.random.default_rng(seed)
    skills = SETS[rng.choice(6, many, p=[0.2, 0.2, 0.1, 0.2, 0.15, 0.15])]
    high = rng.choice([20.0, 30.0, 40.0], many, p=[0.15, 0.25, 0.6])
    people = People(
        skills, np.round(rng.uniform(18, 26, many), 2), 0.6 * high, high,
        rng.choice([-1, 0, 1], many, p=[0.4, 0.35, 0.25]), rng.random((many, days)) < 0.05,
    )  # fmt: skip
    hour = np.arange(48) / 2
    peaks = np.exp(-(((hour - 11) / 3.5) ** 2)) + 0.9 * np.exp(-(((hour - 18) / 3.5) ** 2))
    profile = np.where((hour >= 6) & (hour < 23), peaks + 0.25, 0)
    week = np.array([1.1, 1.05, 1, 1, 1.05, 0.8, 0.7])[np.arange(days) % WEEK]
    able = skills / skills.sum(axis=1, keepdims=True)
    mean = 2 * 0.8 * high @ able / WEEK  # half hours of work a day and process
    level = {1: [1.0], 3: [0.9, 1.0, 1.1]}[scenarios]
    noise = rng.lognormal(0, 0.05, (scenarios, 3, days))
    per_day = np.array(level)[:, None, None] * mean[:, None] * week * noise
    come = (per_day[..., None] * profile / profile.sum()).reshape(scenarios, 3, -1)
    cutoff = np.isin(np.arange(48 * days) % 48, [19, 25, 31, 37, 43])  # end at 10, 13, ... 22 h
    chance = np.array({1: [1.0], 3: [0.25, 0.5, 0.25]}[scenarios])
    rules = Rules(np.full(3, 15.0), wish=6.0, fair=4.0)
    temps = Temps(np.eye(3, dtype=bool), np.full(3, 34.0), np.full(3, 10.0))
    shifts = patterns(days, [6, 7, 8, 10, 12, 14, 15], [4, 6, 8])
    return people, shifts, Work(come, may_wait(come, cutoff), chance), rules, temps


def plain(
    people: People, shifts: Shifts, work: Work, rules: Rules, temps: Temps, seconds: float
) -> tuple[np.ndarray, float]:
    """Return the roster of a plain formulation, and its bound: a variable per person and shift."""
    from ortools.sat.python import cp_model

    model: Any = cp_model.CpModel()
    many, (days, kinds) = len(people.wage), shifts.begin.shape
    scenarios, processes, length = work.come.shape
    on = {
        (i, d, k): model.new_bool_var("")
        for i in range(many) for d in range(days) if not people.away[i, d] for k in range(kinds)
    }  # fmt: skip
    cost: list[Any] = []
    close = shifts.too_close(rules.rest_h)
    halves = np.round(shifts.hours * shifts.per_hour).astype(int)
    for i in range(many):
        busy = [sum(on[i, d, k] for k in range(kinds) if (i, d, k) in on) for d in range(days)]
        for d in range(days):
            model.add(busy[d] <= 1)
        for d in range(days - rules.days_in_row):
            model.add(sum(busy[d : d + rules.days_in_row + 1]) <= rules.days_in_row)
        for d in range(days - 1):
            for k in range(kinds):
                then = [on[i, d + 1, n] for n in np.flatnonzero(close[d, k]) if (i, d + 1, n) in on]
                if (i, d, k) in on and then:
                    model.add(on[i, d, k] + sum(then) <= 1)
        for w in range(0, days, WEEK):
            model.add(sum(busy[w : w + WEEK]) <= rules.days_a_week)
            span = range(w, min(w + WEEK, days))
            worked = sum(int(halves[d, k]) * on[i, d, k]
                         for d in span for k in range(kinds) if (i, d, k) in on)  # fmt: skip
            model.add(worked <= int(2 * people.high[i]))
            above = model.new_int_var(0, 400, "")
            model.add(above >= worked - int(2 * people.low[i]))
            cost.append(above * int(50 * people.wage[i]))
        unwanted = np.flatnonzero((people.wish[i] >= 0) & (shifts.kind != people.wish[i]))
        for d in range(days):
            cost += [on[i, d, k] * int(100 * rules.wish) for k in unwanted if (i, d, k) in on]
    group = groups(people, temps)
    kind = group.kind[group.of]
    there: list[list[list[Any]]] = [[[] for _ in range(length)] for _ in group.skillsets]
    hire = {}
    day_of, shift_of, at_of = shifts.at_work()
    for m in range(len(temps.wage)):
        for d in range(days):
            row = [model.new_int_var(0, int(temps.most[m]), "") for _ in range(kinds)]
            model.add(sum(row) <= int(temps.most[m]))
            for k in range(kinds):
                hire[m, d, k] = row[k]
                cost.append(row[k] * int(100 * temps.wage[m] * shifts.hours[d, k]))
    for d, k, t in zip(day_of, shift_of, at_of, strict=True):
        for i in range(many):
            if (i, d, k) in on and t < length:
                there[kind[i]][t].append(on[i, d, k])
        for m in range(len(temps.wage)):
            if t < length:
                there[group.kind[group.temp == m][0]][t].append(hire[m, d, k])
    for s in range(scenarios):
        weight = int(100 * work.chance[s])
        done: list[list[list[Any]]] = [[[] for _ in range(length)] for _ in range(processes)]
        for c, able in enumerate(group.skillsets):
            for t in range(length):
                here = [model.new_int_var(0, many, "") for _ in np.flatnonzero(able)]
                model.add(sum(here) <= sum(there[c][t]))
                for j, v in zip(np.flatnonzero(able), here, strict=True):
                    done[j][t].append(v)
        for j in range(processes):
            left: Any = 0
            for t in range(length):
                new = model.new_int_var(0, 10**6, "")
                come = round(TENTH * work.come[s, j, t])
                model.add(new >= left + come - TENTH * sum(done[j][t]))
                late = model.new_int_var(0, 10**6, "")
                model.add(late >= new - round(TENTH * work.waits[s, j, t]))
                cost.append(late * round(weight * rules.late[j] / TENTH))
                left = new
    model.minimize(sum(cost))
    solver: Any = cp_model.CpSolver()
    solver.parameters.num_workers = 2
    solver.parameters.max_time_in_seconds = seconds
    found = np.full((many, days), OFF, np.int64)
    if solver.solve(model) in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        for (i, d, k), v in on.items():
            if solver.value(v):
                found[i, d] = k
    paid = float(people.wage @ people.low) * days / WEEK
    return found, solver.best_objective_bound / 100 + paid


def main() -> None:
    """Draw an instance, solve it by both, and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--scenarios", type=int, default=1, choices=(1, 3))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60, help="of CP-SAT; 0 leaves it out")
    given = parser.parse_args()
    people, shifts, work, rules, temps = instance(
        given.people, given.days, given.scenarios, given.seed
    )

    wall, cpu = time.perf_counter(), time.process_time()
    ours = roster(people, shifts, work, rules, temps)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    paid = ours.parts["contracts"]
    over = (ours.cost - ours.bound) / max(ours.bound - paid, 1e-9)
    print(f"ours    cost {ours.cost:>12,.0f}  bound {ours.bound:>12,.0f}  gap {ours.gap:7.2%}  "
          f"wall {wall:5.1f} s  cpu {cpu:5.1f} s")  # fmt: skip
    print(f"        gap of what is not paid anyway {over:.1%};",
          {k: round(v) for k, v in ours.parts.items()})  # fmt: skip
    if not given.seconds:
        return
    wall, cpu = time.perf_counter(), time.process_time()
    found, bound = plain(people, shifts, work, rules, temps, given.seconds)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    theirs = settled(found, groups(people, temps), people, temps, shifts, work, rules)
    gap = (theirs.cost - bound) / theirs.cost
    print(f"CP-SAT  cost {theirs.cost:>12,.0f}  bound {bound:>12,.0f}  gap {gap:7.2%}  "
          f"wall {wall:5.1f} s  cpu {cpu:5.1f} s")  # fmt: skip


if __name__ == "__main__":
    main()
