"""Which documents a question may mean: documents of its rarest word first, and no more than needed.

A document costs its edits, and for each word of the question that it lacks what that word weighs. A
document outside those of a word lacks that word: once it would cost more than what was found, the
search ends (the threshold algorithm of Fagin, Lotem and Naor 2003).

Where no street that has the house asked for has all other words, all streets that have it are
looked at, if they are few, and short words forgive slips too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .few import HOUSE_DIGITS, MOST_BESIDE, NONE, Found, all_right, among, house, housed, plain
from .index import Index, distinct
from .terms import NO, Met, Term, exact, forgiven, near

LACKS, LACKS_SHORT, LACKS_NUMBER = 3.0, 1.5, 0.5
SLACK = 1.0  # what costs so much more than the best is not looked for
BITS = 10.0  # by which what was met must single out more than one document
EDIT_BITS = 6.0  # that one edit takes from what was met
HOUSE = 1.0  # what a street lacks that does not have the house asked for
MOST = 1 << 14  # documents of one word that are looked at, the heaviest
STOP = 1 << 17  # documents from which a word is no start
REMEMBERED = 40  # words between key strokes


@dataclass
class Words:
    """What words may be, kept between key strokes; the answer is the same without."""

    index: Index
    met: dict[tuple[Term, int], Met] = field(default_factory=dict)

    def within(self, asked: Sequence[Term], slips: int, few: bool = False) -> list[Met]:
        """Return for each term the words that it is, or begins, but for so many slips.

        Short words forgive one too where ``few`` documents are left.
        """
        if len(self.met) > REMEMBERED:
            self.met.clear()
        held, met = self.index.vocabulary, self.met
        for term in asked:
            if (term, 0) not in met:
                met[term, 0] = exact(held, term)
        keys = [(term, min(slips, forgiven(term, few))) for term in asked]
        for some in range(1, slips + 1):
            new = {term: met[term, 0] for term, most in keys if most == some}
            new = {term: own for term, own in new.items() if (term, some) not in met}
            met |= {(term, some): each for term, each in near(held, new, some).items()}
        return [met[key] for key in keys]


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
    index, having = words.index, housed(words.index, asked)
    most = MOST_BESIDE if len(having) else MOST
    for slips in (0, 1, 2):
        met = words.within(asked, slips)
        found, enough = _within(index, asked, met, missing, limit, also, NONE, slips, most)
        # where the number is part of what was found, it is no house
        a_house = len(having) > 0 and not (found.edits != NO).all(axis=0).any()
        if a_house and all_right(index, asked, met, found, having):
            return found, met
        if enough:
            break
    if a_house and not (enough and plain(found, having, limit)):
        slips = max(slips, 1)
        rare = [i for i, each in enumerate(met) if index.size(*each.ranges) <= MOST_BESIDE]
        for i, each in zip(
            rare, words.within([asked[i] for i in rare], slips, few=True), strict=True
        ):
            met[i] = each
        found, _ = _within(index, asked, met, missing, limit, also, having, slips, most)
    return found, met


def _within(
    index: Index,
    asked: list[Term],
    met: list[Met],
    missing: NDArray[np.float32],
    limit: int,
    also: NDArray[np.int32],
    having: NDArray[np.int32],
    slips: int,
    most: int,
) -> tuple[Found, bool]:
    """Return documents, no word of which has more than ``slips``, and whether they are enough."""
    sizes = [index.size(*each.ranges) for each in met]
    outside = missing if slips == 2 else np.minimum(missing, slips + 1)
    few = len(having) > 0
    bound, tried = HOUSE * few, 0
    seen = distinct(np.concatenate([also, having])) if few else also
    none = np.empty((len(asked), 0), np.uint8)
    found = Found(seen[:0], none.astype(np.int32), none, np.empty(0, np.float32))
    for i in _order(asked, sizes):
        if sizes[i] > STOP and (len(found.docs) or slips < 2):
            break
        bound += float(outside[i])
        if sizes[i]:
            tried += 1
            more = index.having(*met[i].ranges, most)
            seen = distinct(np.concatenate([seen, more])) if len(seen) else more
            found = _weighed(index, seen, met, missing)
        cost = found.cost
        if few:
            cost = cost + HOUSE * ~among(found.docs, having)
        settled = _settled(asked, found, cost, slips)
        if settled and _enough(index, asked, found, cost, sizes, limit, bound):
            return found, True
        if tried > slips:
            break
    return found, False


def _order(asked: list[Term], sizes: list[int]) -> list[int]:
    """Return the terms, rare ones first; numbers, which may be houses, last."""
    return sorted(
        range(len(asked)),
        key=lambda i: (house(asked[i]), sizes[i]),
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


def _settled(asked: list[Term], found: Found, cost: NDArray[np.float32], slips: int) -> bool:
    """Return whether the cheapest lacks no word that it might have with more slips."""
    if not len(found.docs):
        return False
    edits = found.edits[:, int(np.argmin(cost))].tolist()
    most = [0 if house(term) else forgiven(term) for term in asked]
    return all(e != NO or more <= slips for e, more in zip(edits, most, strict=True))


def _enough(
    index: Index,
    asked: list[Term],
    found: Found,
    cost: NDArray[np.float32],
    sizes: list[int],
    limit: int,
    bound: float,
) -> bool:
    """Return whether no document that was not looked at can matter."""
    if np.count_nonzero(cost < bound) >= limit:
        return True
    best = int(np.argmin(cost))
    if cost[best] + SLACK <= bound and bound > 1.0:
        return True
    edits = found.edits[:, best].astype(np.int64)
    known = np.log2(len(index) / np.maximum(sizes, 1))
    bits = known[edits != NO].sum() - EDIT_BITS * edits[edits != NO].sum()
    words = [e for e, term in zip(edits.tolist(), asked, strict=True) if not term.number]
    return NO not in words and bool(bits >= np.log2(len(index)) + BITS)
