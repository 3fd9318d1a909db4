"""Histories of a panel read many times: means, values and sizes as they stood at an origin."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from lanecast.planning.panel import Floats, Panel

LEVEL = {"hours": 168, "days": 28, "weeks": 52, "months": 12}
YEARS = {"days": 364, "weeks": 52, "months": 12, "quarters": 4}
MOST_GROUPS = 4


@dataclass(frozen=True)
class Group:
    """The sum of the series that share an attribute.

    Attributes
    ----------
    number
        Number of the group of each series, shape (N,).
    total, sums
        Sum of each group, shape (G, T), and its running sums, (G, T + 1).
    """

    number: npt.NDArray[np.int64]
    total: Floats
    sums: Floats

    def window(self, end: int, length: int) -> Floats:
        """Return the sum of the ``length`` columns before ``end``, shape (G,)."""
        return np.asarray(self.sums[:, max(end, 0)] - self.sums[:, max(end - length, 0)])

    def growth(self, origin: int, length: int, year: int) -> Floats:
        """Return the growth of the last columns against the year before, shape (G,)."""
        if origin - year - length < 0:
            return np.full(len(self.sums), np.nan)
        return growth(self.window(origin, length), self.window(origin - year, length))


@dataclass(frozen=True)
class History:
    """The histories of a panel; an origin is the number of known columns."""

    of: Panel

    @cached_property
    def sums(self) -> tuple[Floats, Floats, Floats]:
        """Return running sums of values, of their squares, and of their number, (N, T + 1)."""
        return running(self.of.y)

    @cached_property
    def begin(self) -> npt.NDArray[np.int64]:
        """Return the first known column of each series, shape (N,); T where nothing is."""
        seen = np.isfinite(self.of.y)
        return np.asarray(np.where(seen.any(axis=1), np.argmax(seen, axis=1), self.of.length))

    @cached_property
    def _last(self) -> npt.NDArray[np.int32]:
        """Return the last known column before each origin, shape (N, T + 1); -1 if none."""
        return _latest(np.isfinite(self.of.y))

    @cached_property
    def _sold(self) -> npt.NDArray[np.int32]:
        """Return the last column that is not 0 before each origin, shape (N, T + 1)."""
        return _latest(np.isfinite(self.of.y) & (self.of.y != 0))

    @cached_property
    def groups(self) -> list[Group]:
        """Return the sums of the groups of some attributes."""
        out: list[Group] = []
        for values in self.of.attributes.values():
            names, number = np.unique(values, return_inverse=True)
            if 2 <= len(names) <= len(values) / 3 and len(out) < MOST_GROUPS:
                total = np.zeros((len(names), self.of.length))
                np.add.at(total, number, np.nan_to_num(self.of.y))
                out.append(Group(number, total, running(total)[0]))
        return out

    @cached_property
    def common_events(self) -> tuple[str, ...]:
        """Return the names of the events that are the same for all series."""
        each = self.of.covariates.items()
        return tuple(n for n, c in each if c.event and len(c.values) == 1 and (c.row == 0).all())

    def event_code(self, origin: int) -> Floats:
        """Return the number of the common event of each column, from 1, 0 for none, (T + H,)."""
        if origin in self._codes:
            return self._codes[origin]
        code = np.zeros(self.of.length + self.of.horizon)
        for i, name in enumerate(self.common_events):
            each = self.of.covariates[name]
            code[(each.recorded[0] <= origin) & (each.values[0] > 0)] = i + 1.0
        self._codes.clear()
        self._codes[origin] = code
        return code

    @cached_property
    def _codes(self) -> dict[int, Floats]:
        """Hold the codes of the origin that was asked last: all its steps ask for them."""
        return {}

    def at(self, origin: int, column: int) -> Floats:
        """Return a column, shape (N,); NaN where it was not known at ``origin``."""
        if 0 <= column < origin:
            return np.asarray(self.of.y[:, column])
        return np.full(len(self.of.ids), np.nan)

    def mean(self, end: int, length: int) -> Floats:
        """Return the mean of the known among ``length`` columns before ``end``, shape (N,)."""
        start = max(end - length, 0)
        if end <= start:
            return np.full(len(self.of.ids), np.nan)
        total, _, count = self.sums
        number = count[:, end] - count[:, start]
        mean = (total[:, end] - total[:, start]) / np.maximum(number, 1)
        return np.asarray(np.where(number > 0, mean, np.nan))

    def last(self, origin: int) -> Floats:
        """Return the last value known at ``origin``, shape (N,)."""
        at = self._last[:, origin]
        found = self.of.y[np.arange(len(at)), np.maximum(at, 0)]
        return np.asarray(np.where(at >= 0, found, np.nan))

    def since_sale(self, origin: int) -> Floats:
        """Return how many periods ago a series last was not 0, shape (N,)."""
        at = self._sold[:, origin]
        return np.asarray(np.where(at >= 0, origin - 1 - at, 0).astype(float))

    def scale(self, origin: int) -> Floats:
        """Return the recent level of each series, in its unit, shape (N,), above 0."""
        size = np.abs(self.mean(origin, LEVEL.get(self.of.frequency.name, 12)))
        whole = np.abs(self.mean(origin, origin))
        size = np.fmax(size, 0.1 * whole)
        usual = np.nanmedian(size[size > 0]) if (size > 0).any() else 1.0
        return np.asarray(np.fmax(np.nan_to_num(size), 0.01 * usual))


def running(y: Floats) -> tuple[Floats, Floats, Floats]:
    """Return running sums of ``y``, of its squares, and of how many are known, (N, T + 1)."""
    known = np.nan_to_num(y)
    zero = np.zeros((len(y), 1))
    return tuple(  # type: ignore[return-value]
        np.hstack([zero, np.cumsum(part, axis=1)])
        for part in (known, known**2, np.isfinite(y).astype(float))
    )


def growth(now: Floats, then: Floats) -> Floats:
    """Return the log of a ratio of sizes, within 3 either way; NaN where either is not known."""
    size = np.maximum(np.maximum(np.abs(now), np.abs(then)) * 1e-3, 1e-9)
    ratio = np.log((np.abs(now) + size) / (np.abs(then) + size))
    return np.asarray(np.clip(ratio, -3, 3))


def _latest(where: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    at = np.where(where, np.arange(where.shape[1], dtype=np.int32), np.int32(-1))
    latest = np.maximum.accumulate(at, axis=1)
    return np.hstack([np.full((len(where), 1), -1, dtype=np.int32), latest])
