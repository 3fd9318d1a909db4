"""All words of the documents in order, so that what begins alike stands together."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..gazetteer.keys import Keys, build
from ..gazetteer.strings import Strings
from ..roads import SHORT
from .slips import Rests, rests

SHORTEST, LONGEST = 4, 8  # letters of beginnings that are met with slips
TWO_FROM = 5  # letters of beginnings that are met with two
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
    whole, slipped
        Words without digits; they lead to their numbers. The same, for one slip.
    begun, begun_slipped, low, high, letters
        Beginnings of such words, of 5 to 8 letters for two slips, of 4 to 8 for one; they lead to
        beginning b, as words ``low[b]`` to ``high[b]`` have it: their first ``letters[b]``.
    long, short
        Words that are written out, ascending, and the numbers of their short forms, as documents
        have them.
    """

    words: Strings
    heads: NDArray[np.uint64]
    whole: Keys
    slipped: Rests
    begun: Keys
    begun_slipped: Rests
    low: NDArray[np.int32]
    high: NDArray[np.int32]
    letters: NDArray[np.uint8]
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
    starts = _begun(letters)
    two = starts.filter(pl.col("letters") >= TWO_FROM)
    country = pl.lit(0, pl.Int32).alias("country")
    one = letters.filter(pl.col("name").str.len_chars() >= SHORTEST)
    pairs = sorted((numbers[long], numbers[short]) for long, short in SHORT.items())
    long, short = np.array(pairs, np.int32).T
    return Vocabulary(
        words=Strings.of(held),
        heads=heads,
        whole=build(letters.select(country, "name", "row")),
        slipped=rests(one["name"].to_list(), one["row"].to_numpy()),
        begun=build(two.select(country, "name", "row")),
        begun_slipped=rests(starts["name"].to_list(), starts["row"].to_numpy()),
        **{name: starts[name].to_numpy() for name in ("low", "high", "letters")},
        long=long,
        short=short,
    )


def _begun(letters: pl.DataFrame) -> pl.DataFrame:
    """Return the beginnings of words without digits, and the range of words of each."""
    parts = [
        letters.filter(pl.col("name").str.len_chars() >= many)
        .group_by(name=pl.col("name").str.head(many))
        .agg(
            low=pl.col("row").min().cast(pl.Int32),
            high=(pl.col("row").max() + 1).cast(pl.Int32),
            letters=pl.lit(many, pl.UInt8),
        )
        for many in range(SHORTEST, LONGEST + 1)
    ]
    return pl.concat(parts).sort("low", "letters").with_row_index("row")
