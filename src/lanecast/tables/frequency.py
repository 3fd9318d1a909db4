"""The grid on which a set of series lies: minutes, hours, days, weeks, months, quarters or years.

A week is seven days, so a year of 53 of them needs no rule; an hour is one of UTC, so a day on
which the clock changes has 23 or 25.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

Periods = npt.NDArray[np.int64]
SECOND = 1_000_000
MINUTE, HOUR, DAY, WEEK = 60 * SECOND, 3600 * SECOND, 86400 * SECOND, 7 * 86400 * SECOND
MONTH_US = 28 * DAY  # no month is shorter
OFTEN = 6  # equal steps of a series that make a grid
NAMES = {1: "months", 3: "quarters", 12: "years"}


@dataclass(frozen=True)
class Frequency:
    """A regular grid of periods.

    Parameters
    ----------
    us
        Length of a period in microseconds; 0 where it is counted in months.
    months
        Months of a period; 0 where it has a fixed length.
    anchor
        Microseconds since 1970 of one period, or for months: of the first of its days. A grid of
        months whose periods are named by their last day has ``last`` set.
    """

    us: int
    months: int = 0
    anchor: int = 0
    last: bool = False

    @property
    def name(self) -> str:
        """Return the name of the periods, as sentences say it."""
        if self.months:
            return NAMES.get(self.months, f"{self.months} months")
        for size, name in ((WEEK, "weeks"), (DAY, "days"), (HOUR, "hours"), (MINUTE, "minutes")):
            if self.us % size == 0:
                return name if self.us == size else f"{self.us // size} {name}"
        return f"{self.us / SECOND:g} seconds"

    @property
    def seasons(self) -> tuple[int, ...]:
        """Return the lengths of the usual cycles, in periods, the main one first."""
        if self.months:
            return (12 // self.months,) if self.months < 12 else ()
        if self.us >= DAY:
            return (52,) if self.us == WEEK else (7, 364) if self.us == DAY else ()
        return tuple(n // self.us for n in (DAY, WEEK) if n % self.us == 0)

    def index(self, us: Periods) -> Periods:
        """Return the number of the period that each moment [microseconds since 1970] lies in."""
        if not self.months:
            return np.asarray((us - self.anchor) // self.us)
        months = us.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
        return np.asarray((months - self._month) // self.months)

    def start(self, index: Periods | int) -> Periods:
        """Return ``ds`` of each period, in microseconds since 1970."""
        index = np.asarray(index, dtype=np.int64)
        if not self.months:
            return np.asarray(index * self.us + self.anchor)
        month = index * self.months + self._month + (self.months if self.last else 0)
        first = month.astype("datetime64[M]").astype("datetime64[us]").astype(np.int64)
        return np.asarray(first - (DAY if self.last else 0))

    def holding(self, instant: datetime) -> int:
        """Return the number of the period in which ``instant`` lies."""
        at = (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        return int(self.index(np.array([at]))[0])

    def first_from(self, instant: datetime) -> int:
        """Return the number of the first period whose ``ds`` is not before ``instant``."""
        at = np.array([(instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)])
        number = int(self.index(at)[0])
        return number if int(self.start(number)) >= at[0] else number + 1

    def end(self, us: Periods) -> Periods:
        """Return when the period named ``us`` is over; of a last day: the next midnight."""
        if self.last:
            return us + DAY
        return self.start(self.index(us) + 1) + (us - self.start(self.index(us)))

    @property
    def _month(self) -> int:
        return int(
            np.int64(self.anchor).astype("datetime64[us]").astype("datetime64[M]").astype(int)
        )


def detect(rows: pl.DataFrame) -> Frequency:
    """Return the frequency of ``rows`` with ``unique_id`` and ``ds``.

    Raises
    ------
    ValueError
        When there are fewer than two periods, or two frequencies are mixed: a series has a step
        that is no multiple of the usual one, or all of its steps are the same longer one. The
        message names the series and the periods.
    """
    sorted_ = rows.select("unique_id", "ds").sort("unique_id", "ds")
    steps = (
        sorted_.with_columns(
            step=(pl.col("ds") - pl.col("ds").shift().over("unique_id")).dt.total_microseconds(),
            before=pl.col("ds").shift().over("unique_id"),
        )
        .drop_nulls("step")
        .filter(pl.col("step") > 0)
    )
    if steps.is_empty():
        raise ValueError(
            "series.ds: every series has one period, so that their length is not known; expected "
            "a series of two periods at least."
        )
    usual = int(steps["step"].mode().min())  # type: ignore[arg-type]
    if usual >= MONTH_US and (months := _months(sorted_)) is not None:
        us = (steps[name].dt.epoch("us").to_numpy() for name in ("before", "ds"))
        before, after = map(months.index, us)
        counted = steps.with_columns(step=pl.Series(after - before))
        _refuse_rarer(counted, 1, lambda count: Frequency(0, count * months.months).name)
        return months
    _refuse_rarer(steps, usual, lambda us: Frequency(us).name)
    anchor = int(sorted_["ds"].dt.epoch("us")[0]) % usual
    odd = steps.filter(pl.col("step") % usual != 0)
    found = Frequency(usual, anchor=anchor)
    if odd.height:
        series, ds, step, before = odd.row(0)
        other = Frequency(int(np.gcd(usual, step))).name
        raise ValueError(
            f"series.ds: two frequencies are mixed: steps of {found.name} are usual, and series "
            f"{series!r} goes from {before:%Y-%m-%d %H:%M} to {ds:%Y-%m-%d %H:%M} ({odd.height} "
            f"steps like that, as of {other}); expected one frequency, so bring them apart."
        )
    off = sorted_.filter(pl.col("ds").dt.epoch("us") % usual != anchor)
    if off.height:
        series, ds = off.row(0)
        raise ValueError(
            f"series.ds: series {series!r} has periods that begin at {ds:%A %Y-%m-%d %H:%M} and "
            f"others do not, of {found.name}; expected one grid for all series."
        )
    return found


def _refuse_rarer(steps: pl.DataFrame, usual: int, name: Callable[[int], str]) -> None:
    """Refuse a series that lies on a rarer grid of its own, such as weeks among days.

    Steps and the ``usual`` one are in microseconds, or in periods of a grid of months.

    Raises
    ------
    ValueError
        When there is one: its periods would be days with gaps between.
    """
    step = pl.col("step")
    slack = pl.when(step.min() >= MONTH_US).then(3 * DAY).otherwise(0)  # months differ in length
    even = step.max() - step.min() <= slack
    of_its_own = (step.min() >= 2 * usual) & even & (pl.len() >= OFTEN)
    odd = steps.group_by("unique_id").agg(of_its_own.alias("odd"), step.min()).filter("odd")
    if odd.height:
        series, _, other = odd.sort("unique_id").row(0)
        raise ValueError(
            f"series.ds: two frequencies are mixed: steps of {name(usual)} are usual, and all "
            f"of series {series!r} are of {name(other)}; expected one frequency, so bring them "
            "apart, or add the periods between with what was sold then."
        )


def _months(rows: pl.DataFrame) -> Frequency | None:
    """Return a grid of months if every ``ds`` is the first, or every one the last, of a month."""
    days = rows["ds"].dt.date()
    midnight = (rows["ds"].dt.truncate("1d") == rows["ds"]).all()
    first, last = (days.dt.day() == 1).all(), (days.dt.month_end() == days).all()
    if not midnight or not (first or last):
        return None
    numbers = (days.dt.year() * 12 + days.dt.month() - 1).unique().sort()
    length = int(np.gcd.reduce(np.diff(numbers.to_numpy()))) if len(numbers) > 1 else 1
    start = numbers[0] - (length - 1 if last else 0)  # a quarter named by its end begins earlier
    anchor = int(np.datetime64(int(start) - 1970 * 12, "M").astype("datetime64[us]").astype(int))
    return Frequency(0, length, anchor, bool(last) and not bool(first))
