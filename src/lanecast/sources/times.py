"""Local clocks to UTC: parsing, daylight saving, and the offset of a place.

Two rules where a local clock is not one instant. In autumn an hour happens twice: the second one
is meant, so that nothing is known earlier than it can have been. In spring an hour is skipped: the
clock that was not put forward is meant, so 00:30 of a night that jumps from 00:00 to 01:00 is
01:30.
"""

from functools import cache
from zoneinfo import available_timezones

import polars as pl

UTC = "UTC"
DAY = pl.duration(hours=24)


@cache
def zones() -> frozenset[str]:
    """Return the names of all IANA zones."""
    return frozenset(available_timezones())


def localize(naive: pl.Expr, zone: str) -> pl.Expr:
    """Return the instant in UTC at which the clock of ``zone`` shows ``naive``."""

    def at(clock: pl.Expr) -> pl.Expr:
        return clock.dt.replace_time_zone(zone, ambiguous="latest", non_existent="null")

    instant = at(naive).dt.convert_time_zone(UTC)
    before = at(naive - DAY).dt.convert_time_zone(UTC) + DAY
    return pl.coalesce(instant, before)


def uncertain(naive: pl.Expr, zone: str) -> pl.Expr:
    """Return whether the clock of ``zone`` shows ``naive`` twice or never."""
    once = naive.dt.replace_time_zone(zone, ambiguous="null", non_existent="null")
    return naive.is_not_null() & once.is_null()


def skipped(naive: pl.Expr, zone: str) -> pl.Expr:
    """Return whether the clock of ``zone`` never shows ``naive``, as it is put forward."""
    shown = naive.dt.replace_time_zone(zone, ambiguous="latest", non_existent="null")
    return naive.is_not_null() & shown.is_null()


def offset_min(instant: pl.Expr, zone: str) -> pl.Expr:
    """Return local civil time of ``zone`` minus UTC at ``instant``, in minutes."""
    local = instant.dt.convert_time_zone(zone).dt.replace_time_zone(None)
    utc = instant.dt.convert_time_zone(UTC).dt.replace_time_zone(None)
    return (local - utc).dt.total_minutes().cast(pl.Int16)


def end_of_day(date: pl.Expr, zone: str) -> pl.Expr:
    """Return the last microsecond of a civil day of ``zone``, in UTC."""
    midnight = (date.cast(pl.Date) + pl.duration(days=1)).cast(pl.Datetime("us"))
    return localize(midnight, zone) - pl.duration(microseconds=1)
