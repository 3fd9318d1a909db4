"""What the pooled models see of a series at an origin, for each step ahead: matrices, not rows.

Everything is in units of the series' own recent level, so that one model serves all. Columns that
stand for later periods hold only what was recorded by the origin (see ``Covariate``).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from lanecast.planning.holidays import distances
from lanecast.planning.panel import Floats, Panel

WINDOWS = {
    "hours": (1, 2, 3, 6, 12, 24, 48, 168, 336),
    "days": (1, 2, 7, 14, 28, 56, 91, 182, 364),
    "weeks": (1, 2, 3, 4, 8, 13, 26, 52),
    "months": (1, 2, 3, 6, 12, 24),
}
LEVEL = {"hours": 168, "days": 28, "weeks": 52, "months": 12}
YEARS = {"days": 364, "weeks": 52, "months": 12, "quarters": 4}
NEAR = {"days": (-1, 0, 1), "weeks": (-2, -1, 0, 1, 2), "months": (-1, 0, 1)}
FEW_EVENTS = 6
MOST_GROUPS = 4
Centre = Literal["zero", "last", "season"]
Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Design:
    """The design of a panel.

    ``centre`` is what targets are measured from: ``"zero"``, the ``"last"`` known value (and so
    are the features then), or the value one ``"season"`` before, the longest that is known.
    """

    of: Panel
    centre: Centre = "zero"
    _cache: dict[str, Floats] = field(default_factory=dict)

    @cached_property
    def windows(self) -> tuple[int, ...]:
        """Return the lengths of the recent means."""
        return WINDOWS.get(self.of.frequency.name, (1, 2, 3, 4, 8, 16, 32))

    @cached_property
    def sums(self) -> tuple[Floats, Floats, Floats]:
        """Return running sums of values, of their squares, and of their number, (N, T + 1)."""
        return running(self.of.y)

    @cached_property
    def groups(self) -> list[tuple[npt.NDArray[np.int64], Floats, Floats]]:
        """Return the number, the sums and their running sums of the groups of some attributes."""
        out: list[tuple[npt.NDArray[np.int64], Floats, Floats]] = []
        for values in self.of.attributes.values():
            names, number = np.unique(values, return_inverse=True)
            if 2 <= len(names) <= len(values) / 3 and len(out) < MOST_GROUPS:
                total = np.zeros((len(names), self.of.length))
                np.add.at(total, number, np.nan_to_num(self.of.y))
                out.append((number, total, running(total)[0]))
        return out

    def scale(self, origin: int) -> Floats:
        """Return the recent level of each series, in its unit, shape (N,), above 0."""
        size = np.abs(self._mean(origin, LEVEL.get(self.of.frequency.name, 12)))
        whole = np.abs(self._mean(origin, origin))
        size = np.fmax(size, 0.1 * whole)
        usual = np.nanmedian(size[size > 0]) if (size > 0).any() else 1.0
        return np.asarray(np.fmax(np.nan_to_num(size), 0.01 * usual))

    def level(self, origin: int) -> Floats:
        """Return what features are measured from, shape (N,)."""
        if self.centre != "last":
            return np.zeros(len(self.of.ids))
        return np.nan_to_num(self.last(origin))

    def base(self, origin: int, steps: npt.NDArray[np.int64]) -> Floats:
        """Return what targets are measured from, shape (N, len(steps))."""
        out = np.repeat(self.level(origin)[:, None], len(steps), axis=1)
        if self.centre != "season":
            return out
        out += np.nan_to_num(self._mean(origin, self.windows[4]))[:, None]
        for season in sorted(self.of.frequency.seasons):
            at = origin + steps - 1 - -(-steps // season) * season
            for j, column in enumerate(at):
                then = self._at(origin, int(column))
                out[:, j] = np.where(np.isfinite(then), then, out[:, j])
        return out

    def last(self, origin: int) -> Floats:
        """Return the last value known at ``origin``, shape (N,)."""
        seen = np.isfinite(self.of.y[:, :origin])
        at = origin - 1 - np.argmax(seen[:, ::-1], axis=1)
        found = self.of.y[np.arange(len(at)), np.clip(at, 0, None)]
        return np.where(seen.any(axis=1), found, np.nan)

    def x(self, origin: int, steps: npt.NDArray[np.int64]) -> tuple[Matrix, list[str]]:
        """Return the features, shape (N * len(steps), F), series by series, and their names."""
        base = dict(self._of_origin(origin))
        ahead = [dict(self._of_step(origin, int(k))) for k in steps]
        n, count = len(self.of.ids), len(steps)
        names = [*base, *ahead[0]]
        out = np.empty((n, count, len(names)), dtype=np.float32)
        for i, values in enumerate(base.values()):
            out[:, :, i] = np.asarray(values)[:, None]
        for j, each in enumerate(ahead):
            for i, value in enumerate(each.values()):
                out[:, j, len(base) + i] = value
        return out.reshape(n * count, len(names)), names

    def _mean(self, end: int, length: int, sums: Floats | None = None) -> Floats:
        """Return the mean of the ``length`` known columns before ``end``; NaN where none is."""
        start = max(end - length, 0)
        if end <= start:
            return np.full(len(self.of.ids), np.nan)
        total, _, count = self.sums
        number = count[:, end] - count[:, start]
        mean = (total[:, end] - total[:, start]) / np.maximum(number, 1)
        return np.where(number > 0, mean, np.nan)

    def _of_origin(self, o: int) -> Iterator[tuple[str, Floats]]:
        scale, centre = self.scale(o), self.level(o)
        for w in self.windows:
            yield f"mean_{w}", (self._mean(o, w) - centre) / scale
        for w in self.windows[:3]:
            yield f"mean_{w}_before", (self._mean(o - w, w) - centre) / scale
        yield from self._shape(o, scale)
        year = YEARS.get(self.of.frequency.name)
        if year is not None:
            for w in (self.windows[3], self.windows[5]):
                now, then = self._mean(o, w), self._mean(o - year, w)
                yield f"growth_{w}", growth(now, then)
                for i, (number, _, sums) in enumerate(self.groups):
                    yield f"group{i}_growth_{w}", _group_growth(sums, o, w, year)[number]
        for i, (number, _, sums) in enumerate(self.groups):
            short, long = self.windows[3], self.windows[5]
            ratio = growth(_window(sums, o, short), _window(sums, o, long))
            yield f"group{i}_recent", ratio[number]
        for i, (name, values) in enumerate(self.of.attributes.items()):
            if len(np.unique(values)) <= max(len(values) / 3, 1):
                yield f"attribute{i}_{name}", _codes(values)
        for name, each in self.of.covariates.items():
            if not each.ahead:
                recent = each.upto(o, o - self.windows[4])
                yield f"{name}_last", _last(recent)

    def _shape(self, o: int, scale: Floats) -> Iterator[tuple[str, Floats]]:
        total, square, count = self.sums
        long = LEVEL.get(self.of.frequency.name, 12)
        start = max(o - long, 0)
        number = np.maximum(count[:, o] - count[:, start], 1)
        mean = (total[:, o] - total[:, start]) / number
        variance = (square[:, o] - square[:, start]) / number - mean**2
        recent = self.of.y[:, start:o]
        seen = np.isfinite(self.of.y[:, :o])
        since = np.argmax((self.of.y[:, :o] != 0)[:, ::-1] & seen[:, ::-1], axis=1)
        yield "spread", np.sqrt(np.maximum(variance, 0)) / scale
        yield "zeros", (recent == 0).sum(axis=1) / number
        yield "peak", np.fmax.reduce(recent, axis=1, initial=-np.inf).clip(-1e9, 1e9) / scale
        yield "since_sale", since.astype(float)
        yield "known", count[:, o].astype(float)
        yield "known_recent", count[:, o] - count[:, max(o - 8, 0)]
        yield "age", o - np.where(seen.any(axis=1), np.argmax(seen, axis=1), o).astype(float)
        yield "log_scale", np.log(scale)

    def _of_step(self, o: int, k: int) -> Iterator[tuple[str, Floats | float]]:
        t, name = o + k - 1, self.of.frequency.name
        scale, centre = self._held(o)
        yield "step", float(k)
        year = YEARS.get(name)
        for season in self.of.frequency.seasons:
            back = -(-k // season) * season
            if season == year:
                yield from self._last_year(o, t, back, scale, centre)
                continue
            for cycle in range(3):
                yield (
                    f"phase_{season}_{cycle}",
                    (self._at(o, t - back - cycle * season) - centre) / scale,
                )
            for many in (4, 8):
                each = [self._at(o, t - back - c * season) for c in range(many)]
                yield f"phase_{season}_mean{many}", (_nanmean(each) - centre) / scale
        yield from self._calendar(t)
        yield from self._beside(o, t, year)

    def _held(self, o: int) -> tuple[Floats, Floats]:
        if f"scale{o}" not in self._cache:
            self._cache.clear()
            self._cache[f"scale{o}"], self._cache[f"centre{o}"] = self.scale(o), self.level(o)
        return self._cache[f"scale{o}"], self._cache[f"centre{o}"]

    def _last_year(
        self, o: int, t: int, back: int, scale: Floats, centre: Floats
    ) -> Iterator[tuple[str, Floats]]:
        near = NEAR.get(self.of.frequency.name, (0,))
        wide = 4 if self.of.frequency.name == "weeks" else 3
        for cycle in range(2):
            for d in near if cycle == 0 else (-1, 0, 1):
                value = self._at(o, t - back - cycle * back + d)
                yield f"year_{cycle}_{d}", (value - centre) / scale
            end = min(t - back - cycle * back + wide + 1, o)
            yield f"year_{cycle}_near", (self._mean(end, 2 * wide + 1) - centre) / scale
        for i, (number, total, sums) in enumerate(self.groups):
            whole = np.maximum(_window(sums, o, back) / back, 1e-9)
            for d in (-1, 0, 1):
                at = t - back + d
                value = total[:, at] / whole if 0 <= at < o else np.full(len(total), np.nan)
                yield f"group{i}_year_{d}", value[number]
                if d == 0:  # the year of all, at the size of this one, against its own
                    usual = self._mean(o, back) / scale
                    own = self._at(o, at) / scale
                    yield f"group{i}_beside", value[number] * usual - own
        yield from self._drift(o, t, back, scale)

    def _drift(self, o: int, t: int, back: int, scale: Floats) -> Iterator[tuple[str, Floats]]:
        """Yield by how much last year's value changes if it grows like the last weeks."""
        then = self._at(o, t - back) / scale
        for w in (self.windows[3], self.windows[5]):
            yield f"drift_{w}", then * np.expm1(growth(self._mean(o, w), self._mean(o - back, w)))
            for i, (number, _, sums) in enumerate(self.groups):
                yield (
                    f"group{i}_drift_{w}",
                    then * np.expm1(_group_growth(sums, o, w, back)[number]),
                )

    def _at(self, o: int, column: int) -> Floats:
        if 0 <= column < o:
            return self.of.y[:, column]
        return np.full(len(self.of.ids), np.nan)

    @cached_property
    def calendar(self) -> dict[str, Floats]:
        """Return what the calendar says of every column, shape (T + H,)."""
        ds = self.of.ds(0, self.of.length + self.of.horizon)
        days = ds.astype("datetime64[D]")
        month = days.astype("datetime64[M]")
        out = {"month": month.astype(int) % 12 + 1.0}
        if self.of.frequency.months:
            return out
        year = days.astype("datetime64[Y]")
        out["year_day"] = (days - year).astype(float)
        out |= distances(ds)
        if self.of.frequency.name != "weeks":
            out["month_day"] = (days - month).astype(float)
            out["weekday"] = (days.astype(int) + 3.0) % 7
        if self.of.frequency.us < 86_400_000_000:
            out["hour"] = (ds - days).astype("timedelta64[m]").astype(float) / 60
        return out

    def _calendar(self, t: int) -> Iterator[tuple[str, float]]:
        for name, values in self.calendar.items():
            yield name, float(values[t])
        year = YEARS.get(self.of.frequency.name)
        if year is not None and "easter" in self.calendar:
            for feast in ("christmas", "easter", "thanksgiving"):
                values = self.calendar[feast]
                yield f"{feast}_last_year", float(values[t - year]) if t >= year else np.nan

    def _beside(self, o: int, t: int, year: int | None) -> Iterator[tuple[str, Floats]]:
        events = [each for each in self.of.covariates.values() if each.event]
        end = self.of.length + self.of.horizon - 1
        if len(events) > FEW_EVENTS:
            for d in (-1, 0, 1):
                code = np.zeros(len(self.of.ids))
                for i, each in enumerate(events):
                    if each.values.shape[0] == 1 and t + d <= end:
                        code = np.where(each.at(o, t + d) > 0, i + 1.0, code)
                yield f"event_code_{d}", code
        for name, each in self.of.covariates.items():
            if each.event and (len(events) <= FEW_EVENTS or each.values.shape[0] > 1):
                for d in (-1, 0, 1):
                    known = each.at(o, t + d) if t + d <= end else np.zeros(len(self.of.ids))
                    yield f"{name}_{d}", known
                if year is not None:
                    then = each.at(o, t - year) if t >= year else np.zeros(len(self.of.ids))
                    yield f"{name}_last_year", then
            elif each.ahead and not each.event:
                now, usual = each.at(o, t), self._usual(name, o)
                yield f"{name}", now
                yield f"{name}_change", growth(now, usual)
                if year is not None:
                    then = each.at(o, t - year) if t >= year else np.full(len(now), np.nan)
                    yield f"{name}_year_change", growth(now, then)

    def _usual(self, name: str, o: int) -> Floats:
        if f"usual{name}{o}" not in self._cache:
            past = self.of.covariates[name].upto(o, o - self.windows[4])
            count = np.isfinite(past).sum(axis=1)
            mean = np.nansum(past, axis=1) / np.maximum(count, 1)
            self._cache[f"usual{name}{o}"] = np.where(count > 0, mean, np.nan)
        return self._cache[f"usual{name}{o}"]


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


