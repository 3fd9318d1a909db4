"""Which rules cannot hold together: a smallest set, found on the relaxed programme."""

from dataclasses import replace
from itertools import combinations

from .contracts import RULES, People, Rules, Temps, Work
from .shift_counts import counts
from .shifts import Shifts


def conflict(
    people: People, temps: Temps, shifts: Shifts, work: Work, rules: Rules
) -> tuple[str, ...]:
    """Return a smallest set of rules that cannot hold together.

    First rules are dropped one by one while what is left still conflicts; that leaves a set of
    which no rule can be missed. Then all smaller sets are tried.

    Raises
    ------
    ValueError
        When the rules do not conflict.
    """
    active = [name for name in RULES if name not in rules.without]

    def clash(held: tuple[str, ...]) -> bool:
        given = replace(rules, without=frozenset(set(RULES) - set(held)))
        return counts(people, temps, shifts, work, given).program.solve().x is None

    kept = tuple(active)
    if not clash(kept):
        raise ValueError("rules: they do not conflict; there is nothing to explain.")
    for name in active:
        rest = tuple(other for other in kept if other != name)
        if clash(rest):
            kept = rest
    for size in range(1, len(kept)):
        for few in combinations(active, size):
            if clash(few):
                return few
    return kept
