"""What a roster costs beyond wages, and the shifts and rules that it has to keep."""

from dataclasses import dataclass, field
from datetime import date

import numpy as np


@dataclass(frozen=True)
class Costs:
    """What is not a wage [currency].

    ``late`` per hour of work that is late for an hour, ``wish`` per shift of another kind than
    wished, ``change`` per changed day, ``fair`` per weekend shift beyond the mean; and factors on
    the wage: ``overtime``, ``temp``.
    """

    late: float = 40.0
    wish: float = 5.0
    change: float = 10.0
    fair: float = 3.0
    overtime: float = 1.5
    temp: float = 1.4

    def __post_init__(self) -> None:
        for name in ("late", "wish", "change", "fair"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name}: expected a cost >= 0, got {getattr(self, name)}.")
        for name in ("overtime", "temp"):
            if not 1 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name}: expected a factor >= 1, got {getattr(self, name)}.")


@dataclass(frozen=True)
class Limits:
    """Shifts of ``starts`` [local h] and ``lengths`` [h], rules of work, and how many temps a day.

    ``per_hour`` intervals make an hour; a shift of six hours or more has a break of half an hour
    (of a whole one where the interval is an hour). With ``in_time`` no work may be late, whatever
    that costs: a roster that cannot be is refused with a smallest set of rules that conflict.
    """

    starts: tuple[float, ...] = (6.0, 8.0, 10.0, 14.0)
    lengths: tuple[float, ...] = (4.0, 6.0, 8.0)
    per_hour: int = 2
    rest_h: float = 11.0
    days_a_week: int = 5
    days_in_row: int = 5
    overtime_h: float = 2.0
    overtime_week_h: float = 4.0
    temps: int = 3
    in_time: bool = False
    away: dict[tuple[str, date], bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.starts or not all(0 <= s < 24 for s in self.starts):
            raise ValueError(f"starts: expected hours from 0 to 24, got {self.starts}.")
        if not self.lengths or not all(0 < h <= 12 for h in self.lengths):
            raise ValueError(f"lengths: expected hours above 0 and up to 12, got {self.lengths}.")
        if self.per_hour not in (1, 2, 4) or self.temps < 0:
            raise ValueError(
                f"per_hour, temps: expected 1, 2 or 4, and a number >= 0; got {self.per_hour} and "
                f"{self.temps}."
            )
