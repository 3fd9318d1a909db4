"""How an effect looks: demand at several sizes of a price cut, and day by day of a promotion.

``factors`` gives an input one number. Here it is taken apart into steps, each with an effect of its
own that is found in the same way, so a reader sees whether that number tells the truth.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl

from .factors import Factors

SIZES = (-0.4, -0.25, -0.15, -0.05, 0.05)  # between steps, log of the price over the usual one
USUAL_D = 57  # days around whose median price is the usual one
LEAST = 30  # days of series that a step must have
DAYS = (1, 2, 4, 8)  # first days of the steps of a promotion
AFTER_D = 3  # days after its end
NAME = ["product_id", "facility_id"]
ANNOUNCED = "discount"  # that a price is cut: with the cut and never without


def by_size(how: Factors, rows: pl.DataFrame, sizes: tuple[float, ...] = SIZES) -> pl.DataFrame:
    """Return the effect of prices by how far they are from the usual one of the series.

    A cut and the discount that announces it come together, so what a step tells is what both do;
    days of a discount without a cut keep an effect of their own.

    Parameters
    ----------
    rows
        As for ``Factors.find``, with ``log_price``.
    sizes
        Where steps end; the one about 0 is what others are compared with.

    Returns
    -------
    ``driver``, ``step``, its mean ``size`` (log of price over the usual one), ``days`` of series,
    ``effect`` (log of the factor), ``low, high`` (95 %), ``p``; steps with fewer than 30 days are
    left out.

    Raises
    ------
    ValueError
        When the steps do not rise from below 0 to above 0.
    """
    if list(sizes) != sorted(set(sizes)) or not sizes[0] < 0 < sizes[-1]:
        raise ValueError(f"sizes: expected rising numbers from below 0 to above, got {sizes}.")
    usual = pl.col("log_price").rolling_median(USUAL_D, min_samples=1, center=True).over(NAME)
    rows = rows.sort(*NAME, "date").with_columns(_usual=usual)
    cut = pl.col("log_price") - pl.col("_usual")
    steps = {
        _step(low, high): (cut >= low) & (cut < high)
        for low, high in pairwise((-np.inf, *sizes, np.inf))
        if not low < 0 < high
    }
    left = {"log_price": pl.col("_usual")}
    return _told(how, rows, "log_price", steps, cut, left, ANNOUNCED)


def by_day(how: Factors, rows: pl.DataFrame, driver: str) -> pl.DataFrame:
    """Return the effect of a promotion by its day, and on the three days after it.

    Returns
    -------
    As ``by_size``; ``size`` is the mean number of the day, from 1, and 0 after the end.

    Raises
    ------
    ValueError
        When the driver is not one of ``how``.
    """
    if driver not in how.drivers:
        raise ValueError(f"driver: expected one of {', '.join(how.drivers)}, got {driver!r}.")
    rows = rows.sort(*NAME, "date")
    on = pl.col(driver) > 0
    begins = on & ~on.shift(1, fill_value=False).over(NAME)
    since = pl.int_range(pl.len()).over(NAME)
    rows = rows.with_columns(
        _day=pl.when(on).then(since - pl.when(begins).then(since).forward_fill().over(NAME) + 1),
        _after=since - pl.when(on).then(since).forward_fill().over(NAME),
    )
    day = pl.col("_day").fill_null(0)
    steps = {
        f"day {low}" if high == low + 1 else f"day {low} on" if high > 10**6 else
        f"days {low} to {high - 1}": (day >= low) & (day < high)
        for low, high in pairwise((*DAYS, 10**9))
    }  # fmt: skip
    steps["after"] = ~on & pl.col("_after").is_between(1, AFTER_D)
    return _told(how, rows, driver, steps, day.cast(pl.Float64), {})


def _step(low: float, high: float) -> str:
    if np.isinf(low):
        return f"below {np.expm1(high):+.0%}"
    if np.isinf(high):
        return f"above {np.expm1(low):+.0%}"
    return f"{np.expm1(low):+.0%} to {np.expm1(high):+.0%}"


def _told(
    how: Factors, rows: pl.DataFrame, driver: str, steps: dict[str, pl.Expr], size: pl.Expr,
    left: dict[str, pl.Expr], announced: str = "",
) -> pl.DataFrame:  # fmt: skip
    """Return the effect of each step; ``left`` is what stays of the driver beside them.

    Of the driver ``announced``, which comes with a step, only what is on none stays.
    """
    rows = rows.with_columns(
        _size=size, **{name: of.fill_null(False).cast(pl.Float64) for name, of in steps.items()}
    )
    seen = {name: rows.filter(pl.col(name) > 0)["_size"] for name in steps}
    kept = tuple(name for name, each in seen.items() if len(each) >= LEAST)
    others = tuple(name for name in how.drivers if name != driver or left)
    if announced in others and kept:
        left = left | {announced: pl.col(announced) * (1 - pl.max_horizontal(kept))}
    found = replace(how, drivers=(*others, *kept)).find(rows.with_columns(**left))
    about = pl.DataFrame(
        {
            "step": kept,
            "size": [float(seen[name].mean()) for name in kept],  # type: ignore[arg-type]
            "days": [len(seen[name]) for name in kept],
        },
        schema={"step": pl.String, "size": pl.Float64, "days": pl.Int64},
    )
    told = about.join(
        found.select("effect", "low", "high", "p", step="driver"), on="step", maintain_order="left"
    )
    return told.select(pl.lit(driver).alias("driver"), pl.all())
