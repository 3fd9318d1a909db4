"""What the trees see of a series at an origin, for each step ahead: matrices, not rows.

Everything is in units of the series' own recent level, so that one model serves all. Columns that
stand for later periods hold only what was recorded by the origin (see ``Covariate``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from lanecast.planning.panel import Floats, Panel

from .beside import beside
from .dates import FEASTS, calendar
from .history import YEARS, History
from .phases import phases
from .recent import recent, windows
from .yearly import LastYear, enough

Centre = Literal["zero", "last", "season", "grown"]
Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Design:
    """The design of a panel.

    ``centre`` is what targets are measured from: ``"zero"``, the ``"last"`` known value (and so
    are the features then), the value one ``"season"`` before, the longest that is known, or that of
    last year without its noise and ``"grown"`` (see ``yearly``).
    """

    of: Panel
    centre: Centre = "zero"

    @cached_property
    def past(self) -> History:
        """Return the histories."""
        return History(self.of)

    @cached_property
    def calendar(self) -> dict[str, Floats]:
        """Return what the calendar says of every column, shape (T + H,)."""
        return calendar(self.of)

    def scale(self, origin: int) -> Floats:
        """Return the recent level of each series, in its unit, shape (N,), above 0."""
        return self.past.scale(origin)

    def level(self, origin: int) -> Floats:
        """Return what features are measured from, shape (N,)."""
        if self.centre != "last":
            return np.zeros(len(self.of.ids))
        return np.nan_to_num(self.past.last(origin))

    def base(self, origin: int, steps: npt.NDArray[np.int64]) -> Floats:
        """Return what targets are measured from, shape (N, len(steps))."""
        out = np.repeat(self.level(origin)[:, None], len(steps), axis=1)
        if self.centre not in ("season", "grown"):
            return out
        out += np.nan_to_num(self.past.mean(origin, windows(self.past)[4]))[:, None]
        for season in sorted(self.of.frequency.seasons):
            at = origin + steps - 1 - -(-steps // season) * season
            for j, column in enumerate(at):
                then = self.past.at(origin, int(column))
                out[:, j] = np.where(np.isfinite(then), then, out[:, j])
        if self.centre == "grown" and origin >= enough(self.of):
            grown = LastYear().at(self.of, origin)[:, steps - 1]
            out = np.where(np.isfinite(grown), grown, out)
        return out

    def x(self, origin: int, steps: npt.NDArray[np.int64]) -> tuple[Matrix, list[str]]:
        """Return the features, shape (N * len(steps), F), series by series, and their names."""
        scale, centre = self.past.scale(origin), self.level(origin)
        base = dict(recent(self.past, origin, scale, centre))
        ahead = [dict(self._of_step(origin, int(k), scale, centre)) for k in steps]
        n, count = len(self.of.ids), len(steps)
        names = [*base, *ahead[0]]
        out = np.empty((n, count, len(names)), dtype=np.float32)
        for i, values in enumerate(base.values()):
            out[:, :, i] = np.asarray(values)[:, None]
        for j, each in enumerate(ahead):
            for i, value in enumerate(each.values()):
                out[:, j, len(base) + i] = value
        return out.reshape(n * count, len(names)), names

    def _of_step(
        self, o: int, k: int, scale: Floats, centre: Floats
    ) -> Iterator[tuple[str, Floats | float]]:
        t, year = o + k - 1, YEARS.get(self.of.frequency.name)
        yield "step", float(k)
        yield from phases(self.past, o, k, scale, centre)
        for name, values in self.calendar.items():
            yield name, float(values[t])
        if year is not None and "easter" in self.calendar:
            for feast in FEASTS:
                values = self.calendar[feast]
                yield f"{feast}_last_year", float(values[t - year]) if t >= year else np.nan
        yield from beside(self.past, o, t, year)


def alike(learnt: Sequence[str], given: Sequence[str]) -> None:
    """Refuse features that are not those that a model learnt from.

    Raises
    ------
    ValueError
        When some are missing or new, such as those of series of another frequency or of other
        covariates.
    """
    if list(learnt) == list(given):
        return
    lost, new = sorted(set(learnt) - set(given)), sorted(set(given) - set(learnt))
    sides = (("without", lost), ("with", new))
    parts = [f"{what} {_some(names)}" for what, names in sides if names]
    raise ValueError(
        "model: it learnt from series of another frequency, or with other covariates; expected "
        f"series like those, got some {' and '.join(parts) or 'in another order'}. Fit it again."
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more features" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
