"""One parcel on its way: what is drawn of it, as tables."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

LEAST = 0.02  # chance below which a stop or a lane is not drawn


@dataclass(frozen=True)
class Ahead:
    """Where a parcel has been, and where it may go; times in hours since 1970 UTC.

    Parameters
    ----------
    been
        Stops so far: ``stop``, ``name``, ``lat``, ``lon``, ``at_h``, ``offset_min``.
    stops
        Stops to come: ``stop``, ``name``, ``lat``, ``lon`` (null where the way ends), ``chance``,
        ``q100``, ``q500``, ``q900``, ``offset_min``, and ``came_h``, looked up afterwards, or null.
    moves
        Lanes ahead: ``from``, ``to``, ``chance``.
    risks
        ``event`` in words, ``chance``, and ``usual``, the mean of all parcels on their way.
    """

    parcel_id: str
    now_h: float
    promised_h: float | None
    draws: int
    been: pl.DataFrame
    stops: pl.DataFrame
    moves: pl.DataFrame
    risks: pl.DataFrame

    @property
    def likely(self) -> pl.DataFrame:
        """Return the stops that are drawn, numbered ``no`` after those that were passed."""
        kept = self.stops.filter(pl.col("chance") >= LEAST).sort("q500", "stop")
        no = pl.int_range(1, pl.len() + 1) + self.been.height
        return kept.with_columns(no=no, name=self._told_apart)

    @property
    def passed(self) -> pl.DataFrame:
        """Return the stops so far, numbered ``no`` from 1."""
        return self.been.with_columns(no=pl.int_range(1, pl.len() + 1), name=self._told_apart)

    @property
    def _told_apart(self) -> pl.Expr:
        """Return the names of stops, with their code where another stop has the same name."""
        drawn = self.stops.filter(pl.col("chance") >= LEAST)
        every = pl.concat([of.select("stop", "name") for of in (self.been, drawn)]).unique()
        twice = every.filter(pl.col("name").is_duplicated())["name"].unique().to_list()
        coded = pl.format("{} ({})", "name", "stop")
        return pl.when(pl.col("name").is_in(twice)).then(coded).otherwise(pl.col("name"))


def local(at_h: float | None, offset_min: float | None, day: bool = True) -> str:
    """Return an instant as a clock on the spot shows it, such as "Fri 11 Apr 01:25"."""
    if at_h is None:
        return ""
    when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=at_h, minutes=offset_min or 0)
    return f"{when:%a} {when.day} {when:%b %H:%M}" if day else f"{when:%H:%M}"


def span(low_h: float, high_h: float, offset_min: float | None) -> str:
    """Return two instants on the spot, the day of the second only if it is another one."""
    first, last = local(low_h, offset_min), local(high_h, offset_min)
    same = first[:-6] == last[:-6]
    return f"{first} to {last[-5:] if same else last}"
