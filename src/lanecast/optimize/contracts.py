"""Who can work, what must be done, and what a roster must respect."""

from dataclasses import dataclass, field

import numpy as np

from .shifts import Bools, Floats, Ints


@dataclass(frozen=True)
class People:
    """People, n of them: ``skills`` (n, J), ``wage`` [currency/h], paid hours a week at least.

    ``low`` and ``high`` [h/week] are the hours that are paid in any case and those that the
    contract allows. ``wish`` (n,) is the kind of shift that is wanted, -1 without a wish; ``away``
    (n, D) are days off; ``before`` (n, D) is the roster until now, to be kept where possible, -1
    off; None where there is none.
    """

    skills: Bools
    wage: Floats
    low: Floats
    high: Floats
    wish: Ints
    away: Bools
    before: Ints | None = None

    def __post_init__(self) -> None:
        many = len(self.skills)
        for name in ("wage", "low", "high", "wish", "away"):
            if len(getattr(self, name)) != many:
                raise ValueError(f"{name}: expected {many} rows, got {len(getattr(self, name))}.")
        if not (np.isfinite(self.wage) & (self.wage >= 0)).all():
            raise ValueError(f"wage: expected numbers >= 0, got {self.wage.min()}.")
        if (bad := np.flatnonzero(~((self.low >= 0) & (self.low <= self.high)))).size:
            i = bad[0]
            raise ValueError(
                f"low: expected 0 <= low <= high, got {self.low[i]:g} and {self.high[i]:g} h for "
                f"person {i}."
            )


@dataclass(frozen=True)
class Temps:
    """Kinds of temps to hire by the shift: ``skills`` (M, J), ``wage``, at ``most`` a day (M,)."""

    skills: Bools
    wage: Floats
    most: Floats


@dataclass(frozen=True)
class Work:
    """Work to be done, in S scenarios: ``come`` (S, J, T) [person-intervals], ``chance`` (S,).

    ``waits`` (S, J, T) is how much may be left at the end of each interval (see
    ``staffing.may_wait``); 0 where work must be done at once.
    """

    come: Floats
    waits: Floats
    chance: Floats

    def __post_init__(self) -> None:
        if self.come.ndim != 3 or self.come.shape != self.waits.shape:
            raise ValueError(
                f"come, waits: expected one shape (S, J, T), got {self.come.shape}, "
                f"{self.waits.shape}."
            )
        for name in ("come", "waits", "chance"):
            if not (getattr(self, name) >= 0).all():
                low = getattr(self, name).min()
                raise ValueError(f"{name}: expected numbers >= 0, got {low}.")
        if len(self.chance) != len(self.come) or not np.isclose(self.chance.sum(), 1):
            raise ValueError(f"chance: expected {len(self.come)} that add to 1, got {self.chance}.")


RULES = {
    "cover": "all work is done in time",
    "skills": "people do only what they can",
    "max_hours": "nobody works more hours a week than the contract allows",
    "min_hours": "everybody works the hours of the contract",
    "days_a_week": "nobody works on more days a week than allowed",
    "days_in_row": "nobody works on more days in a row than allowed",
    "rest": "there is rest between two shifts",
    "days_off": "days off are days off",
    "wishes": "people work the kind of shift they wish",
    "temps": "temps are limited",
    "overtime": "overtime is limited",
}


@dataclass(frozen=True)
class Rules:
    """What must hold, and what it costs [currency] where it may be broken.

    ``late`` (J,) is the cost of a person-interval of work that is late for one interval;
    ``wish`` that of a shift of another kind than wished, ``change`` that of a person's day that
    is another than before, ``fair`` that of each weekend shift above the mean of equals.
    Overtime is decided when the demand is known: up to ``overtime_h`` after a shift, at
    ``overtime`` times the wage, at most ``overtime_week_h`` per person and week.
    ``must_cover`` makes late work, ``must_work`` unworked contract hours impossible. Rules named
    in ``without`` do not hold; ``RULES`` lists them.
    """

    late: Floats
    rest_h: float = 11.0
    days_a_week: int = 5
    days_in_row: int = 5
    overtime: float = 1.5
    overtime_h: float = 2.0
    overtime_week_h: float = 4.0
    wish: float = 0.0
    change: float = 0.0
    fair: float = 0.0
    must_cover: bool = False
    must_work: bool = False
    without: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        names = ("late", "wish", "change", "fair", "rest_h", "overtime_h", "overtime_week_h")
        costs: dict[str, Floats | float] = {name: getattr(self, name) for name in names}
        for name, value in costs.items():
            if not (np.isfinite(value) & (np.asarray(value) >= 0)).all():
                raise ValueError(f"{name}: expected finite numbers >= 0, got {value}.")
        if not self.overtime >= 1:
            raise ValueError(f"overtime: expected a factor >= 1, got {self.overtime}.")
        for name in ("days_a_week", "days_in_row"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: expected a number >= 1, got {getattr(self, name)}.")
        if lost := self.without - set(RULES):
            raise ValueError(
                f"without: no rule {', '.join(sorted(lost))}; there are {', '.join(RULES)}."
            )
