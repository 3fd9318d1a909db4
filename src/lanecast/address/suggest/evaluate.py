"""How far down an order finds what was meant."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

NOWHERE = 1 << 30  # of what was not looked at


def ranks(
    score: NDArray[np.floating], meant: NDArray[np.bool_], many: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the place, from 0, of what was meant by each question; ``NOWHERE`` where it is not.

    Parameters
    ----------
    score, meant
        Of the documents, one question after the other.
    many
        Documents of each question.
    """
    of = np.repeat(np.arange(len(many)), many)
    order = np.lexsort((-score, of))  # stable: of equals the first stays first
    starts = np.cumsum(many) - many
    place = np.arange(len(of)) - starts[of]
    out = np.full(len(many), NOWHERE)
    hit = meant[order]
    np.minimum.at(out, of[hit], place[hit])
    return out


def evaluate(ranks: NDArray[np.int64]) -> pl.DataFrame:
    """Return one row: ``n``, shares ``first`` and ``among_ten``, mean reciprocal rank ``mrr``."""
    return pl.DataFrame(
        {
            "n": len(ranks),
            "first": (ranks < 1).mean(),
            "among_ten": (ranks < 10).mean(),
            "mrr": np.where(ranks < NOWHERE, 1 / (1.0 + ranks), 0.0).mean(),
        }
    )
