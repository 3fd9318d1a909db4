"""People who are equal for the work, and how many of them do what."""

from dataclasses import dataclass

import numpy as np

from .contracts import People, Temps
from .shifts import WEEK, Bools, Floats, Ints, Shifts


@dataclass(frozen=True)
class Groups:
    """People who are equal for the work: same skills, same wish; temps are groups of their own.

    ``of`` (n,) is the group of each person, ``skills`` (G, J), ``wish`` (G,), ``kind`` (G,) the
    row of ``skillsets`` (C, J); ``temp`` (G,) is the kind of temp, -1 for people.
    """

    of: Ints
    skills: Bools
    wish: Ints
    kind: Ints
    skillsets: Bools
    temp: Ints


def groups(people: People, temps: Temps) -> Groups:
    """Return the groups, those of people first."""
    table = np.concatenate([people.skills, people.wish[:, None]], axis=1).astype(np.int64)
    unique, of = np.unique(table, axis=0, return_inverse=True)
    skills = np.concatenate([unique[:, :-1] == 1, temps.skills])
    wish = np.concatenate([unique[:, -1], np.full(len(temps.skills), -1)])
    sets, kind = np.unique(skills, axis=0, return_inverse=True)
    temp = np.concatenate([np.full(len(unique), -1), np.arange(len(temps.skills))])
    return Groups(of.ravel(), skills, wish, kind.ravel(), sets, temp)


def alike(group: Groups) -> Groups:
    """Return the groups as if everybody could do everything."""
    return Groups(
        group.of, np.ones_like(group.skills), group.wish, np.zeros_like(group.kind),
        np.ones((1, group.skills.shape[1]), bool), group.temp,
    )  # fmt: skip


def share_of_week(first: Ints, weeks: int) -> Floats:
    """Return which part of each week the horizon covers."""
    return np.bincount(first, minlength=weeks) / WEEK


def counted(roster: Ints, of: Ints, size: int, many: int) -> Floats:
    """Return how many of each group work which shift, (G, D, K), by a roster (n, D)."""
    person, day = np.nonzero(roster >= 0)
    found = np.zeros((size, roster.shape[1], many))
    np.add.at(found, (of[person], day, roster[person, day]), 1.0)
    return found


def rounded(heads: Floats, group: Groups, shifts: Shifts) -> Ints:
    """Return whole people (G, D, K) for parts of people.

    The shifts of a group stand in one row by day and begin, and the k-th person is where the
    running sum passes ``k - offset``: every run of shifts errs by less than one person, so whole
    limits on days, weeks and runs of days still hold. Groups of one set of skills have offsets
    that are spread over [0, 1], so that their errors differ in sign.
    """
    found = np.zeros(heads.shape, np.int64)
    order = np.lexsort((shifts.end[0], shifts.begin[0]))
    for g in range(len(heads)):
        alike = np.flatnonzero(
            (group.kind == group.kind[g]) & ((group.temp >= 0) == (group.temp[g] >= 0))
        )
        offset = (np.searchsorted(alike, g) + 0.5) / len(alike)
        row = heads[g][:, order]
        sums = np.floor(row.ravel().cumsum() + offset + 1e-9)
        found[g][:, order] = np.diff(sums, prepend=0.0).reshape(row.shape).astype(np.int64)
    return found
