"""The compiled index: words to documents and back, documents in the order of their weight."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..gazetteer.arrays import Streets
from .documents import STREET
from .halves import Halves
from .lists import Lists, lists
from .vocabulary import Vocabulary

SHORT, KEPT = 3, 20  # letters up to which the best documents are stored, and how many
ANYWHERE = -1
FEW_STREETS = 4096  # with a house of a number, of which all are looked at


@dataclass(frozen=True)
class Index:
    """Documents by number, the heaviest first.

    Attributes
    ----------
    vocabulary
        The words.
    first, postings
        Documents ``postings[first[w] : first[w + 1]]`` have word w; ascending, so heavy ones first.
    lists
        Words of documents.
    kind, row, country, lat, lon, weight
        As ``documents.documents`` gives them; weights with three digits.
    numbers, houses_at, houses
        House numbers that at most 4,096 streets have, ascending, where the streets of each begin in
        ``houses``, and those as documents.
    starts, starts_at, best
        Codes (country, letters) of all beginnings of 1 to 3 letters, ascending, where each begins
        in ``best``, and the documents themselves.
    """

    vocabulary: Vocabulary
    first: NDArray[np.uint32]
    postings: Halves
    lists: Lists
    kind: NDArray[np.int8]
    row: NDArray[np.int32]
    country: NDArray[np.int16]
    lat: NDArray[np.float32]
    lon: NDArray[np.float32]
    weight: NDArray[np.float16]
    numbers: NDArray[np.int32]
    houses_at: NDArray[np.uint32]
    houses: Halves
    starts: NDArray[np.uint64]
    starts_at: NDArray[np.int32]
    best: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.row)

    def held(self, docs: NDArray[np.integer]) -> NDArray[np.int32]:
        """Return (width, documents) words of documents; past the last, the number of all words."""
        return self.lists.held(docs, len(self.vocabulary))

    def size(self, low: NDArray[np.integer], high: NDArray[np.integer]) -> int:
        """Return how many documents words ``low`` to ``high`` have; some count twice."""
        return int((self.first[high] - self.first[low]).sum(dtype=np.int64))

    def having(
        self, low: NDArray[np.integer], high: NDArray[np.integer], most: int
    ) -> NDArray[np.int32]:
        """Return documents that have one of these words, ascending: the heaviest ``most``."""
        starts, ends = self.first[low].astype(np.int64), self.first[high].astype(np.int64)
        many = np.minimum(ends - starts, most)
        before = np.cumsum(many) - many
        found = self.postings.take((starts - before).repeat(many) + np.arange(int(many.sum())))
        if len(found) > 4 * most:
            found = np.partition(found, 4 * most)[: 4 * most]
        alone = len(low) == 1 and high[0] - low[0] == 1
        return np.asarray(found if alone else distinct(found)[:most])

    def housed(self, number: int) -> NDArray[np.int32]:
        """Return the streets that have a house of this number, if they are few, else none."""
        at = int(self.numbers.searchsorted(number))
        there = at < len(self.numbers) and self.numbers[at] == number
        first, last = self.houses_at[at : at + 2].tolist() if there else (0, 0)
        return self.houses.between(first, last)

    def known_best(self, letters: str, country: int) -> NDArray[np.int32] | None:
        """Return the heaviest documents with a word that begins so; None where none is stored."""
        code = np.uint64(_code(letters, country))
        at = int(np.searchsorted(self.starts, code))
        if at == len(self.starts) or self.starts[at] != code:
            return None
        return self.best[self.starts_at[at] : self.starts_at[at + 1]]


def distinct(docs: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return documents ascending, each once."""
    if len(docs) < 2:
        return docs
    docs = np.sort(docs)
    return np.asarray(docs[np.concatenate([[True], docs[1:] != docs[:-1]])])


