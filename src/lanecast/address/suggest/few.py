"""Streets that have the house asked for, where they are few: then all of them can be looked at."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .houses import NUMBER
from .index import Index
from .terms import NO, Met, Term

HOUSE_DIGITS = 4  # of a number that is more likely a house than a postal code
MOST_BESIDE = 1 << 12  # documents of one word beside streets that have the house
NONE = np.empty(0, np.int32)


@dataclass(frozen=True, slots=True)
class Found:
    """Documents and their words (width, documents), the edits of each term in them, their costs.

    ``edits`` are (terms, documents).
    """

    docs: NDArray[np.int32]
    words: NDArray[np.int32]
    edits: NDArray[np.uint8]
    cost: NDArray[np.float32]

    def only(self, kept: NDArray[np.intp]) -> "Found":
        """Return these of the documents."""
        return Found(self.docs[kept], self.words[:, kept], self.edits[:, kept], self.cost[kept])


def house(term: Term) -> bool:
    """Return whether a term is more likely a house than a postal code."""
    return term.number and len(term.text) <= HOUSE_DIGITS


def all_right(
    index: Index, asked: list[Term], met: list[Met], found: Found, having: NDArray[np.int32]
) -> bool:
    """Return whether streets that fit and have the house were found, and all of those."""
    words = [not house(term) for term in asked]
    fit = found.docs[(found.edits[words] != NO).all(axis=0)]
    if not among(fit, having).any():
        return False
    sizes = (index.size(*each.ranges) for each, word in zip(met, words, strict=True) if word)
    return not any(words) or any(size <= MOST_BESIDE for size in sizes)


def plain(found: Found, having: NDArray[np.int32], limit: int) -> bool:
    """Return whether what costs least can all be shown, and has the house."""
    least = found.docs[found.cost <= found.cost.min()] if len(found.docs) else found.docs
    return 0 < len(least) <= limit and bool(among(least, having).any())


def housed(index: Index, asked: list[Term]) -> NDArray[np.int32]:
    """Return the streets that have the house asked for, if they are few."""
    numbers = (NUMBER.match(term.text) for term in asked if house(term) and not term.open)
    return next((index.housed(int(number[0])) for number in numbers if number), NONE)


def among(docs: NDArray[np.int32], some: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return which documents are among ``some``, at least one, ascending."""
    at = np.minimum(some.searchsorted(docs), len(some) - 1)
    return np.asarray(some[at] == docs)
