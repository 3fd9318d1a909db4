"""What policies cost on demand that they have not seen, beside perfect foresight."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.optimize.cover import Price
from lanecast.optimize.stock_flow import Ledger
from lanecast.optimize.wagner_whitin import wagner_whitin

Array = npt.NDArray[np.float64]


def foresight(
    demand: Array, price: Price, fixed: Array, *, stock: Array, coming: Array, first: int
) -> Array:
    """Return what nobody can undercut, shape (n,): the least cost had all demand been known.

    Parameters
    ----------
    demand
        Units asked for, shape (n, T).
    stock, coming
        Units in stock before the first day, shape (n,), and that come each morning, (n, T).
    first
        The first day on whose morning an order can come.

    Notes
    -----
    What is there and comes anyway serves the first demand; the rest is the lot sizing of
    ``wagner_whitin`` with lost sales, in which an order may be placed on any day and in any size,
    and comes when it should. Expiry is left out. Each of these only lowers the cost.
    """
    hand, rest, held = stock.astype(np.float64), np.zeros(demand.shape), np.zeros(len(demand))
    for day in range(demand.shape[1]):
        hand = hand + coming[:, day]
        used = np.minimum(hand, demand[:, day])
        hand, rest[:, day] = hand - used, demand[:, day] - used
        held += price.holding * hand
    lots = wagner_whitin(rest, fixed, price.holding, lost=price.short, first=first)
    return np.asarray(lots.cost + held)


def compared(ledgers: Mapping[str, Ledger], least: Array) -> pl.DataFrame:
    """Return a row per policy: cost, its parts, what was sold of the demand, and regret.

    Returns
    -------
    DataFrame
        ``policy``; ``cost`` in all and ``order``, ``holding``, ``short``, ``waste`` of it
        [currency]; ``served``, the share of demand that was sold; ``hand``, units in stock per
        item and evening; ``regret``, the cost above that of ``foresight``.
    """
    rows = []
    for name, each in ledgers.items():
        asked = each.sold.sum() + each.lost.sum()
        rows.append(
            {
                "policy": name,
                "cost": float(each.total.sum()),
                "order": float(each.order.sum()),
                "holding": float(each.holding.sum()),
                "short": float(each.short.sum()),
                "waste": float(each.waste.sum()),
                "served": float(each.sold.sum() / max(asked, 1e-9)),
                "hand": float(each.hand.mean()),
                "regret": float(each.total.sum() - least.sum()),
            }
        )
    return pl.DataFrame(rows)
