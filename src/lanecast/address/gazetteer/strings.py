"""Many strings as two arrays, so that a file of them is mapped into memory and not read."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

import numpy as np
import polars as pl
from numpy.typing import NDArray

SPREAD = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2**64
UNSPREAD = pow(SPREAD, -1, 1 << 64)
MASK = (1 << 64) - 1
MIX = (0xD1B54A32D192ED03, 0xBF58476D1CE4E5B9)


@dataclass(frozen=True)
class Strings:
    """Strings by number.

    Attributes
    ----------
    text
        All of them in UTF-8, one after the other, uint8.
    at
        Where each begins, and where the last ends, uint32.
    """

    text: NDArray[np.uint8]
    at: NDArray[np.uint32]

    @classmethod
    def of(cls, values: pl.Series) -> "Strings":
        """Keep the strings of a Polars series; null is empty."""
        filled = values.fill_null("")
        at = np.concatenate([[0], filled.str.len_bytes().to_numpy().astype(np.int64).cumsum()])
        if at[-1] >= 1 << 32:
            raise ValueError(f"{values.name}: {at[-1]:,} bytes of text; expected at most 4 GiB.")
        text = np.frombuffer("".join(filled.to_list()).encode(), np.uint8)
        return cls(text, at.astype(np.uint32))

    def __len__(self) -> int:
        return len(self.at) - 1

    def __getitem__(self, number: int) -> str:
        return self.text[self.at.item(number) : self.at.item(number + 1)].tobytes().decode()

    def take(self, numbers: NDArray[np.integer]) -> list[str]:
        """Return the strings of these numbers."""
        starts, ends = self.at[numbers].tolist(), self.at[np.asarray(numbers) + 1].tolist()
        text = self.text
        return [text[a:b].tobytes().decode() for a, b in zip(starts, ends, strict=True)]

    def lengths(self, numbers: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return how many bytes each of the strings of these numbers has."""
        found = self.at[np.asarray(numbers) + 1].astype(np.int64) - self.at[numbers]
        return np.asarray(found, np.int64)

    def distinct(self, numbers: NDArray[np.integer]) -> tuple[list[str], NDArray[np.intp]]:
        """Return the distinct strings of these numbers, and which of them each is.

        Many short strings, few of them distinct, are told apart without making text of each.
        """
        if not len(numbers):
            return [], np.empty(0, np.intp)
        lengths, starts = self.lengths(numbers), self.at[numbers].astype(np.int64)
        column = np.arange(max(int(lengths.max()), 1))
        inside = column < lengths[:, None]
        held = np.where(inside, self.text[np.where(inside, starts[:, None] + column, 0)], 0)
        if (held == held[0]).all():
            return [self[int(numbers[0])]], np.zeros(len(numbers), np.intp)
        _, first, which = np.unique(held, axis=0, return_index=True, return_inverse=True)
        return [self[int(numbers[each])] for each in first], which.reshape(-1)


