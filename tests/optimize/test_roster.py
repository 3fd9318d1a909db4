from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanecast.optimize.contracts import People, Rules, Temps, Work
from lanecast.optimize.roster import ConflictError, Roster, at_work, priced, roster
from lanecast.optimize.shift_groups import Groups, counted, groups, rounded
from lanecast.optimize.shift_rules import broken
from lanecast.optimize.shifts import OFF, Shifts, patterns

LATE = 20.0


def team(many: int, kinds: int = 1, days: int = 7, **given) -> People:
    people = People(
        np.ones((many, kinds), bool), np.full(many, 20.0), np.zeros(many), np.full(many, 40.0),
        np.full(many, -1), np.zeros((many, days), bool),
    )  # fmt: skip
    return replace(people, **given)


def load(come: np.ndarray, waits: float | np.ndarray = 0.0) -> Work:
    come = np.asarray(come, float)
    while come.ndim < 3:
        come = come[None]
    return Work(come, np.broadcast_to(waits, come.shape), np.full(len(come), 1 / len(come)))


def curve(days: int, peak: float = 4.0, per_hour: int = 1) -> np.ndarray:
    hour = np.arange(24 * per_hour) / per_hour
    day = np.where((hour >= 6) & (hour < 20), peak * np.exp(-((hour - 13) ** 2) / 20), 0)
    return np.tile(np.round(day, 2), days)


@pytest.fixture(scope="module")
def week() -> tuple[People, Shifts, Work, Rules, Temps]:
    rng = np.random.default_rng(3)
    many, days = 14, 7
    skills = np.array([[1, 0], [0, 1], [1, 1]], bool)[rng.integers(0, 3, many)]
    people = People(
        skills, rng.uniform(18, 24, many), np.full(many, 24.0), np.full(many, 40.0),
        rng.integers(-1, 2, many), rng.random((many, days)) < 0.1,
    )  # fmt: skip
    come = np.stack([curve(days, 3.0), curve(days, 2.5)])
    work = Work(
        np.stack([come, 1.3 * come]), np.broadcast_to(2.0, (2, 2, 168)).copy(), np.array([0.6, 0.4])
    )
    rules = Rules(np.full(2, LATE), wish=3.0, fair=2.0)
    return people, patterns(days, [6, 9, 12], [4, 8], 1, 1.0), work, rules, Temps(
        np.eye(2, dtype=bool), np.full(2, 33.0), np.full(2, 2.0)
    )  # fmt: skip


@pytest.fixture(scope="module")
def made(week) -> Roster:
    people, shifts, work, rules, temps = week
    return roster(people, shifts, work, rules, temps, rounds=30, prices=True)


def test_the_roster_keeps_every_rule(week, made):
    people, shifts, _, rules, _ = week
    assert not broken(made.shift, people, shifts, rules)


def test_the_bound_is_below_the_cost_and_near(made):
    assert made.bound <= made.cost + 1e-6
    assert 0 <= made.gap < 0.06
    assert made.cost == pytest.approx(sum(made.parts.values()))


def test_cost_is_what_a_naive_sum_over_people_and_hours_is(week, made):
    people, shifts, work, rules, _ = week
    pay = wishes = 0.0
    for person, row in enumerate(made.shift):
        hours = sum(shifts.hours[d, k] for d, k in enumerate(row) if k >= 0)
        pay += people.wage[person] * max(hours, people.low[person])
        wish = people.wish[person]
        wishes += rules.wish * sum(
            1 for k in row if k >= 0 and wish >= 0 and shifts.kind[k] != wish
        )
    assert made.parts["contracts"] + made.parts["more_hours"] == pytest.approx(pay)
    assert made.parts["wishes"] == pytest.approx(wishes)
    late = sum(c * made.late[s].sum() for s, c in enumerate(work.chance)) * LATE
    assert made.parts["late"] == pytest.approx(late, abs=1e-6)
    assert made.parts["temps"] == pytest.approx(
        sum(33.0 * shifts.hours[d, k] * n for (_, d, k), n in np.ndenumerate(made.temps))
    )


