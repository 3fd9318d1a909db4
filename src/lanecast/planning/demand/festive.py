"""What each holiday does to sales, by its name, on the day and on the days before, with a range.

A holiday comes once a year, so its own days cannot say how sure its effect is. Ordinary days can:
they stray from what is expected of them too, at the same places. That spread is the yardstick, and
what 95 % of ordinary days keep within is the range.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import narwhals as nw
import numpy as np
import polars as pl
from scipy.stats import t

from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import CALENDARS, FACILITIES

from .clustered import adjusted
from .places import Floats
from .sales import EVE_D

DAY, EVE = "day", "eve"
LEAST = 30  # ordinary days that make a yardstick
TOLD = {
    "holiday": pl.String(), "when": pl.String(), "dates": pl.Int64(), "places": pl.Int64(),
    "effect": pl.Float64(), "low": pl.Float64(), "high": pl.Float64(), "p": pl.Float64(),
    "q": pl.Float64(), "found": pl.Boolean(),
}  # fmt: skip


def named(lake: Lake) -> pl.DataFrame:
    """Return ``facility_id, date, holiday, when`` (``day``, or ``eve``: the four days before)."""
    if not (lake.has(CALENDARS) and lake.has(FACILITIES)):
        return pl.DataFrame(
            schema={"facility_id": pl.String, "date": pl.Date, "holiday": pl.String,
                    "when": pl.String}
        )  # fmt: skip
    rows = collect(
        lake.read(CALENDARS)
        .filter(~nw.col("holiday").is_null())
        .select("region", "date", "holiday")
    )
    places = collect(lake.read(FACILITIES).select("facility_id", "region"))
    days = rows.join(places, on="region").select("facility_id", "date", "holiday")
    days = days.with_columns(when=pl.lit(DAY))
    eves = pl.concat(
        days.with_columns(pl.col("date") - timedelta(days=lead), when=pl.lit(EVE))
        for lead in range(1, EVE_D + 1)
    )
    eves = eves.join(days, on=["facility_id", "date"], how="anti")
    eves = eves.unique(["facility_id", "date"], keep="first", maintain_order=True)
    return pl.concat([days, eves])


def festive(rows: pl.DataFrame, names: pl.DataFrame, rate: float = 0.05) -> pl.DataFrame:
    """Return the effect of each holiday, on the day and before it, the surest first.

    Parameters
    ----------
    rows
        Days of sale with ``demand`` and what was ``expected`` without holidays (see
        ``Factors.expected``).
    names
        As ``named`` gives them.
    rate
        False discovery rate.

    Returns
    -------
    ``holiday, when, dates`` and ``places`` that it was seen on, ``effect`` (log of the factor on
    all that is sold), ``low, high`` (95 %), ``p, q, found``. What was seen beside fewer than 30
    ordinary days is left out.
    """
    at = ["facility_id", "date"]
    daily = rows.group_by(at).agg(pl.col("demand", "expected").sum())
    held = daily.join(names, on=at, how="inner")
    plain = daily.join(names, on=at, how="anti")
    told = []
    for (holiday, when), of in held.group_by("holiday", "when", maintain_order=True):
        where = of["facility_id"].unique()
        usual = _usual(plain.filter(pl.col("facility_id").is_in(where.implode())), len(where))
        spans = list(_spans(of["date"].unique().sort().to_list()))
        length = max(len(span) for span in spans)
        strayed = _strayed(usual, length)
        if len(strayed) < LEAST:
            continue
        middle = float(np.median(strayed))
        came, said = (of[name].to_numpy().sum() for name in ("demand", "expected"))
        effect = float(np.log((came + 0.5) / (said + 0.5))) - middle
        apart = np.abs(strayed - middle)
        error = 1.4826 * float(np.median(apart)) / np.sqrt(len(spans))
        wide = float(np.quantile(apart, 0.95)) / np.sqrt(len(spans))
        told.append(
            {
                "holiday": holiday, "when": when, "dates": len(spans), "places": len(where),
                "effect": effect, "low": effect - wide, "high": effect + wide,
                "p": float(2 * t.sf(abs(effect) / max(error, 1e-9), len(strayed) - 1)),
            }
        )  # fmt: skip
    if not told:
        return pl.DataFrame(schema=TOLD)
    out = pl.DataFrame(told).sort("p", "holiday", "when")
    out = out.with_columns(q=pl.Series(adjusted(out["p"].to_numpy())))
    return out.with_columns(found=pl.col("q") <= rate).cast(pl.Schema(TOLD)).select(*TOLD)


def _usual(plain: pl.DataFrame, places: int) -> pl.DataFrame:
    """Return days on which nothing was festive at any of the places, added up over them."""
    days = plain.group_by("date").agg(pl.col("demand", "expected").sum(), places=pl.len())
    return days.filter(pl.col("places") == places).sort("date")


def _strayed(days: pl.DataFrame, length: int) -> Floats:
    """Return the log of demand over what was expected, over each run of ``length`` days."""
    number = days["date"].cast(pl.Int32).to_numpy()
    demand, expected = (np.cumsum(np.r_[0.0, days[c].to_numpy()]) for c in ("demand", "expected"))
    first = np.arange(max(len(number) - length + 1, 0))
    run = number[first + length - 1] - number[first] == length - 1
    a, b = (each[first + length] - each[first] for each in (demand, expected))
    return np.asarray(np.log((a[run] + 0.5) / (b[run] + 0.5)))


def _spans(days: list[date]) -> Iterator[list[date]]:
    """Yield runs of days that follow each other."""
    span = days[:1]
    for day in days[1:]:
        if (day - span[-1]).days > 1:
            yield span
            span = []
        span = [*span, day]
    yield span
