"""How long parcels usually still take: by status, place and goal, and by seller, week by week.

A mean of log hours from a step to the delivery, over deliveries that had become known before the
week of asking, each level shrunk to the coarser one: from place and goal to place and region, to
the status alone.
"""

import polars as pl

from .reach import WEEK_H
from .slices import near

LEVELS = {  # keys of each level; its table is sorted by the first
    "status": ("status",),
    "region": ("reached_from", "status", "goal_region"),
    "goal": ("goal_facility_id", "status", "reached_from"),
    "seller": ("merchant_id", "status"),
}
WAYS = {"usually": ("status", "region", "goal"), "seller": ("status", "seller")}
WORTH = 10.0  # steps that a coarser level is worth against a finer one
ALWAYS_H = 72.0  # where nothing is known yet
SHORTEST_H = 0.25


def left(rows: pl.DataFrame, ends: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Sum up what deliveries showed: ``n`` and ``total`` of log hours, known by ``week``.

    Parameters
    ----------
    rows
        Steps: ``parcel_id``, ``asof_h`` and the keys of ``LEVELS``.
    ends
        Deliveries: ``parcel_id``, ``delivered_h`` and ``known_h``.

    Returns
    -------
    dict
        By ``left_{level}`` running sums, sorted by the keys of the level and ``week``.
    """
    hours = (pl.col("delivered_h") - pl.col("asof_h")).clip(SHORTEST_H)
    each = rows.join(ends, on="parcel_id", how="inner").with_columns(
        week=(pl.col("known_h") / WEEK_H).floor().cast(pl.Int32), log_h=hours.log()
    )
    tables = {}
    for level, keys in LEVELS.items():
        weekly = (
            each.drop_nulls(list(keys))
            .group_by(*keys, "week")
            .agg(n=pl.len().cast(pl.Float64), total=pl.col("log_h").sum())
            .sort(*keys, "week")
        )
        tables[f"left_{level}"] = weekly.with_columns(pl.col("n", "total").cum_sum().over(keys))
    return tables


def usually_left(rows: pl.DataFrame, tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Add ``usually_left`` by way and ``seller_left`` by seller, log hours.

    ``usually_n`` and ``seller_n`` are the logs of how many steps tell them.

    Parameters
    ----------
    rows
        Steps sorted by ``week``, with the keys of ``LEVELS``.
    tables
        Of ``left``.
    """
    found = pl.concat([_before(rows, tables, level) for level in LEVELS], how="horizontal")
    told: dict[str, pl.Expr] = {}
    for name, levels in WAYS.items():
        mean: pl.Expr = pl.lit(ALWAYS_H).log()
        for level in levels:
            n = pl.col(f"n_{level}").fill_null(0.0)
            mean = (pl.col(f"total_{level}").fill_null(0.0) + WORTH * mean) / (n + WORTH)
        told |= {f"{name}_left": mean, f"{name}_n": n.log1p()}
    return rows.hstack(found.select(**told))


def _before(rows: pl.DataFrame, tables: dict[str, pl.DataFrame], level: str) -> pl.DataFrame:
    """Return sums of all weeks before that of each row, ``n_{level}`` and ``total_{level}``."""
    keys = LEVELS[level]
    sums = near(tables[f"left_{level}"], keys[0], rows[keys[0]])
    found = rows.select("week", *keys).join_asof(
        sums,
        on="week",
        by=list(keys),
        strategy="backward",
        allow_exact_matches=False,
        check_sortedness=False,
    )
    return found.select(pl.col("n", "total").name.suffix(f"_{level}"))
