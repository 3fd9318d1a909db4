"""Words of a question, and which words of the vocabulary each may be.

Whole words are met with one edit from 4 letters and two from 6 (Pass-Join, ``gazetteer.keys``), the
last word, which is still being typed, in the same way by its beginning. Words with digits are met
as they are, or with two neighbours exchanged.
"""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a question; ``open`` where it may go on, ``number`` where it has digits."""

    text: str
    open: bool
    number: bool


@dataclass(frozen=True, slots=True)
class Met:
    """What a term may be: ranges of words, each with its edits; later ranges are nearer."""

    low: NDArray[np.int32]
    high: NDArray[np.int32]
    edits: NDArray[np.uint8]

    def table(self, many: int) -> NDArray[np.uint8]:
        """Return the edits of each of ``many`` words, and of none at the end."""
        out = np.full(many + 1, NO, np.uint8)
        single = self.high - self.low == 1
        if single.all():
            out[self.low] = self.edits
            return out
        for low, high, edits in zip(
            self.low.tolist(), self.high.tolist(), self.edits.tolist(), strict=True
        ):
            out[low:high] = edits
        return out


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
        return _met([(number, number + 1, 0)] if number >= 0 else [])
    low, high = held.beginning(term.text)
    return _met(_short(held, low, high, 0) + ([(low, high, 0)] if high > low else []))


def near(held: Vocabulary, term: Term) -> Met:
    """Return the words that a term is, or begins, but for some slips."""
    if term.number:
        return _exchanged(held, term)
    if len(term.text) < SHORTEST:
        return exact(held, term)
    most = 1 if len(term.text) < TWO_EDITS else 2
    found = _begun(held, term.text, most) if term.open else _whole(held, term.text, most)
    found.sort(key=lambda each: -each[2])
    own = exact(held, term)
    every = zip(own.low.tolist(), own.high.tolist(), own.edits.tolist(), strict=True)
    return _met(found + list(every))


def _whole(held: Vocabulary, text: str, most: int) -> list[tuple[int, int, int]]:
    near = held.whole.near(0, text, most)
    if not near:
        return []
    rows = held.whole.rows[held.whole.first[np.array([n for n, _ in near])]].tolist()
    found = [(row, row + 1, edits) for row, (_, edits) in zip(rows, near, strict=True)]
    return found + [
        (number, number + 1, edits)
        for row, _, edits in found
        for number, _, _ in _short(held, row, row + 1, edits)
    ]


def _begun(held: Vocabulary, text: str, most: int) -> list[tuple[int, int, int]]:
    """Return ranges of words whose beginning is ``text`` but for ``most`` edits."""
    near = held.begun.near(0, text[:LONGEST], most)
    if not near:
        return []
    rows = held.begun.rows[held.begun.first[np.array([n for n, _ in near])]]
    found = list(
        zip(held.low[rows].tolist(), held.high[rows].tolist(), (e for _, e in near), strict=True)
    )
    if len(text) > LONGEST:
        found = _longer(held, text, most, found)
    return found + [each for low, high, edits in found for each in _short(held, low, high, edits)]


def _longer(
    held: Vocabulary, text: str, most: int, found: list[tuple[int, int, int]]
) -> list[tuple[int, int, int]]:
    """Return the words of these ranges that begin with all of ``text`` but for ``most`` edits."""
    numbers = sorted({number for low, high, _ in found for number in range(low, high)})
    out = []
    for number in numbers:
        word = held.words[number]
        away = begins(word, text, most)
        if away <= most:
            out.append((number, number + 1, away))
    return out


def begins(word: str, text: str, most: int) -> int:
    """Return the fewest edits between ``text`` and a beginning of ``word``; more than ``most``: no.

    Beginnings have at least 4 letters, as those of the vocabulary.
    """
    lengths = range(max(len(text) - most, SHORTEST), min(len(text) + most, len(word)) + 1)
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
    return _met(found)


def _short(held: Vocabulary, low: int, high: int, edits: int) -> list[tuple[int, int, int]]:
    """Return the short forms of long street words in a range."""
    at = np.searchsorted(held.long, (low, high))
    return [(number, number + 1, edits) for number in held.short[at[0] : at[1]].tolist()]


def _met(found: list[tuple[int, int, int]]) -> Met:
    low, high, edits = zip(*found, strict=True) if found else ((), (), ())
    return Met(np.array(low, np.int32), np.array(high, np.int32), np.array(edits, np.uint8))
