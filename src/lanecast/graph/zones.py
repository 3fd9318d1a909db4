"""Civil time in many zones at once: offsets from UTC by the hour."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
DAY = 86_400.0
HOUR = 3_600.0


@dataclass(frozen=True)
class Zones:
    """Offsets [s] of ``names`` [zone] from ``day0`` [days since 1970] on, ``offset`` [zone, hour].

    Zones change their offset on the hour of UTC, so that a table by the hour is exact. ``turned``
    [zone, hour] is how often a clock was changed until then.
    """

    names: tuple[str, ...]
    day0: int
    offset: Floats
    turned: Ints

    def column(self, since: ArrayLike) -> Ints:
        """Return the column of instants [s since ``day0``], those outside at the ends."""
        hour = np.clip(np.asarray(since) / HOUR, 0, self.offset.shape[1] - 1)
        column: Ints = hour.astype(np.int64)
        return column

    def changes(self, zone: Ints, begin: Floats, end: Floats) -> Ints:
        """Return where clocks change between ``begin`` and ``end`` [s since ``day0``]."""
        low = self.column(begin.min(initial=np.inf))
        high = self.column(end.max(initial=-np.inf))
        if (self.turned[:, low] >= self.turned[:, high]).all():
            return np.zeros(0, np.int64)
        found: Ints = np.flatnonzero(
            self.turned[zone, self.column(end)] > self.turned[zone, self.column(begin)]
        )
        return found

    def shift(self, zone: Ints, utc: Floats) -> Floats:
        """Return local minus UTC [s] of ``zone`` at instants ``utc`` [s since 1970]."""
        hour = np.floor(utc / HOUR) - 24 * self.day0
        column = np.clip(hour, 0, self.offset.shape[1] - 1).astype(np.int64)
        found: Floats = self.offset[zone, column]
        return found

    def utc(self, zone: Ints, local: Floats) -> Floats:
        """Return the instant [s] at which clocks of ``zone`` show ``local`` [s], the first of two.

        A local time that a clock skips is the instant at which it would have been without the jump.
        """
        before = self.shift(zone, local - DAY)
        found: Floats = local - before
        jumped = np.flatnonzero(self.shift(zone, found) != before)
        if len(jumped):
            found[jumped] = local[jumped] - self.shift(zone[jumped], local[jumped] + DAY)
        return found


def zones(names: Sequence[str], day0: int, days: int) -> Zones:
    """Return the offsets of ``names`` from ``day0`` [days since 1970], for ``days`` days.

    Raises
    ------
    ValueError
        When a name is no IANA time zone.
    """
    hours = pl.Series(24 * day0 + np.arange(24 * days), dtype=pl.Int64)
    utc = (hours * 3_600_000).cast(pl.Datetime("ms", "UTC"))
    rows = np.empty((len(names), 24 * days))
    for row, name in enumerate(names):
        try:
            local = utc.dt.convert_time_zone(name)
        except pl.exceptions.ComputeError as error:
            raise ValueError(f"zone: {name!r} is no IANA time zone.") from error
        away = local.dt.base_utc_offset() + local.dt.dst_offset()
        rows[row] = away.dt.total_seconds().to_numpy()
    turned = np.zeros(rows.shape, np.int64)
    turned[:, 1:] = np.cumsum(np.diff(rows, axis=1) != 0, axis=1)
    return Zones(tuple(names), day0, rows, turned)
