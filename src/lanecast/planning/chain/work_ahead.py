"""Work that follows from trade: what is sold is picked, what is received is put away.

The profile of the day and the doubt are those of recent volumes (``workforce.Volumes``); how many
pieces a day brings follows from what will be sold and received.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.tables.parcel import QUANTILES

Floats = npt.NDArray[np.float64]
RECENT_D = 56  # days on which a process is compared with trade
ALIKE = 0.5  # correlation from which on a process is taken to follow trade
LAGS = {  # process: what drives it, and after how many days at most
    "pick": ("sold", 3), "pack": ("sold", 3), "sort": ("sold", 3), "dispatch": ("sold", 3),
    "receive": ("received", 2), "put_away": ("received", 2), "returns": ("sold", 28),
}  # fmt: skip


@dataclass(frozen=True)
class Trade:
    """Pieces ``sold`` and ``received`` at a place by day, from day ``first`` since 1970 on."""

    first: int
    sold: Floats
    received: Floats

    def at(self, what: str, day: npt.NDArray[np.int64]) -> Floats:
        """Return pieces of days; NaN where nothing is known."""
        series: Floats = getattr(self, what)
        index = day - self.first
        inside = (index >= 0) & (index < len(series))
        return np.where(inside, series[np.clip(index, 0, len(series) - 1)], np.nan)


@dataclass(frozen=True)
class Driver:
    """``ratio`` pieces of a process for each that was sold or received ``lag`` days before."""

    process: str
    source: str
    lag: int
    ratio: float


def drivers(daily: dict[str, Floats], first: int, trade: Trade) -> list[Driver]:
    """Return what drives each process, where it follows trade at all.

    Parameters
    ----------
    daily
        Pieces of each process by day, from day ``first`` on.

    Notes
    -----
    Of the lags that are possible the one counts with which the last ``RECENT_D`` days correlate
    most; a process that correlates by less than ``ALIKE`` is left out.
    """
    found = []
    for process, units in daily.items():
        if process not in LAGS:
            continue
        source, most = LAGS[process]
        recent = units[-RECENT_D:]
        day = first + len(units) - len(recent) + np.arange(len(recent))
        best = (ALIKE, -1, 0.0)
        for lag in range(most + 1):
            x = trade.at(source, day - lag)
            known = np.isfinite(x)
            if known.sum() < 14 or x[known].std() == 0 or recent[known].std() == 0:
                continue
            alike = float(np.corrcoef(x[known], recent[known])[0, 1])
            if alike > best[0]:
                best = (alike, lag, float(recent[known].sum() / max(x[known].sum(), 1e-9)))
        if best[1] >= 0:
            found.append(Driver(process, source, best[1], best[2]))
    return found


def work_ahead(
    said: pl.DataFrame, by: Sequence[Driver], trade: Trade, zone: str, version: str
) -> pl.DataFrame:
    """Return forecasts of work as ``said``, each day as large as trade says.

    Parameters
    ----------
    said
        Hourly rows of ``demand_forecasts`` of one place, from recent volumes.
    zone
        Of the place, in whose civil days ``trade`` counts.

    Notes
    -----
    Mean and quantiles of a day of a process are multiplied by one number. Days of which trade is
    not known, and processes without a driver, stay as they were, with the fallback ``volumes``.
    """
    local = pl.col("ds").dt.convert_time_zone(zone).dt.date().cast(pl.Int32).cast(pl.Int64)
    process = pl.col("unique_id").str.split("/").list.last()
    rows = said.with_columns(_day=local, _process=process)
    total = rows.group_by("_process", "_day").agg(_said=pl.col("mean").sum())
    day = total["_day"].to_numpy()
    wanted = np.full(total.height, np.nan)
    for each in by:
        of = (total["_process"] == each.process).to_numpy()
        wanted[of] = each.ratio * trade.at(each.source, day[of] - each.lag)
    factor = wanted / np.maximum(total["_said"].to_numpy(), 1e-9)
    known = np.isfinite(factor) & (total["_said"].to_numpy() > 1e-6)
    total = total.select(
        "_process", "_day", _factor=pl.Series(np.where(known, factor, 1.0)), _known=pl.Series(known)
    )
    rows = rows.join(total, on=["_process", "_day"], how="left", maintain_order="left")
    return rows.with_columns(
        *(pl.col(name) * pl.col("_factor") for name in ("mean", *QUANTILES)),
        model=pl.lit("chain"),
        version=pl.lit(version),
        fallback=pl.when(~pl.col("_known")).then(pl.lit("volumes")),
    ).drop("_day", "_process", "_factor", "_known")
