"""How a text is followed letter by letter with slips: the same table for every text.

A position (i, e) says that i letters of the text are used up with e slips, a third value that the
next letter of the text was met early and its neighbour must follow. A state is a set of positions,
counted from the first; where it goes depends only on which of the next letters of the text equal
the letter that comes: the universal automaton of Schulz and Mihov (2002), with two exchanged.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

PLACES = 4  # bits of a place in the text
PLACE = np.int64((1 << PLACES) - 1)
NEVER = 255
Position = tuple[int, int, bool]


@dataclass(frozen=True)
class Automaton:
    """States of a text with at most so many slips, each ``<< shift`` and or-ed with its place.

    Attributes
    ----------
    start
        The first state; 0 is dead.
    bits
        A one for each of the next letters of the text that matter.
    table
        ``table[state << window | bits]``, where bit j says that the j-th next letter of the text is
        the letter that comes: the next state, and how far the place moves.
    goal
        ``goal[state, left]``: the slips where the text has ``left`` letters left, else ``NEVER``;
        so in the last columns, which negative numbers lead to.
    """

    start: np.int64
    shift: np.int64
    bits: np.int64
    table: NDArray[np.int64]
    goal: NDArray[np.uint8]


@lru_cache(maxsize=4)
def automaton(most: int) -> Automaton:
    """Return the automaton of ``most`` slips."""
    window = 2 * most + 1
    start: frozenset[Position] = frozenset({(0, 0, False)})
    states, numbers = [frozenset(), start], {frozenset(): 0, start: 1}
    rows, shift = [], window + PLACES
    for state in states:
        row = []
        for bits in range(1 << window):
            after = _after(state, bits, most)
            moved = min((i for i, _, _ in after), default=0)
            after = frozenset((i - moved, e, early) for i, e, early in after)
            if after not in numbers:
                numbers[after] = len(states)
                states.append(after)
            row.append(numbers[after] << shift | moved)
        rows.append(row)
    goal = np.full((len(states), 3 * window), NEVER, np.uint8)
    for number, state in enumerate(states):
        for i, e, early in state:
            for gone in range(most - e + 1 if not early else 0):
                goal[number, i + gone] = min(goal[number, i + gone], e + gone)
    return Automaton(
        start=np.int64(1 << shift),
        shift=np.int64(shift),
        bits=np.int64((1 << window) - 1),
        table=np.array(rows, np.int64).reshape(-1),
        goal=goal,
    )


def _after(state: frozenset[Position], bits: int, most: int) -> frozenset[Position]:
    """Return the positions after one more letter, less those that another is as good as."""
    found: set[Position] = set()
    for i, e, early in state:
        if early:
            found |= {(i + 2, e, False)} if bits >> i & 1 else set()
        elif bits >> i & 1:
            found.add((i + 1, e, False))
        elif e < most:
            found |= {(i, e + 1, False), (i + 1, e + 1, False)}  # a letter more; another
            found |= {(i, e + 1, True)} if bits >> i + 1 & 1 else set()
            gone = (j for j in range(1, most - e + 1) if bits >> i + j & 1)
            found |= {(i + j + 1, e + j, False) for j in list(gone)[:1]}  # letters less
    return frozenset(each for each in found if not any(_better(other, each) for other in found))


def _better(one: Position, other: Position) -> bool:
    """Return whether whatever ``other`` reaches, ``one`` reaches with no more slips."""
    spare = other[1] - one[1]
    return not one[2] and spare > 0 and abs(other[0] + other[2] - one[0]) <= spare
