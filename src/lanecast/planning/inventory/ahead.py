"""What is known ahead of each item and day, as it was known in an evening: columns for a model."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import CALENDARS, FACILITIES
from lanecast.tables.planning import PROMOTIONS

from .features import holidays, promotions, tags

Array = npt.NDArray[np.float64]
COLUMNS = ("log_price_ratio", "promotion", "display", "campaign", "holiday", "eve")
NEVER = np.inf
EVE_D = 4  # days before a holiday


@dataclass(frozen=True)
class Ahead:
    """Columns by item and day from ``first`` on, in versions with the day they were known.

    ``ratio`` and ``told`` have shape (V, n, D): the log of price over regular price, and the day
    (with its fraction, since 1970) of that version. ``flag`` and ``flag_told`` (3, n, D) are
    promotions, displays and campaigns; ``holiday`` and ``eve`` (n, D) are known from the start.
    """

    first: int
    ratio: Array
    told: Array
    flag: Array
    flag_told: Array
    holiday: Array
    eve: Array

    def at(self, evening: int, since: int, until: int) -> Array:
        """Return the columns of days [since, until) as known at the end of ``evening``, (n, D, F).

        Days beyond the last one that is planned are days like any other.
        """
        n, size = self.holiday.shape
        day = np.arange(since, until) - self.first
        inside = (day >= 0) & (day < size)
        at = np.clip(day, 0, size - 1)
        value = np.zeros((n, len(day)))
        for ratio, told in zip(self.ratio, self.told, strict=True):
            value = np.where(told[:, at] <= evening + 1, ratio[:, at], value)
        flags = np.where(self.flag_told[:, :, at] <= evening + 1, self.flag[:, :, at], 0.0)
        found = np.stack([value, *flags, self.holiday[:, at], self.eve[:, at]], axis=2)
        return np.asarray(np.where(inside[None, :, None], found, 0.0))


def ahead(lake: Lake, asof: datetime, names: list[str], first: int, last: int) -> Ahead:
    """Return what was told by ``asof`` of days [first, last), with when it was told.

    Without tables of promotions, or of calendars and facilities, there are none.
    """
    n, size = len(names), last - first
    place = pl.DataFrame({"unique_id": names}).with_row_index("row")
    rows = (
        collect(tags(lake, asof, first).lazy())
        .filter(pl.col("day") < last)
        .join(place, on="unique_id")
        .sort("known_h")
        .with_columns(version=pl.int_range(pl.len()).over("row", "day"))
    )
    versions = int(rows["version"].max() or 0) + 1  # type: ignore[arg-type]
    ratio, told = np.zeros((versions, n, size)), np.full((versions, n, size), NEVER)
    at = (rows["version"].to_numpy(), rows["row"].to_numpy(), rows["day"].to_numpy() - first)
    ratio[at], told[at] = rows["log_ratio"].to_numpy(), rows["known_h"].to_numpy() / 24
    flag, flag_told = np.zeros((3, n, size)), np.full((3, n, size), NEVER)
    if lake.has(PROMOTIONS):
        flag, flag_told = _flags(collect(promotions(lake, asof).lazy()), place, first, last)
    holiday = np.zeros((n, size + 10))
    if lake.has(CALENDARS) and lake.has(FACILITIES):
        where = place.with_columns(facility_id=pl.col("unique_id").str.split("/").list.last())
        found = collect(holidays(lake, asof).lazy()).join(where, on="facility_id")
        found = found.filter(pl.col("day").is_between(first, last + 9))
        holiday[found["row"].to_numpy(), found["day"].to_numpy() - first] = 1
    eve = np.zeros_like(holiday)
    for days in range(1, EVE_D + 1):
        eve[:, :-days] = np.maximum(eve[:, :-days], holiday[:, days:])
    eve = np.where(holiday > 0, 0, eve)
    return Ahead(first, ratio, told, flag, flag_told, holiday[:, :size], eve[:, :size])


def _flags(rows: pl.DataFrame, place: pl.DataFrame, first: int, last: int) -> tuple[Array, Array]:
    """Return promotions, displays and campaigns by item and day, and when each was first told."""
    days = (
        rows.join(place, on="unique_id")
        .with_columns(day=pl.int_ranges("start_day", pl.col("end_day") + 1))
        .explode("day")
        .filter(pl.col("day").is_between(first, last - 1))
    )
    flag = np.zeros((3, place.height, last - first))
    told = np.full(flag.shape, NEVER)
    for k, kinds in enumerate((("discount", "display"), ("display",), ("campaign",))):
        some = days.filter(pl.col("kind").is_in(kinds))
        at = (some["row"].to_numpy(), some["day"].to_numpy() - first)
        flag[k][at] = 1
        np.minimum.at(told[k], at, some["known_h"].to_numpy() / 24)
    return flag, told
