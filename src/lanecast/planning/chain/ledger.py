"""One ledger of money for stock and staff: what too much costs, and what too little."""

from datetime import date

import polars as pl

SIDE = {
    ("stock", "holding"): "over",
    ("stock", "waste"): "over",
    ("stock", "short"): "under",
    ("stock", "order"): "running",
    ("staff", "idle"): "over",
    ("staff", "temps"): "under",
    ("staff", "overtime"): "under",
    ("staff", "late"): "under",
    ("staff", "work"): "running",
    ("staff", "wishes"): "running",
}
NAMES = {
    "holding": "stock that lies",
    "waste": "pieces thrown away",
    "short": "margin of sales lost",
    "order": "ordering",
    "idle": "paid hours without work",
    "temps": "temps",
    "overtime": "overtime",
    "late": "work that is late",
    "work": "wages for work",
    "wishes": "wishes, changes, weekends",
}
SCHEMA = {
    "part": pl.String(), "side": pl.String(), "cause": pl.String(), "week": pl.Int64(),
    "cost": pl.Float64(),
}  # fmt: skip


def ledger(traded: pl.DataFrame | None, weekly: pl.DataFrame | None, first: date) -> pl.DataFrame:
    """Return what is expected: ``part``, ``side``, ``cause``, ``week`` from 1, ``cost``.

    Parameters
    ----------
    traded
        Days of items, as ``inventory.rollout`` returns them; None where stock is left out.
    weekly
        Wages by week and cause, as ``workforce.Rostered`` holds them; None without staff.
    first
        The first day, of which week 1 begins.

    Notes
    -----
    ``over`` is the cost of too much, ``under`` of too little; ``running`` is what trade and work
    cost even if both are met exactly.
    """
    parts = [pl.DataFrame(schema=SCHEMA)]
    if traded is not None and traded.height:
        names = [cause for part, cause in SIDE if part == "stock"]
        week = (pl.col("date") - pl.lit(first)).dt.total_days() // 7 + 1
        long = traded.with_columns(week=week).unpivot(
            names, index="week", variable_name="cause", value_name="cost"
        )
        parts.append(_sided(long.group_by("cause", "week").agg(pl.col("cost").sum()), "stock"))
    if weekly is not None:
        parts.append(_sided(weekly, "staff"))
    order = {"stock": 0, "staff": 1, "over": 0, "under": 1, "running": 2}
    rank = [pl.col(name).replace_strict(order, default=9, return_dtype=pl.Int64)
            for name in ("part", "side")]  # fmt: skip
    return pl.concat(parts).sort(*rank, "cause", "week")


def _sided(rows: pl.DataFrame, part: str) -> pl.DataFrame:
    side = pl.col("cause").replace_strict({c: s for (p, c), s in SIDE.items() if p == part})
    return rows.with_columns(part=pl.lit(part), side=side).select(*SCHEMA).cast(pl.Schema(SCHEMA))


def totals(rows: pl.DataFrame) -> dict[str, float]:
    """Return sums: ``stock_over`` ... ``staff_running``, ``over``, ``under``, ``total``."""
    found = {
        f"{part}_{side}": float(rows.filter(part=part, side=side)["cost"].sum())
        for part in rows["part"].unique().sort()
        for side in ("over", "under", "running")
    }
    for side in ("over", "under", "running"):
        found[side] = float(rows.filter(side=side)["cost"].sum())
    return found | {"total": float(rows["cost"].sum())}


def wide(rows: pl.DataFrame) -> pl.DataFrame:
    """Return a ledger as people read it: a row per cause, a column per week, and the sum."""
    table = rows.with_columns(
        what=pl.col("cause").replace_strict(NAMES), week=pl.format("week {}", "week")
    ).pivot("week", index=["part", "side", "what"], values="cost", aggregate_function="sum")
    weeks = [name for name in table.columns if name.startswith("week ")]
    return table.with_columns(sum=pl.sum_horizontal(weeks))
