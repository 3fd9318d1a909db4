"""Civil time in many zones at once: offsets from UTC by the hour."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
DAY = 86_400.0
HOUR = 3_600.0


@dataclass(frozen=True)
class Zones:
    """Offsets [s] of ``names`` [zone] from ``day0`` [days since 1970] on, ``offset`` [zone, hour].

    Zones change their offset on the hour of UTC, so that a table by the hour is exact.
    """

    names: tuple[str, ...]
    day0: int
    offset: Floats

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
    return Zones(tuple(names), day0, rows)
