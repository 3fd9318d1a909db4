"""Volumes as an array of local days and hours."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Days:
    """``units`` (N, D, 24) of N series by local day and civil hour; ``first`` day since 1970.

    The hour that a clock shows twice holds both; the one it skips none. ``ids`` are place/process
    and ``zones`` the zone of each.
    """

    ids: list[str]
    zones: list[str]
    first: int
    units: Floats


def local_days(x: pl.DataFrame) -> Days:
    """Return rows of ``volumes`` by local day; the first and the last day, not whole, are left out.

    Raises
    ------
    ValueError
        When fewer than two weeks are left, or a volume is negative.
    """
    if (bad := x.filter(~(pl.col("units") >= 0))).height:
        raise ValueError(f"units: expected numbers >= 0, got {bad['units'][0]:g}.")
    rows = civil(x).with_columns(unique_id=pl.concat_str("facility_id", "process", separator="/"))
    names = rows.select("unique_id", "zone").unique().sort("unique_id")
    day = rows["day"].to_numpy()
    first, last = (int(day.min()) + 1, int(day.max())) if rows.height else (0, 0)
    if last - first < 14:
        raise ValueError(
            f"volumes: {max(last - first, 0)} whole days are known by then; expected 14 or more."
        )
    index = rows.join(names.with_row_index("row"), on="unique_id", how="left")
    units = np.zeros((names.height, last - first, 24))
    inside = index.filter(pl.col("day").is_between(first, last - 1))
    at = (inside["row"].to_numpy(), inside["day"].to_numpy() - first, inside["hour"].to_numpy())
    np.add.at(units, at, inside["units"].to_numpy())
    return Days(names["unique_id"].to_list(), names["zone"].to_list(), first, units)


def civil(x: pl.DataFrame) -> pl.DataFrame:
    """Return ``x`` with the local ``day`` (since 1970) and civil ``hour`` of each ``hour_h``."""
    stamp = (pl.col("hour_h") * 3600).round(0).cast(pl.Int64)
    instants = x.with_columns(at=pl.from_epoch(stamp, time_unit="s").dt.replace_time_zone("UTC"))
    parts = []
    for (zone,), part in instants.group_by("zone", maintain_order=True):
        wall = pl.col("at").dt.convert_time_zone(str(zone)).dt.replace_time_zone(None)
        parts.append(
            part.with_columns(
                day=wall.dt.date().cast(pl.Int32).cast(pl.Int64), hour=wall.dt.hour().cast(pl.Int64)
            )
        )
    return (
        pl.concat(parts).drop("at")
        if parts
        else x.with_columns(day=pl.lit(None, pl.Int64), hour=pl.lit(None, pl.Int64))
    )


def hours_of(days: Days, until: int, horizon: int) -> pl.DataFrame:
    """Return the UTC hours of ``horizon`` local days from day ``until`` on, per series."""
    parts = []
    for zone in sorted(set(days.zones)):
        start = pl.lit(until).cast(pl.Date).cast(pl.Datetime("us"))
        ids = [i for i, z in zip(days.ids, days.zones, strict=True) if z == zone]
        edges = pl.select(
            low=start.dt.replace_time_zone(zone),
            high=(start + pl.duration(days=horizon)).dt.replace_time_zone(zone),
        )
        span = pl.datetime_range(
            edges["low"][0], edges["high"][0], "1h", closed="left", eager=True
        ).dt.convert_time_zone("UTC")
        hours = pl.DataFrame({"hour_h": span.dt.epoch("s") / 3600, "zone": zone})
        parts.append(pl.DataFrame({"unique_id": ids}).join(civil(hours), how="cross"))
    return pl.concat(parts)