def _window(sums: Floats, end: int, length: int) -> Floats:
    start = max(end - length, 0)
    return np.asarray(sums[:, max(end, 0)] - sums[:, start])


def _group_growth(sums: Floats, o: int, w: int, year: int) -> Floats:
    if o - year - w < 0:
        return np.full(len(sums), np.nan)
    return growth(_window(sums, o, w), _window(sums, o - year, w))


def _codes(values: npt.NDArray[np.str_]) -> Floats:
    """Return text as numbers: its own if it is one, else its place in the alphabet."""
    try:
        return np.array([float(each) if each else np.nan for each in values])
    except ValueError:
        return np.unique(values, return_inverse=True)[1].astype(float)


def _last(recent: Floats) -> Floats:
    if not recent.shape[1]:
        return np.full(len(recent), np.nan)
    seen = np.isfinite(recent)
    at = recent.shape[1] - 1 - np.argmax(seen[:, ::-1], axis=1)
    return np.where(seen.any(axis=1), recent[np.arange(len(recent)), at], np.nan)


def _nanmean(each: list[Floats]) -> Floats:
    stack = np.stack(each)
    count = np.isfinite(stack).sum(axis=0)
    return np.where(count > 0, np.nansum(stack, axis=0) / np.maximum(count, 1), np.nan)
