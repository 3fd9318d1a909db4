"""Many series on one grid as matrices, as they were known at an origin.

A forecast reads whole histories of thousands of series, so a panel is what `context` is elsewhere:
made once per origin, small enough for memory, and free of everything recorded later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.tables.frequency import DAY, Frequency, Periods, detect
from lanecast.tables.lake import Lake, collect
from lanecast.tables.series import ATTRIBUTES, COVARIATES, EVENT, EVERY, SERIES

Floats = npt.NDArray[np.float64]
UNKNOWN = np.iinfo(np.int32).max  # period in which what is not recorded becomes known
FARTHEST_Y, MOST_PERIODS = 10, 8784  # of a horizon: years, and hours of one
YEARS_US = 366 * FARTHEST_Y * DAY


@dataclass(frozen=True)
class Covariate:
    """One covariate over the known periods and the horizon.

    Attributes
    ----------
    values, recorded
        Value, and number of the first column at which it may be used, shape (groups, T + H).
    row
        Group of each series, shape (N,); -1 where it has none.
    event
        Whether what is absent is 0, and not unknown.
    ahead
        Whether it is known over the whole horizon; otherwise only its past is used.
    """

    values: Floats
    recorded: npt.NDArray[np.int32]
    row: npt.NDArray[np.int32]
    event: bool
    ahead: bool

    def at(self, origin: int, column: int) -> Floats:
        """Return what was known at ``origin`` about ``column``, shape (N,); NaN if nothing."""
        known = np.where(self.recorded[:, column] <= origin, self.values[:, column], np.nan)
        return self._spread(known)

    def upto(self, origin: int, first: int) -> Floats:
        """Return columns ``first`` to ``origin - 1`` as known at ``origin``, shape (N, n)."""
        part = slice(max(first, 0), origin)
        known = np.where(self.recorded[:, part] <= origin, self.values[:, part], np.nan)
        return self._spread(known)

    def _spread(self, known: Floats) -> Floats:
        out = known[self.row]
        out[self.row < 0] = 0.0 if self.event else np.nan
        return np.asarray(np.nan_to_num(out, nan=0.0) if self.event else out)


@dataclass(frozen=True)
class Panel:
    """Series as known at an origin: T periods of the past, H of the future.

    Attributes
    ----------
    ids
        Names of the series, in order, shape (N,).
    y
        What was observed, shape (N, T); NaN where nothing is known.
    first
        Number of the period of column 0 on the grid of ``frequency``.
    horizon
        Periods to forecast; column T is the first of them.
    covariates, attributes
        By name; an attribute has a text per series, "" where it is not known.
    asof
        Nothing recorded later is in here.
    """

    ids: npt.NDArray[np.str_]
    y: Floats
    frequency: Frequency
    first: int
    horizon: int
    covariates: Mapping[str, Covariate]
    attributes: Mapping[str, npt.NDArray[np.str_]]
    asof: datetime

    @property
    def length(self) -> int:
        """Return T, the number of known periods."""
        return int(self.y.shape[1])

    def ds(self, column: int, count: int = 1) -> npt.NDArray[np.datetime64]:
        """Return ``ds`` of ``count`` columns from ``column``."""
        numbers = np.arange(column, column + count) + self.first
        return self.frequency.start(numbers).astype("datetime64[us]")

    def before(self, origin: int, horizon: int | None = None) -> "Panel":
        """Return the panel as it was ``T - origin`` periods ago.

        Series that had not begun are kept, with nothing known of them.
        """
        horizon = self.horizon if horizon is None else horizon
        end = origin + horizon
        cut = {
            name: Covariate(
                np.where(c.recorded[:, :end] <= origin, c.values[:, :end], np.nan),
                np.where(c.recorded[:, :end] <= origin, c.recorded[:, :end], UNKNOWN),
                c.row,
                c.event,
                bool(c.ahead),
            )
            for name, c in self.covariates.items()
        }
        asof = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
            microseconds=int(self.frequency.start(self.first + origin))
        )
        return Panel(
            self.ids,
            self.y[:, :origin],
            self.frequency,
            self.first,
            horizon,
            cut,
            self.attributes,
            asof,
        )

    def of(self, rows: npt.NDArray[Any]) -> "Panel":
        """Return some of the series."""
        cut = {
            name: Covariate(c.values, c.recorded, c.row[rows], c.event, c.ahead)
            for name, c in self.covariates.items()
        }
        named = {name: values[rows] for name, values in self.attributes.items()}
        of = self.ids[rows], self.y[rows]
        return Panel(*of, self.frequency, self.first, self.horizon, cut, named, self.asof)


def panel(lake: Lake, origin: datetime, horizon: int) -> Panel:
    """Return all series as they were known at ``origin``.

    The first period to forecast is the one in which the origin lies, or the one after the last that
    is known.

    Raises
    ------
    ValueError
        When ``horizon`` is below 1 or too long, nothing is known yet, or frequencies are mixed.
    """
    if horizon < 1:
        raise ValueError(f"horizon: expected periods from 1, got {horizon}.")
    known = lake.asof(origin)
    rows = collect(known.read(SERIES).select("unique_id", "ds", "y"))
    stands = collect(known.read(ATTRIBUTES)) if known.has(ATTRIBUTES) else None
    beside = collect(known.read(COVARIATES)) if known.has(COVARIATES) else None
    return assembled(rows, beside, stands, origin, horizon)


def assembled(
    rows: pl.DataFrame,
    beside: pl.DataFrame | None,
    stands: pl.DataFrame | None,
    origin: datetime,
    horizon: int,
) -> Panel:
    """Return a panel of rows of series, covariates and attributes that were known at ``origin``.

    Raises
    ------
    ValueError
        As ``panel``.
    """
    if rows.is_empty():
        raise ValueError(f"series: nothing was recorded by {origin:%Y-%m-%d %H:%M}.")
    frequency = detect(rows)
    if horizon > (most := longest(frequency)):
        raise ValueError(
            f"horizon: expected 1 to {most} periods of {frequency.name}, got {horizon}."
        )
    end = frequency.holding(origin)
    at = frequency.index(rows["ds"].dt.epoch("us").to_numpy())
    first = int(at.min())
    ids = rows["unique_id"].unique().sort()
    number = _numbers(ids, rows["unique_id"])
    length = max(end, int(at.max()) + 1) - first
    y = np.full((len(ids), length), np.nan)
    y[number, at - first] = rows["y"].to_numpy()
    attributes = _attributes(stands, ids)
    names = ids.to_numpy().astype(np.str_)
    grid = (frequency, first, length, horizon)
    covariates = _covariates(beside, names, attributes, grid)
    return Panel(names, y, frequency, first, horizon, covariates, attributes, origin)


def longest(frequency: Frequency) -> int:
    """Return the most periods that can be forecast."""
    in_years = 12 * FARTHEST_Y // frequency.months if frequency.months else YEARS_US // frequency.us
    return int(np.clip(in_years, 1, MOST_PERIODS))


def outcomes(lake: Lake, like: Panel) -> Floats:
    """Return what was observed in the horizon of a panel, shape (N, H); NaN where nothing was."""
    rows = collect(lake.read(SERIES).select("unique_id", "ds", "y"))
    at = like.frequency.index(rows["ds"].dt.epoch("us").to_numpy()) - like.first - like.length
    number = _numbers(pl.Series(like.ids), rows["unique_id"])
    inside = (at >= 0) & (at < like.horizon) & (number >= 0)
    out = np.full((len(like.ids), like.horizon), np.nan)
    out[number[inside], at[inside]] = rows["y"].to_numpy()[inside]
    return out


def _numbers(ids: pl.Series, values: pl.Series) -> npt.NDArray[np.int64]:
    """Return the place of each value in ``ids``, -1 where it has none."""
    known = pl.DataFrame({"id": ids}).with_row_index("#")
    found = values.alias("id").to_frame().join(known, on="id", how="left", maintain_order="left")
    return found["#"].cast(pl.Int64).fill_null(-1).to_numpy()


def _attributes(rows: pl.DataFrame | None, ids: pl.Series) -> dict[str, npt.NDArray[np.str_]]:
    if rows is None:
        return {}
    out = {}
    for (name,), part in sorted(rows.partition_by("name", as_dict=True).items()):
        values = np.full(len(ids), "", dtype=object)
        number = _numbers(ids, part["unique_id"])
        values[number[number >= 0]] = part["value"].to_numpy()[number >= 0]
        out[str(name)] = values.astype(np.str_)
    return out


def _covariates(
    rows: pl.DataFrame | None,
    ids: npt.NDArray[np.str_],
    attributes: Mapping[str, npt.NDArray[np.str_]],
    grid: tuple[Frequency, int, int, int],
) -> dict[str, Covariate]:
    if rows is None:
        return {}
    frequency, first, length, horizon = grid
    out = {}
    for (name,), part in sorted(rows.partition_by("name", as_dict=True).items()):
        groups = part["unique_id"].unique().sort()
        row = _groups(groups.to_list(), ids, attributes)
        at = frequency.index(part["ds"].dt.epoch("us").to_numpy()) - first
        inside = (at >= 0) & (at < length + horizon)
        event = part["kind"][0] == EVENT
        values = np.full((len(groups), length + horizon), np.nan)
        recorded = np.full(values.shape, UNKNOWN, dtype=np.int32)
        place = _numbers(groups, part["unique_id"])[inside], at[inside]
        values[place] = part["value"].to_numpy()[inside]
        recorded[place] = _first_use(part["recorded_at"], frequency, first)[inside]
        whole = event or not np.isnan(values[:, length:]).all(axis=0).any()
        out[str(name)] = Covariate(values, recorded, row, event, bool(whole))
    return out


def _first_use(recorded: pl.Series, frequency: Frequency, first: int) -> Periods:
    """Return the first column that begins when a value has been recorded."""
    us = recorded.dt.epoch("us").to_numpy()
    at = frequency.index(us)
    late = frequency.start(at) < us
    return np.asarray(at + late - first)


def _groups(
    groups: list[str],
    ids: npt.NDArray[np.str_],
    attributes: Mapping[str, npt.NDArray[np.str_]],
) -> npt.NDArray[np.int32]:
    """Return which group speaks of each series: itself, else one of its attributes, else all."""
    row = np.full(len(ids), -1, dtype=np.int32)
    number = {group: i for i, group in enumerate(groups)}
    if EVERY in number:
        row[:] = number[EVERY]
    for name, values in attributes.items():
        if any(group.startswith(f"{name}=") for group in groups):
            codes = [number.get(f"{name}={value}", -1) for value in values]
            row = np.where(np.array(codes) >= 0, codes, row).astype(np.int32)
    own = np.array([number.get(str(each), -1) for each in ids])
    return np.where(own >= 0, own, row).astype(np.int32)