@dataclass(frozen=True)
class Labels:
    """Strings by number of which many are equal, read as `Strings` are.

    Attributes
    ----------
    each
        The distinct ones, ascending as bytes of UTF-8.
    which
        Which of them each string is, in the smallest type.
    """

    each: Strings
    which: NDArray[np.unsignedinteger]

    @classmethod
    def of(cls, values: pl.Series) -> "Labels":
        """Keep the strings of a Polars series; null is empty."""
        filled = values.fill_null("").to_frame("text")
        each = filled.unique().sort("text").with_row_index("number")
        which = filled.join(each, on="text", how="left", maintain_order="left")["number"]
        return cls(Strings.of(each["text"]), small(which.to_numpy()))

    def __len__(self) -> int:
        return len(self.which)

    def __getitem__(self, number: int) -> str:
        return self.each[self.which.item(number)]

    def take(self, numbers: NDArray[np.integer]) -> list[str]:
        """Return the strings of these numbers."""
        return self.each.take(self.which[numbers])

    def lengths(self, numbers: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return how many bytes each of the strings of these numbers has."""
        return self.each.lengths(self.which[numbers])

    def distinct(self, numbers: NDArray[np.integer]) -> tuple[list[str], NDArray[np.intp]]:
        """Return the distinct strings of these numbers, and which of them each is."""
        found, which = np.unique(self.which[numbers], return_inverse=True)
        return self.each.take(found), which.reshape(-1)


def small(values: NDArray[np.integer]) -> NDArray[np.unsignedinteger]:
    """Return numbers from 0 on in the smallest type that holds all of them."""
    return values.astype(np.min_scalar_type(int(values.max(initial=0))))


def codes(text: str) -> NDArray[np.uint64]:
    """Return the code points of a string."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)


def sums(points: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return running sums, one longer than ``points``, of which any substring's hash is made."""
    weights = np.full(len(points), UNSPREAD, np.uint64)
    if len(weights):
        weights[0] = 1
    np.cumprod(weights, out=weights)
    return np.concatenate([np.zeros(1, np.uint64), np.cumsum((points + np.uint64(1)) * weights)])


def hashes(
    running: NDArray[np.uint64],
    starts: NDArray[np.integer],
    lengths: NDArray[np.integer],
    group: NDArray[np.uint64] | np.uint64,
) -> NDArray[np.uint64]:
    """Return a hash of each substring, apart for each ``group``.

    The sum of ``(c + 1) * SPREAD**-k`` over the k-th characters c, modulo 2**64 (Rabin and Karp
    1987, with an inverse so that a sum over everything gives the hash of any part).
    """
    ends = starts + lengths
    found = (running[ends] - running[starts]) * powers(starts)
    groups = np.atleast_1d(np.asarray(group, np.uint64)) + np.uint64(1)
    return _mixed(found + groups * np.uint64(MIX[0]))


def _mixed(found: NDArray[np.uint64]) -> NDArray[np.uint64]:
    found ^= found >> np.uint64(29)
    found *= np.uint64(MIX[1])
    found ^= found >> np.uint64(32)
    return found


def powers(exponents: NDArray[np.integer]) -> NDArray[np.uint64]:
    """Return SPREAD to each exponent, modulo 2**64."""
    if len(exponents) and int(exponents.max()) < len(SMALL):
        return np.asarray(SMALL[exponents])
    return _squared(exponents)


def _squared(exponents: NDArray[np.integer]) -> NDArray[np.uint64]:
    out = np.ones(len(exponents), np.uint64)
    left = np.asarray(exponents).astype(np.uint64)
    square = SPREAD
    while left.any():
        out[(left & np.uint64(1)).astype(bool)] *= np.uint64(square)
        left >>= np.uint64(1)
        square = square * square & MASK
    return out


SMALL = _squared(np.arange(256))


INVERSE = [pow(UNSPREAD, k, 1 << 64) for k in range(256)]
BEFORE = [sum(INVERSE[:k]) & MASK for k in range(len(INVERSE) + 1)]
WEIGHTS, ONES = np.array(INVERSE, np.uint64), np.array(BEFORE, np.uint64)
FEW = 80  # letters up to which a loop is faster than arrays


def hashed(texts: Sequence[str], group: int) -> NDArray[np.uint64]:
    """Return the hash of each whole text in one group, as the arrays hold it."""
    sizes = list(map(len, texts))
    if sum(sizes) <= FEW:
        return np.array([hash_of(text, group) for text in texts], np.uint64)
    if max(sizes) <= len(INVERSE):
        points = np.array(texts).view(np.uint32).reshape(len(texts), -1)
        found = points @ WEIGHTS[: points.shape[1]] + ONES.take(sizes)
        return _mixed(found + np.uint64((group + 1) * MIX[0] & MASK))
    lengths = np.array(sizes, np.int64)
    running = sums(codes("".join(texts)))
    starts = np.concatenate([[0], lengths.cumsum()[:-1]]).astype(np.int64)
    return hashes(running, starts, lengths, np.uint64(group))


def hash_of(text: str, group: int) -> int:
    """Return what `hashed` does for one text."""
    if len(text) > len(INVERSE):
        return int(hashed([text], group)[0])
    found: int = sum(map(mul, map(ord, text), INVERSE)) + BEFORE[len(text)]
    mixed = found + (group + 1) * MIX[0] & MASK
    mixed = (mixed ^ mixed >> 29) * MIX[1] & MASK
    return mixed ^ mixed >> 32
