"""Words of a question, and which words of the vocabulary each may be.

Words are met with one edit from 4 letters and two from 6, the last word, which is still being
typed, by its beginning. Words with digits are met as they are, or with two neighbours exchanged.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from ..fold import LONGEST as LONGEST_TEXT
from ..roads import SHORT
from .trie import DEPTH, Near
from .vocabulary import Vocabulary
from .words import cut, numeric

MOST = 16  # words of a question that are searched
EDITS = 4, 6  # letters from which one edit is forgiven, and two
EDITS_OF_FEW = 2, 4  # the same where the house number leaves few streets
NO = 255  # of edits: not met
FEW = 3  # ranges that are compared one by one
GLUED = re.compile(r"(\d{3})([^\W\d_]{3})")  # a code and a town without a blank


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a question; ``open`` where it may go on, ``number`` where it has digits."""

    text: str
    open: bool
    number: bool


@dataclass(frozen=True)
class Met:
    """What a term may be: ranges of the ``many`` words there are; later ranges are nearer."""

    low: NDArray[np.int32]
    high: NDArray[np.int32]
    edits: NDArray[np.uint8]
    many: int

    @property
    def rows(self) -> NDArray[np.int32]:
        """Return (ranges, 3): first word, end and edits."""
        return np.stack([self.low, self.high, self.edits], axis=1)

    @cached_property
    def table(self) -> NDArray[np.uint8]:
        """Return the edits of each word, and of none at the end."""
        out = np.full(self.many + 1, NO, np.uint8)
        many = self.high - self.low
        before = many.cumsum() - many
        place = np.arange(int(many.sum())) + np.repeat(self.low - before, many)
        out[place] = np.repeat(self.edits, many)  # of several the last
        return out

    def measured(self, words: NDArray[np.int32]) -> NDArray[np.uint8]:
        """Return the edits of each of these words."""
        if len(self.low) > FEW:
            return np.asarray(self.table[words])
        out = np.full(words.shape, NO, np.uint8)
        each = zip(self.low.tolist(), self.high.tolist(), self.edits.tolist(), strict=True)
        for low, high, edits in each:
            out[(words >= low) & (words < high)] = edits
        return out

    @cached_property
    def ranges(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return the ranges ascending, those that touch as one."""
        if len(self.low) < 2:
            return self.low, self.high
        order = np.argsort(self.low)
        low, high = self.low[order], np.maximum.accumulate(self.high[order])
        apart = low[1:] > high[:-1]
        return low[np.concatenate([[True], apart])], high[np.concatenate([apart, [True]])]


def terms(text: str) -> list[Term]:
    """Return the words of a question; the last is open where no blank or comma follows it.

    Raises
    ------
    ValueError
        When the text is longer than 64 KiB.
    """
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"text: {len(text):,} characters; a question has at most 64 KiB.")
    found = cut(GLUED.sub(r"\1 \2", text))
    if len(found) > MOST:
        found = [*found[: MOST - 1], found[-1]]
    last = len(found) - 1 if text and text[-1].isalnum() else -1
    return [
        Term(word if i == last else SHORT.get(word, word), i == last, numeric(word))
        for i, word in enumerate(found)
    ]


def exact(held: Vocabulary, term: Term) -> Met:
    """Return the words that a term is, or begins."""
    own = _ranges([(*_span(held, term.text, term.open), 0)])
    return _met(held, np.concatenate([_shortened(held, own), own]) if term.open else own)


def _span(held: Vocabulary, word: str, unfinished: bool) -> tuple[int, int]:
    """Return the range of words that are, or begin as, this one."""
    if unfinished:
        return held.beginning(word)
    number = held.number(word)
    return number, number + (number >= 0)


def forgiven(term: Term, few: bool = False) -> int:
    """Return how many slips are forgiven in a term; ``few`` where few documents are left."""
    if term.number:
        return int(len(term.text) > 1)
    one, two = EDITS_OF_FEW if few else EDITS
    return 0 if len(term.text) < one else 1 if len(term.text) < two else 2


def near(held: Vocabulary, own: Mapping[Term, Met], most: int) -> dict[Term, Met]:
    """Return the words that each term is, or begins, but for ``most`` slips: one or two.

    ``own`` are those without slips.
    """
    found = {term: _exchanged(held, term, met) for term, met in own.items() if term.number}
    words = [term for term in own if not term.number]
    every = held.beginnings.near([term.text for term in words], most) if words else []
    for term, each in zip(words, every, strict=True):
        ranges = _ranges_near(held, term, each, most)
        ranges = np.concatenate([ranges, _shortened(held, ranges)])
        ranges = ranges[(-ranges[:, 2]).argsort(kind="stable")]
        found[term] = _met(held, np.concatenate([ranges, own[term].rows]))
    return found


def _ranges_near(held: Vocabulary, term: Term, near: Near, most: int) -> NDArray[np.int32]:
    """Return ranges of words that are, or begin as, the term but for ``most`` slips."""
    tree, nodes, slips = held.beginnings, near.nodes, near.slips
    if not term.open:
        words = tree.ends(nodes)
        nodes, slips = nodes[words], slips[words]
    low = tree.low[nodes].astype(np.int32)
    high = low + (tree.many[nodes].astype(np.int32) if term.open else 1)
    found = np.stack([low, high, slips], axis=1)
    if not len(near.longer) or (term.open and len(term.text) + most <= DEPTH):
        return found
    return np.concatenate([found, _compared(held, term, most, near.longer)])


def _compared(
    held: Vocabulary, term: Term, most: int, nodes: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Return those of the words with long beginnings that are, or begin as, the term."""
    low, many = held.beginnings.low[nodes].tolist(), held.beginnings.many[nodes].tolist()
    numbers = [n for start, some in zip(low, many, strict=True) for n in range(start, start + some)]
    names = held.words.take(np.array(numbers, np.int64))
    if term.open:
        edits = [begins(name, term.text, most) for name in names]
    else:
        edits = [OSA.distance(term.text, name, score_cutoff=most) for name in names]
    each = zip(numbers, names, edits, strict=True)
    return _ranges([(n, n + 1, e) for n, name, e in each if e <= most and not numeric(name)])


def begins(word: str, text: str, most: int) -> int:
    """Return the fewest edits from ``text`` to a beginning of ``word``; above ``most``: none."""
    lengths = range(len(text) - most, min(len(text) + most, len(word)) + 1)
    return min(
        (OSA.distance(text, word[:many], score_cutoff=most) for many in lengths), default=most + 1
    )


def _exchanged(held: Vocabulary, term: Term, own: Met) -> Met:
    """Return a word with digits as it is, or with two digits exchanged."""
    text, found = term.text, []
    for i in range(len(text) - 1):
        a, b = text[i], text[i + 1]
        if a != b and a.isdecimal() and b.isdecimal():
            other = text[:i] + b + a + text[i + 2 :]
            found.append((*_span(held, other, term.open), 1))
    return _met(held, np.concatenate([_ranges(found), own.rows]))


def _shortened(held: Vocabulary, ranges: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the short forms of long street words in these ranges."""
    first, last = held.long.searchsorted(ranges[:, :2].T)
    many = last - first
    if not many.any():
        return ranges[:0]
    which = np.arange(len(ranges)).repeat(many)
    number = held.short[np.arange(len(which)) - (many.cumsum() - last).repeat(many)]
    return np.stack([number, number + 1, ranges[which, 2]], axis=1)


def _ranges(found: list[tuple[int, int, int]]) -> NDArray[np.int32]:
    """Return rows of first word, end and edits."""
    return np.array([each for each in found if each[0] < each[1]], np.int32).reshape(-1, 3)


def _met(held: Vocabulary, ranges: NDArray[np.int32]) -> Met:
    low, high, edits = ranges.T
    return Met(low, high, edits.astype(np.uint8), len(held))
