"""What is known of each item, from tables to arrays: its stock, its forecast, its lead time."""

from collections.abc import Iterator
from datetime import date

import numpy as np
import polars as pl

from lanecast.optimize.cover import Price
from lanecast.tables.parcel import QUANTILES

from .costs import Costs, Limits
from .drawn import of_forecasts, of_leads
from .outlook import Array, Outlook

YEAR_D = 365.0
DAY_H = 24.0
ROWS = 400  # items at a time, so that draws fit in memory
SLOWEST = 1.6  # times the highest quantile of a lead time, for which a forecast must be there


def split(
    predictions: pl.DataFrame, items: pl.DataFrame, limits: Limits, today: date
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return items with their days ``forecast`` in a row from tomorrow, forecasts, and the rest."""
    value = "paths" if "paths" in predictions.columns else QUANTILES[0]
    ahead = (
        predictions.with_columns(
            day=(pl.col("ds").cast(pl.Date) - pl.lit(today)).dt.total_days().cast(pl.Int64)
        )
        .filter(pl.col("day") >= 1)
        .sort("unique_id", "day")
    )
    numbers = pl.col(value).is_not_null()
    if value != "paths":
        numbers = pl.all_horizontal(pl.col(QUANTILES).is_finite().fill_null(False))
    ahead = ahead.with_columns(
        whole=((pl.col("day") == pl.col("day").cum_count().over("unique_id")) & numbers)
        .cum_min()
        .over("unique_id")
    )
    days = ahead.group_by("unique_id").agg(forecast=pl.col("whole").sum())
    both = items.join(days, on="unique_id", how="left").join(
        needed(items, limits.leads), on="unique_id"
    )
    enough = pl.col("forecast").fill_null(0) >= pl.col("needs")
    most = (pl.col("most") / pl.col("case_pack")).floor() * pl.col("case_pack")
    possible = (most >= pl.col("least")) & (most >= pl.col("case_pack"))
    reason = (
        pl.when(pl.col("forecast").is_null())
        .then(pl.lit("no forecast"))
        .when(~possible)
        .then(pl.lit("no whole number of cases lies between the least and the largest order"))
        .otherwise(
            pl.format(
                "the forecast has {} whole days in a row, an order now must last {}",
                "forecast", pl.col("needs").cast(pl.Int64),
            )
        )
    )  # fmt: skip
    good = enough & possible & pl.col("forecast").is_not_null()
    skipped = both.filter(~good).select("unique_id", reason=reason)
    todo = both.filter(good).sort("forecast", "unique_id")
    return todo, ahead.filter("whole"), skipped


def needed(items: pl.DataFrame, leads: pl.DataFrame | None) -> pl.DataFrame:
    """Return ``unique_id`` and ``needs``: the days that an order of now must last, at the most."""
    slowest = items.select("unique_id", "review_d", longest=pl.col("lead_d").ceil())
    if leads is not None:
        by = leads.select("unique_id", slowest=(pl.col(QUANTILES[-1]) * SLOWEST / DAY_H).ceil())
        slowest = slowest.join(by, on="unique_id", how="left").with_columns(
            longest=pl.coalesce("slowest", "longest")
        )
    needs = pl.max_horizontal(pl.col("longest") - 1, 0) + pl.col("review_d")
    return slowest.select("unique_id", needs=needs)


def outlooks(
    todo: pl.DataFrame, forecasts: pl.DataFrame, costs: Costs, limits: Limits
) -> Iterator[tuple[pl.DataFrame, Outlook]]:
    """Yield items and their outlook, some hundred at a time, of equally many days each."""
    for (days,), group in todo.group_by("forecast", maintain_order=True):
        horizon = int(str(days))
        for rows in group.iter_slices(ROWS):
            known = forecasts.join(rows.select("unique_id"), on="unique_id", how="semi")
            demand = of_forecasts(known.filter(pl.col("day") <= horizon), horizon)
            yield rows, _outlook(rows, demand, costs, limits)


def _outlook(rows: pl.DataFrame, demand: Array, costs: Costs, limits: Limits) -> Outlook:
    n, draws, horizon = demand.shape
    column = {
        name: rows[name].cast(pl.Float64).to_numpy()
        for name in ("on_hand", "on_order", "lead_d", "review_d", "unit_cost", "price",
                     "case_pack", "least", "most", "shelf_life_d", "order_cost")
    }  # fmt: skip
    first, after = (
        np.minimum(np.maximum(np.ceil(days) - 1, 0), horizon - column["review_d"][:, None])
        for days in _leads(rows, limits.leads, column["lead_d"], draws)
    )
    unit, price = column["unit_cost"], column["price"]
    short = np.maximum(price - unit, 0) if costs.short is None else np.full(n, costs.short)
    waste = unit if costs.waste is None else np.full(n, costs.waste)
    return Outlook(
        stock=column["on_hand"],
        coming=_coming(rows, column["on_order"], first, horizon, limits.arriving),
        demand=demand,
        first=first.astype(np.int64),
        after=after.astype(np.int64),
        review=column["review_d"].astype(np.int64),
        keeps=column["shelf_life_d"].astype(np.int64),
        pack=column["case_pack"],
        least=column["least"],
        most=column["most"],
        price=Price(unit * costs.holding / YEAR_D, short, waste),
        fixed=np.where(np.isnan(column["order_cost"]), costs.order, column["order_cost"]),
        toll=np.zeros(n),
    )


def _leads(
    rows: pl.DataFrame, leads: pl.DataFrame | None, stated: Array, draws: int
) -> tuple[Array, Array]:
    same = np.repeat(stated[:, None], draws, axis=1)
    if leads is None:
        return same, same
    found = rows.select("unique_id").join(leads, on="unique_id", how="left", maintain_order="left")
    named = found[QUANTILES[0]].is_not_null().to_numpy()
    if not named.any():
        return same, same
    now, later = (same.copy() for _ in range(2))
    now[named], later[named] = of_leads(found.filter(pl.Series(named)), DAY_H, draws)
    return now, later


def _coming(
    rows: pl.DataFrame, on_order: Array, first: Array, horizon: int, arriving: pl.DataFrame | None
) -> Array:
    coming = np.zeros((rows.height, horizon))
    if arriving is None:
        half = np.minimum(np.floor(first.mean(axis=1) / 2), horizon - 1).astype(np.int64)
        coming[np.arange(rows.height), half] = on_order
        return coming
    known = arriving.join(rows.select("unique_id").with_row_index("row"), on="unique_id")
    bad = known.filter(~(pl.col("units") >= 0) | pl.col("in_d").is_null())
    if bad.height:
        row = bad.row(0, named=True)
        raise ValueError(
            f"arriving: expected in_d and units of at least 0, got {row['in_d']} and "
            f"{row['units']} for {row['unique_id']!r}."
        )
    day = np.clip(known["in_d"].to_numpy() - 1, 0, horizon - 1).astype(np.int64)
    np.add.at(coming, (known["row"].to_numpy(), day), known["units"].to_numpy())
    return coming
