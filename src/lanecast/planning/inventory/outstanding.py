"""What can be ordered in the evening, from the tables: items with rules, and their forecasts."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import QUANTILES
from lanecast.tables.planning import DEMAND_FORECASTS

from .decide.costs import Limits
from .decide.known import needed
from .features import arriving, items, lateness
from .learnt import LEAST_ORDERS, LONGEST, Learnt, learnt

DAY_H = 24.0
REVIEWS = 5  # that an order may be thought to last


def limits(
    lake: Lake, asof: datetime, budget: float = float("inf"), late: pl.DataFrame | None = None
) -> Limits:
    """Return what lies where and what is under way, with lead times as they were seen.

    Where fewer than 30 orders have been received, what suppliers state is believed. ``late`` is
    what was learnt of them before; None: what is known at ``asof``.
    """
    known = collect(items(lake, asof).lazy())
    law = collect(lateness(lake, asof).lazy()) if late is None else late
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
    fitted = learnt(lake, asof, rest["unique_id"].to_list())
    return stored, pl.DataFrame() if fitted is None else drawn_ahead(lake, asof, fitted, rest)


def drawn_ahead(lake: Lake, asof: datetime, fitted: Learnt, known: pl.DataFrame) -> pl.DataFrame:
    """Return forecasts with drawn ways (``paths``) of the items in ``known`` that were learnt."""
    rows = known.filter(pl.col("unique_id").is_in(fitted.names))
    if rows.is_empty():
        return pl.DataFrame()
    reach = rows.select((1.6 * pl.col("lead_d") + REVIEWS * pl.col("review_d")).max()).item()
    days = min(int(np.ceil(reach)) + 1, LONGEST)
    paths = fitted.paths(lake, asof, days)
    today = int(asof.timestamp() // 86400)
    day = np.tile(today + 1 + np.arange(days), len(fitted.names))
    found = pl.DataFrame(
        {
            "unique_id": np.repeat(fitted.names, days),
            "ds": pl.Series(day).cast(pl.Int32).cast(pl.Date),
            "paths": pl.Series(paths.transpose(0, 2, 1).reshape(-1, paths.shape[1]).tolist()),
        }
    )
    wanted = rows.select("unique_id")
    return found.join(wanted, on="unique_id", how="semi").with_columns(asof=pl.lit(asof))
