"""Which documents a question may mean: documents of its rarest word first, and no more than needed.

A document costs its edits, and for each word of the question that it lacks what that word weighs. A
document outside those of a word lacks that word: once it would cost more than what was found, the
search ends (the threshold algorithm of Fagin, Lotem and Naor 2003).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .index import Index, distinct
from .terms import NO, Met, Term, exact, forgiven, near

LACKS, LACKS_SHORT, LACKS_NUMBER = 3.0, 1.5, 0.5
HOUSE_DIGITS = 4  # of a number that is more likely a house than a postal code
SLACK = 1.0  # what costs so much more than the best is not looked for
BITS = 10.0  # by which what was met must single out more than one document
EDIT_BITS = 6.0  # that one edit takes from what was met
MOST = 1 << 14  # documents of one word that are looked at, the heaviest
STOP = 1 << 17  # documents from which a word is no start
REMEMBERED = 40  # words between key strokes


@dataclass
class Words:
    """What words may be, kept between key strokes; the answer is the same without."""

    index: Index
    met: dict[tuple[Term, int], Met] = field(default_factory=dict)

    def within(self, asked: Sequence[Term], slips: int) -> list[Met]:
        """Return for each term the words that it is, or begins, but for so many slips."""
        if len(self.met) > REMEMBERED:
            self.met.clear()
        held, met = self.index.vocabulary, self.met
        for term in asked:
            if (term, 0) not in met:
                met[term, 0] = exact(held, term)
        keys = [(term, min(slips, forgiven(term))) for term in asked]
        for some in range(1, slips + 1):
            new = {term: met[term, 0] for term, most in keys if most == some}
            new = {term: own for term, own in new.items() if (term, some) not in met}
            met |= {(term, some): each for term, each in near(held, new, some).items()}
        return [met[key] for key in keys]


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


def lacks(term: Term) -> float:
    """Return what a document costs that does not have a term."""
    if term.number:
        return LACKS_NUMBER if len(term.text) <= HOUSE_DIGITS else 3 * LACKS_NUMBER
    return LACKS if len(term.text) > 3 else LACKS_SHORT


def search(
    words: Words, asked: list[Term], limit: int, also: NDArray[np.int32]
) -> tuple[Found, list[Met]]:
    """Return documents that may be meant, and what each term may be.

    ``also`` are documents that are looked at in any case.
    """
    missing = np.array([lacks(term) for term in asked], np.float32)
    for slips in (0, 1, 2):
        met = words.within(asked, slips)
        found, enough = _within(words.index, asked, met, missing, limit, also, slips)
        if enough:
            break
    return found, met


def _within(
    index: Index,
    asked: list[Term],
    met: list[Met],
    missing: NDArray[np.float32],
    limit: int,
    also: NDArray[np.int32],
    slips: int,
) -> tuple[Found, bool]:
    """Return documents, no word of which has more than ``slips``, and whether they are enough."""
    sizes = [index.size(*each.ranges) for each in met]
    outside = missing if slips == 2 else np.minimum(missing, slips + 1)
    bound, seen, tried = 0.0, also, 0
    none = np.empty((len(asked), 0), np.uint8)
    found = Found(seen[:0], none.astype(np.int32), none, np.empty(0, np.float32))
    for i in _order(asked, sizes):
        if sizes[i] > STOP and (len(found.docs) or slips < 2):
            break
        bound += float(outside[i])
        if sizes[i]:
            tried += 1
            more = index.having(*met[i].ranges, MOST)
            seen = distinct(np.concatenate([seen, more])) if len(seen) else more
            found = _weighed(index, seen, met, missing)
        if _settled(asked, found, slips) and _enough(index, asked, found, sizes, limit, bound):
            return found, True
        if tried > slips:
            break
    return found, False


def _order(asked: list[Term], sizes: list[int]) -> list[int]:
    """Return the terms, rare ones first; numbers, which may be houses, last."""
    return sorted(
        range(len(asked)),
        key=lambda i: (_house(asked[i]), sizes[i]),
    )


def _weighed(
    index: Index,
    docs: NDArray[np.int32],
    met: list[Met],
    missing: NDArray[np.float32],
) -> Found:
    held = index.held(docs)
    edits = np.stack([each.measured(held).min(axis=0) for each in met])
    cost = np.where(edits == NO, missing[:, None], edits).sum(axis=0, dtype=np.float32)
    return Found(docs, held, edits, cost)


def _settled(asked: list[Term], found: Found, slips: int) -> bool:
    """Return whether the cheapest lacks no word that it might have with more slips."""
    if not len(found.docs):
        return False
    edits = found.edits[:, int(np.argmin(found.cost))].tolist()
    most = [0 if _house(term) else forgiven(term) for term in asked]
    return all(e != NO or more <= slips for e, more in zip(edits, most, strict=True))


def _house(term: Term) -> bool:
    """Return whether a term is more likely a house than a postal code."""
    return term.number and len(term.text) <= HOUSE_DIGITS


def _enough(
    index: Index, asked: list[Term], found: Found, sizes: list[int], limit: int, bound: float
) -> bool:
    """Return whether no document that was not looked at can matter."""
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