def test_what_is_done_in_each_hour_is_done_by_people_at_work_who_can(week, made):
    people, shifts, work, rules, temps = week
    group = groups(people, temps)
    for s in range(2):
        there = np.zeros((len(group.skillsets), 168))
        for (person, day), k in np.ndenumerate(made.shift):
            if k >= 0:
                span = [
                    t
                    for t in range(shifts.begin[day, k], shifts.end[day, k])
                    if not shifts.pause[day, k] <= t < shifts.pause[day, k] + shifts.rest[k]
                ]
                there[group.kind[group.of[person]], span] += 1
        for (kind, day, k), n in np.ndenumerate(made.temps):
            span = [
                t
                for t in range(shifts.begin[day, k], shifts.end[day, k])
                if not shifts.pause[day, k] <= t < shifts.pause[day, k] + shifts.rest[k]
            ]
            there[group.kind[group.temp == kind][0], span] += n
        for (c, day, k), n in np.ndenumerate(made.extended[s]):
            end = shifts.end[day, k]
            there[c, end : end + round(rules.overtime_h)] += n
        doing = made.doing[s]
        assert (doing.sum(axis=1) <= there + 1e-6).all()
        assert (doing[~group.skillsets] < 1e-9).all()
        left = np.zeros(2)
        for t in range(168):
            left = np.maximum(left + work.come[s, :, t] - doing[:, :, t].sum(axis=0), 0)
            assert (np.maximum(left - work.waits[s, :, t], 0) <= made.late[s, :, t] + 1e-6).all()


def test_no_rule_costs_less_than_nothing(made):
    assert set(made.saves) >= {"max_hours", "rest", "skills", "temps", "overtime", "wishes"}
    assert all(saved > -1e-4 * made.cost for saved in made.saves.values())
    assert made.saves["skills"] >= 0


def test_the_same_seed_gives_the_same_roster(week, made):
    people, shifts, work, rules, temps = week
    again = roster(people, shifts, work, rules, temps, rounds=30)
    assert (again.shift == made.shift).all() and again.cost == made.cost


def test_no_roster_of_all_that_there_are_is_cheaper_than_the_bound():
    days, many = 2, 2
    shifts = patterns(days, [8, 12], [4], 1)
    rng = np.random.default_rng(1)
    people = team(many, days=days, wage=np.array([20.0, 23.0]))
    rules = Rules(np.array([9.0]), overtime_h=0.0)
    work = load(np.where((np.arange(48) % 24 >= 8) & (np.arange(48) % 24 < 16),
                         rng.integers(0, 3, 48), 0))  # fmt: skip
    costs = []
    for choice in product(range(-1, 2), repeat=many * days):
        shift = np.array(choice).reshape(many, days)
        if broken(shift, people, shifts, rules):
            continue
        present = at_work(counted(shift, np.zeros(many, int), 1, 2).astype(float),
                          groups(people, Temps(np.zeros((0, 1), bool), np.zeros(0), np.zeros(0))),
                          shifts, 48)[0]  # fmt: skip
        left, late = 0.0, 0.0
        for t in range(48):
            left = max(left + work.come[0, 0, t] - present[t], 0.0)
            late += left
        none = Temps(np.zeros((0, 1), bool), np.zeros(0), np.zeros(0))
        pay = priced(shift, np.zeros((0, days, 2), int), people, none, shifts, rules)
        costs.append(sum(pay.values()) + 9.0 * late)
    found = roster(people, shifts, work, rules, rounds=5)
    assert found.bound <= min(costs) + 1e-6
    assert min(costs) - 1e-6 <= found.cost <= 1.05 * min(costs)


@given(st.integers(0, 10_000))
@settings(max_examples=40)
def test_rounding_errs_by_less_than_a_person_from_any_shift_to_any_other(seed):
    rng = np.random.default_rng(seed)
    heads = rng.uniform(0, 2, (3, 4, 5)) * (rng.random((3, 4, 5)) < 0.5)
    one = np.zeros(3, np.int64)
    group = Groups(one, np.ones((3, 1), bool), one, one, np.ones((1, 1), bool), one - 1)
    whole = rounded(heads, group, patterns(4, [6, 8, 10, 12, 14], [4]))
    error = np.concatenate(
        [np.zeros((3, 1)), (whole - heads).reshape(3, -1).cumsum(axis=1)], axis=1
    )
    assert (np.abs(error[:, :, None] - error[:, None]) < 1 + 1e-6).all()


