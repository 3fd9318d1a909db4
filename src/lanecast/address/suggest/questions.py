"""Questions as buyers would have typed them, from the orders that they placed afterwards.

Of each order the address is typed to a few letters, with slips. What is known then is what was
recorded before: the buyer's own earlier addresses, and on the morning of that day, how many orders
went to each street.
"""

import random
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..gazetteer.arrays import Gazetteer
from ..misspelt import delete, insert, keyboard, substitute, swap
from . import answered
from .index import Index
from .popular import Popular, popular
from .rank import Bias
from .search import Words
from .terms import terms

LETTERS, SLIPS = (4, 6, 8, 10, 14), (0, 1, 2)
HABITS = (substitute, keyboard, insert, delete, swap)
WITHIN = 16  # characters from the start in which slips are made
EARLIER = 20  # earlier addresses of a buyer, the last ones
DAY_H = 24


@dataclass(frozen=True)
class Question:
    """What was typed, for whom, and what had been ordered by then; ``document`` was meant."""

    text: str
    letters: int
    slips: int
    buyer_id: str
    bias: Bias
    popular: Popular
    document: int


@dataclass(frozen=True)
class LookedAt:
    """The documents that were looked at for each question, one question after the other.

    Attributes
    ----------
    plain
        Score of the plain order, shape (documents,).
    popular
        log(1 + orders) to each before, shape (documents,).
    many
        Documents of each question, shape (questions,).
    """

    plain: NDArray[np.float32]
    popular: NDArray[np.float32]
    many: NDArray[np.int64]


def questions(
    orders: pl.DataFrame,
    asked: pl.DataFrame,
    known: Gazetteer,
    each: int = len(LETTERS) * len(SLIPS),
    seed: int = 0,
) -> list[Question]:
    """Return what would have been typed for the orders ``asked``.

    Parameters
    ----------
    orders
        Rows of ``given.orders``: all that may be known, by ``known_h``.
    asked
        Some of them.
    each
        How many pairs of ``LETTERS`` and ``SLIPS``, drawn, are typed of each order.
    """
    rng = random.Random(seed)
    pairs = [(letters, slips) for slips in SLIPS for letters in LETTERS]
    at, docs = orders["known_h"].to_numpy(), orders["document"].to_numpy()
    own = orders.filter(pl.col("buyer_id").is_in(asked["buyer_id"].unique().implode()))
    by_buyer = {
        buyer: (of["known_h"].to_numpy(), of["document"].to_numpy())
        for (buyer,), of in own.group_by("buyer_id", maintain_order=True)
    }
    out, day, before = [], -1.0, popular(docs[:0])
    for row in asked.sort("known_h", "order_id").iter_rows(named=True):
        if (today := row["known_h"] // DAY_H) != day:
            day, before = today, popular(docs[at < DAY_H * today])
        when, where = by_buyer[row["buyer_id"]]
        last = dict.fromkeys(where[when < row["known_h"]][::-1].tolist())
        country = known.numbers.get(row["country"], -1)
        bias = Bias(country, None, tuple(last)[:EARLIER])
        for letters, slips in rng.sample(pairs, each):
            text = mistyped(row["text"][:WITHIN], slips, rng)[:letters]
            who, meant = row["buyer_id"], row["document"]
            out.append(Question(text, letters, slips, who, bias, before, meant))
    return out


def mistyped(text: str, slips: int, rng: random.Random) -> str:
    """Return ``text`` with so many slips in its words of three letters or more, if it has any."""
    for _ in range(slips):
        words = text.split(" ")
        able = [i for i, word in enumerate(words) if len(word) > 2 and word.isalpha()]
        if able:
            i = rng.choice(able)
            words[i] = rng.choice(HABITS)(words[i], rng)
            text = " ".join(words)
    return text


def looked_at(
    asked: list[Question], known: Gazetteer, index: Index
) -> tuple[LookedAt, NDArray[np.bool_]]:
    """Return the documents looked at for each question, and which of them was meant."""
    plain, logs, meant, many = [], [], [], []
    words = Words(index)
    for one in asked:
        best = answered(words, terms(one.text), 10, one.bias, known.streets)
        plain.append(best.score)
        logs.append(one.popular.logs(best.docs))
        meant.append(best.docs == one.document)
        many.append(len(best.docs))
    rows = np.concatenate(plain), np.concatenate(logs), np.array(many, np.int64)
    return LookedAt(*rows), np.concatenate(meant)
