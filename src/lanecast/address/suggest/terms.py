"""Words of a question, and which words of the vocabulary each may be.

Whole words are met with one edit from 4 letters and two from 6 (Pass-Join, ``gazetteer.keys``), the
last word, which is still being typed, in the same way by its beginning. Words with digits are met
as they are, or with two neighbours exchanged.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from ..fold import LONGEST as LONGEST_TEXT
from ..roads import SHORT
from .vocabulary import LONGEST, SHORTEST, Vocabulary
from .words import cut, numeric

MOST = 16  # words of a question that are searched
TWO_EDITS = 6  # letters from which two edits are forgiven
NO = 255  # of edits: not met
FEW = 3  # ranges that are compared one by one
CROWD = 1000  # words that share a part, beyond which it tells nothing


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

    @cached_property
    def table(self) -> NDArray[np.uint8]:
        """Return the edits of each word, and of none at the end."""
        out = np.full(self.many + 1, NO, np.uint8)
        if (self.high - self.low == 1).all():
            out[self.low] = self.edits
            return out
        for low, high, edits in self._each():
            out[low:high] = edits
        return out

    def measured(self, words: NDArray[np.int32]) -> NDArray[np.uint8]:
        """Return the edits of each of these words."""
        if len(self.low) > FEW:
            return np.asarray(self.table[words])
        out = np.full(words.shape, NO, np.uint8)
        for low, high, edits in self._each():
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

    def _each(self) -> Iterator[tuple[int, int, int]]:
        return zip(self.low.tolist(), self.high.tolist(), self.edits.tolist(), strict=True)


def terms(text: str) -> list[Term]:
    """Return the words of a question; the last is open where no blank or comma follows it.

    Raises
    ------
    ValueError
        When the text is longer than 64 KiB.
    """
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"text: {len(text):,} characters; a question has at most 64 KiB.")
    found = cut(text)
    if len(found) > MOST:
        found = [*found[: MOST - 1], found[-1]]
    last = len(found) - 1 if text and text[-1].isalnum() else -1
    return [
        Term(word if i == last else SHORT.get(word, word), i == last, numeric(word))
        for i, word in enumerate(found)
    ]


def exact(held: Vocabulary, term: Term) -> Met:
    """Return the words that a term is, or begins."""
    if not term.open:
        number = held.number(term.text)
        return _met(held, [(number, number + 1, 0)] if number >= 0 else [])
    low, high = held.beginning(term.text)
    return _met(held, _short(held, low, high, 0) + ([(low, high, 0)] if high > low else []))


def most_slips(word: str) -> int:
    """Return how many slips are forgiven in a word."""
    return 0 if len(word) < SHORTEST else 1 if len(word) < TWO_EDITS else 2


def near(held: Vocabulary, term: Term, most: int) -> Met:
    """Return the words that a term is, or begins, but for ``most`` slips: one or two."""
    if term.number:
        return _exchanged(held, term)
    if len(term.text) < SHORTEST:
        return exact(held, term)
    most = min(most, most_slips(term.text))
    found = _begun(held, term.text, most) if term.open else _whole(held, term.text, most)
    found += [each for low, high, edits in found for each in _short(held, low, high, edits)]
    found.sort(key=lambda each: -each[2])
    own = exact(held, term)
    every = zip(own.low.tolist(), own.high.tolist(), own.edits.tolist(), strict=True)
    return _met(held, found + list(every))


def _whole(held: Vocabulary, text: str, most: int) -> list[tuple[int, int, int]]:
    if most == 1:
        rows = held.slipped.like(text)
        names = held.words.take(rows)
        edits = [OSA.distance(text, name, score_cutoff=1) for name in names]
        pairs = zip(rows.tolist(), edits, strict=True)
        return [(row, row + 1, away) for row, away in pairs if away <= 1]
    near = held.whole.near(0, text, most, CROWD)
    numbers = np.array([number for number, _ in near], np.int64)
    rows = held.whole.rows[held.whole.first[numbers]]
    return [(row, row + 1, edits) for row, (_, edits) in zip(rows.tolist(), near, strict=True)]


def _begun(held: Vocabulary, text: str, most: int) -> list[tuple[int, int, int]]:
    """Return ranges of words whose beginning is ``text`` but for ``most`` slips.

    Of a long text the first seven letters are looked up, and all are compared.
    """
    start = text if len(text) < LONGEST else text[: LONGEST - 1]
    rows = held.begun_slipped.like(start)
    names = held.words.take(held.low[rows])
    many = held.letters[rows].tolist()
    edits = [
        OSA.distance(start, name[:n], score_cutoff=1) for name, n in zip(names, many, strict=True)
    ]
    pairs = zip(held.low[rows].tolist(), held.high[rows].tolist(), edits, strict=True)
    found = [each for each in pairs if each[2] <= 1]
    if most == 2:
        near = held.begun.near(0, start, most, CROWD)
        numbers = np.array([number for number, _ in near], np.int64)
        rows = held.begun.rows[held.begun.first[numbers]]
        slips = [edits for _, edits in near]
        found += zip(held.low[rows].tolist(), held.high[rows].tolist(), slips, strict=True)
    return found if start == text else _longer(held, text, most, found)


def _longer(
    held: Vocabulary, text: str, most: int, found: list[tuple[int, int, int]]
) -> list[tuple[int, int, int]]:
    """Return the words of these ranges that begin with all of ``text`` but for ``most`` slips."""
    numbers = sorted({number for low, high, _ in found for number in range(low, high)})
    names = held.words.take(np.array(numbers, np.int64))
    pairs = ((n, begins(name, text, most)) for n, name in zip(numbers, names, strict=True))
    return [(number, number + 1, away) for number, away in pairs if away <= most]


def begins(word: str, text: str, most: int) -> int:
    """Return the fewest edits from ``text`` to a beginning of ``word``; above ``most``: none."""
    lengths = range(len(text) - most, min(len(text) + most, len(word)) + 1)
    return min(
        (OSA.distance(text, word[:many], score_cutoff=most) for many in lengths), default=most + 1
    )


def _exchanged(held: Vocabulary, term: Term) -> Met:
    """Return a word with digits as it is, or with two digits exchanged."""
    text, found = term.text, []
    for i in range(len(text) - 1):
        a, b = text[i], text[i + 1]
        if a != b and a.isdecimal() and b.isdecimal():
            other = exact(held, Term(text[:i] + b + a + text[i + 2 :], term.open, True))
            found += [(low, high, 1) for low, high in zip(other.low, other.high, strict=True)]
    own = exact(held, term)
    found += [(low, high, 0) for low, high in zip(own.low, own.high, strict=True)]
    return _met(held, found)


def _short(held: Vocabulary, low: int, high: int, edits: int) -> list[tuple[int, int, int]]:
    """Return the short forms of long street words in a range."""
    at = np.searchsorted(held.long, (low, high))
    return [(number, number + 1, edits) for number in held.short[at[0] : at[1]].tolist()]


def _met(held: Vocabulary, found: list[tuple[int, int, int]]) -> Met:
    low, high, edits = zip(*found, strict=True) if found else ((), (), ())
    return Met(
        np.array(low, np.int32), np.array(high, np.int32), np.array(edits, np.uint8), len(held)
    )