def test_yesterday_is_kept_where_nothing_has_changed(week, made):
    people, shifts, work, rules, temps = week
    kept = replace(people, before=made.shift)
    steady = roster(kept, shifts, work, replace(rules, change=30.0), temps, rounds=10)
    free = roster(kept, shifts, work, rules, temps, rounds=10, seed=5)
    assert steady.changed <= free.changed
    assert steady.changed <= 6
    assert steady.cost <= made.cost * 1.01
    assert steady.changed == (steady.shift != made.shift).sum()


def test_dearer_lateness_is_never_later(week):
    people, shifts, work, rules, temps = week
    late = []
    for price in (0.5, 20.0):
        found = roster(
            people, shifts, work, replace(rules, late=np.full(2, price)), temps, rounds=5
        )
        late.append(np.tensordot(work.chance, found.late, axes=1).sum())
    assert late[1] < late[0]


def test_wishes_that_cost_are_kept():
    people = team(6, wish=np.array([0, 0, 0, 1, 1, 1]))
    shifts = patterns(7, [6, 13], [7], 1, 1.0)
    hour = np.arange(168) % 24
    work = load(np.where((hour >= 6) & (hour < 20), 1.2, 0.0), 4.0)
    found = roster(people, shifts, work, Rules(np.array([LATE]), wish=50.0), rounds=20)
    for person, row in enumerate(found.shift):
        assert {int(k) for k in row if k >= 0} <= {0 if person < 3 else 1}


def test_the_smallest_set_of_rules_that_conflict_is_named():
    shifts = patterns(7, [8], [8], 1, 1.0)
    hour = np.arange(168) % 24
    work = load(np.where((hour >= 8) & (hour < 15), 2.0, 0.0), 3.0)
    rules = Rules(np.array([LATE]), must_cover=True, days_a_week=7, days_in_row=7)
    two = team(2, high=np.full(2, 20.0))
    with pytest.raises(ConflictError, match="contract allows") as caught:
        roster(two, shifts, work, replace(rules, overtime_h=0.0))
    assert set(caught.value.rules) == {"cover", "max_hours"}
    with pytest.raises(ConflictError) as caught:
        roster(team(4, skills=np.zeros((4, 1), bool)), shifts, work, rules)
    assert set(caught.value.rules) == {"cover", "skills"}


def test_a_contract_that_cannot_be_worked_conflicts_with_what_forbids_it():
    shifts = patterns(7, [8], [4], 1)
    rules = Rules(np.array([LATE]), must_work=True)
    people = team(2, low=np.array([24.0, 10.0]))
    with pytest.raises(ConflictError) as caught:
        roster(people, shifts, load(curve(7)), rules)
    assert set(caught.value.rules) == {"min_hours", "days_a_week"}  # 5 x 4 h are 20


@pytest.mark.parametrize("need", [1.2, 1.45, 1.8])
def test_work_that_must_be_in_time_takes_a_whole_temp_for_a_part_of_one(need):
    shifts = patterns(2, [8], [4], 1)
    hour = np.arange(48) % 24
    work = load(np.where((hour >= 8) & (hour < 12), need, 0.0))
    rules = Rules(np.array([LATE]), must_cover=True, overtime_h=0.0)
    temps = Temps(np.ones((1, 1), bool), np.array([30.0]), np.array([1.0]))
    found = roster(team(1, days=2), shifts, work, rules, temps)
    assert (found.temps.sum(axis=(0, 2)) == 1).all() and found.late.max() < 1e-6
    none = Temps(np.ones((1, 1), bool), np.array([30.0]), np.array([0.9]))
    with pytest.raises(ValueError, match="no whole people were found who keep cover"):
        roster(team(1, days=2), shifts, work, rules, none)


