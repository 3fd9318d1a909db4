"""Names by country: the exact one, or those within two edits.

Of four parts of a name, one stands unchanged near its place in whatever is three edits away:
Pass-Join (Li, Deng, Wang and Feng 2011), multi-match-aware selection. Two letters exchanged can
break two parts, so that of two edits at least one part stays, unless both exchange letters across
two parts each.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from .strings import Strings, codes, hash_of, hashed, hashes, sums

EDITS = 2
PARTS = EDITS + 2
SHORTEST = 4  # letters below which a name is only itself
ONE_EDIT = 5  # letters up to which one edit is all
FEW = 4  # names up to which each is looked up by itself
MOST = 4000  # candidates of one part; a part that more names share tells nothing


@dataclass(frozen=True)
class Keys:
    """Folded names, each once per country, and where they lead.

    Attributes
    ----------
    hashes
        Of (country, name), ascending, uint64; its positions number the names.
    names
        The names in that order.
    letters
        Which letters, modulo 32, a name has, as bits, uint32.
    parts, owners
        Hashes of the four parts of names with at least four letters, ascending, uint32, and whose
        they are. What only shares a hash is told apart when names are compared.
    first, rows
        ``rows[first[k] : first[k + 1]]`` is what name k leads to.
    """

    hashes: NDArray[np.uint64]
    names: Strings
    letters: NDArray[np.uint32]
    parts: NDArray[np.uint32]
    owners: NDArray[np.int32]
    first: NDArray[np.int32]
    rows: NDArray[np.int32]

    def exact(self, country: int, name: str) -> int:
        """Return the number of a name, or -1."""
        if not len(self.hashes):
            return -1
        wanted = hash_of(name, country)
        at = int(self.hashes.searchsorted(np.uint64(wanted)))
        found = at < len(self.hashes) and self.hashes.item(at) == wanted
        return at if found and self.names[at] == name else -1

    def each(self, country: int, names: list[str]) -> dict[str, int]:
        """Return the number of each of ``names`` that there is."""
        if len(names) <= FEW:
            few = ((name, self.exact(country, name)) for name in names)
            return {name: number for name, number in few if number >= 0}
        if not len(self.hashes):
            return {}
        wanted = hashed(names, country)
        at = np.minimum(self.hashes.searchsorted(wanted), len(self.hashes) - 1)
        met = (self.hashes[at] == wanted).nonzero()[0]
        found = zip(met.tolist(), at[met].tolist(), self.names.take(at[met]), strict=True)
        return {name: number for i, number, name in found if name == names[i]}

    def near(
        self, country: int, name: str, edits: int = EDITS, crowd: int = MOST
    ) -> list[tuple[int, int]]:
        """Return names of a country within ``edits``, and how many edits each is away.

        A letter more, less, another or two exchanged is one edit. Names of up to five letters are
        met with one edit, of up to three with none. A part that more than ``crowd`` names share is
        not looked at.
        """
        most = min(edits, 0 if len(name) < SHORTEST else 1 if len(name) <= ONE_EDIT else EDITS)
        if most == 0:
            found = self.exact(country, name)
            return [(found, 0)] if found >= 0 else []
        starts, lengths, groups = _probes(len(name))
        group = groups | np.uint64(country << 16)
        wanted = _short(hashes(sums(codes(name)), starts, lengths, group))
        low = np.searchsorted(self.parts, wanted, "left")
        high = np.searchsorted(self.parts, wanted, "right")
        some = (high > low) & (high - low <= crowd)
        owners = [self.owners[a:b] for a, b in zip(low[some], high[some], strict=True)]
        if not owners:
            return []
        numbers = np.concatenate(owners)
        differ = np.bitwise_count(self.letters[numbers] ^ _letters([name])[0])
        numbers = np.unique(numbers[differ <= 2 * most])
        if not len(numbers):
            return []
        names = self.names.take(numbers)
        away = process.cdist([name], names, scorer=OSA.distance, score_cutoff=most)[0]
        some = away <= most
        return list(zip(numbers[some].tolist(), away[some].astype(int).tolist(), strict=True))

    def leads(self, number: int) -> NDArray[np.int32]:
        """Return the rows that name ``number`` leads to."""
        return self.rows[self.first.item(number) : self.first.item(number + 1)]

    def led(self, numbers: list[int], most: int) -> list[int]:
        """Return the rows that these names lead to, of each at most so many."""
        at = np.array(numbers, int)
        starts, ends = self.first[at], self.first[at + 1]
        spans = zip(starts.tolist(), np.minimum(ends, starts + most).tolist(), strict=True)
        return [row for start, end in spans for row in self.rows[start:end].tolist()]


def build(entries: pl.DataFrame, fuzzy: bool = True) -> Keys:
    """Return the keys of ``entries``: country (number), name (folded), row.

    Without ``fuzzy``, only the exact name is met, and the parts are empty.
    """
    named = entries.group_by("country", "name").agg(pl.col("row").unique().sort())
    names, country = named["name"], named["country"].to_numpy().astype(np.uint64)
    lengths = names.str.len_chars().to_numpy().astype(np.int64)
    starts = np.concatenate([[0], lengths.cumsum()[:-1]]).astype(np.int64)
    running = sums(codes("".join(names.to_list())))
    whole = hashes(running, starts, lengths, country)
    order = np.argsort(whole, kind="stable")
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    long = np.flatnonzero(lengths >= (SHORTEST if fuzzy else np.inf))
    found, owners = [], []
    for part, (begin, length) in enumerate(_cut(lengths[long])):
        group = _group(lengths[long], part) | (country[long] << np.uint64(16))
        found.append(_short(hashes(running, starts[long] + begin, length, group)))
        owners.append(place[long])
    parts = np.concatenate(found)
    by = np.argsort(parts, kind="stable")
    sorted_names = named[pl.Series(order)]
    many = sorted_names["row"].list.len().to_numpy()
    return Keys(
        whole[order],
        Strings.of(sorted_names["name"]),
        _letters(sorted_names["name"].to_list()),
        parts[by],
        np.concatenate(owners)[by],
        np.concatenate([[0], many.cumsum()]).astype(np.int32),
        sorted_names["row"].explode().to_numpy().astype(np.int32),
    )


def _short(found: NDArray[np.uint64]) -> NDArray[np.uint32]:
    return np.asarray(found >> np.uint64(32), np.uint32)


def _cut(lengths: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield begin and length of each of the parts into which names of these lengths are cut."""
    begin = np.zeros_like(lengths)
    for part in range(PARTS):
        length = (lengths + part) // PARTS  # the shorter parts first
        yield begin, length
        begin = begin + length