def build(documents: pl.DataFrame, streets: Streets) -> Index:
    """Return the index of ``documents``, a frame as ``documents.documents`` gives it.

    ``streets`` are those of the gazetteer, for their houses.
    """
    rows = documents.sort("weight", descending=True, maintain_order=True)
    words, held = lists(rows)
    found = words.held(np.arange(rows.height), len(held)).T
    there = found < len(held)
    doc = np.arange(rows.height, dtype=np.int32).repeat(there.sum(axis=1))
    post = pl.DataFrame({"number": found[there], "doc": doc}).unique().sort("number", "doc")
    counts = np.bincount(post["number"].to_numpy(), minlength=len(held) + 1)
    every = pl.Series(held.words.take(np.arange(len(held))), dtype=pl.String)
    starts, starts_at, best = _best(post, every, rows)
    numbers, houses_at, houses = _houses(rows, streets)
    return Index(
        vocabulary=held,
        first=np.concatenate([[0], counts.cumsum()]).astype(np.uint32),
        postings=Halves.of(post["doc"].to_numpy()),
        lists=words,
        **{name: rows[name].to_numpy() for name in ("kind", "row", "country")},
        **{name: rows[name].to_numpy() for name in ("lat", "lon")},
        weight=rows["weight"].to_numpy().astype(np.float16),
        numbers=numbers,
        houses_at=houses_at,
        houses=houses,
        starts=starts,
        starts_at=starts_at,
        best=best,
    )


def _houses(
    rows: pl.DataFrame, streets: Streets
) -> tuple[NDArray[np.int32], NDArray[np.uint32], Halves]:
    """Return the numbers that few streets have, and the documents of those."""
    many, kind = np.diff(streets.first), rows["kind"].to_numpy()
    doc = np.zeros(len(many), np.int32)
    doc[rows["row"].to_numpy()[kind == STREET]] = np.flatnonzero(kind == STREET)
    pairs = pl.DataFrame({"value": streets.value, "doc": doc.repeat(many)}).unique()
    pairs = pairs.filter(pl.col("value") >= 0, pl.len().over("value") <= FEW_STREETS)
    pairs = pairs.sort("value", "doc")
    numbers, counts = np.unique(pairs["value"].to_numpy(), return_counts=True)
    ends = np.concatenate([[0], counts.cumsum()]).astype(np.uint32)
    return numbers.astype(np.int32), ends, Halves.of(pairs["doc"].to_numpy())


def _code(letters: str, country: int) -> int:
    """Return up to three letters and a country as one number."""
    code = country + 1
    for letter in letters.ljust(SHORT, "\0"):
        code = code << 16 | ord(letter) & 0xFFFF
    return code


def _best(
    post: pl.DataFrame, every: pl.Series, rows: pl.DataFrame
) -> tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.int32]]:
    """Return the heaviest documents of each beginning, of each country and of all."""
    countries = rows["country"].to_numpy()
    parts = []
    for many in range(1, SHORT + 1):
        begun = every.str.head(many)
        distinct = begun.unique()
        coded = dict(zip(distinct, (_code(text, ANYWHERE) for text in distinct), strict=True))
        codes = np.array([coded[text] for text in begun], np.uint64)
        codes[every.str.len_chars().to_numpy() < many] = 0
        at = codes[post["number"].to_numpy()]
        doc = post["doc"].to_numpy()
        heavy = pl.DataFrame({"code": at, "doc": doc}).filter(pl.col("code") > 0)
        there = (countries[heavy["doc"].to_numpy()].astype(np.int64) + 1) << 48
        for also in (0, pl.Series(there.astype(np.uint64))):
            part = heavy.with_columns(code=pl.col("code") + also)
            part = part.sort("doc").unique(["code", "doc"], maintain_order=True)
            parts.append(part.group_by("code", maintain_order=True).head(KEPT))
    best = pl.concat(parts).sort("code", "doc")
    lengths = best.group_by("code", maintain_order=True).len()
    ends = np.concatenate([[0], lengths["len"].to_numpy().cumsum()])
    return (
        lengths["code"].to_numpy(),
        ends.astype(np.int32),
        best["doc"].cast(pl.Int32).to_numpy(),
    )
