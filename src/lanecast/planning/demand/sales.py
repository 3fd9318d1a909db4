"""Sales with what stood beside them: one row per product, place and day, as known by a moment."""

from datetime import timedelta

import narwhals as nw
import polars as pl

from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import CALENDARS, FACILITIES
from lanecast.tables.planning import ASSORTMENT, PRICES, PROMOTIONS, SALES, SIGNALS

KEY = ("product_id", "facility_id", "date")
EVE_D = 4  # days before a holiday on which people buy for it


def days(lake: Lake) -> pl.DataFrame:
    """Return the days of sale, sorted by product, place and date.

    Columns: the key; ``units`` and ``in_stock_share``; ``category``; ``log_price``, over the first
    regular price of the series; ``discount, display, campaign`` (a promotion of that kind is on);
    ``holiday, eve``; and one column per signal, of the place.

    Raises
    ------
    FileNotFoundError
        When there are no sales.
    """
    sales = collect(lake.read(SALES).select(*KEY, "units", "in_stock_share"))
    out = sales.with_columns(pl.col("in_stock_share").fill_null(1.0))
    if lake.has(ASSORTMENT):
        kinds = collect(lake.read(ASSORTMENT).select("product_id", "category"))
        out = out.join(kinds, on="product_id", how="left")
    else:
        out = out.with_columns(category=pl.lit(""))
    out = _priced(lake, out)
    out = _promoted(lake, out)
    out = _holidays(lake, out)
    return _signals(lake, out).sort(KEY)


def _priced(lake: Lake, rows: pl.DataFrame) -> pl.DataFrame:
    if not lake.has(PRICES):
        return rows.with_columns(log_price=pl.lit(0.0))
    prices = collect(lake.read(PRICES).select(*KEY, "price_minor", "regular_minor"))
    first = pl.col("regular_minor").sort_by("date").first().over("product_id", "facility_id")
    priced = prices.select(*KEY, log_price=(pl.col("price_minor") / first).log())
    return rows.join(priced, on=KEY, how="left").with_columns(pl.col("log_price").fill_null(0.0))


def _promoted(lake: Lake, rows: pl.DataFrame) -> pl.DataFrame:
    kinds = ("discount", "display", "campaign")
    if not lake.has(PROMOTIONS):
        return rows.with_columns(pl.lit(0.0).alias(kind) for kind in kinds)
    names = ("product_id", "facility_id", "kind", "start_date", "end_date")
    spans = collect(lake.read(PROMOTIONS).select(*names))
    on = (
        spans.with_columns(date=pl.date_ranges("start_date", "end_date"))
        .explode("date")
        .group_by(KEY)
        .agg((pl.col("kind") == kind).any().cast(pl.Float64).alias(kind) for kind in kinds)
    )
    return rows.join(on, on=KEY, how="left").with_columns(pl.col(kinds).fill_null(0.0))


def _holidays(lake: Lake, rows: pl.DataFrame) -> pl.DataFrame:
    if not (lake.has(CALENDARS) and lake.has(FACILITIES)):
        return rows.with_columns(holiday=pl.lit(0.0), eve=pl.lit(0.0))
    named = collect(lake.read(CALENDARS).filter(~nw.col("holiday").is_null()))
    of_day = named.select("region", "date", holiday=pl.lit(1.0)).unique()
    eves = pl.concat(
        of_day.select("region", pl.col("date") - timedelta(days=lead), eve=pl.lit(1.0))
        for lead in range(1, EVE_D + 1)
    ).unique()
    places = collect(lake.read(FACILITIES).select("facility_id", "region"))
    at = ["region", "date"]
    out = rows.join(places, on="facility_id", how="left")
    out = out.join(of_day, on=at, how="left").join(eves, on=at, how="left")
    out = out.with_columns(pl.col("holiday", "eve").fill_null(0.0)).drop("region")
    return out.with_columns(eve=pl.col("eve") * (1 - pl.col("holiday")))


def _signals(lake: Lake, rows: pl.DataFrame) -> pl.DataFrame:
    if not lake.has(SIGNALS):
        return rows
    long = collect(lake.read(SIGNALS).select("signal", "facility_id", "date", "value"))
    at = ["facility_id", "date"]
    wide = long.pivot("signal", index=at, values="value", sort_columns=True)  # for equal trees
    return rows.join(wide, on=at, how="left")
