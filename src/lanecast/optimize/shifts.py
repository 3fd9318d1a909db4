"""Shifts as intervals of the days on which they can be worked."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
OFF = -1
WEEK = 7


@dataclass(frozen=True)
class Shifts:
    """Shifts that can be worked, per day: K of them on each of D days, in intervals of T.

    ``begin``, ``end`` (D, K) are the first interval and the one after the last; ``pause`` (D, K)
    the first interval of the break, ``rest`` (K,) its length; ``kind`` (K,) is what people wish or
    not (0 early, 1 late, 2 night ...). There are ``per_hour`` intervals in an hour. A day on
    which the clock is set has intervals of its own: give what the shift really takes.
    """

    begin: Ints
    end: Ints
    pause: Ints
    rest: Ints
    kind: Ints
    per_hour: int = 2

    def __post_init__(self) -> None:
        if self.begin.ndim != 2 or not self.begin.shape == self.end.shape == self.pause.shape:
            raise ValueError(
                f"begin, end, pause: expected one shape (D, K), got {self.begin.shape}, "
                f"{self.end.shape}, {self.pause.shape}."
            )
        if not (self.end - self.begin > self.rest).all() or not (self.begin >= 0).all():
            raise ValueError("end: expected every shift to be longer than its break, from 0 on.")
        if self.per_hour < 1:
            raise ValueError(f"per_hour: expected a number >= 1, got {self.per_hour}.")

    @property
    def hours(self) -> Floats:
        """Return the hours of work of each shift (D, K), without the break."""
        return (self.end - self.begin - self.rest) / self.per_hour

    def at_work(self) -> tuple[Ints, Ints, Ints]:
        """Return day, shift and interval of all work, breaks left out."""
        length = (self.end - self.begin).ravel()
        which = np.repeat(np.arange(length.size), length)
        step = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
        day, shift = which // self.begin.shape[1], which % self.begin.shape[1]
        at = self.begin[day, shift] + step
        pause = self.pause[day, shift]
        keep = (at < pause) | (at >= pause + self.rest[shift])
        return day[keep], shift[keep], at[keep]

    def too_close(self, rest_h: float, longer: int = 0) -> Bools:
        """Return where shift k' of the next day begins within ``rest_h`` of shift k, (D - 1, K, K).

        ``longer`` intervals are worked after shift k.
        """
        gap = self.begin[1:, None, :] - (self.end[:-1, :, None] + longer)
        close: Bools = gap < rest_h * self.per_hour
        return close


def patterns(
    days: int, starts: Sequence[float], lengths: Sequence[float], per_hour: int = 2,
    break_h: float = 0.5, break_from: float = 6.0,
) -> Shifts:  # fmt: skip
    """Return each of ``starts`` [h after midnight] with each of ``lengths`` [h], on every day.

    From ``break_from`` hours on there is a break of ``break_h`` in the middle, not counted as
    work. Shifts that begin before 10:00 are early, from 18:00 on night, else late. Days have 24
    hours; where they have not, shift the columns.
    """
    pairs = [(start, length) for start in starts for length in lengths]
    begin = np.array([round(start * per_hour) for start, _ in pairs])
    length = np.array([round(hours * per_hour) for _, hours in pairs])
    rest = np.array([round(break_h * per_hour) if h >= break_from else 0 for _, h in pairs])
    day = 24 * per_hour * np.arange(days)[:, None]
    kind = np.array([0 if s < 10 else 2 if s >= 18 else 1 for s, _ in pairs])
    pause = begin + (length - rest) // 2
    return Shifts(day + begin, day + begin + length, day + pause, rest, kind, per_hour)
