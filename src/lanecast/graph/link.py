"""Which relations appear next? Every possible tail is scored and the truth is ranked."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl
import torch

from lanecast.metrics.filtered import chance, filtered_rank
from lanecast.metrics.placing import reciprocal_rank, top_k

from .embed import Embedded, turned
from .triples import Ints, Triples

Floats = npt.NDArray[np.float32]
Scorer = Callable[[Ints, Ints], Floats]
CHUNK = 4_000_000  # scores that are held at once
EARTH_M = 6_371_000.0


def embedded(model: Embedded, at: Triples) -> Scorer:
    """Return the scores that ``model`` gives to all tails, as ``at`` tells of its entities."""
    vectors = torch.from_numpy(model.vectors(at))
    number = {name: index for index, name in enumerate(model.relations)}
    words = torch.tensor([number[name] for name in at.relations])
    relations = torch.from_numpy(model.relation)[words]

    def score(head: Ints, relation: Ints) -> Floats:
        asked = turned(vectors[torch.from_numpy(head)], relations[torch.from_numpy(relation)])
        scores: Floats = (asked @ vectors.T).numpy()
        return scores

    return score


def popular(past: Triples) -> Scorer:
    """Return in how many relations of that kind each tail stood before."""
    counts = np.zeros((len(past.relations), len(past.entities)), dtype=np.float32)
    np.add.at(counts, (past.rows[:, 1], past.rows[:, 2]), 1)
    return lambda head, relation: counts[relation]


def near(past: Triples) -> Scorer:
    """Return how near each tail lies to the head, in metres below 0; last where it is not known."""
    lat, lon = np.radians(past.place).T
    at = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)

    def score(head: Ints, relation: Ints) -> Floats:
        chord = np.clip(at[head] @ at.T, -1, 1)
        away = -EARTH_M * np.arccos(chord)
        scores: Floats = np.nan_to_num(away, nan=-np.inf).astype(np.float32)
        return scores

    return score


def ranks(score: Scorer, past: Triples, asked: Ints) -> tuple[npt.NDArray[np.float64], Ints]:
    """Return the filtered rank of each tail of ``asked`` and the number of its candidates.

    Candidates are entities that stood at the end of that relation before, or are of the same kind.
    Tails that were related before, and other answers in ``asked``, are passed over. A few million
    scores are held at once, however many entities there are.
    """
    size = len(past.entities)
    kind = pl.Series(past.entities).str.extract("^([^:]*)").cast(pl.Categorical).to_physical()
    kinds = kind.to_numpy()
    allowed = np.zeros((len(past.relations), kinds.max(initial=0) + 1), dtype=bool)
    allowed[past.rows[:, 1], kinds[past.rows[:, 2]]] = True
    true = np.concatenate([past.rows, asked])
    question = true[:, 0] * len(past.relations) + true[:, 1]
    order = np.argsort(question, kind="stable")
    question, tails = question[order], true[order, 2]
    places, counts = [], []
    for rows in np.array_split(asked, max(1, -(-len(asked) * size // CHUNK))):
        head, relation, tail = rows.T
        hidden = ~allowed[relation][:, kinds]
        key = head * len(past.relations) + relation
        first, last = np.searchsorted(question, key), np.searchsorted(question, key, "right")
        many = last - first
        step = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
        hidden[np.repeat(np.arange(len(rows)), many), tails[np.repeat(first, many) + step]] = True
        place, count = filtered_rank(score(head, relation), tail, hidden)
        places.append(place)
        counts.append(count)
    return np.concatenate(places), np.concatenate(counts)


def judged(score: Scorer, past: Triples, asked: Ints) -> pl.DataFrame:
    """Return MRR and hits at 1 and 10 of each relation and of all (null), and what chance gives."""
    place, count = ranks(score, past, asked)
    rows = []
    for relation in (None, *np.unique(asked[:, 1]).tolist()):
        of = np.ones(len(asked), bool) if relation is None else asked[:, 1] == relation
        by_chance = chance(count[of], 10)
        rows.append(
            {
                "relation": None if relation is None else past.relations[relation],
                "n": int(of.sum()),
                "mrr": reciprocal_rank(place[of]),
                "hits_1": top_k(place[of], 1),
                "hits_10": top_k(place[of], 10),
                "mrr_chance": by_chance[0],
                "hits_10_chance": by_chance[1],
            }
        )
    return pl.DataFrame(rows, schema_overrides={"relation": pl.String})
