"""The compiled index: words to documents and back, documents in the order of their weight."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .documents import FIELDS
from .vocabulary import Vocabulary, vocabulary
from .words import words

MOST_WORDS = 12  # of a document; what stands behind is not searched
SHORT, KEPT = 3, 20  # letters up to which the best documents are stored, and how many
ANYWHERE = -1


@dataclass(frozen=True)
class Index:
    """Documents by number, the heaviest first.

    Attributes
    ----------
    vocabulary
        The words.
    first, postings
        Documents ``postings[first[w] : first[w + 1]]`` have word w; ascending, so heavy ones first.
    at, forward
        Words ``forward[at[d] : at[d + 1]]`` has document d: road, town, code and state in this
        order.
    ends
        (documents, 4) where each field ends in ``forward``.
    kind, row, country, lat, lon, weight
        As ``documents.documents`` gives them.
    starts, starts_at, best
        Codes (country, letters) of all beginnings of 1 to 3 letters, ascending, where each begins
        in ``best``, and the documents themselves.
    """

    vocabulary: Vocabulary
    first: NDArray[np.int64]
    postings: NDArray[np.int32]
    at: NDArray[np.int32]
    forward: NDArray[np.int32]
    ends: NDArray[np.uint8]
    kind: NDArray[np.int8]
    row: NDArray[np.int32]
    country: NDArray[np.int16]
    lat: NDArray[np.float32]
    lon: NDArray[np.float32]
    weight: NDArray[np.float32]
    starts: NDArray[np.uint64]
    starts_at: NDArray[np.int32]
    best: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.row)

    def held(self, docs: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return (width, documents) words of documents; past the last, the number of all words."""
        starts = self.at[docs]
        many = self.at[docs + 1] - starts
        place = np.arange(int(many.max(initial=1)), dtype=np.int32)[:, None]
        words = self.forward[np.minimum(starts + place, len(self.forward) - 1)]
        words[place >= many] = len(self.vocabulary)
        return np.asarray(words)

    def size(self, low: NDArray[np.integer], high: NDArray[np.integer]) -> int:
        """Return how many documents words ``low`` to ``high`` have; some count twice."""
        return int((self.first[high] - self.first[low]).sum())

    def having(
        self, low: NDArray[np.integer], high: NDArray[np.integer], most: int
    ) -> NDArray[np.int32]:
        """Return documents that have one of these words, ascending: the heaviest ``most``."""
        starts, ends = self.first[low], self.first[high]
        many = np.minimum(ends - starts, most)
        before = np.cumsum(many) - many
        found = self.postings[np.repeat(starts - before, many) + np.arange(int(many.sum()))]
        if len(found) > 4 * most:
            found = np.partition(found, 4 * most)[: 4 * most]
        alone = len(low) == 1 and high[0] - low[0] == 1
        return np.asarray(found if alone else distinct(found)[:most])

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


def build(documents: pl.DataFrame) -> Index:
    """Return the index of ``documents``, a frame as ``documents.documents`` gives it."""
    rows = documents.sort("weight", descending=True, maintain_order=True)
    rows = rows.with_row_index("doc")
    texts = [_words(rows[field]) for field in FIELDS]
    ends = np.stack([each.list.len().to_numpy() for each in texts], axis=1).cumsum(axis=1)
    whole = rows.select("doc", word=pl.concat_list(texts)).explode("word").drop_nulls("word")
    held = vocabulary(whole["word"].unique())
    every = pl.Series(held.words.take(np.arange(len(held))), dtype=pl.String)
    numbers = pl.DataFrame({"word": every, "number": np.arange(len(held), dtype=np.int32)})
    pairs = whole.join(numbers, on="word", maintain_order="left").select("doc", "number")
    place = pl.int_range(pl.len(), dtype=pl.Int32).over("doc")
    pairs = pairs.with_columns(place=place).filter(pl.col("place") < MOST_WORDS)
    doc = pairs["doc"].to_numpy()
    post = pairs.select("number", "doc").unique().sort("number", "doc")
    counts = np.bincount(post["number"].to_numpy(), minlength=len(held) + 1)
    starts, starts_at, best = _best(post, every, rows)
    return Index(
        vocabulary=held,
        first=np.concatenate([[0], counts.cumsum()]).astype(np.int64),
        postings=post["doc"].cast(pl.Int32).to_numpy(),
        at=np.searchsorted(doc, np.arange(rows.height + 1)).astype(np.int32),
        forward=pairs["number"].to_numpy(),
        ends=np.minimum(ends, MOST_WORDS).astype(np.uint8),
        **{name: rows[name].to_numpy() for name in ("kind", "row", "country")},
        **{name: rows[name].to_numpy() for name in ("lat", "lon", "weight")},
        starts=starts,
        starts_at=starts_at,
        best=best,
    )


def _words(texts: pl.Series) -> pl.Series:
    """Return the words of each text."""
    return _each(texts, words)


def _each(texts: pl.Series, function: Callable[[str], list[str]]) -> pl.Series:
    distinct = texts.unique()
    made = pl.Series([function(text) for text in distinct], dtype=pl.List(pl.String))
    table = pl.DataFrame({"text": distinct, "words": made})
    return texts.to_frame("text").join(table, on="text", maintain_order="left")["words"]


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
