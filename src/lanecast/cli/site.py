"""The site of the demo: planned two weeks before the end, so that what came is known too."""

from collections.abc import Callable
from datetime import timedelta

import narwhals as nw
import polars as pl

from lanecast import report
from lanecast.planning.chain import How, chain
from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import FACILITIES
from lanecast.tables.planning import SALES

from .plan import stored

DAYS = 14
HISTORY = timedelta(days=42)  # before the plan that the pictures show


def site(lake: Lake, seed: int, say: Callable[[str, float], None]) -> report.Site:
    """Plan the site that sells most, store the plan, and return it with the sales around it."""
    names = ("product_id", "facility_id", "date", "units", "in_stock_share")
    sold = collect(lake.read(SALES).select(*names))
    name = sold.group_by("facility_id").agg(pl.col("units").sum()).sort("units", "facility_id")
    best = str(name["facility_id"][-1])
    last = collect(lake.read(SALES).select(nw.col("recorded_at").max())).item()
    how = How(rounds=10, quick=True, seed=seed)
    made = chain(lake, last - timedelta(days=DAYS), best, DAYS, None, how, say)
    stored(lake.path, made)
    places = collect(lake.read(FACILITIES).select("facility_id", "zone"))
    shown = sold.filter(
        (pl.col("facility_id") == best) & (pl.col("date") >= made.first - HISTORY)
    ).select(
        "date",
        "units",
        unique_id=pl.concat_str("product_id", "facility_id", separator="/"),
        met=pl.col("in_stock_share").fill_null(1.0) >= 1,
    )
    zone = str(places.filter(facility_id=best)["zone"][0])
    return report.Site(made, zone, shown)
