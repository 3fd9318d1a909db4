"""Which documents a question may mean: documents of its rarest word first, and no more than needed.

A document costs its edits, and for each word of the question that it lacks what that word weighs. A
document outside those of a word lacks that word: once it would cost more than what was found, the
search ends (the threshold algorithm of Fagin, Lotem and Naor 2003).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .index import Index
from .terms import NO, Met, Term, exact, near

LACKS, LACKS_SHORT, LACKS_NUMBER = 3.0, 1.5, 0.5
HOUSE_DIGITS = 4  # of a number that is more likely a house than a postal code
SLACK = 1.0  # what costs so much more than the best is not looked for
BITS = 10.0  # by which what was met must single out more than one document
EDIT_BITS = 6.0  # that one edit takes from what was met
MOST = 1 << 15  # documents of one word that are looked at, the heaviest
STOP = 1 << 17  # documents from which a word is no start


@dataclass
class Words:
    """What words may be, kept between key strokes; the answer is the same without."""

    index: Index
    met: dict[tuple[Term, bool], Met] = field(default_factory=dict)

    def exact(self, term: Term) -> Met:
        """Return the words that a term is, or begins."""
        return self._kept(term, False, exact)

    def near(self, term: Term) -> Met:
        """Return these and the words that are some slips away."""
        return self._kept(term, True, near)

    def _kept(self, term: Term, slips: bool, how: Callable[..., Met]) -> Met:
        if (term, slips) not in self.met:
            if len(self.met) > 100:
                self.met.clear()
            self.met[term, slips] = how(self.index.vocabulary, term)
        return self.met[term, slips]


@dataclass(frozen=True, slots=True)
class Found:
    """Documents, the edits (terms, documents) of each term in them, and what each costs."""

    docs: NDArray[np.int32]
    edits: NDArray[np.uint8]
    cost: NDArray[np.float32]


def lacks(term: Term) -> float:
    """Return what a document costs that does not have a term."""
    if term.number:
        return LACKS_NUMBER if len(term.text) <= HOUSE_DIGITS else 3 * LACKS_NUMBER
    return LACKS if len(term.text) > 3 else LACKS_SHORT


def search(
    words: Words, asked: list[Term], limit: int, also: NDArray[np.int32]
) -> tuple[Found, list[NDArray[np.uint8]]]:
    """Return documents that may be meant, and for each term the edits of every word.

    ``also`` are documents that are looked at in any case.
    """
    index = words.index
    met = [words.exact(term) for term in asked]
    missing = np.array([lacks(term) for term in asked], np.float32)
    tables = [each.table(len(index.vocabulary)) for each in met]
    sizes = [index.size(each.low, each.high) for each in met]
    order = [i for i in _order(asked, sizes) if 0 < sizes[i] <= STOP][:1]
    if order:
        start = met[order[0]]
        seen = np.unique(np.concatenate([also, index.having(start.low, start.high, MOST)]))
        found = _weighed(index, seen, tables, missing)
        if _enough(index, asked, found, sizes, limit, 1.0):
            return found, tables
    met = [words.near(term) for term in asked]
    tables = [each.table(len(index.vocabulary)) for each in met]
    ranges = [_runs(table) for table in tables]
    sizes = [index.size(*each) for each in ranges]
    bound, seen = 0.0, also
    found = Found(also[:0], np.empty((len(asked), 0), np.uint8), np.empty(0, np.float32))
    for i in _order(asked, sizes):
        if sizes[i] > STOP and len(found.docs):
            break
        bound += float(missing[i])
        if sizes[i]:
            seen = np.unique(np.concatenate([seen, index.having(*ranges[i], MOST)]))
            found = _weighed(index, seen, tables, missing)
        if _enough(index, asked, found, sizes, limit, bound):
            break
    return found, tables


def _order(asked: list[Term], sizes: list[int]) -> list[int]:
    """Return the terms, rare ones first; numbers, which may be houses, last."""
    return sorted(
        range(len(asked)),
        key=lambda i: (asked[i].number and len(asked[i].text) <= HOUSE_DIGITS, sizes[i]),
    )


def _runs(table: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the ranges of words that are met."""
    numbers = np.flatnonzero(table != NO)
    return numbers, numbers + 1


def _weighed(
    index: Index,
    docs: NDArray[np.int32],
    tables: list[NDArray[np.uint8]],
    missing: NDArray[np.float32],
) -> Found:
    held = np.ascontiguousarray(index.forward[docs].T)
    edits = np.stack([table[held].min(axis=0) for table in tables])
    cost = np.where(edits == NO, missing[:, None], edits).sum(axis=0, dtype=np.float32)
    return Found(docs, edits, cost)


def _enough(
    index: Index, asked: list[Term], found: Found, sizes: list[int], limit: int, bound: float
) -> bool:
    """Return whether no document that was not looked at can matter."""
    if not len(found.docs):
        return False
    if np.count_nonzero(found.cost < bound) >= limit:
        return True
    best = int(np.argmin(found.cost))
    if found.cost[best] + SLACK <= bound and bound > 1.0:
        return True
    edits = found.edits[:, best].astype(np.int64)
    known = np.log2(len(index) / np.maximum(sizes, 1))
    bits = known[edits != NO].sum() - EDIT_BITS * edits[edits != NO].sum()
    words = [e for e, term in zip(edits.tolist(), asked, strict=True) if not term.number]
    return NO not in words and bool(bits >= np.log2(len(index)) + BITS)
