"""Holidays, promotions and seasons: what everybody knows ahead."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from .clock import AFTER, BEFORE, Clock, Openings, openings
from .streams import Bools, Floats, Ints, Streams

FIXED = {
    "US": {(1, 1): "New Year", (7, 4): "Independence Day", (12, 25): "Christmas Day"},
    "MX": {(1, 1): "New Year", (2, 5): "Constitution Day", (5, 1): "Labour Day",
           (9, 16): "Independence Day", (12, 25): "Christmas Day"},
    "DE": {(1, 1): "New Year", (5, 1): "Labour Day", (10, 3): "German Unity Day",
           (12, 25): "Christmas Day", (12, 26): "Second Christmas Day"},
}  # fmt: skip
PATTERNS = ("1111100", "1111110", "1111111")  # who works when, Monday first
WEEKLY = np.array([1.15, 1.08, 1.0, 0.98, 0.92, 0.85, 1.02])  # orders by weekday
HOURLY = np.array(
    [0.8, 0.4, 0.25, 0.2, 0.2, 0.3, 0.7, 1.3, 2.0, 2.6, 3.0, 3.1,
     3.2, 3.0, 2.9, 2.9, 3.0, 3.1, 3.4, 4.0, 4.5, 4.3, 3.2, 1.7]
)  # fmt: skip


@dataclass(frozen=True)
class Calendar:
    """Civil days from ``BEFORE`` days before the start, by country.

    ``holiday`` [country, day] is true on holidays; ``names`` maps country and date to the name;
    ``volume`` [country, day] is the relative number of orders; ``uplift`` the part that is due to
    promotions.
    """

    holiday: Bools
    names: dict[tuple[str, date], str]
    volume: Floats
    uplift: Floats

    def openings(self, clock: Clock, country_of_region: Ints) -> Openings:
        """Return the open days of timetable ``3 * region + pattern``."""
        weekday = (np.arange(self.holiday.shape[1]) - BEFORE + clock.start.weekday()) % 7
        works = np.array([[c == "1" for c in p] for p in PATTERNS])[:, weekday]
        each = works[None] & ~self.holiday[country_of_region][:, None]
        return openings(each.reshape(-1, each.shape[2]))

    def table(self, clock: Clock, regions: tuple[str, ...]) -> pl.DataFrame:
        """Return rows of ``calendars``; Sundays and holidays are not working."""
        days = pl.date_range(
            clock.start - timedelta(days=BEFORE),
            clock.start + timedelta(days=clock.days + AFTER),
            eager=True,
        )
        rows = pl.DataFrame({"region": regions}).join(pl.DataFrame({"date": days}), how="cross")
        named = pl.DataFrame(
            [(country, day, name) for (country, day), name in self.names.items()],
            schema={"country": pl.String, "date": pl.Date, "holiday": pl.String},
            orient="row",
        )
        return (
            rows.with_columns(country=pl.col("region").str.slice(0, 2))
            .join(named, on=["country", "date"], how="left", maintain_order="left")
            .with_columns(
                is_working=pl.col("holiday").is_null() & (pl.col("date").dt.weekday() < 7),
                recorded_at=clock.instants(np.full(len(rows), -BEFORE * 86_400)),
            )
        )


def calendar(clock: Clock, countries: tuple[str, ...], streams: Streams) -> Calendar:
    """Return holidays, and the orders of each day: weekly x yearly x holiday x promotion.

    A promotion begins on average every 30 days in a country, lasts 2 to 4 days and multiplies
    orders by 1.5 to 2.4; 24 to 30 November multiplies by 2 everywhere.
    """
    first = clock.start - timedelta(days=BEFORE)
    days = [first + timedelta(days=d) for d in range(BEFORE + clock.days + AFTER + 1)]
    names: dict[tuple[str, date], str] = {}
    for country in countries:
        for day in days:
            if name := FIXED[country].get((day.month, day.day)):
                names[country, day] = name
            if (country, day.month, day.weekday()) == ("US", 11, 3) and 22 <= day.day <= 28:
                names[country, day] = "Thanksgiving"
    holiday = np.array([[(c, day) in names for day in days] for c in countries])

    rng = streams.fixed("promotions")
    uplift = np.ones(holiday.shape)
    for row in uplift:
        for begin in np.flatnonzero(rng.random(len(days)) < 1 / 30):
            row[begin : begin + rng.integers(2, 5)] = rng.uniform(1.5, 2.4)
        row[[day.month == 11 and 24 <= day.day <= 30 for day in days]] = 2.0

    weekday = np.array([day.weekday() for day in days])
    yearday = np.array([day.timetuple().tm_yday for day in days])
    yearly = 1 + 0.12 * np.cos(2 * np.pi * (yearday - 340) / 365.25)
    volume = WEEKLY[weekday] * yearly * np.where(holiday, 0.8, 1.0) * uplift
    return Calendar(holiday, names, volume, uplift)
