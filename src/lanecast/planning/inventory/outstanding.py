"""What can be ordered in the evening, from the tables: items with rules, and their forecasts."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import QUANTILES
from lanecast.tables.planning import DEMAND_FORECASTS

from .ahead import ahead
from .decide.costs import Limits
from .decide.known import needed
from .features import arriving, items, lateness, sales
from .models.lifted import Lifted
from .replay import HISTORY
from .shelves import matrix

DAY_H = 24.0
DRAWS = 200
LEAST_ORDERS = 30  # received, from which on lead times are learnt and not believed
LONGEST = 150  # days ahead
REVIEWS = 5  # that an order may be thought to last
LEAST_SALES_D = 14  # days on which an item must have been on sale for a forecast of ours


def limits(lake: Lake, asof: datetime, budget: float = float("inf")) -> Limits:
    """Return what lies where and what is under way, with lead times as they were seen.

    Where fewer than 30 orders have been received, what suppliers state is believed.
    """
    known = collect(items(lake, asof).lazy())
    law = collect(lateness(lake, asof).lazy())
    leads = None
    if law["orders"].item() >= LEAST_ORDERS:
        leads = known.select("unique_id", "lead_d").join(law, how="cross").select(
            "unique_id", *(pl.col(name) * pl.col("lead_d") * DAY_H for name in QUANTILES)
        )  # fmt: skip
    return Limits(known, collect(arriving(lake, asof).lazy()), leads, budget)


def of_site(bounds: Limits, site: str) -> Limits:
    """Return what concerns the items of one place."""
    mine = pl.col("unique_id").str.ends_with(f"/{site}")
    way, leads = bounds.arriving, bounds.leads
    return Limits(
        bounds.items.filter(mine),
        None if way is None else way.filter(mine),
        None if leads is None else leads.filter(mine),
        bounds.budget,
    )


def reach_d(bounds: Limits) -> int:
    """Return the days for which demand must be foreseen, so that orders of some reviews fit in."""
    if bounds.items.is_empty():
        return 0
    needs = needed(bounds.items, bounds.leads)["needs"].to_numpy().max()
    review = bounds.items["review_d"].to_numpy().max()
    return min(int(needs + (REVIEWS - 1) * review), LONGEST)


def forecasts(lake: Lake, asof: datetime, known: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return daily forecasts that are stored, and those of ``Lifted`` for items without one.

    The newest forecast of each item made within a week counts. Ours has drawn ways (``paths``), for
    items that were on sale on 14 of the last days; both are as of ``asof``.
    """
    stored = pl.DataFrame(schema={"unique_id": pl.String})
    if lake.has(DEMAND_FORECASTS):
        rows = collect(lake.asof(asof).read(DEMAND_FORECASTS)).filter(
            (pl.col("frequency") == "d") & (pl.col("asof") > asof - timedelta(days=7))
        )
        newest = pl.col("asof") == pl.col("asof").max().over("unique_id")
        rows = rows.filter(newest).unique(["unique_id", "ds"], keep="last", maintain_order=True)
        stored = rows.filter(pl.col("unique_id").is_in(known["unique_id"].implode())).with_columns(
            asof=pl.lit(asof)
        )
    rest = known.join(stored.select("unique_id").unique(), on="unique_id", how="anti")
    return stored, _lifted(lake, asof, rest)


def _lifted(lake: Lake, asof: datetime, known: pl.DataFrame) -> pl.DataFrame:
    today = int(asof.timestamp() // 86400)
    past = collect(sales(lake, asof, HISTORY).lazy())
    often = past.group_by("unique_id").agg(n=pl.len()).filter(pl.col("n") >= LEAST_SALES_D)
    rows = known.join(often, on="unique_id", how="semi").sort("unique_id")
    if rows.is_empty():
        return pl.DataFrame()
    names = rows["unique_id"].to_list()
    closed = int(past.select(pl.col("day").max()).item()) + 1  # the first day without books
    sold = matrix(past, names, "units", closed - HISTORY, closed)
    met = matrix(past, names, "met", closed - HISTORY, closed, empty=1.0) > 0
    needed = rows.select((1.6 * pl.col("lead_d") + 5 * pl.col("review_d")).max()).item()
    days = min(int(np.ceil(needed)) + 1, LONGEST)
    late = max(today + 1 - closed, 0)  # days between the last books and tomorrow
    end = closed + late + days
    told = ahead(lake, asof, names, closed - HISTORY, end)
    product = rows["unique_id"].str.split("/").list.first().rank("dense").cast(pl.Int64) - 1
    before = told.at(today, closed - HISTORY, closed)
    later = told.at(today, closed, end)
    fitted = Lifted().fit(sold, met, before, product.to_numpy())
    paths = fitted.paths(later, DRAWS, 0)[:, :, late:]
    day = np.tile(today + 1 + np.arange(days), len(names))
    return pl.DataFrame(
        {
            "unique_id": np.repeat(names, days),
            "ds": pl.Series(day).cast(pl.Int32).cast(pl.Date),
            "paths": pl.Series(paths.transpose(0, 2, 1).reshape(-1, DRAWS).tolist()),
        }
    ).with_columns(asof=pl.lit(asof))
