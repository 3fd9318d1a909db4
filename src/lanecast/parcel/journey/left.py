"""How long parcels usually still take: by status, place and goal, and by seller, week by week.

A mean of log hours from a step to the delivery, over deliveries that had become known before the
week of asking, each level shrunk to the coarser one: from place and goal to place and region, to
the status alone.
"""

import polars as pl

from .reach import WEEK_H

WAY = (
    ("status",),
    ("status", "reached_from", "goal_region"),
    ("status", "reached_from", "goal_facility_id"),
)
SELLER = (("status",), ("status", "merchant_id"))
WORTH = 10.0  # steps that a coarser level is worth against a finer one
ALWAYS_H = 72.0  # where nothing is known yet
SHORTEST_H = 0.25


def left(rows: pl.DataFrame, ends: pl.DataFrame) -> pl.DataFrame:
    """Sum up what deliveries showed: ``n`` and ``total`` of log hours, by ``week`` and keys.

    Parameters
    ----------
    rows
        Steps: ``parcel_id``, ``asof_h`` and the keys of ``WAY`` and ``SELLER``.
    ends
        Deliveries: ``parcel_id``, ``delivered_h`` and ``known_h``.
    """
    hours = (pl.col("delivered_h") - pl.col("asof_h")).clip(SHORTEST_H)
    keys = sorted({key for level in (*WAY, *SELLER) for key in level})
    return (
        rows.join(ends, on="parcel_id", how="inner")
        .with_columns(week=(pl.col("known_h") / WEEK_H).floor().cast(pl.Int32))
        .group_by("week", *keys)
        .agg(n=pl.len().cast(pl.Float64), total=hours.log().sum())
        .sort("week", *keys)
    )


def usually_left(rows: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    """Add ``usually_left`` by way and ``seller_left`` by seller, log hours.

    ``usually_n`` and ``seller_n`` are the logs of how many steps tell them.

    Parameters
    ----------
    rows
        Steps, with ``week`` and the keys of ``WAY`` and ``SELLER``.
    """
    for name, levels in (("usually", WAY), ("seller", SELLER)):
        found = rows.select("week", *{key: None for level in levels for key in level})
        mean: pl.Expr = pl.lit(ALWAYS_H).log()
        for i, level in enumerate(levels):
            found = _before(found, table, level, str(i))
            n, total = pl.col(f"n_{i}").fill_null(0.0), pl.col(f"total_{i}").fill_null(0.0)
            mean = (total + WORTH * mean) / (n + WORTH)
        told = {f"{name}_left": mean, f"{name}_n": n.log1p()}
        rows = rows.hstack(found.select(**told))
    return rows


def _before(
    rows: pl.DataFrame, table: pl.DataFrame, keys: tuple[str, ...], at: str
) -> pl.DataFrame:
    """Add running sums of all weeks before that of each row, ``n_{at}`` and ``total_{at}``."""
    weekly = table.group_by("week", *keys).agg(pl.col("n", "total").sum()).sort("week")
    sums = weekly.with_columns(pl.col("n", "total").cum_sum().over(*keys).name.suffix(f"_{at}"))
    found = (
        rows.select("week", *keys)
        .with_row_index("row")
        .sort("week")
        .join_asof(
            sums.drop("n", "total"),
            on="week",
            by=list(keys),
            strategy="backward",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        .sort("row")
    )
    return rows.hstack(found.select(f"n_{at}", f"total_{at}"))
