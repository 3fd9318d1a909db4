"""An order learnt from a shop's own orders, and how good it is beside the plain one."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..gazetteer.arrays import Gazetteer
from .evaluate import evaluate, ranks
from .index import Index
from .models.popularity import FittedPopularity, Popularity
from .popular import Popular, popular
from .questions import looked_at, questions

FEWEST = 200  # orders to learn from
MOST, JUDGED, EACH = 1000, 300, 5  # orders to learn from, to judge by, and questions of each
KNOWN, LEARNT = 0.4, 0.8  # shares of the orders that are only history, and that are not judged by


@dataclass(frozen=True)
class Learnt:
    """A model, and how popular the documents of an index are."""

    fitted: FittedPopularity
    popular: Popular

    def score(self, docs: NDArray[np.int32], plain: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the score of each document; higher is better."""
        return self.fitted.predict(plain, self.popular.logs(docs))


def learn(
    orders: pl.DataFrame, known: Gazetteer, index: Index, how: Popularity | None = None
) -> tuple[Learnt, dict[str, Any]]:
    """Return the order learnt from all orders, and how one that knows four fifths does later.

    Parameters
    ----------
    orders
        Rows of ``given.orders``.

    Returns
    -------
    Learnt
    dict
        Of questions about the last fifth: ``n``, shares ``first`` and ``among_ten`` beside
        ``first_plain`` and ``among_ten_plain``, and ``loss``: 1 - mean reciprocal rank.

    Raises
    ------
    ValueError
        When there are fewer than ``FEWEST`` orders.
    """
    if orders.height < FEWEST:
        raise ValueError(
            f"orders: {orders.height:,} whose address is a street of the gazetteer; expected at "
            f"least {FEWEST}."
        )
    how = how or Popularity()
    start, end = (float(orders["known_h"].quantile(q) or 0) for q in (KNOWN, LEARNT))
    at = pl.col("known_h")
    later = orders.filter(at >= end)
    fitted = _fitted(orders, orders.filter((at >= start) & (at < end)), known, index, how)
    asked = questions(orders, _some(later, JUDGED), known, EACH, seed=1)
    x, meant = looked_at(asked, known, index)
    ours, plain = (
        ranks(score, meant, x.many) for score in (fitted.predict(x.plain, x.popular), x.plain)
    )
    told, beside = (evaluate(each).row(0, named=True) for each in (ours, plain))
    held_out = {
        "from": _moment(end),
        "to": _moment(float(later["known_h"].to_numpy().max())),
        "n": told["n"],
        "first": told["first"],
        "first_plain": beside["first"],
        "among_ten": told["among_ten"],
        "among_ten_plain": beside["among_ten"],
        "loss": {"model": 1 - told["mrr"], "baseline": 1 - beside["mrr"]},
    }
    whole = _fitted(orders, orders.filter(at >= start), known, index, how)
    return Learnt(whole, popular(orders["document"].to_numpy())), held_out


def _fitted(
    orders: pl.DataFrame, some: pl.DataFrame, known: Gazetteer, index: Index, how: Popularity
) -> FittedPopularity:
    return how.fit(*looked_at(questions(orders, _some(some, MOST), known, EACH), known, index))


def _some(orders: pl.DataFrame, most: int) -> pl.DataFrame:
    return orders.sample(min(most, orders.height), seed=0)


def _moment(hour: float) -> str:
    return datetime.fromtimestamp(3600 * hour, UTC).isoformat()
