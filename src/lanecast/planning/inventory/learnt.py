"""What is learnt of items in one evening and used in later ones: demand, and suppliers' times."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import LEVELS, QUANTILES

from .ahead import ahead
from .features import lateness, sales
from .models.lifted import FittedLifted, Lifted
from .replay import HISTORY
from .shelves import matrix, nights

Array = npt.NDArray[np.float64]
DRAWS = 200
LEAST_ORDERS = 30  # received, from which on lead times are learnt and not believed
LONGEST = 150  # days ahead
LEAST_SALES_D = 14  # days on which an item must have been on sale for a forecast of ours


@dataclass(frozen=True)
class Learnt:
    """Demand of the items ``names``, and how long suppliers took.

    ``closed`` is the first day (since 1970) whose books were not known; ``late`` one row as
    ``features.lateness`` returns it.
    """

    names: tuple[str, ...]
    closed: int
    demand: FittedLifted
    late: pl.DataFrame

    def paths(self, lake: Lake, asof: datetime, days: int, draws: int = DRAWS) -> Array:
        """Return drawn demand of the items on ``days`` from the day after ``asof``, (n, P, days).

        What has been told by ``asof`` of prices, promotions and holidays lifts it; the level is
        the one that was learnt.
        """
        today = int(asof.timestamp() // 86400)
        late = max(today + 1 - self.closed, 0)  # days between the last books and tomorrow
        end = self.closed + late + days
        told = ahead(lake, asof, list(self.names), self.closed, end)
        drawn = self.demand.paths(told.at(today, self.closed, end), draws, 0)
        return drawn[:, :, late:]


def learnt(lake: Lake, asof: datetime, among: list[str]) -> Learnt | None:
    """Learn of the items ``among`` from what was known at ``asof``.

    None where no item was on sale on 14 of the last days. Of days without a row of sales, before
    an item was launched or the books begin, nothing is known.
    """
    today = int(asof.timestamp() // 86400)
    past = collect(sales(lake, asof, HISTORY).lazy())
    often = past.group_by("unique_id").agg(n=pl.len()).filter(pl.col("n") >= LEAST_SALES_D)
    names = often.filter(pl.col("unique_id").is_in(among))["unique_id"].sort().to_list()
    if not names:
        return None
    closed = int(past.select(pl.col("day").max()).item()) + 1
    sold = matrix(past, names, "units", closed - HISTORY, closed)
    met = matrix(past, names, "met", closed - HISTORY, closed) > 0
    told = ahead(lake, asof, names, closed - HISTORY, closed)
    product = pl.Series(names).str.split("/").list.first().rank("dense").cast(pl.Int64) - 1
    before = told.at(today, closed - HISTORY, closed)
    demand = Lifted().fit(sold, met, before, product.to_numpy())
    return Learnt(tuple(names), closed, demand, collect(lateness(lake, asof).lazy()))


def until_the_next(known: Learnt, lake: Lake, asof: datetime, items: pl.DataFrame) -> pl.DataFrame:
    """Return demand of each item until an order of the next review could come.

    Parameters
    ----------
    items
        As ``features.items`` returns them; those that were not learnt are left out.

    Returns
    -------
    DataFrame
        ``unique_id``, ``asof``, ``on_hand`` and ``on_order`` [units]; ``lead_d``, days from an
        order to its receipt in the mean, ``cover_d`` with the review before it; then ``mean`` and
        quantiles ``q010`` ... of demand [units] on so many days, over draws of demand and of
        suppliers' times; and ``enough``, the chance that it is not above what lies there and is
        under way.
    """
    rows = items.filter(pl.col("unique_id").is_in(known.names)).sort("unique_id")
    place = {name: row for row, name in enumerate(known.names)}
    of = np.array([place[name] for name in rows["unique_id"]], dtype=np.int64)
    stated, review = rows["lead_d"].to_numpy(), rows["review_d"].to_numpy().astype(np.int64)
    share = np.tile((np.arange(DRAWS) + 0.5) / DRAWS, (rows.height, 1))
    took = nights(ratios(known.late), stated, np.random.default_rng(0).permuted(share, axis=1))
    cover = np.minimum(took + review[:, None], LONGEST)
    days = int(cover.max(initial=1))
    total = np.cumsum(known.paths(lake, asof, days)[of], axis=2)
    total = np.pad(total, ((0, 0), (0, 0), (1, 0)))
    asked = np.take_along_axis(total, cover[:, :, None], axis=2)[:, :, 0]
    quantiles = np.quantile(asked, LEVELS, axis=1) if rows.height else np.zeros((len(LEVELS), 0))
    position = rows["on_hand"].to_numpy() + rows["on_order"].to_numpy()
    return rows.select(
        "unique_id",
        "on_hand",
        "on_order",
        asof=pl.lit(asof),
        lead_d=pl.Series(took.mean(axis=1) + 1.0),
        cover_d=pl.Series(cover.mean(axis=1)),
        mean=pl.Series(asked.mean(axis=1)),
        enough=pl.Series((asked <= position[:, None]).mean(axis=1)),
        **{name: pl.Series(quantiles[k]) for k, name in enumerate(QUANTILES)},
    ).select("unique_id", "asof", pl.exclude("unique_id", "asof", "enough"), "enough")


def ratios(late: pl.DataFrame) -> Array:
    """Return quantiles of suppliers' times over the stated ones, (1, Q); 1 where too few came."""
    if late["orders"].item() < LEAST_ORDERS:
        return np.ones((1, len(QUANTILES)))
    return late.select(QUANTILES).to_numpy().astype(np.float64)
