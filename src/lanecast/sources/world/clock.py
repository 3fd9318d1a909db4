"""Seconds since the start, civil time in each zone, and days on which somebody works."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl

from .streams import Bools, Ints

DAY = 86_400
HOUR = 3_600
BEFORE = 7  # days before the start that tables by day still cover
AFTER = 45  # and after the end: what is under way then is still given its true end
FAR = 10 * 365 * DAY  # later than everything: it does not happen any more


@dataclass(frozen=True)
class Clock:
    """Whole seconds since ``start`` 00:00 UTC, and their civil time in ``zones``.

    ``offsets`` [zone, hour] is local minus UTC in seconds for each UTC hour, from ``BEFORE`` days
    before the start to ``AFTER`` days after the end.
    """

    start: date
    days: int
    zones: tuple[str, ...]
    offsets: Ints

    @property
    def end(self) -> int:
        """Return the second at which the simulation stops observing."""
        return self.days * DAY

    def offset(self, zone: Ints, t: Ints) -> Ints:
        """Return local minus UTC [s] at instants ``t``."""
        hour = np.clip(t // HOUR + BEFORE * 24, 0, self.offsets.shape[1] - 1)
        return self.offsets[zone, hour]

    def local(self, zone: Ints, t: Ints) -> Ints:
        """Return the civil second: days since the start times 86,400 plus time of day."""
        return t + self.offset(zone, t)

    def utc(self, zone: Ints, local: Ints) -> Ints:
        """Return the instant of a civil second; one that DST skips moves forward."""
        guess = local - self.offset(zone, local)
        return local - self.offset(zone, guess)

    def weekday(self, local: Ints) -> Ints:
        """Return the weekday of civil seconds, Monday 0."""
        return (local // DAY + self.start.weekday()) % 7

    def instants(self, t: Ints) -> pl.Series:
        """Return seconds as UTC datetimes; what never happens is null."""
        origin = (self.start - date(1970, 1, 1)).days * DAY
        stamps = pl.Series((t + origin) * 1_000_000).cast(pl.Datetime("us", "UTC"))
        if not (t >= FAR).any():
            return stamps
        return stamps.to_frame("t").select(pl.when(pl.Series(t < FAR)).then("t")).to_series()

    def dates(self, day: Ints) -> pl.Series:
        """Return civil days since the start as dates."""
        first = (self.start - date(1970, 1, 1)).days
        return pl.Series((day + first).astype(np.int32)).cast(pl.Date)


def clock(start: date, days: int, zones: tuple[str, ...]) -> Clock:
    """Return the clock of ``days`` from ``start`` on; offsets come from the zone database."""
    first = datetime(start.year, start.month, start.day) - timedelta(days=BEFORE)  # noqa: DTZ001
    hours = (BEFORE + days + AFTER + 2) * 24
    utc = pl.datetime_range(
        first, first + timedelta(hours=hours - 1), "1h", time_zone="UTC", eager=True
    )
    wall = [
        utc.dt.convert_time_zone(zone).dt.replace_time_zone(None).dt.epoch("s") for zone in zones
    ]
    base = utc.dt.epoch("s")
    return Clock(start, days, zones, np.stack([(w - base).to_numpy() for w in wall]))


@dataclass(frozen=True)
class Openings:
    """The first open day at or after each day, per timetable of a region.

    ``following`` [timetable, day + BEFORE] holds days since the start.
    """

    following: Ints

    def next(self, which: Ints, day: Ints) -> Ints:
        """Return the first open day of timetables ``which`` that is not before ``day``."""
        column = np.clip(day + BEFORE, 0, self.following.shape[1] - 1)
        return np.maximum(self.following[which, column], day)


def openings(open_days: Bools) -> Openings:
    """Return ``Openings`` of a table [timetable, day + BEFORE] that is true on open days."""
    width = open_days.shape[1]
    day = np.where(open_days, np.arange(width), width)
    return Openings(np.minimum.accumulate(day[:, ::-1], axis=1)[:, ::-1] - BEFORE)
