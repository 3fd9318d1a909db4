"""When lanes depart: arithmetic over first departure, headway, weekdays and holidays.

Nothing is listed: the number of departures before an instant and the instant of the n-th departure
are formulas, so that a million lanes answer at once.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .zones import DAY, Floats, Ints, Zones, zones

NEVER = np.inf
FAR = 10**7  # a day that never comes
END = FAR * DAY  # [s]
PLAN = ("weekdays", "first_departure_s", "headway_s", "departures_per_day", "cutoff_s")
ALL_WEEK, NO_DAY = "1111111", "0000000"


@dataclass(frozen=True)
class Timetable:
    """Departures of lanes; every array has one value per lane unless said otherwise.

    ``scheduled`` is false where a lane has no timetable and leaves at once. ``first``, ``headway``,
    ``cutoff`` [s]; ``daily`` departures on an open day; ``zone`` of the origin; ``opening``, a row
    of ``opened`` [row, day], the number of open days before it, of ``nth`` [row, n], the day of the
    n-th open one, and of ``coming`` [row, day], the first open one from that day on (else ``FAR``).
    ``packed`` [lane, 6] holds ``first``, ``headway``, ``daily``, ``zone``, ``opening`` and
    ``scheduled`` once more, side by side: six arrays are six times as slow to fetch from.
    Days count from ``clock.day0``.
    """

    scheduled: NDArray[np.bool_]
    first: Floats
    headway: Floats
    cutoff: Floats
    daily: Ints
    zone: Ints
    opening: Ints
    opened: Ints
    nth: Ints
    coming: Ints
    packed: Floats
    clock: Zones

    def before(self, lane: Ints, utc: Floats) -> Ints:
        """Return how many departures of ``lane`` there are before instants ``utc`` [s]."""
        clock = self.clock
        local = utc + clock.shift(self.zone[lane], utc) - clock.day0 * DAY - self.first[lane]
        local = np.minimum(local - 1e-3, 1e12)  # a departure at that very moment is after
        day = np.floor(local / DAY)
        last = self.opened.shape[1] - 1
        inside = np.clip(day, 0, last).astype(np.int64)
        row, daily = self.opening[lane], self.daily[lane]
        done = self.opened[row, inside]
        is_open = (self.opened[row, np.minimum(inside + 1, last)] > done) & (day >= 0)
        number = np.floor((local - day * DAY) / self.headway[lane]) + 1
        today = np.where(is_open, np.minimum(number, daily), 0).astype(np.int64)
        count: Ints = done * daily + today
        return count

    def at(self, lane: Ints, number: Ints) -> Floats:
        """Return the instant [s] of departure ``number`` (from 0) of ``lane``; inf if none is."""
        daily = np.maximum(self.daily[lane], 1)
        which, of_day = number // daily, number % daily
        known = (which >= 0) & (which < self.nth.shape[1])
        day = self.nth[self.opening[lane], np.clip(which, 0, self.nth.shape[1] - 1)]
        known &= (day >= 0) & (self.daily[lane] > 0)
        local = (self.clock.day0 + day) * DAY + self.first[lane] + of_day * self.headway[lane]
        found: Floats = np.where(known, self.clock.utc(self.zone[lane], local), NEVER)
        return found

    def next(self, lane: Ints, ready: Floats) -> Floats:
        """Return the departure [s] that takes what is at the ramp at ``ready`` [s].

        That of ``after`` with nothing missed, for many lanes at once. The cut-off is not subtracted
        here.
        """
        first, headway, daily, zones, rows, scheduled = self.packed.take(lane, axis=0).T
        clock, zone, row = self.clock, zones.astype(np.int64), rows.astype(np.int64)
        since = np.minimum(ready - clock.day0 * DAY, END)
        away = clock.offset[zone, clock.column(since)]
        local = since + (away - 1e-3) - first  # a departure at that very moment is after
        day = np.floor(local / DAY)
        inside = np.clip(day, 0, self.coming.shape[1] - 1).astype(np.int64)
        number = np.floor((local - day * DAY) / headway) + 1
        opens = self.coming[row, inside]
        today = (opens == day) & (number < daily)
        later = self.coming[row, np.clip(day + 1, 0, self.coming.shape[1] - 1).astype(np.int64)]
        wall = np.where(today, day, later) * DAY + first + np.where(today, number * headway, 0.0)
        leave = wall - away
        comes = wall < END
        turned = clock.changes(zone, since - 1.5 * DAY, np.where(comes, leave, since))
        found: Floats = np.where(comes, leave + clock.day0 * DAY, NEVER)
        if len(turned):
            found[turned] = clock.utc(zone[turned], wall[turned] + clock.day0 * DAY)
            twice = turned[found[turned] < ready[turned]]
            found[twice] = self.after(lane[twice], ready[twice], 0)
        return np.where(scheduled > 0, found, ready)

    def after(self, lane: Ints, ready: Floats, missed: Ints | int) -> Floats:
        """Return the departure [s] for what is at the ramp at ``ready`` [s].

        Parameters
        ----------
        ready
            When the parcel could be loaded; the cut-off is not subtracted here.
        missed
            How many departures leave without it.
        """
        number = self.before(lane, ready) + missed
        found = self.at(lane, number)
        twice = np.flatnonzero(found < ready)  # an hour that clocks show twice
        if len(twice):
            found[twice] = self.at(lane[twice], number[twice] + 1)
        result: Floats = np.where(self.scheduled[lane], found, ready)
        return result


def timetable(lanes: pl.DataFrame, holidays: pl.DataFrame, day0: int, days: int) -> Timetable:
    """Return the timetable of ``lanes`` for ``days`` days from ``day0`` [days since 1970].

    A lane with 0 departures a day, or none of the weekdays, never departs. More departures than
    fit between a first one and the next day's are left out.

    Parameters
    ----------
    lanes
        ``zone``, ``region`` of the origin, and the columns ``PLAN``.
    holidays
        ``region``, ``date`` on which nothing departs there.
    """
    plan = lanes.select(
        pl.when(pl.col("departures_per_day") == 0)
        .then(pl.lit(NO_DAY))
        .otherwise(pl.col("weekdays").fill_null(ALL_WEEK).str.pad_end(7, "0"))
        .alias("weekdays"),
        pl.col("region").fill_null(""),
        pl.col("zone").fill_null("UTC"),
        scheduled=pl.col("first_departure_s").is_not_null()
        | (pl.col("departures_per_day") == 0)
        | ~pl.col("weekdays").str.contains("1"),
        first=pl.col("first_departure_s").fill_null(0.0),
        headway=pl.col("headway_s").fill_null(DAY).clip(1.0, DAY),
        cutoff=pl.col("cutoff_s").fill_null(0.0),
        daily=pl.col("departures_per_day").fill_null(1).cast(pl.Int64),
    ).with_columns(pl.col("scheduled").fill_null(False))
    fits = ((DAY - 1) / plan["headway"].to_numpy()).astype(np.int64) + 1
    rows = plan.select("region", "weekdays").unique(maintain_order=True).with_row_index("opening")
    open_day = _open_days(rows, holidays, day0, days)
    opened = np.zeros((rows.height, days + 1), np.int64)
    opened[:, 1:] = open_day.cumsum(axis=1)
    nth = np.where(open_day, np.arange(days), days)
    nth.sort(axis=1)
    coming = np.full((rows.height, days + 1), FAR)
    coming[:, :days] = np.where(open_day, np.arange(days), FAR)
    coming = np.minimum.accumulate(coming[:, ::-1], axis=1)[:, ::-1]
    names = tuple(plan["zone"].unique().sort())
    opening = (
        plan.join(rows, on=["region", "weekdays"], how="left", maintain_order="left")["opening"]
        .cast(pl.Int64)
        .to_numpy()
    )
    first, headway = plan["first"].to_numpy(), plan["headway"].to_numpy()
    daily = np.minimum(plan["daily"].to_numpy(), fits)
    zone = np.searchsorted(np.array(names, dtype=str), plan["zone"].to_numpy().astype(str))
    scheduled = plan["scheduled"].to_numpy()
    return Timetable(
        scheduled,
        first,
        headway,
        plan["cutoff"].to_numpy(),
        daily,
        zone,
        opening,
        opened,
        np.where(nth < days, nth, -1),
        np.ascontiguousarray(coming),
        np.stack([first, headway, daily, zone, opening, scheduled], axis=1),
        zones(names, day0, days),
    )


def _open_days(
    rows: pl.DataFrame, holidays: pl.DataFrame, day0: int, days: int
) -> NDArray[np.bool_]:
    """Return whether lanes of each (region, weekdays) run [row, day]."""
    weekday = (day0 + np.arange(days) + 3) % 7  # 1970-01-01 was a Thursday
    letters = rows["weekdays"].str.split("").list.to_array(7).to_numpy()
    runs: NDArray[np.bool_] = (letters == "1")[:, weekday]
    off = holidays.select("region", day=pl.col("date").dt.epoch("d").cast(pl.Int64) - day0)
    met = rows.join(off.filter(pl.col("day").is_between(0, days - 1)), on="region")
    runs[met["opening"].to_numpy(), met["day"].to_numpy()] = False
    return runs
