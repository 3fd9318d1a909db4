"""An order learnt from a shop's own orders, and how good it is beside the plain one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lanecast.tables.lake import Lake

from ..gazetteer.arrays import Gazetteer
from ..gazetteer.stored import gazetteer
from .evaluate import evaluate, ranks
from .given import orders as given
from .index import Index
from .models.popularity import FittedPopularity, Popularity
from .popular import Popular, popular
from .questions import LookedAt, looked_at, questions
from .stored import index

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
    told, beside = (_scores(each, x, meant) for each in (fitted, FittedPopularity(0.0)))
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


def later(
    lake: Lake,
    now: datetime,
    fitted: Sequence[FittedPopularity],
    since: datetime,
    until: datetime,
) -> tuple[int, list[float]]:
    """Return how many questions about orders of [since, until) were asked, and each loss on them.

    The loss is 1 - mean reciprocal rank. Whichever model is asked, orders to each street are
    counted as on the morning of the question.
    """
    known = gazetteer(lake)
    held = index(lake, known)
    rows = given(lake, now, known, held)
    low, high = (each.timestamp() / 3600 for each in (since, until))
    then = rows.filter(pl.col("known_h").is_between(low, high, closed="left"))
    if then.is_empty():
        return 0, [float("nan")] * len(fitted)
    x, meant = looked_at(questions(rows, _some(then, JUDGED), known, EACH, seed=1), known, held)
    return len(x.many), [1 - _scores(each, x, meant)["mrr"] for each in fitted]


def _scores(fitted: FittedPopularity, x: LookedAt, meant: NDArray[np.bool_]) -> dict[str, Any]:
    found = ranks(fitted.predict(x.plain, x.popular), meant, x.many)
    return evaluate(found).row(0, named=True)


def _fitted(
    orders: pl.DataFrame, some: pl.DataFrame, known: Gazetteer, index: Index, how: Popularity
) -> FittedPopularity:
    return how.fit(*looked_at(questions(orders, _some(some, MOST), known, EACH), known, index))


def _some(orders: pl.DataFrame, most: int) -> pl.DataFrame:
    return orders.sample(min(most, orders.height), seed=0)


def _moment(hour: float) -> str:
    return datetime.fromtimestamp(3600 * hour, UTC).isoformat()
