"""Words one slip away: two of them have a rest in common once each has lost at most one letter.

Deletion neighbourhoods (Mor and Fraenkel 1982): a letter more, less, another, or two exchanged.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..gazetteer.strings import codes

SPREAD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Rests:
    """What words leave without one letter, and without none.

    Attributes
    ----------
    hashes
        Of what is left, ascending, uint32.
    owners
        Numbers of the words.
    """

    hashes: NDArray[np.uint32]
    owners: NDArray[np.int32]

    def like(self, word: str) -> NDArray[np.int32]:
        """Return words that may be one slip away; some are further."""
        wanted = np.concatenate(list(_rests(codes(word)[None])))
        low = np.searchsorted(self.hashes, wanted, "left")
        high = np.searchsorted(self.hashes, wanted, "right")
        pairs = zip(low.tolist(), high.tolist(), strict=True)
        return np.unique(np.concatenate([self.owners[a:b] for a, b in pairs]))


def rests(words: list[str], numbers: NDArray[np.integer]) -> Rests:
    """Return the rests of ``words``, which have these numbers."""
    lengths = np.array([len(word) for word in words])
    hashes, owners = [np.empty(0, np.uint32)], [np.empty(0, np.int32)]
    for length in np.unique(lengths).tolist():
        rows = np.flatnonzero(lengths == length)
        letters = codes("".join(words[row] for row in rows)).reshape(-1, length)
        for each in _rests(letters):
            hashes.append(each)
            owners.append(numbers[rows].astype(np.int32))
    every, whose = np.concatenate(hashes), np.concatenate(owners)
    order = np.argsort(every, kind="stable")
    return Rests(every[order], whose[order])


def _rests(letters: NDArray[np.uint64]) -> Iterator[NDArray[np.uint32]]:
    """Yield the hash of each row of letters, whole, then without each of them."""
    length = letters.shape[1]
    mixed = (letters + np.uint64(1)) * SPREAD
    mixed ^= mixed >> np.uint64(29)
    weights = _weights(length + 1)
    yield _short(mixed @ weights[:length])
    for gone in range(length):
        before, after = mixed[:, :gone], mixed[:, gone + 1 :]
        yield _short(before @ weights[:gone] + after @ weights[gone : length - 1])


@lru_cache(maxsize=64)
def _weights(many: int) -> NDArray[np.uint64]:
    return np.asarray(np.cumprod(np.full(many, SPREAD, np.uint64)), np.uint64)


def _short(sums: NDArray[np.uint64]) -> NDArray[np.uint32]:
    return np.asarray((sums ^ (sums >> np.uint64(31))) >> np.uint64(32), np.uint32)
