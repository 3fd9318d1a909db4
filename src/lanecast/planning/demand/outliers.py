"""Single days that stray: of a whole place (a fair, a strike), or of one series (a bulk order).

A day is compared with what was expected of it, and with how the week before and the week after
strayed, by their medians: a single day is off from both, a lasting change only from one.
What is expected must not know the day itself (``Factors.expected``). The false discovery rate over
all days is bounded, whatever hangs together among them (``clustered``).
"""

import numpy as np
import polars as pl
from scipy.stats import nbinom, norm

from .clustered import adjusted
from .places import Floats

AROUND_D = 7  # days to either side that say how things stood
LEAST_MEAN = 0.2  # expected units, below which a day of a series says too little
TOLD = {
    "kind": pl.String(), "facility_id": pl.String(), "product_id": pl.String(), "date": pl.Date(),
    "units": pl.Float64(), "expected": pl.Float64(), "effect": pl.Float64(), "p": pl.Float64(),
    "q": pl.Float64(), "found": pl.Boolean(),
}  # fmt: skip


def outliers(rows: pl.DataFrame, rate: float = 0.05) -> pl.DataFrame:
    """Return the days that are told, those of places first, the surest first.

    Parameters
    ----------
    rows
        Days of sale with ``demand``, ``in_stock_share``, ``holiday``, ``eve`` and ``expected``.

    Returns
    -------
    ``kind`` (``place`` or ``series``), ``facility_id, product_id`` (null for a place), ``date``,
    ``units`` and ``expected`` of the day, ``effect`` (log of the factor), ``p, q, found``. Of
    series only days on which more was sold are told, since a day of nothing is usual; days on which
    stock ran out, holidays and the days before are left out.
    """
    rows = _scattered(rows.filter(pl.col("holiday") == 0, pl.col("eve") == 0))
    places = _places(rows)
    at = ["facility_id", "date"]
    found = places.filter(pl.col("q") <= rate).select(*at, moved="effect")
    rows = rows.join(found, on=at, how="left").with_columns(
        expected=pl.col("expected") * pl.col("moved").fill_null(0.0).exp()
    )
    told = pl.concat([places, _series(rows)], how="diagonal")
    told = told.with_columns(found=pl.col("q") <= rate)
    return told.filter("found").sort("kind", "p").select(*TOLD).cast(pl.Schema(TOLD))


def _scattered(rows: pl.DataFrame) -> pl.DataFrame:
    """Return ``rows`` with the ``excess`` of each series: its variance is m + excess m^2."""
    mean, y = pl.col("expected"), pl.col("demand")
    more, square = ((y - mean) ** 2 - mean).sum(), (mean**2).sum().clip(1e-9)
    own = (more / square).over("product_id", "facility_id")
    return rows.with_columns(excess=pl.max_horizontal(own, more / square).clip(1e-3))


def _places(rows: pl.DataFrame) -> pl.DataFrame:
    """Return how each place strayed on each day; series count by how little they scatter.

    The yardstick is the median of how the place strays, and the law normal.
    """
    weight = 1 / (1 + pl.col("excess") * pl.col("expected"))
    days = rows.group_by("facility_id", "date").agg(
        pl.col("demand", "expected").sum(),
        strayed=(
            ((weight * pl.col("demand")).sum() + 0.5) / ((weight * pl.col("expected")).sum() + 0.5)
        ).log(),
    )
    days = days.sort("facility_id", "date")
    before, after = (
        pl.concat_list(
            pl.col("strayed").shift(way * lag).over("facility_id") for lag in range(1, AROUND_D + 1)
        )
        .list.drop_nulls()
        .list.median()
        for way in (1, -1)
    )
    days = days.with_columns(_before=before, _after=after).with_columns(
        _old=pl.col("strayed") - pl.coalesce("_before", "_after", pl.lit(0.0)),
        _new=pl.col("strayed") - pl.coalesce("_after", "_before", pl.lit(0.0)),
    )
    spread = 1.4826 * pl.col("_old").abs().median().over("facility_id")
    nearer = pl.min_horizontal(pl.col("_old").abs(), pl.col("_new").abs())
    alike = pl.col("_old").sign() == pl.col("_new").sign()
    days = days.with_columns(
        effect=pl.when(alike).then(nearer * pl.col("_old").sign()).otherwise(0.0)
    ).with_columns(score=pl.col("effect").abs() / spread.clip(1e-6))
    p = 2 * norm.sf(days["score"].to_numpy())
    return days.select(
        "facility_id", "date", "expected", "effect",
        kind=pl.lit("place"), units="demand", p=pl.Series(p), q=pl.Series(adjusted(p)),
    )  # fmt: skip


def _series(rows: pl.DataFrame) -> pl.DataFrame:
    days = rows.filter(pl.col("in_stock_share") >= 1, pl.col("expected") >= LEAST_MEAN)
    mean, y = pl.col("expected"), pl.col("demand")
    p = _beyond(*(days[c].to_numpy().astype(float) for c in ("demand", "expected", "excess")))
    return days.select(
        "product_id", "facility_id", "date", "expected", kind=pl.lit("series"), units=y,
        effect=((y + 0.5) / (mean + 0.5)).log(), p=pl.Series(p), q=pl.Series(adjusted(p)),
    )  # fmt: skip


def _beyond(y: Floats, mean: Floats, excess: Floats) -> Floats:
    """Return the chance of ``y`` or more, negative binomial with variance m + excess m^2."""
    size = 1 / excess
    return np.asarray(nbinom.sf(np.floor(y) - 1, size, size / (size + mean)))
