"""The order of documents: what they cost, how well known they are, and how they were asked for."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..gazetteer.arrays import Streets
from .documents import CODE, STREET, TOWN
from .few import HOUSE_DIGITS, Found
from .houses import along
from .index import Index
from .search import HOUSE
from .terms import NO, Met, Term

KEPT = 128  # documents that are looked at closely
WEIGHT, LEADS, COUNTRY = 0.8, 0.8, 1.5
NEAR, REACH_KM = 0.8, 30.0
EARLIER, SAME_TOWN = 1.5, 0.3
GAP, SPARE, ORDER = 0.15, 0.5, 0.2
FIELD = np.zeros(3, np.int64)
FIELD[[STREET, TOWN, CODE]] = 0, 1, 2  # where the own name of each kind stands
NAMES = (
    *("edits", "lacks", "cost", "weight", "leads", "gap", "spare", "order"),
    *("near", "same_country", "earlier", "same_town", "kind", "letters"),
)


class Order(Protocol):
    """What takes the place of the plain score."""

    def score(self, docs: NDArray[np.int32], plain: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the score of each document; higher is better."""


@dataclass(frozen=True)
class Bias:
    """Whom the answer is for.

    Attributes
    ----------
    country
        Number of a country; -1: any.
    near
        Degrees of latitude and longitude, or None.
    earlier
        Documents of a customer's earlier addresses.
    """

    country: int = -1
    near: tuple[float, float] | None = None
    earlier: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranked:
    """Documents, the best first.

    Attributes
    ----------
    docs
        Their numbers.
    features
        (documents, ``NAMES``) of what was looked at.
    score
        Higher is better.
    words, parts
        (terms, documents) which word each term met, -1: none; and in which of ``FIELDS``.
    edits
        (terms, documents) with how many edits.
    """

    docs: NDArray[np.int32]
    features: NDArray[np.float32]
    score: NDArray[np.float32]
    words: NDArray[np.int32]
    parts: NDArray[np.int64]
    edits: NDArray[np.uint8]


def ranked(
    index: Index,
    asked: list[Term],
    found: Found,
    met: list[Met],
    bias: Bias,
    streets: Streets,
    learnt: Order | None = None,
) -> Ranked:
    """Return what was found in order; cheaply first, then the best of it closely."""
    score = _cheap(index, asked, found, met, bias) + HOUSE * _housed(index, asked, found, streets)
    if len(score) > KEPT:
        kept = np.sort(np.argpartition(-score, KEPT)[:KEPT])
        found = found.only(kept)
        score = score[kept]
    features, words, parts = _features(index, asked, found, met, bias)
    score = score - _closely(features)
    if learnt is not None:
        score = learnt.score(found.docs, score)
    order = np.lexsort((found.cost, -np.round(score, 4)))  # of equals what costs less, then heavier
    return Ranked(
        docs=found.docs[order],
        features=features[order],
        score=score[order],
        words=words[:, order],
        parts=parts[:, order],
        edits=found.edits[:, order],
    )


def _cheap(
    index: Index, asked: list[Term], found: Found, met: list[Met], bias: Bias
) -> NDArray[np.float32]:
    docs = found.docs
    score = WEIGHT * index.weight[docs].astype(np.float32) - found.cost
    score += LEADS * _leads(asked, found, met)
    if bias.country >= 0:
        score += COUNTRY * (index.country[docs] == bias.country)
    if bias.near is not None:
        score += NEAR * _nearness(index, docs, bias.near)
    if bias.earlier:
        score += EARLIER * np.isin(docs, bias.earlier) + SAME_TOWN * _same_town(index, docs, bias)
    return np.asarray(score, np.float32)


def _housed(index: Index, asked: list[Term], found: Found, streets: Streets) -> NDArray[np.float32]:
    """Return 1 for a street that has a house of a number which nothing else in it explains."""
    has = np.zeros(len(found.docs), np.float32)
    for i, term in enumerate(asked):
        if term.number and not term.open and len(term.text) <= HOUSE_DIGITS:
            at = np.flatnonzero((index.kind[found.docs] == STREET) & (found.edits[i] == NO))
            has[at] = np.maximum(has[at], along(streets, index.row[found.docs[at]], term.text))
    return has


