"""Beginnings of words as a tree, walked level by level with all that may still be meant at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..gazetteer.strings import small
from .automaton import NEVER, PLACE, PLACES, automaton

DEPTH = 8  # letters of a beginning
SHORTEST = 3  # letters of a word that can be meant with a slip


@dataclass(frozen=True, slots=True)
class Near:
    """Beginnings that are a text but for some slips, the slips of each, and those that go on.

    The last are beginnings of eight letters: words that begin so may be the text, or begin so.
    """

    nodes: NDArray[np.int64]
    slips: NDArray[np.uint8]
    longer: NDArray[np.int64]


@dataclass(frozen=True)
class Trie:
    """Beginnings of up to eight letters by number: the empty one, then level by level, ascending.

    Attributes
    ----------
    alphabet
        Code points of letters, ascending, uint32.
    letter
        The last letter of each beginning, as a number of the alphabet.
    child
        Beginning b goes on as beginnings ``child[b]`` to ``child[b + 1]``.
    low, many
        Words ``low[b]`` to ``low[b] + many[b]`` begin so.
    """

    alphabet: NDArray[np.uint32]
    letter: NDArray[np.unsignedinteger]
    child: NDArray[np.uint32]
    low: NDArray[np.uint32]
    many: NDArray[np.unsignedinteger]

    def near(self, texts: Sequence[str], most: int) -> list[Near]:
        """Return what each text may be but for ``most`` slips; all are followed at once."""
        how, letters = automaton(most), self._letters(texts).reshape(-1)
        lengths = np.array([len(text) for text in texts])
        row = np.arange(len(texts)) * len(self.alphabet)  # where letters of the text begin
        node, state = np.zeros(len(texts), np.int64), np.full(len(texts), how.start)
        met = [(node[:0], np.empty(0, np.uint8), row[:0])]
        for depth in range(1, DEPTH + 1):
            first = self.child.take(node).astype(np.int64)
            many = self.child.take(node + 1) - first
            ends = many.cumsum()
            node = np.arange(ends[-1]) + (first - ends + many).repeat(many)
            row, state = row.repeat(many), state.repeat(many)
            place = state & PLACE
            bits = letters.take(self.letter.take(node) + row) >> place & how.bits
            after = how.table.take((state >> PLACES) + bits)
            kept = after.nonzero()[0]
            node, row, state = node.take(kept), row.take(kept), (after + place).take(kept)
            if not len(node):
                break
            if depth >= lengths.min() - most:
                left = lengths.take(row // len(self.alphabet)) - (state & PLACE)
                slips = how.goal[state >> how.shift, np.minimum(left, how.goal.shape[1] - 1)]
                here = (slips != NEVER).nonzero()[0]
                met.append((node.take(here), slips.take(here), row.take(here)))
        nodes, slips, rows = (np.concatenate(each) for each in zip(*met, strict=True))
        begins = (np.arange(len(texts)) * len(self.alphabet)).tolist()
        return [Near(nodes[rows == i], slips[rows == i], node[row == i]) for i in begins]

    def ends(self, nodes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which of these beginnings are words, of up to seven letters."""
        first = self.child[nodes]
        alone = first == self.child[nodes + 1]
        whole = alone | (self.low[nodes] < self.low[np.where(alone, 0, first)])
        return np.asarray(whole & (nodes < self._deepest))

    @cached_property
    def _deepest(self) -> int:
        """Return the first beginning of eight letters."""
        at = 0
        for _ in range(DEPTH):
            at = int(self.child[at])
        return at

    def _letters(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return (texts, alphabet) at which places of a text a letter stands, as bits."""
        out = np.zeros((len(texts), len(self.alphabet)), np.int64)
        for row, text in zip(out, texts, strict=True):
            points = [ord(letter) for letter in text[: PLACE + 1]]
            at = np.minimum(np.searchsorted(self.alphabet, points), row.size - 1)
            for place, (letter, point) in enumerate(zip(at.tolist(), points, strict=True)):
                if self.alphabet[letter] == point:
                    row[letter] |= 1 << place
        return out


def trie(words: pl.DataFrame) -> Trie:
    """Return the beginnings of words: ``name``, ascending, and ``row``, its number."""
    long = words.filter(pl.col("name").str.len_chars() >= SHORTEST)
    level = pl.DataFrame({"name": [""], "low": [0], "many": [0]})
    levels, children = [level], []
    for depth in range(1, DEPTH + 1):
        after = (
            long.filter(pl.col("name").str.len_chars() >= depth)
            .group_by(name=pl.col("name").str.head(depth), maintain_order=True)
            .agg(low=pl.col("row").first().cast(pl.Int64), last=pl.col("row").last())
            .select("name", "low", many=pl.col("last").cast(pl.Int64) - pl.col("low") + 1)
        )
        children.append(_children(level, after, depth))
        levels.append(after)
        level = after
    every = pl.concat(levels)
    counts = np.concatenate([*children, np.zeros(level.height, np.int64)])
    points = every["name"].str.tail(1).to_list()
    letters = np.array([ord(letter) if letter else 0 for letter in points], np.uint32)
    alphabet = np.unique(letters)
    return Trie(
        alphabet=alphabet,
        letter=small(np.searchsorted(alphabet, letters)),
        child=np.concatenate([[1], 1 + counts.cumsum()]).astype(np.uint32),
        low=every["low"].cast(pl.UInt32).to_numpy(),
        many=small(every["many"].to_numpy()),
    )


def _children(level: pl.DataFrame, after: pl.DataFrame, depth: int) -> NDArray[np.int64]:
    """Return how many of the beginnings ``after`` go on from each of one letter less."""
    many = after.group_by(name=pl.col("name").str.head(depth - 1)).len()
    joined = level.join(many, on="name", how="left", maintain_order="left")
    return joined["len"].fill_null(0).cast(pl.Int64).to_numpy()
