"""What a slip costs: minus the logarithm of how rarely it is made, in nats."""

from functools import lru_cache

KEYBOARD = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
NEAR, OTHER, MORE, LESS, SWAP = 3.0, 4.5, 3.8, 3.8, 3.2
REMEMBERED = 200  # letters of names whose cost is kept in memory
FIRST = 1.0  # more for the first letter, which people get right


@lru_cache(maxsize=1)
def _neighbours() -> frozenset[tuple[str, str]]:
    at = {key: (row, col) for row, keys in enumerate(KEYBOARD) for col, key in enumerate(keys)}
    return frozenset(
        (a, b)
        for a, (r, c) in at.items()
        for b, (s, d) in at.items()
        if a != b and abs(r - s) <= 1 and abs(c - d) <= 1
    )


def slip(true: str, given: str) -> float:
    """Return the cost of writing ``given`` for ``true``: 0 if they are equal.

    The cheapest way of letters exchanged, replaced (a neighbour on the keyboard costs less), added
    and left out: optimal string alignment (Damerau 1964) with weights.
    """
    if true == given:
        return 0.0
    short = max(len(true), len(given)) <= REMEMBERED
    return (_slip if short else _slip.__wrapped__)(true, given)


@lru_cache(maxsize=1 << 14)
def _slip(true: str, given: str) -> float:
    near = _neighbours()
    before: list[float] = []
    row = [i * MORE for i in range(len(given) + 1)]
    for i, a in enumerate(true):
        older, before = before, row
        row = [before[0] + LESS + FIRST * (i == 0)]
        for j, b in enumerate(given):
            change = 0.0 if a == b else (NEAR if (a, b) in near else OTHER) + FIRST * (i == j == 0)
            best = min(before[j] + change, before[j + 1] + LESS, row[j] + MORE)
            if i and j and a == given[j - 1] and true[i - 1] == b and a != b:
                best = min(best, older[j - 1] + SWAP)
            row.append(best)
    return row[-1]
