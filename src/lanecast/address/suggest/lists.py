"""Words of documents: those of a road, and those of a place, each list once."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..gazetteer.strings import small
from .documents import FIELDS
from .vocabulary import Vocabulary, vocabulary
from .words import words

MOST_WORDS = 12  # of a document; what stands behind is not searched


@dataclass(frozen=True)
class Lists:
    """Documents with the same road share a list of words, as do those of the same place.

    Attributes
    ----------
    road, place
        Two lists of each document: of its road; of its town, code and state in this order.
    at, forward
        Words ``forward[at[i] : at[i + 1]]`` has list i; roads stand before places.
    ends
        (places, 3) where each field ends in the list of a place.
    """

    road: NDArray[np.unsignedinteger]
    place: NDArray[np.unsignedinteger]
    at: NDArray[np.int32]
    forward: NDArray[np.int32]
    ends: NDArray[np.uint8]

    def held(self, docs: NDArray[np.integer], none: int) -> NDArray[np.int32]:
        """Return (width, documents) the words of documents, then ``none``."""
        road, place = self.road.take(docs), self.place.take(docs)
        start, then = self.at.take(road), self.at.take(place)
        own = self.at[1:].take(road) - start
        many = own + self.at[1:].take(place) - then
        width = min(int(many.max(initial=1)), MOST_WORDS)
        nth = np.arange(width, dtype=np.int32)[:, None]
        at = nth + np.where(nth < own, start, then - own)
        found = self.forward.take(at, mode="clip")
        np.copyto(found, none, where=nth >= many)
        return found

    def fields(self, docs: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return (documents, 4) where each field ends in the words of a document."""
        road, place = self.road[docs], self.place[docs].astype(np.int64)
        own = (self.at[1:][road] - self.at[road])[:, None]
        ends = self.ends[place - (len(self.at) - 1 - len(self.ends))]
        found = np.concatenate([own, own + ends], axis=1)
        return np.asarray(np.minimum(found, MOST_WORDS), np.int64)


def lists(rows: pl.DataFrame) -> tuple[Lists, Vocabulary]:
    """Return the words of documents, rows as ``documents.documents`` gives them."""
    road, roads = _distinct(rows, FIELDS[:1])
    place, places = _distinct(rows, FIELDS[1:])
    parts = [_words(places[name]) for name in FIELDS[1:]]
    ends = np.stack([each.list.len().to_numpy() for each in parts], axis=1).cumsum(axis=1)
    every = pl.concat([_words(roads["road"]), places.select(pl.concat_list(parts)).to_series()])
    held = vocabulary(every.explode().drop_nulls().unique())
    names = pl.Series(held.words.take(np.arange(len(held))), dtype=pl.String)
    numbers = pl.DataFrame({"word": names, "number": np.arange(len(held), dtype=np.int32)})
    words = every.explode().drop_nulls().to_frame("word")
    made = Lists(
        road=small(road),
        place=small(place + roads.height),
        at=np.concatenate([[0], every.list.len().to_numpy().cumsum()]).astype(np.int32),
        forward=words.join(numbers, on="word", maintain_order="left")["number"].to_numpy(),
        ends=np.minimum(ends, MOST_WORDS).astype(np.uint8),
    )
    return made, held


def _distinct(
    rows: pl.DataFrame, fields: tuple[str, ...]
) -> tuple[NDArray[np.int64], pl.DataFrame]:
    """Return which of the distinct rows of these fields each row is, and those."""
    texts = rows.select(fields)
    each = texts.unique(maintain_order=True).with_row_index("number")
    joined = texts.join(each, on=fields, how="left", maintain_order="left")
    return joined["number"].to_numpy().astype(np.int64), each


def _words(texts: pl.Series) -> pl.Series:
    """Return the words of each text."""
    distinct = texts.unique()
    made = pl.Series([words(text) for text in distinct], dtype=pl.List(pl.String))
    table = pl.DataFrame({"text": distinct, "words": made})
    return texts.to_frame("text").join(table, on="text", maintain_order="left")["words"]
