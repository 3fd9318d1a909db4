"""What is known of many series at an origin, and what came of them.

``context`` is a panel of matrices: all histories, what goes with them, what is known ahead. What
one row needs beside it (step, calendar, lags) is made by the models, origin by origin.

A lake has series (``tables.series``), or it has sales of products in places; these become series of
demand, named ``product/place``, with what was not sold for want of stock put in (``latent``).
"""

from datetime import datetime, timedelta

import narwhals as nw
import numpy as np
import polars as pl

from lanecast.planning.panel import Floats, Panel, assembled, panel
from lanecast.planning.panel import outcomes as _outcomes
from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import CALENDARS, FACILITIES
from lanecast.tables.planning import ASSORTMENT, PRICES, PROMOTIONS, SALES, SIGNALS
from lanecast.tables.series import EVENT, MEASURE, SERIES

from .latent import Latent
from .sales import EVE_D, days

PLACE = "facility_id"
NAME = pl.format("{}/{}", "product_id", PLACE).alias("unique_id")
DS = pl.col("date").cast(pl.Datetime("us", "UTC")).alias("ds")


def context(lake: Lake, asof: datetime, horizon: int, latent: Latent | None = None) -> Panel:
    """Return the panel of what was known at ``asof``, of the lake's series or of its sales.

    Raises
    ------
    ValueError
        When there are neither, nothing is known yet, or the horizon is below 1.
    """
    if lake.has(SERIES):
        return panel(lake, asof, horizon)
    if not lake.has(SALES):
        raise ValueError(f"{lake.path}: holds neither series nor sales.")
    if horizon < 1:
        raise ValueError(f"horizon: expected periods from 1, got {horizon}.")
    known = lake.asof(asof)
    sold = days(known)
    if sold.is_empty():
        raise ValueError(f"sales: nothing was recorded by {asof:%Y-%m-%d %H:%M}.")
    rows = (latent or Latent()).estimate(sold).select(NAME, DS, y="demand")
    beside = pl.concat([*_planned(known), *_promoted(known), *_holidays(known), *_signals(known)])
    return assembled(rows, beside, _stands(known, sold), asof, horizon)


def outcomes(lake: Lake, like: Panel) -> Floats:
    """Return what was observed in the horizon, shape (N, H); NaN where nothing or not all was.

    Of sales, a day on which stock ran out says only that demand was no less, so it is not scored.
    """
    if lake.has(SERIES):
        return _outcomes(lake, like)
    whole = nw.col("in_stock_share").fill_null(1.0) == 1.0
    names = ("product_id", PLACE, "date", "units")
    rows = collect(lake.read(SALES).filter(whole).select(*names)).select(NAME, DS, "units")
    first = pl.Series(like.ds(like.length))[0]
    ids = pl.DataFrame({"unique_id": like.ids}).with_row_index("#")
    at = rows.join(ids, on="unique_id").with_columns(
        step=(pl.col("ds").dt.replace_time_zone(None) - first).dt.total_days()
    )
    at = at.filter(pl.col("step").is_between(0, like.horizon - 1))
    out = np.full((len(like.ids), like.horizon), np.nan)
    out[at["#"].to_numpy(), at["step"].to_numpy()] = at["units"].to_numpy()
    return out


def _long(rows: pl.DataFrame, name: str, kind: str, value: pl.Expr) -> pl.DataFrame:
    """Return covariates of ``rows`` that have ``unique_id, ds, recorded_at``."""
    return rows.select(
        "unique_id", "ds", name=pl.lit(name), kind=pl.lit(kind),
        value=value.cast(pl.Float64), recorded_at="recorded_at",
    )  # fmt: skip


def _planned(known: Lake) -> list[pl.DataFrame]:
    if not known.has(PRICES):
        return []
    names = ("product_id", PLACE, "date", "price_minor", "regular_minor", "recorded_at")
    rows = collect(known.read(PRICES).select(*names)).with_columns(NAME, DS)
    first = pl.col("regular_minor").sort_by("date").first().over("unique_id")
    return [_long(rows, "log_price", MEASURE, (pl.col("price_minor") / first).log())]


def _promoted(known: Lake) -> list[pl.DataFrame]:
    if not known.has(PROMOTIONS):
        return []
    names = ("product_id", PLACE, "kind", "start_date", "end_date", "recorded_at")
    spans = collect(known.read(PROMOTIONS).select(*names))
    rows = (
        spans.with_columns(date=pl.date_ranges("start_date", "end_date"))
        .explode("date")
        .group_by("product_id", PLACE, "date", promotion="kind")
        .agg(pl.col("recorded_at").min())
        .with_columns(NAME, DS)
    )
    each = rows.partition_by("promotion", as_dict=True)
    return [_long(part, str(name), EVENT, pl.lit(1.0)) for (name,), part in sorted(each.items())]


def _holidays(known: Lake) -> list[pl.DataFrame]:
    if not (known.has(CALENDARS) and known.has(FACILITIES)):
        return []
    named = known.read(CALENDARS).filter(~nw.col("holiday").is_null())
    of_day = collect(named.select("region", "date", "recorded_at"))
    places = collect(known.read(FACILITIES).select(PLACE, "region"))
    rows = of_day.join(places, on="region").with_columns(
        pl.format(f"{PLACE}={{}}", PLACE).alias("unique_id"), DS
    )
    eves = pl.concat(
        rows.with_columns(pl.col("ds") - timedelta(days=lead)) for lead in range(1, EVE_D + 1)
    )
    eves = eves.unique(["unique_id", "ds"], keep="any")
    eves = eves.join(rows, on=["unique_id", "ds"], how="anti")
    rows = rows.unique(["unique_id", "ds"], keep="any")
    return [_long(rows, "holiday", EVENT, pl.lit(1.0)), _long(eves, "eve", EVENT, pl.lit(1.0))]


def _signals(known: Lake) -> list[pl.DataFrame]:
    if not known.has(SIGNALS):
        return []
    names = ("signal", PLACE, "date", "value", "recorded_at")
    rows = collect(known.read(SIGNALS).select(*names)).with_columns(
        pl.format(f"{PLACE}={{}}", PLACE).alias("unique_id"), DS
    )
    each = rows.partition_by("signal", as_dict=True)
    return [_long(part, str(n), MEASURE, pl.col("value")) for (n,), part in sorted(each.items())]


def _stands(known: Lake, sold: pl.DataFrame) -> pl.DataFrame:
    """Return the attributes of the series."""
    units = sold.select("product_id", PLACE, "category").unique().with_columns(NAME)
    names = ("category", PLACE, "product_id") if known.has(ASSORTMENT) else (PLACE, "product_id")
    if known.has(FACILITIES):
        units = units.join(collect(known.read(FACILITIES).select(PLACE, "region")), on=PLACE)
        names = (*names, "region")
    return pl.concat(
        units.select("unique_id", name=pl.lit(name), value=pl.col(name)).drop_nulls()
        for name in names
    )
