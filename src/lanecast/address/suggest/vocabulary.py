"""All words of the documents in order, so that what begins alike stands together."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..gazetteer.strings import Strings
from ..roads import SHORT
from .trie import Trie, trie

HEAD = 8  # bytes of a word that are compared at once


@dataclass(frozen=True)
class Vocabulary:
    """Words by number, ascending as bytes of UTF-8.

    Attributes
    ----------
    words
        The words.
    heads
        Their first eight bytes as numbers, uint64.
    beginnings
        Those of words without digits.
    long, short
        Words that are written out, ascending, and the numbers of their short forms, as documents
        have them.
    """

    words: Strings
    heads: NDArray[np.uint64]
    beginnings: Trie
    long: NDArray[np.int32]
    short: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.heads)

    def number(self, word: str) -> int:
        """Return the number of a word, or -1."""
        at = self._bound(word.encode("utf-8", "replace"))
        return at if at < len(self) and self.words[at] == word else -1

    def beginning(self, word: str) -> tuple[int, int]:
        """Return the range of words that begin with ``word``."""
        start = word.encode("utf-8", "replace")
        return self._bound(start), self._bound(start + b"\xff")

    def _bound(self, word: bytes) -> int:
        """Return how many words are smaller."""
        head = np.uint64(_head(word))
        low = int(np.searchsorted(self.heads, head, "left"))
        if len(word) < HEAD:
            return low
        high = int(np.searchsorted(self.heads, head, "right"))
        text, at = self.words.text, self.words.at
        while low < high:
            middle = (low + high) // 2
            if text[at[middle] : at[middle + 1]].tobytes() < word:
                low = middle + 1
            else:
                high = middle
        return low


def _head(word: bytes) -> int:
    return int.from_bytes(word[:HEAD].ljust(HEAD, b"\0"), "big")


def vocabulary(found: pl.Series) -> Vocabulary:
    """Return the vocabulary of these distinct words, and of the long forms of street words."""
    held = pl.concat([found, pl.Series(list(SHORT) + list(SHORT.values()))]).unique().sort()
    numbers = {word: number for number, word in enumerate(held)}
    frame = pl.DataFrame({"name": held}).with_row_index("row")
    letters = frame.filter(~pl.col("name").str.contains(r"\d"))
    heads = np.array([_head(word.encode()) for word in held], np.uint64)
    pairs = sorted((numbers[long], numbers[short]) for long, short in SHORT.items())
    long, short = np.array(pairs, np.int32).T
    return Vocabulary(
        words=Strings.of(held),
        heads=heads,
        beginnings=trie(letters),
        long=long,
        short=short,
    )