def test_of_two_conflicts_the_smaller_is_named():
    # five days of four hours, three in a row forbidden, on five days in a row: a conflict of three
    away = np.zeros((1, 7), bool)
    away[0, 5:] = True
    people = team(1, 2, skills=np.array([[True, False]]), low=np.array([20.0]), away=away)
    come = np.zeros((2, 168))
    shifts = patterns(7, [8], [4], 1)
    rules = Rules(np.full(2, LATE), must_work=True, must_cover=True, days_in_row=2)
    with pytest.raises(ConflictError) as caught:
        roster(people, shifts, load(come), rules)
    assert set(caught.value.rules) == {"min_hours", "days_in_row", "days_off"}
    come[1, 9] = 0.5  # and work that nobody can do: a conflict of two
    with pytest.raises(ConflictError) as caught:
        roster(people, shifts, load(come), rules)
    assert set(caught.value.rules) == {"cover", "skills"}


def test_contract_hours_that_must_be_worked_are_worked():
    people = team(4, low=np.full(4, 24.0))
    shifts = patterns(7, [8, 12], [4, 6], 1)
    found = roster(people, shifts, load(0.1 * curve(7)), Rules(np.array([LATE]), must_work=True))
    hours = np.where(found.shift >= 0, shifts.hours[0, np.maximum(found.shift, 0)], 0).sum(axis=1)
    assert (hours >= 24).all()


def test_what_is_late_has_a_reason():
    people = team(2, 2, skills=np.array([[1, 0], [1, 0]], bool))
    shifts = patterns(7, [8], [4], 1)
    come = np.zeros((2, 168))
    come[0, 9], come[0, 22], come[1, 9] = 50.0, 1.0, 1.0
    found = roster(people, shifts, load(come), Rules(np.full(2, 5.0), overtime_h=0.0), rounds=2)
    assert found.reasons[1, 9] == "nobody has the skill"
    assert found.reasons[0, 22] == "no shift is at work then"
    assert found.late[0, 0, 9] > 40


def test_a_day_of_23_hours_moves_the_shifts_after_it():
    shifts = patterns(7, [8], [4], 1)
    shorter = np.where(np.arange(7)[:, None] >= 1, 1, 0)
    moved = Shifts(shifts.begin - shorter, shifts.end - shorter, shifts.pause - shorter,
                   shifts.rest, shifts.kind, 1)  # fmt: skip
    hour = np.concatenate([np.arange(24), np.arange(1, 24), np.tile(np.arange(24), 5)])
    work = load(np.where((hour >= 8) & (hour < 12), 1.0, 0.0))
    found = roster(team(3), moved, work, Rules(np.array([LATE])), rounds=5)
    assert found.late.sum() < 1e-6


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: team(2, wage=np.array([-1.0, 2.0])), "wage"),
        (lambda: team(2, low=np.array([50.0, 0.0])), "low"),
        (lambda: team(2, high=np.array([40.0])), "high"),
        (lambda: load(-curve(1)), "come"),
        (lambda: Work(np.zeros((1, 1, 4)), np.zeros((1, 1, 4)), np.array([0.5])), "chance"),
        (lambda: Rules(np.array([-1.0])), "late"),
        (lambda: Rules(np.array([1.0]), overtime=0.5), "overtime"),
        (lambda: Rules(np.array([1.0]), days_in_row=0), "days_in_row"),
        (lambda: Rules(np.array([1.0]), without=frozenset({"naps"})), "naps"),
        (lambda: patterns(2, [8], [0.5], 2, 0.5, 0.0), "longer than its break"),
    ],
)
def test_nonsense_is_refused_in_words(call, word):
    with pytest.raises(ValueError, match=word):
        call()


def test_everybody_is_off_where_there_is_nothing_to_do():
    found = roster(team(3), patterns(7, [8], [4], 1), load(np.zeros(168)), Rules(np.array([1.0])))
    assert (found.shift == OFF).all() and found.cost == pytest.approx(0, abs=1e-6)
