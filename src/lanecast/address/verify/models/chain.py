"""Labels in a chain: the likeliest, others, and how likely each is (Lafferty and others 2001).

Scores of labels at words have shape (n, labels); ``follows[a, b]`` is what b after a is worth.
Chances are exact: a score's exponential over the sum of all chains' (forward and backward sums).
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
T = TypeVar("T")
DOUBT = 0.02  # chance of a label at a word below which no chain with it is looked at
READINGS = 3  # chains that are given
BEAM = 24  # chains whose chance is worked out


def likeliest(scores: Array, follows: Array) -> list[int]:
    """Return the chain with the highest score (Viterbi)."""
    total, ways = scores[0], []
    for each in scores[1:]:
        through = total[:, None] + follows
        ways.append(through.argmax(0))
        total = through.max(0) + each
    found = [int(total.argmax())]
    for way in reversed(ways):
        found.append(int(way[found[-1]]))
    return found[::-1]


def marginals(scores: Array, follows: Array) -> tuple[Array, float]:
    """Return the chance of each label at each word, (n, labels), and the log sum of all chains."""
    shift = scores.max(1, keepdims=True)  # chances are kept, nothing overflows
    own, step = np.exp(scores - shift), np.exp(follows)
    ahead, behind = np.empty_like(own), np.ones_like(own)
    before, levels = own[0], []
    for i in range(len(own)):
        if i:
            before = (before @ step) * own[i]
        levels.append(np.add.reduce(before))
        ahead[i] = before = before / levels[-1]
    for i in range(len(own) - 2, -1, -1):
        rest = step @ (own[i + 1] * behind[i + 1])
        behind[i] = rest / np.add.reduce(rest)
    both = ahead * behind
    level = sum(np.log(levels).tolist())
    return both / both.sum(1, keepdims=True), level + float(shift.sum())


def worth(chain: Sequence[int], scores: Array, follows: Array) -> float:
    """Return the score of a chain."""
    labels = np.asarray(chain)
    own = scores[np.arange(len(labels)), labels].sum()
    return float(own + follows[labels[:-1], labels[1:]].sum())


def joined(able: Sequence[Sequence[tuple[T, float]]]) -> list[list[T]]:
    """Return chains of labels that are not unlikely at their word, by a beam over the product."""
    if all(len(some) == 1 for some in able):
        return [[some[0][0] for some in able]]
    beam: list[tuple[list[T], float]] = [([], 1.0)]
    for some in able:
        longer = [([*head, label], p * q) for head, p in beam for label, q in some]
        beam = sorted(longer, key=lambda one: -one[1])[:BEAM]
    return [chain for chain, _ in beam]


def readings(scores: Array, follows: Array, many: int) -> list[tuple[list[int], float]]:
    """Return the likeliest chain first, then others that differ where words are in doubt.

    How likely each is as a whole is exact.
    """
    each, total = marginals(scores, follows)
    sure = (1 - each.max(1)).sum() < 0.5  # then more than half of all that may be is this one chain
    best = each.argmax(1).tolist() if sure else likeliest(scores, follows)
    able = [[(n, p) for n, p in enumerate(row) if p >= DOUBT] for row in each.tolist()]
    chances = [
        (chain, min(1.0, float(np.exp(worth(chain, scores, follows) - total))))
        for chain in (best, *(chain for chain in joined(able) if chain != best))
    ]
    return [chances[0], *sorted(chances[1:], key=lambda one: -one[1])[: many - 1]]
