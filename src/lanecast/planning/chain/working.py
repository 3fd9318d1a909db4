"""Work of a site, from what it will sell and receive, and how fast its people are."""

import hashlib
from datetime import date, datetime, timedelta

import narwhals as nw
import numpy as np
import polars as pl

from lanecast.planning import workforce
from lanecast.tables.lake import Lake, collect
from lanecast.tables.planning import SALES, STOCK

from .work_ahead import Floats, Trade, drivers, work_ahead

EPOCH = date(1970, 1, 1)


def working(
    known: Lake,
    asof: datetime,
    site: str,
    first: date,
    days: int,
    forecast: pl.DataFrame | None,
    traded: pl.DataFrame | None,
) -> tuple[pl.DataFrame, pl.DataFrame, tuple[str, ...]]:
    """Return hourly work of ``days`` from ``first`` on, rates of practised hands, and notes.

    Parameters
    ----------
    forecast, traded
        Demand of the items, and what of it will be sold and received; None: recent volumes tell.
    """
    hands = workforce.Productivity().fit(collect(workforce.worked(known, asof).lazy()))
    fitted = workforce.known_volumes(known, asof)
    seen = fitted.days
    mine = [i for i, name in enumerate(seen.ids) if name.startswith(f"{site}/")]
    zone, until = seen.zones[mine[0]], seen.first + seen.units.shape[1]
    start = (first - EPOCH).days
    local = pl.col("ds").dt.convert_time_zone(zone).dt.date()
    said = fitted.predict(asof, max(start - until, 0) + days).filter(
        pl.col("unique_id").str.starts_with(f"{site}/")
        & local.is_between(pl.lit(first), pl.lit(first + timedelta(days=days - 1)))
    )
    if forecast is None or traded is None:
        return said, hands.rates(), ("work is foreseen from recent volumes alone.",)
    trade = _trade(known, site, seen.first, start, days, forecast, traded)
    daily = {seen.ids[i].split("/")[-1]: seen.units[i].sum(axis=1) for i in mine}
    by = drivers(daily, seen.first, trade)
    mark = hashlib.sha256(trade.sold.tobytes() + trade.received.tobytes()).hexdigest()[:8]
    work = work_ahead(said, by, trade, zone, f"{asof:%Y-%m-%d}-{mark}")
    rest = sorted(set(daily) - {each.process for each in by})
    notes = (f"recent volumes say how much {', '.join(rest)} there is.",) if rest else ()
    return work, hands.rates(), notes


def _trade(
    known: Lake, site: str, since: int, start: int, days: int, forecast: pl.DataFrame,
    traded: pl.DataFrame,
) -> Trade:  # fmt: skip
    """Return pieces sold and received, known until now and expected from ``start`` on."""
    length = start + days - since
    sold, received = np.full(length, np.nan), np.full(length, np.nan)
    for table, column, into in ((SALES, "units", sold), (STOCK, "received_units", received)):
        rows = known.read(table).filter(nw.col("facility_id") == site, nw.col("day") >= since)
        found = collect(rows.group_by("day").agg(nw.col(column).sum()))
        at = found["day"].to_numpy() - since
        inside = at < start - since
        into[at[inside]] = found[column].to_numpy()[inside]
    day = (pl.col("date") - pl.lit(EPOCH)).dt.total_days() - since
    said = forecast.select("unique_id", "mean", date=pl.col("ds").dt.date())
    traded = traded.join(said, on=["unique_id", "date"], how="left").with_columns(sold=_sold())
    ahead = traded.group_by(at=day).agg(pl.col("sold", "received").sum())
    mean = forecast.join(traded.select("unique_id").unique(), on="unique_id", how="anti")
    rest = mean.group_by(at=(pl.col("ds").dt.date() - pl.lit(EPOCH)).dt.total_days() - since).agg(
        pl.col("mean").sum()
    )  # items that cannot be ordered are sold from stock
    sold[start - since :] = received[start - since :] = 0.0
    _add(sold, ahead, "sold")
    _add(received, ahead, "received")
    _add(sold, rest, "mean")
    return Trade(since, sold, received)


def _sold() -> pl.Expr:
    """Return what is sold of an item: its mean demand, and the share of it that is in stock.

    A few drawn ways of demand say that share well; their own mean may be several percent off.
    """
    sold, lost = pl.col("sold"), pl.col("lost")
    asked = sold + lost
    return (
        pl.when(asked > 0, pl.col("mean").is_not_null())
        .then(pl.col("mean") * sold / asked)
        .otherwise(sold)
    )


def _add(into: Floats, rows: pl.DataFrame, column: str) -> None:
    at = rows["at"].to_numpy()
    inside = (at >= 0) & (at < len(into))
    into[at[inside]] += rows[column].to_numpy()[inside]
