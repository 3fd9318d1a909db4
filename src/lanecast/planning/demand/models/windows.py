"""What the net sees of series at an origin: the last values, references for each step, and dates.

A reference is what somebody might say of a step without a model: the last value, a recent mean, the
same phase before, last year grown like the last weeks. Everything is measured from the recent mean
of the series, in units of how far its values were from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from lanecast.planning.panel import Floats, Panel

from .beside import beside
from .dates import FEASTS, calendar
from .design import Matrix
from .history import LEVEL, YEARS, History

CONTEXT = {"hours": 336, "days": 112, "weeks": 104, "months": 36}
SHORT = {"hours": 24, "days": 7, "weeks": 4, "months": 3}
FLAT = 0.02  # part of the level below which a series is not said to move
WIDEST = 10.0
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Seen:
    """R series at an origin.

    Attributes
    ----------
    past
        The last values and which of them are known, then what is of the series, shape (R, P).
    reference, ahead
        What might be said of each step, (R, H, B), and what is known of it, (R, H, F).
    code
        Number of each attribute, from 1, 0 where it is not known, shape (R, A).
    centre, scale
        What the others are measured from and in, in the unit of the series, shape (R,).
    """

    past: Matrix
    reference: Matrix
    ahead: Matrix
    code: Rows
    centre: Floats
    scale: Floats


@dataclass(frozen=True)
class Windows:
    """The windows of a panel; ``length`` is that of the past, in periods.

    ``words`` are the values of the attributes that are read, in order.
    """

    of: Panel
    length: int
    words: Mapping[str, tuple[str, ...]]

    @cached_property
    def history(self) -> History:
        """Return the histories."""
        return History(self.of)

    def at(self, origin: int, rows: Rows) -> Seen:
        """Return what was known at ``origin`` of some series."""
        y = self._past(origin, rows)
        known = np.isfinite(y)
        count = np.maximum(known.sum(axis=1), 1)
        name = self.of.frequency.name
        centre = np.nan_to_num(self.history.mean(origin, SHORT.get(name, 4))[rows])
        size = np.nansum(np.abs(y), axis=1) / count
        away = np.nansum(np.abs(y - centre[:, None]), axis=1) / count
        scale = np.maximum(away, FLAT * size)
        usual = np.median(scale[scale > 0]) if (scale > 0).any() else 1.0
        scale = np.where(scale > 0, scale, usual)

        def scaled(values: Floats) -> Floats:
            return np.clip((values - centre[:, None]) / scale[:, None], -WIDEST, WIDEST)

        zeros = (y == 0).sum(axis=1) / count
        about = np.stack(
            [np.log1p(size / scale), zeros, np.log1p(count), (0.0 - centre) / scale], axis=1
        )
        about = np.clip(about, -WIDEST, WIDEST)
        past = np.hstack([np.nan_to_num(scaled(y)), known, about]).astype(np.float32)
        steps = range(1, self.of.horizon + 1)
        reference = np.stack(
            [np.nan_to_num(scaled(self._references(origin, k, rows))) for k in steps], axis=1
        )
        ahead = np.stack([self._ahead(origin, k, rows) for k in steps], axis=1)
        return Seen(
            past,
            reference.astype(np.float32),
            ahead.astype(np.float32),
            self.codes[rows],
            centre,
            scale,
        )

    @cached_property
    def codes(self) -> Rows:
        """Return the place of each attribute among its words, from 1, shape (N, A)."""
        out = np.zeros((len(self.of.ids), len(self.words)), dtype=np.int64)
        for i, (name, words) in enumerate(self.words.items()):
            if name in self.of.attributes:
                values, known = self.of.attributes[name], np.array(words)
                at = np.clip(np.searchsorted(known, values), 0, len(known) - 1)
                out[:, i] = np.where(known[at] == values, at + 1, 0)
        return out

    def _past(self, origin: int, rows: Rows) -> Floats:
        out = np.full((len(rows), self.length), np.nan)
        start = max(origin - self.length, 0)
        out[:, self.length - (origin - start) :] = self.of.y[rows, start:origin]
        return out

    def _references(self, o: int, k: int, rows: Rows) -> Floats:
        """Return what might be said of step ``k``, in units of the series, shape (R, B)."""
        past, name, t = self.history, self.of.frequency.name, o + k - 1
        out = [past.last(o), past.mean(o, SHORT.get(name, 4))]
        out.append(past.mean(o, LEVEL.get(name, 12)))
        year = YEARS.get(name)
        for season in self.of.frequency.seasons:
            back = -(-k // season) * season
            if season == year:
                then = [past.at(o, t - back + d) for d in (-1, 0, 1)]
                near = past.mean(min(t - back + 3, o), 5)
                now, before = past.mean(o, 8), past.mean(o - back, 8)
                grown = then[1] * np.clip(now / np.where(before == 0, np.nan, before), 0.3, 3)
                out += [*then, near, grown]
                for group in past.groups:  # the year of all, at the size of this one
                    whole = np.maximum(group.window(o, back), 1e-9)
                    known = 0 <= t - back < o
                    value = group.total[:, max(t - back, 0)] if known else np.nan * whole
                    out.append((value / whole * back)[group.number] * past.mean(o, back))
                continue
            phase = [past.at(o, t - back - c * season) for c in range(4)]
            seen = np.isfinite(phase).sum(axis=0)
            mean = np.nansum(phase, axis=0) / np.where(seen > 0, seen, np.nan)
            out += [phase[0], phase[1], mean]
        return np.stack(out, axis=1)[rows]

    def _ahead(self, o: int, k: int, rows: Rows) -> Floats:
        t = o + k - 1
        year = YEARS.get(self.of.frequency.name)
        dates = np.broadcast_to(self.dates[t], (len(rows), self.dates.shape[1]))
        with_it = [
            (value > 0 if name.startswith("event_code") else value)[rows]
            for name, value in beside(self.history, o, t, year)
        ]
        if not with_it:
            return dates
        with_codes = np.clip(np.nan_to_num(np.stack(with_it, axis=1)), -WIDEST, WIDEST)
        return np.hstack([dates, with_codes])

    @cached_property
    def dates(self) -> Floats:
        """Return the calendar of every column as waves and nearness, shape (T + H, D)."""
        out = []
        of_column = calendar(self.of)
        cycles = {"hour": 24.0, "weekday": 7.0, "year_day": 365.25, "month": 12.0}
        for name, length in cycles.items():
            if name in of_column:
                turn = 2 * np.pi * of_column[name] / length
                out += [f(n * turn) for n in (1, 2) for f in (np.sin, np.cos)]
        for feast in FEASTS:
            if feast in of_column:
                days = of_column[feast]
                out += [np.exp(-np.abs(days) / 7), np.exp(-np.abs(days + 7) / 7)]
        return np.stack(out, axis=1)


def words(of: Panel) -> dict[str, tuple[str, ...]]:
    """Return the values of each attribute that several series share, sorted."""
    out = {}
    for name, values in of.attributes.items():
        known = np.unique(values[values != ""])
        if 2 <= len(known) <= max(len(values) / 3, 2):
            out[name] = tuple(known.tolist())
    return out
