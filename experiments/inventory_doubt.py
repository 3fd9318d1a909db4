"""Which share of the drift of levels to believe, chosen on the weeks before a shop opens."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from lanecast.planning.inventory import Costs, Lifted, Rolling, lifted, trade
from lanecast.planning.inventory.ahead import ahead
from lanecast.planning.inventory.models.recent import drawn
from lanecast.planning.inventory.replay import HISTORY
from lanecast.planning.inventory.shelves import shop
from lanecast.tables.lake import Lake

SHARES = (0.0, 0.5, 1.0)
WEEKS = 8  # that are replayed
SETTLE = 28  # first days of them that do not count
AHEAD_D = 60


def by_replay(lake: Lake, opens: datetime, costs: Costs, draws: int) -> dict[float, float]:
    """Return what each share cost in a replay of the weeks before, known by ``opens``."""
    since = opens - timedelta(weeks=WEEKS)
    names, known = shop(lake, since, opens, costs)
    first = int(since.timestamp() // 86400)
    told = ahead(lake, opens, names, first - HISTORY, first + 7 * WEEKS + AHEAD_D)
    group = _groups(names)
    return {
        share: float(
            trade(
                known, Rolling(), lifted(known, Lifted(doubt=share), told, first, group, draws),
                counted_from=SETTLE,
            ).total.sum()
        )
        for share in SHARES
    }  # fmt: skip


def by_sums(lake: Lake, opens: datetime, costs: Costs, draws: int) -> dict[float, float]:
    """Return what each share cost in holding and lost margin, item by item, with no stock before.

    In the evenings a week apart, what lasts for lead time and review is the quantile of drawn sums
    at the critical ratio; it is held against what was asked for until then.
    """
    since = opens - timedelta(weeks=WEEKS)
    names, known = shop(lake, since, opens, costs)
    first, days = int(since.timestamp() // 86400), 7 * WEEKS
    told = ahead(lake, opens, names, first - HISTORY, first + days + AHEAD_D)
    sold = np.concatenate((known.sold, known.demand), axis=1)
    met = np.concatenate((known.met, np.ones(known.demand.shape, bool)), axis=1)
    cover = np.median(known.leads, axis=1).astype(np.int64) + 1 + known.review
    price, row = known.price, np.arange(len(names))
    found = dict.fromkeys(SHARES, 0.0)
    for begun in range(0, days - 6, 7):
        end = known.sold.shape[1] + begun
        longest = days - begun
        past = told.at(first + begun - 1, first + begun - HISTORY, first + begun)
        fitted = Lifted().fit(
            sold[:, end - HISTORY : end], met[:, end - HISTORY : end], past, _groups(names)
        )
        mean = fitted.mean(told.at(first + begun - 1, first + begun, first + begun + longest))
        of = np.flatnonzero(cover <= longest)
        asked = np.cumsum(known.demand[:, begun:], axis=1)[row[of], cover[of] - 1]
        base, inside = fitted.base, np.arange(longest) < cover[of, None]
        for share in SHARES:
            ways = drawn(
                mean[of], base.spread[of], draws, begun, base.count, drift=share * base.drift
            )
            need = (ways * inside[:, None]).sum(axis=2)
            level = np.array(
                [np.quantile(a, q) for a, q in zip(need, known.ratio[of], strict=True)]
            )
            held = price.holding[of] * known.review[of] * np.maximum(level - asked, 0)
            found[share] += float(
                (held + price.short[of] * np.maximum(asked - level, 0)).sum()
            )  # fmt: skip
    return found


def _groups(names: list[str]) -> np.ndarray:
    product = pl.Series(names).str.split("/").list.first()
    return np.asarray(product.rank("dense").cast(pl.Int64) - 1)
