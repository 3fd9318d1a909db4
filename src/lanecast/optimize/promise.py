"""Which deadline to promise: the newsvendor in time.

A later promise is worth less and is kept more often. Costs are in [currency]; ``duration`` and
``deadline`` in [h] from the moment of asking.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .distribution import Array, checked, excess, reached

DAY = 24.0  # h
ROUNDING = 1e-12  # of a sum of probabilities


@dataclass(frozen=True)
class Cost:
    """Expected cost of each candidate and its parts [currency], and P(on time), shape (n, K)."""

    waiting: Array
    late: Array
    late_days: Array
    on_time: Array

    @property
    def total(self) -> Array:
        """Return the sum of the parts, shape (n, K)."""
        return self.waiting + self.late + self.late_days


@dataclass(frozen=True)
class Promise:
    """The chosen candidate per row, shape (n,): its index, parts of its cost, P(on time)."""

    index: npt.NDArray[np.int64]
    deadline: Array
    waiting: Array
    late: Array
    late_days: Array
    on_time: Array

    @property
    def cost(self) -> Array:
        """Return the expected cost [currency], shape (n,)."""
        return self.waiting + self.late + self.late_days


@dataclass(frozen=True)
class Frontier:
    """What each setting would promise: mean days and share on time, shape (S,)."""

    setting: Array
    days: Array
    on_time: Array


def cost(
    level: npt.ArrayLike,
    duration: npt.ArrayLike,
    deadline: npt.ArrayLike,
    *,
    per_day: npt.ArrayLike,
    late: npt.ArrayLike = 0.0,
    per_late_day: npt.ArrayLike = 0.0,
) -> Cost:
    """Return what each candidate deadline is expected to cost.

    Parameters
    ----------
    level
        Quantile levels in (0, 1), shape (L,), increasing.
    duration
        Quantiles of the time until delivery [h], shape (n, L), increasing along the row.
    deadline
        Candidates [h], shape (n, K), increasing along the row: ends of days that can be promised.
    per_day
        Cost of each promised day [currency/day], >= 0; one for all rows or shape (n,).
    late
        Cost of a broken promise [currency], >= 0; one for all rows or shape (n,).
    per_late_day
        Cost of each day after the promise [currency/day], >= 0; one for all or shape (n,).

    Raises
    ------
    ValueError
        When a cost is negative, quantiles cross, deadlines fall, or shapes do not fit.

    Notes
    -----
    ``per_day d / 24 + late P(T > d) + per_late_day E[max(T - d, 0)] / 24``. With ``late`` = 0 the
    best d is the newsvendor quantile at ``1 - per_day / per_late_day``; with ``per_late_day`` = 0
    it is where the density falls to ``per_day / (24 late)``. See ``distribution`` for the tails.
    """
    level, duration = checked(level, duration)
    deadline = _deadlines(deadline, len(duration))
    each = {"per_day": per_day, "late": late, "per_late_day": per_late_day}
    day, flat, late_day = (_price(name, value, len(duration)) for name, value in each.items())
    on_time = reached(level, duration, deadline)
    late_h = excess(level, duration, deadline)
    return Cost(day * deadline / DAY, flat * (1 - on_time), late_day * late_h / DAY, on_time)


def promise(
    level: npt.ArrayLike,
    duration: npt.ArrayLike,
    deadline: npt.ArrayLike,
    *,
    per_day: npt.ArrayLike,
    late: npt.ArrayLike = 0.0,
    per_late_day: npt.ArrayLike = 0.0,
) -> Promise:
    """Return the cheapest candidate of each row; of equal ones the earlier.

    Parameters and errors as in ``cost``. Dearer lateness never promises earlier, and dearer days
    never promise later.

    Examples
    --------
    A delivery between 0 and 96 h, evenly; a day costs 1, lateness 3 per day: the critical ratio
    is 2/3, reached at 64 h, and of the ends of days 72 h is the cheapest.

    >>> chosen = promise([0.01, 0.99], [[0.96, 95.04]], [[24.0, 48.0, 72.0, 96.0]], per_day=1.0,
    ...                  per_late_day=3.0)
    >>> chosen.deadline.tolist()
    [72.0]
    """
    costs = cost(level, duration, deadline, per_day=per_day, late=late, per_late_day=per_late_day)
    return _take(costs, np.asarray(deadline, np.float64), costs.total.argmin(axis=1))


def at_level(
    level: npt.ArrayLike, duration: npt.ArrayLike, deadline: npt.ArrayLike, share: float
) -> npt.NDArray[np.int64]:
    """Return the first candidate kept with probability ``share``, else the last, shape (n,).

    The usual rule of thumb, as a policy to compare with. Parameters and errors as in ``cost``.
    """
    level, duration = checked(level, duration)
    deadline = _deadlines(deadline, len(duration))
    return _first(reached(level, duration, deadline), share)


def frontier(
    level: npt.ArrayLike,
    duration: npt.ArrayLike,
    deadline: npt.ArrayLike,
    *,
    share: npt.ArrayLike | None = None,
    late: npt.ArrayLike | None = None,
    per_day: npt.ArrayLike = 1.0,
    actual: npt.ArrayLike | None = None,
) -> Frontier:
    """Return promised days against the share on time, over a range of settings.

    Parameters
    ----------
    share
        Constant levels to promise at, shape (S,); either this or ``late``.
    late
        Costs of a broken promise [currency], shape (S,), with a day at ``per_day``.
    actual
        What the durations turned out to be [h], shape (n,); None takes the predicted chance.

    Raises
    ------
    ValueError
        As ``cost``; and when not exactly one of ``share`` and ``late`` is given.
    """
    if (share is None) == (late is None):
        raise ValueError("share, late: expected one of them, the range to go through.")
    level, duration = checked(level, duration)
    deadline = _deadlines(deadline, len(duration))
    settings = np.atleast_1d(np.asarray(late if share is None else share, np.float64))
    costs = cost(level, duration, deadline, per_day=per_day, late=1.0)
    if actual is None:
        kept = costs.on_time
    else:
        happened = np.asarray(actual, np.float64)
        if happened.shape != (len(duration),) or not np.isfinite(happened).all():
            raise ValueError(
                f"actual: expected {len(duration)} finite durations, got shape {happened.shape}."
            )
        kept = (happened[:, None] <= deadline).astype(np.float64)
    row, days, on_time = np.arange(len(duration)), [], []
    for setting in settings:
        if share is None:
            _price("late", setting, 1)
            index = (costs.waiting + setting * costs.late).argmin(axis=1)
        else:
            index = _first(costs.on_time, float(setting))
        days.append(deadline[row, index].mean() / DAY)
        on_time.append(kept[row, index].mean())
    return Frontier(settings, np.array(days), np.array(on_time))


def _first(on_time: Array, share: float) -> npt.NDArray[np.int64]:
    if not 0 < share < 1:
        raise ValueError(f"share: expected a probability in (0, 1), got {share}.")
    kept = on_time >= share - ROUNDING
    return np.asarray(np.where(kept.any(axis=1), kept.argmax(axis=1), on_time.shape[1] - 1))


def _take(costs: Cost, deadline: Array, index: npt.NDArray[np.int64]) -> Promise:
    row = np.arange(index.size)
    parts = (deadline, costs.waiting, costs.late, costs.late_days, costs.on_time)
    return Promise(index, *(part[row, index] for part in parts))


def _deadlines(deadline: npt.ArrayLike, rows: int) -> Array:
    array = np.asarray(deadline, np.float64)
    if array.ndim != 2 or array.shape[0] != rows or array.shape[1] == 0:
        raise ValueError(f"deadline: expected shape ({rows}, K) with K > 0, got {array.shape}.")
    if not np.isfinite(array).all() or (np.diff(array, axis=1) < 0).any():
        raise ValueError("deadline: expected finite hours that increase along each row.")
    return array


def _price(name: str, value: npt.ArrayLike, rows: int) -> Array:
    """Return a cost as a column, shape (n, 1) or (1, 1)."""
    array = np.atleast_1d(np.asarray(value, np.float64))
    if array.ndim != 1 or array.size not in (1, rows):
        raise ValueError(f"{name}: expected one number or {rows}, got shape {array.shape}.")
    if not (np.isfinite(array) & (array >= 0)).all():
        raise ValueError(f"{name}: expected finite costs >= 0, got {array.min()}.")
    return array[:, None]
