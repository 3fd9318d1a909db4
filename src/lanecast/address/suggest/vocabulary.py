"""All words of the documents in order, so that what begins alike stands together."""

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..gazetteer.strings import Strings
from ..roads import SHORT
from .trie import Trie, trie

HEAD = 8  # bytes of a word that are compared at once
EVERY = 8  # words, of which one is compared so


@dataclass(frozen=True)
class Vocabulary:
    """Words by number, ascending as bytes of UTF-8.

    Attributes
    ----------
    words
        The words.
    heads
        The first eight bytes of every eighth word as numbers, uint64.
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
        return len(self.words)

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
        low = EVERY * int(self.heads.searchsorted(head, "left"))
        high = min(EVERY * int(self.heads.searchsorted(head, "right")), len(self))
        low = max(low - EVERY + 1, 0)
        while high - low > EVERY:  # words that begin with the same eight bytes
            middle = (low + high) // 2
            if self.words[middle].encode() < word:
                low = middle + 1
            else:
                high = middle
        at = self.words.at[low : high + 1].tolist()
        text = self.words.text[at[0] : at[-1]].tobytes()
        some = [text[a - at[0] : b - at[0]] for a, b in pairwise(at)]
        return low + bisect_left(some, word)


def _head(word: bytes) -> int:
    return int.from_bytes(word[:HEAD].ljust(HEAD, b"\0"), "big")


def vocabulary(found: pl.Series) -> Vocabulary:
    """Return the vocabulary of these distinct words, and of the long forms of street words."""
    held = pl.concat([found, pl.Series(list(SHORT) + list(SHORT.values()))]).unique().sort()
    numbers = {word: number for number, word in enumerate(held)}
    frame = pl.DataFrame({"name": held}).with_row_index("row")
    letters = frame.filter(~pl.col("name").str.contains(r"\d"))
    heads = np.array([_head(word.encode()) for word in held[::EVERY]], np.uint64)
    pairs = sorted((numbers[long], numbers[short]) for long, short in SHORT.items())
    long, short = np.array(pairs, np.int32).T
    return Vocabulary(
        words=Strings.of(held),
        heads=heads,
        beginnings=trie(letters),
        long=long,
        short=short,
    )
