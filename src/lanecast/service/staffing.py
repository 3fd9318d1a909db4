"""Hours of work that a site expects and hours of people on its roster, hour by hour."""

from datetime import datetime, timedelta, tzinfo
from typing import Any

import polars as pl

from lanecast.tables.lake import Lake
from lanecast.tables.planning import LABOUR

PACE_D = 56  # days of recorded work that say how fast it is done


def pace(lake: Lake, site: str, asof: datetime) -> dict[str, float]:
    """Return pieces an hour of each process, as the last ``PACE_D`` days before ``asof`` had it."""
    if not lake.has(LABOUR):
        return {}
    rows = lake.read(LABOUR).to_native()
    since = asof - timedelta(days=PACE_D)
    hours = (pl.col("ended_at") - pl.col("started_at")).dt.total_seconds() / 3600
    found = rows.filter(
        pl.col("facility_id") == site, pl.col("started_at").is_between(since, asof, closed="left")
    )
    found = found.group_by("process").agg(pl.col("units").sum(), hours=hours.sum()).collect()
    return {
        process: units / hours
        for process, units, hours in found.select("process", "units", "hours").iter_rows()
        if units and hours
    }


def gaps(
    work: pl.DataFrame, shifts: list[dict[str, Any]], speed: dict[str, float], zone: tzinfo
) -> pl.DataFrame:
    """Return ``day``, ``hour`` (local), ``need_h``, ``rostered_h`` and their difference ``gap_h``.

    Parameters
    ----------
    work
        Hourly ``demand_forecasts`` of the site; a process without a speed is left out.
    shifts
        Rows of ``roster_plans`` with ``override``; one that is cancelled counts nothing, and
        breaks are no work.
    """
    name = str(zone)
    need = work.with_columns(process=pl.col("unique_id").str.split("/").list.last())
    known = pl.DataFrame({"process": list(speed), "speed": list(speed.values())}, schema=SPEED)
    need = need.join(known, on="process").select(
        at=pl.col("ds"), need_h=pl.col("mean") / pl.col("speed"), rostered_h=pl.lit(0.0)
    )
    there = [each for each in shifts if not ((each["override"] or {}).get("value") or {}).get(GONE)]
    parts = [need]
    if there:
        rows = pl.DataFrame(there, infer_schema_length=None)
        hour = pl.datetime_ranges("started_at", "ended_at", "1h", closed="left")
        rows = rows.select("break_started_at", "break_ended_at", at=hour).explode("at")
        rests = (pl.col("at") >= pl.col("break_started_at")) & (
            pl.col("at") < pl.col("break_ended_at")
        )
        rows = rows.filter(~rests.fill_null(False))
        parts.append(rows.select("at", need_h=pl.lit(0.0), rostered_h=pl.lit(1.0)))
    local = pl.col("at").dt.convert_time_zone(name)
    found = pl.concat(parts, how="vertical_relaxed").group_by(
        day=local.dt.date(), hour=local.dt.hour()
    )
    hours = found.agg(pl.col("need_h", "rostered_h").sum()).sort("day", "hour")
    return hours.with_columns(gap_h=pl.col("need_h") - pl.col("rostered_h"))


SPEED = {"process": pl.String, "speed": pl.Float64}
GONE = "cancelled"
