"""Order Q units whenever the position falls to r: the (r, Q) policy.

Symbols of [1]_: fixed cost K [currency/order], holding cost h [currency/unit/time], stock-out cost
p [currency/unit/time, or per unit where said], demand of mean lambda and deviation sigma per time,
lead time L [time]. g(y) is the cost rate of a position y: h E[(y - D)+] + p E[(D - y)+], D the
demand of the lead time.

References
----------
.. [1] Snyder & Shen (2019). *Fundamentals of Supply Chain Theory*, 2nd ed., chapter 5.
.. [2] Federgruen & Zheng (1992). An efficient algorithm for computing an optimal (r, Q) policy in
   continuous review stochastic inventory systems. Operations Research 40(4).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import ndtri

from .base_stock import poisson_chances
from .given import Array, above_zero, chances, not_negative
from .loss import discrete_first, normal_first, normal_second
from .lot_size import eoq, eoq_backorders


@dataclass(frozen=True)
class Reorder:
    """Reorder point r and order quantity Q [units], and the cost [currency/time] if it is known."""

    point: float
    quantity: float
    cost: float = float("nan")


@dataclass(frozen=True)
class Stream:
    """A stream of demand, normal over any span of time, and what it costs to serve it."""

    holding: float
    short: float
    fixed: float
    mean: float
    sd: float
    lead: float

    def __post_init__(self) -> None:
        above_zero(holding=self.holding, short=self.short, fixed=self.fixed, mean=self.mean)
        above_zero(sd=self.sd, lead=self.lead)

    @property
    def lead_mean(self) -> float:
        """Return the mean demand of the lead time, lambda L [units]."""
        return self.mean * self.lead

    @property
    def lead_sd(self) -> float:
        """Return the deviation of the demand of the lead time, sigma sqrt(L) [units]."""
        return float(self.sd * np.sqrt(self.lead))

    def rate(self, y: float) -> float:
        """Return g(y) [currency/time], eq. (5.5)."""
        over = float(normal_first(y, self.lead_mean, self.lead_sd))
        return self.holding * (y - self.lead_mean + over) + self.short * over

    def cost(self, point: float, quantity: float) -> float:
        """Return (K lambda + integral of g from r to r + Q) / Q [currency/time], eq. (5.7).

        Examples
        --------
        Example 5.1 of [1]_ at r = 126.8, Q = 328.5 costs 78.07.

        >>> a = Stream(0.225, 7.5, 8, 1300, 150, 1 / 12)
        >>> round(a.cost(126.8, 328.5), 2)
        78.07
        """
        low, high = point - self.lead_mean, point + quantity - self.lead_mean
        at = normal_second([point, point + quantity], self.lead_mean, self.lead_sd)
        over = float(at[0] - at[1])
        held = self.holding * ((high**2 - low**2) / 2 + over)
        return (self.fixed * self.mean + held + self.short * over) / quantity


def point_for(stream: Stream, quantity: float) -> float:
    """Return the best reorder point of a quantity: g(r) = g(r + Q), eq. (5.9).

    Examples
    --------
    Example 5.2 of [1]_: r(318) = 127.8.

    >>> round(point_for(Stream(0.225, 7.5, 8, 1300, 150, 1 / 12), 318), 1)
    127.8
    """
    above_zero(quantity=quantity)
    far = stream.lead_mean + 40 * stream.lead_sd + quantity
    low, high = stream.lead_mean - far, far

    def rise(r: float) -> float:
        return stream.rate(r + quantity) - stream.rate(r)

    return float(brentq(rise, low, high, xtol=1e-10))


def optimal(stream: Stream) -> Reorder:
    """Return the policy of least cost: g(r) = g(r + Q) = cost, eq. (5.10) of [1]_.

    Example 5.1 of [1]_ by the exact conditions: r = 126.6, Q = 329.1, cost 78.07.
    """
    start = float(eoq_backorders(stream.fixed, stream.holding, stream.short, stream.mean).quantity)

    def excess(q: float) -> float:
        r = point_for(stream, q)
        return stream.rate(r) - stream.cost(r, q)

    quantity = float(brentq(excess, start * 1e-3, start * 10 + 20 * stream.lead_sd, xtol=1e-9))
    point = point_for(stream, quantity)
    return Reorder(point, quantity, stream.cost(point, quantity))


def expected_level(stream: Stream) -> Reorder:
    """Return Hadley and Whitin's iteration on the expected level, p per unit short, section 5.3.1.

    Q = sqrt(2 lambda (K + p n(r)) / h) and 1 - F(r) = Q h / (p lambda), n the loss function; cost
    h (r - lambda L + Q / 2) + K lambda / Q + p lambda n(r) / Q, eq. (5.14) to (5.17).

    Raises
    ------
    ValueError
        When shortage is so cheap that no reorder point exists.

    Examples
    --------
    Example 5.3 of [1]_: r = 213.97, Q = 318.6, cost 95.45.

    >>> round(expected_level(Stream(0.225, 7.5, 8, 1300, 150, 1 / 12)).point, 2)
    213.97
    """
    h, p, mean = stream.holding, stream.short, stream.mean
    quantity = float(eoq(stream.fixed, h, mean).quantity)
    for _ in range(1000):
        risk = quantity * h / (p * mean)
        if risk >= 1:
            raise ValueError(
                f"short: {p} per unit is too cheap against holding {h} for a reorder point."
            )
        point = stream.lead_mean - stream.lead_sd * float(ndtri(risk))
        over = float(normal_first(point, stream.lead_mean, stream.lead_sd))
        before, quantity = quantity, float(np.sqrt(2 * mean * (stream.fixed + p * over) / h))
        if abs(quantity - before) < 1e-11 * quantity:
            break
    held = h * (point - stream.lead_mean + quantity / 2)
    return Reorder(point, quantity, held + (stream.fixed + p * over) * mean / quantity)


def by_backorder_lot(stream: Stream) -> Reorder:
    """Return Q of the EOQ with backorders, and r(Q), section 5.3.2.

    Example 5.4 of [1]_: r = 128.6, Q = 308.6.
    """
    lot = eoq_backorders(stream.fixed, stream.holding, stream.short, stream.mean)
    quantity = float(lot.quantity)
    point = point_for(stream, quantity)
    return Reorder(point, quantity, stream.cost(point, quantity))


def by_safety_stock(stream: Stream) -> Reorder:
    """Return the EOQ and a safety stock at the p / (h + p) quantile, section 5.3.3.

    Example 5.5 of [1]_: r = 190.3, Q = 304.0.
    """
    quantity = float(eoq(stream.fixed, stream.holding, stream.mean).quantity)
    ratio = stream.short / (stream.holding + stream.short)
    point = stream.lead_mean + stream.lead_sd * float(ndtri(ratio))
    return Reorder(point, quantity, stream.cost(point, quantity))


def by_loss(stream: Stream) -> Reorder:
    """Return the policy with backorders of r + Q neglected, section 5.3.4.

    n(r) = h Q / (h + p) and Q = sqrt(2 (K lambda + (h + p) n2(r)) / h), n2 the second-order loss.

    Example 5.6 of [1]_: r = 126.9, Q = 328.4.
    """
    both = stream.holding + stream.short

    def lot(r: float) -> float:
        second = float(normal_second(r, stream.lead_mean, stream.lead_sd))
        return float(np.sqrt(2 * (stream.fixed * stream.mean + both * second) / stream.holding))

    def gap(r: float) -> float:
        loss = float(normal_first(r, stream.lead_mean, stream.lead_sd))
        return loss - stream.holding * lot(r) / both

    far = 10 * lot(stream.lead_mean) + 40 * stream.lead_sd
    point = float(brentq(gap, stream.lead_mean - far, stream.lead_mean + far, xtol=1e-11))
    quantity = lot(point)
    return Reorder(point, quantity, stream.cost(point, quantity))


def poisson(holding: float, short: float, fixed: float, mean: float, lead: float) -> Reorder:
    """Return the exact policy for Poisson demand, by Federgruen and Zheng [2]_; section 5.4.

    Parameters
    ----------
    holding, short
        h and p [currency/unit/time].
    fixed
        K [currency/order].
    mean, lead
        lambda [units/time] and L [time].

    Examples
    --------
    Example 5.8 of [1]_: h = 20, p = 150, K = 100, lambda = 1.5, L = 2: r = 3, Q = 5, cost 107.9.

    >>> found = poisson(20, 150, 100, 1.5, 2)
    >>> found.point, found.quantity, round(found.cost, 1)
    (3.0, 5.0, 107.9)
    """
    above_zero(holding=holding, short=short, fixed=fixed, mean=mean, lead=lead)
    law = poisson_chances(mean * lead)
    low = -int(np.ceil(fixed * mean / short)) - 2
    high = len(law) + int(np.ceil(np.sqrt(2 * fixed * mean / holding))) + 2
    position = np.arange(low, high)
    point, quantity, cost = on_grid(position_cost(holding, short, law, position), fixed * mean)
    return Reorder(float(position[point] - 1), float(quantity), float(cost))


def position_cost(
    holding: npt.ArrayLike, short: npt.ArrayLike, chance: npt.ArrayLike, position: npt.ArrayLike
) -> Array:
    """Return g(y) at whole positions y, shape (..., Y), for demand with ``chance``, (..., K)."""
    p, y = chances("chance", chance), np.asarray(position)
    loss = discrete_first(p)
    mean = loss[..., :1]
    inside = loss[..., np.clip(y, 0, loss.shape[-1] - 1)]
    over = np.where(y < 0, mean - y, inside)
    h, b = (np.asarray(each, np.float64)[..., None] for each in (holding, short))
    return np.asarray(h * (y - mean + over) + b * over)


def on_grid(
    rate: npt.ArrayLike, start: npt.ArrayLike
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Array]:
    """Return index of r + 1, Q in grid steps, and cost, of each row, shape (...): exact [2]_.

    Parameters
    ----------
    rate
        g at the positions of a grid, convex along the last axis, shape (..., Y).
    start
        K lambda, per grid step of Q, >= 0, shape (...).

    Raises
    ------
    ValueError
        When a best order covers the whole grid, so that a wider one is needed.

    Notes
    -----
    Positions are visited uniformly, so the cost of a set of them is (K lambda + sum of g) / Q, and
    the next cheapest position is added as long as it costs less than the average.
    """
    not_negative(start=start)
    g = np.asarray(rate, np.float64)
    order = np.sort(g, axis=-1)
    count = np.arange(1, g.shape[-1] + 1)
    average = (np.asarray(start, np.float64)[..., None] + np.cumsum(order, axis=-1)) / count
    worse = order[..., 1:] >= average[..., :-1]
    if not worse.any(axis=-1).all():
        raise ValueError("rate: the best order is wider than the grid; expected a wider one.")
    quantity = worse.argmax(axis=-1) + 1
    last = np.take_along_axis(order, quantity[..., None] - 1, axis=-1)
    cost = np.take_along_axis(average, quantity[..., None] - 1, axis=-1)[..., 0]
    return (g <= last).argmax(axis=-1), quantity, cost