def _leads(asked: list[Term], found: Found, met: list[Met]) -> NDArray[np.float32]:
    """Return which share of the terms stands at its own place: as most people type."""
    shift = int(len(asked) > 1 and asked[0].number and len(asked[0].text) <= HOUSE_DIGITS)
    share = np.zeros(len(found.docs), np.float32)
    for word, each in zip(found.words, met[shift:], strict=False):
        share += each.measured(word) != NO
    return np.asarray(share / max(len(asked) - shift, 1), np.float32)


def _nearness(
    index: Index, docs: NDArray[np.int32], near: tuple[float, float]
) -> NDArray[np.float32]:
    """Return 1 at the position itself and 0.5 at 30 km; 0 where the place is not known."""
    east = (index.lon[docs] - near[1] + 180) % 360 - 180
    away = 111.2 * np.hypot(index.lat[docs] - near[0], east * np.cos(np.radians(near[0])))
    return np.asarray(np.nan_to_num(1 / (1 + away / REACH_KM)), np.float32)


def _same_town(index: Index, docs: NDArray[np.int32], bias: Bias) -> NDArray[np.bool_]:
    """Return which documents lie within about 10 km of an earlier address."""
    earlier = set(_cells(index, np.array(bias.earlier, np.int32)))
    return np.array([cell in earlier for cell in _cells(index, docs)], bool)


def _cells(index: Index, docs: NDArray[np.int32]) -> list[tuple[float, float]]:
    lat, lon = np.round(index.lat[docs] * 10), np.round(index.lon[docs] * 10)
    return list(zip(lat.tolist(), lon.tolist(), strict=True))


def _features(
    index: Index, asked: list[Term], found: Found, met: list[Met], bias: Bias
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.int64]]:
    """Return what is known of each document, which word each term met, and in which part."""
    docs, edits = found.docs, found.edits
    held = found.words.T  # (n, width)
    each = np.stack([one.measured(held) for one in met])  # (terms, n, width)
    at = np.where(edits == NO, -1, each.argmin(axis=2))
    taken = (each != NO).any(axis=0)
    width = held.shape[1]
    ends = index.lists.fields(docs)
    place = np.arange(width)
    last = at.max(axis=0, initial=-1)
    gap = ((place < last[:, None]) & ~taken).sum(axis=1)
    field = FIELD[index.kind[docs]]
    rows = np.arange(len(docs))
    start = np.where(field > 0, ends[rows, field - 1], 0)[:, None]
    own = (place >= start) & (place < ends[rows, field][:, None])
    spare = (own & ~taken).sum(axis=1) / np.maximum(own.sum(axis=1), 1)
    later = (np.diff(at, axis=0) > 0) if len(asked) > 1 else np.ones((1, len(docs)), bool)
    slips = np.where(edits == NO, 0, edits).sum(axis=0)
    none = np.zeros(len(docs))
    columns = [
        slips,
        (edits == NO).sum(axis=0),
        found.cost,
        index.weight[docs],
        _leads(asked, found, met),
        gap,
        spare,
        later.mean(axis=0),
        none if bias.near is None else _nearness(index, docs, bias.near),
        index.country[docs] == bias.country,
        np.isin(docs, bias.earlier) if bias.earlier else none,
        _same_town(index, docs, bias) if bias.earlier else none,
        index.kind[docs],
        np.full(len(docs), sum(len(term.text) for term in asked)),
    ]
    words = np.where(at < 0, -1, held[rows, at])
    parts = (ends <= at[:, :, None]).sum(axis=2)
    return np.stack(columns, axis=1).astype(np.float32), words, parts


def _closely(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what is taken off for words that were passed over, or stand in another order."""
    gap, spare, order = (features[:, NAMES.index(name)] for name in ("gap", "spare", "order"))
    return np.asarray(GAP * gap + SPARE * spare + ORDER * (1 - order), np.float32)