def _letters(names: list[str]) -> NDArray[np.uint32]:
    bits = np.left_shift(np.uint32(1), (codes("".join(names)) & np.uint64(31)).astype(np.uint32))
    out = np.zeros(len(names), np.uint32)
    np.bitwise_or.at(out, np.repeat(np.arange(len(names)), [len(name) for name in names]), bits)
    return out


def _group(lengths: NDArray[np.int64], part: int) -> NDArray[np.uint64]:
    return np.minimum(lengths, 255).astype(np.uint64) << np.uint64(2) | np.uint64(part)


@lru_cache(maxsize=512)
def _probes(size: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]]:
    """Return where a name of ``size`` letters is looked at: start, length, and in which group."""
    starts, lengths, groups = [], [], []
    for other in range(max(SHORTEST, size - EDITS), size + EDITS + 1):
        shift = size - other
        for part, (begins, cut) in enumerate(_cut(np.array([other], np.int64))):
            begin, length = int(begins[0]), int(cut[0])
            left, right = part, PARTS - 1 - part
            low = max(begin - left, begin + shift - right, 0)
            high = min(begin + left, begin + shift + right, size - length)
            for start in range(low, high + 1):
                starts.append(start)
                lengths.append(length)
                groups.append(int(_group(np.array([other], np.int64), part)[0]))
    return np.array(starts, np.int64), np.array(lengths, np.int64), np.array(groups, np.uint64)
