"""Whether chances and ranges came true, once outcomes are known: risks, demand, work."""

from datetime import datetime, timedelta

import narwhals as nw
import polars as pl

from lanecast.parcel import events
from lanecast.planning import workforce
from lanecast.tables.events import RISKS
from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import FACILITIES
from lanecast.tables.planning import DEMAND_FORECASTS, SALES, WORKLOAD
from lanecast.tables.series import SERIES

from . import kept
from .tenants import Tenant

RIPE, SCORED = timedelta(days=14), timedelta(days=42)  # age of the risks that are scored
PLANNED = timedelta(days=28)  # until now, of periods whose forecasts are scored
FEWEST = 200
QUESTION = ["parcel_id", "moment", "event", "asof"]
WORK, SOLD = "facility_id/process", ("product_id/facility_id", "unique_id")


def risks(tenant: Tenant, now: datetime) -> dict[str, tuple[int, float, float]]:
    """Return by event how many chances were answered, their Brier score and calibration error.

    Counted are answers that the live model gave, kept by the service or stored in the lake by
    ``predict``. The error is the expected one, less what luck would show.
    """
    low, high = now - SCORED, now - RIPE
    parts = []
    own = kept.answers(tenant, "events", high)
    if own is not None:
        parts.append(own.filter(role="live").drop("role"))
    lake = tenant.lake()
    if lake.has(RISKS):
        asked = nw.col("asof").is_between(low, high)
        parts.append(collect(lake.read(RISKS).filter(asked).select(*RISKS.columns)))
    if not parts:
        return {}
    rows = pl.concat(parts, how="diagonal_relaxed").filter(
        pl.col("asof").is_between(low, high), pl.col("fallback").is_null()
    )
    rows = rows.unique(QUESTION, keep="first", maintain_order=True)
    if rows.is_empty():
        return {}
    became = collect(events.outcomes(lake.asof(now), now).lazy())
    scores = events.evaluate(rows, became, ["event"])
    if not scores.height:
        return {}
    known = scores.filter(pl.col("n") >= FEWEST).drop_nulls(["brier", "ece_debiased"])
    return {
        row["event"]: (row["n"], row["brier"], row["ece_debiased"])
        for row in known.iter_rows(named=True)
    }


def planned(tenant: Tenant, now: datetime) -> dict[tuple[str, str], tuple[int, float]]:
    """Return how many stored forecasts are known to have come true, and the share inside 80 %.

    By problem (``demand``, ``workforce``) and level; of each series and period the last forecast
    that was made before it began.
    """
    lake = tenant.lake()
    if not lake.has(DEMAND_FORECASTS):
        return {}
    begun = nw.col("ds").is_between(now - PLANNED, now) & (nw.col("asof") <= nw.col("ds"))
    said = collect(
        lake.versions(DEMAND_FORECASTS)
        .filter(begun & nw.col("level").is_in([WORK, *SOLD]))
        .select(*DEMAND_FORECASTS.columns)
    )
    said = said.filter(pl.col("fallback").is_null() | (pl.col("fallback") == ""))
    said = said.sort("asof").unique(["unique_id", "ds", "level"], keep="last", maintain_order=True)
    known = lake.asof(now)
    found = _work(known, said.filter(level=WORK), now) | _sold(known, said.filter(_is_sold()))
    return {of: each for of, each in found.items() if each[0] >= FEWEST}


def _is_sold() -> pl.Expr:
    return pl.col("level").is_in(SOLD)


def _work(
    known: Lake, said: pl.DataFrame, now: datetime
) -> dict[tuple[str, str], tuple[int, float]]:
    if said.is_empty() or not (known.has(WORKLOAD) and known.has(FACILITIES)):
        return {}
    came = collect(workforce.outcomes(known, now).lazy())
    until = came["hour_h"].max()
    over = said.filter(pl.col("ds").dt.epoch("s") / 3600 <= until)  # an hour without work is 0
    if over.is_empty():
        return {}
    (row,) = workforce.evaluate(over, came, ("level",)).to_dicts()
    return {("workforce", WORK): (row["n"], row["coverage_80"])}


def _sold(known: Lake, said: pl.DataFrame) -> dict[tuple[str, str], tuple[int, float]]:
    """Return coverage of demand; a day on which stock ran out says too little to count."""
    if said.is_empty() or not (known.has(SERIES) or known.has(SALES)):
        return {}
    if known.has(SERIES):
        came = collect(known.read(SERIES).select("unique_id", "ds", "y"))
    else:
        whole = nw.col("in_stock_share").fill_null(1.0) == 1.0
        rows = collect(
            known.read(SALES).filter(whole).select("product_id", "facility_id", "date", "units")
        )
        came = rows.select(
            unique_id=pl.format("{}/{}", "product_id", "facility_id"),
            ds=pl.col("date").cast(pl.Datetime("us", "UTC")),
            y=pl.col("units").cast(pl.Float64),
        )
    inside = pl.col("y").is_between("q100", "q900")
    rows = said.join(came, on=["unique_id", "ds"]).drop_nulls(["y", "q100", "q900"])
    scores = rows.group_by("level").agg(n=pl.len(), share=inside.mean())
    return {
        ("demand", row["level"]): (row["n"], row["share"]) for row in scores.iter_rows(named=True)
    }
