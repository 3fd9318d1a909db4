"""Base stock of stages in a row, each supplying the next: stochastic service.

Stages are counted from the customer, j = 1 first. Symbols of [1]_: echelon holding cost h_j
[currency/unit/time] (what a unit costs more at stage j than one stage before), stock-out cost p
[currency/unit/time], lead time L_j [time], D_j the demand of L_j. Where a system is reviewed each
period and demand comes after the order, add the period to L_1.

References
----------
.. [1] Snyder & Shen (2019). *Fundamentals of Supply Chain Theory*, 2nd ed., section 6.2.
.. [2] Clark & Scarf (1960). Optimal policies for a multi-echelon inventory problem. Management
   Science 6(4).
.. [3] Shang & Song (2003). Newsvendor bounds and heuristic for optimal policies in serial supply
   chains. Management Science 49(5).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import fftconvolve
from scipy.special import ndtr, ndtri
from scipy.stats import poisson

from .given import Array, above_zero, not_negative

FAR = 6.5  # deviations beyond which demand is left out
STEPS = 100  # of the grid per deviation of the smallest lead time demand


@dataclass(frozen=True)
class Serial:
    """Echelon and local base stock of each stage [units], shape (J,), and cost [currency/time]."""

    echelon: Array
    local: Array
    cost: float


@dataclass(frozen=True)
class Demand:
    """Demand per time: normal with ``mean`` and ``sd``, or Poisson where ``sd`` is None."""

    mean: float
    sd: float | None = None

    def __post_init__(self) -> None:
        above_zero(mean=self.mean)
        if self.sd is not None:
            above_zero(sd=self.sd)

    def deviation(self, time: float) -> float:
        """Return the deviation of the demand of a span of time [units]."""
        return float(np.sqrt(time) * (np.sqrt(self.mean) if self.sd is None else self.sd))

    def quantile(self, level: npt.ArrayLike, time: npt.ArrayLike) -> Array:
        """Return what demand of a span of time stays below with probability ``level`` [units]."""
        mean = self.mean * np.asarray(time, np.float64)
        if self.sd is None:
            return np.asarray(poisson(mean).ppf(level))
        return np.asarray(mean + self.sd * np.sqrt(time) * ndtri(level))


def serial(
    echelon_holding: Sequence[float], lead: Sequence[float], short: float, demand: Demand
) -> Serial:
    """Return the optimal base stock of Clark and Scarf [2]_, stage by stage, on a grid.

    Parameters
    ----------
    echelon_holding
        h_1 ... h_J, from the customer up, > 0.
    lead
        L_1 ... L_J; zero is valid, such a stage is passed through.
    short
        p.
    demand
        Of the customer.

    Raises
    ------
    ValueError
        When a number makes no sense or lengths differ.

    Notes
    -----
    C_0(x) = (p + sum of h) max(-x, 0); C^_j(x) = h_j x + C_{j-1}(min(S_{j-1}, x)); C_j(y) =
    E[C^_j(y - D_j)] and S_j is where it is least: eq. (6.14) to (6.18) of [1]_. Cost C_J(S_J).

    Examples
    --------
    Example 6.1 of [1]_: S = 6.49, 12.02, 22.71, cost 47.65 in print; ten million draws give 47.666.

    >>> found = serial([3, 2, 2], [1, 1, 2], 37.12, Demand(5, 1))
    >>> found.echelon.round(2).tolist(), round(found.cost, 2)
    ([6.49, 12.02, 22.71], 47.66)
    """
    h, time = _checked(echelon_holding, lead, short)
    spans = time[time > 0]
    if not spans.size:
        return Serial(np.zeros(h.size), np.zeros(h.size), 0.0)
    step = 1.0 if demand.sd is None else demand.deviation(float(spans.min())) / STEPS
    wide = FAR * demand.deviation(float(time.sum())) * 2
    low, high = -wide - 2 * demand.mean * float(time.sum()) - 10, wide + 10
    high += 2 * demand.mean * float(time.sum())
    grid = np.arange(int(np.floor(low / step)), int(np.ceil(high / step)) + 1)
    x = np.asarray(step * grid, np.float64)
    below = float(short + h.sum())
    value = below * np.maximum(-x, 0)
    levels, cost = np.zeros(h.size), 0.0
    slope = -below  # of the value at the low end of the grid
    for j in range(h.size):
        ahead: Array = np.asarray(h[j] * x + value)
        slope += float(h[j])
        if time[j] > 0:
            ahead = _expected(ahead, x, step, float(time[j]), demand, slope, float(h[j]))
        at = int(ahead.argmin())
        levels[j], cost = _lowest(x, ahead, at, exact=demand.sd is None)
        value = np.where(np.arange(x.size) <= at, ahead, cost)
    local = np.diff(np.minimum.accumulate(levels[::-1])[::-1], prepend=0.0)
    return Serial(levels, local, float(cost))


def newsvendor_bounds(
    echelon_holding: Sequence[float], lead: Sequence[float], short: float, demand: Demand
) -> tuple[Array, Array]:
    """Return a lower and an upper bound of each echelon base stock, shape (J,), by [3]_.

    The demand of L_1 + ... + L_j at (p + sum of h_i, i > j) over p + sum of all h, and over p + sum
    of h_i, i >= j. Their mean is the heuristic of [3]_, eq. (6.32) of [1]_; parameters as
    ``serial``.
    """
    h, time = _checked(echelon_holding, lead, short)
    span, upstream = np.cumsum(time), short + h.sum() - np.cumsum(h)
    low = demand.quantile(upstream / (short + h.sum()), span)
    return low, demand.quantile(upstream / (upstream + h), span)


def heuristic(
    echelon_holding: Sequence[float], lead: Sequence[float], short: float, demand: Demand
) -> Array:
    """Return Shang and Song's echelon base stock [3]_, shape (J,); parameters as ``serial``.

    Examples
    --------
    Example 6.1 of [1]_: 6.49, 12.03, 22.63.

    >>> heuristic([3, 2, 2], [1, 1, 2], 37.12, Demand(5, 1)).round(2).tolist()
    [6.49, 12.03, 22.63]
    """
    low, high = newsvendor_bounds(echelon_holding, lead, short, demand)
    return np.asarray((low + high) / 2)


def _expected(
    value: Array,
    x: Array,
    step: float,
    time: float,
    demand: Demand,
    low_slope: float,
    high_slope: float,
) -> Array:
    """Return E[value(x - D)], the value going on in straight lines beyond the grid."""
    mean = demand.mean * time
    if demand.sd is None:
        first = 0
        chance = np.asarray(poisson(mean).pmf(np.arange(int(poisson(mean).isf(1e-13)) + 2)))
    else:
        spread = demand.deviation(time)
        first = int(np.floor((mean - FAR * spread) / step))
        edge = step * (first - 0.5 + np.arange(int(np.ceil(2 * FAR * spread / step)) + 3))
        chance = np.diff(ndtr((edge - mean) / spread))
    chance = chance / chance.sum()
    most = max(first + len(chance), 1)
    down = value[0] - low_slope * step * np.arange(most, 0, -1)
    up = value[-1] + high_slope * step * np.arange(1, max(-first, 0) + 1)
    whole = np.concatenate((down, value, up))
    start = most - first  # the place in ``whole`` of x - first
    rows = fftconvolve(whole, chance)[start : start + len(value)]
    return np.asarray(rows)


def _lowest(x: Array, value: Array, at: int, exact: bool) -> tuple[float, float]:
    """Return where the value is least and how much: between grid points by a parabola."""
    if exact or not 0 < at < len(x) - 1:
        return float(x[at]), float(value[at])
    left, mid, right = value[at - 1 : at + 2]
    bend = left - 2 * mid + right
    shift = (left - right) / (2 * bend) if bend > 0 else 0.0
    return float(x[at] + shift * (x[1] - x[0])), float(mid - bend * shift**2 / 2)


def _checked(holding: Sequence[float], lead: Sequence[float], short: float) -> tuple[Array, Array]:
    above_zero(echelon_holding=holding, short=short)
    not_negative(lead=lead)
    h, time = np.asarray(holding, np.float64), np.asarray(lead, np.float64)
    if h.ndim != 1 or h.shape != time.shape or not h.size:
        raise ValueError(
            f"echelon_holding, lead: expected one number per stage, got {h.size} and {time.size}."
        )
    return h, time
