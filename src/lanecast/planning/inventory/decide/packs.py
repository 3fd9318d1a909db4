"""Orders in whole cases, not below the least order nor above the largest, and what they cost."""

import numpy as np

from lanecast.optimize.cover import Window, best, expected

from .outlook import Array, Outlook

ROUNDING = 1e-9  # of a number of cases


def ideal(outlook: Outlook, of: Window) -> Array:
    """Return the order of least cost in parts of units, no more than sells before it expires."""
    most = np.minimum(outlook.most, sold_before_expiry(of))
    return best(of, outlook.price, most, outlook.toll)


def fitted(outlook: Outlook, of: Window, units: Array) -> Array:
    """Return the cheaper of the two orders next to ``units`` that may be placed, shape (n,)."""
    low, high = neighbours(outlook, units)
    cost = [with_toll(outlook, of, each) for each in (low, high)]
    return np.where(cost[0] <= cost[1], low, high)


def neighbours(outlook: Outlook, units: Array) -> tuple[Array, Array]:
    """Return the largest order of at most, and the least of at least ``units``, that may be placed.

    The second is the largest order that may be placed where none is larger.
    """
    pack = outlook.pack
    least = np.ceil(outlook.least / pack - ROUNDING) * pack
    most = np.floor(outlook.most / pack + ROUNDING) * pack  # inf stays inf
    low = np.minimum(np.floor(units / pack + ROUNDING) * pack, most)
    high = np.minimum(np.maximum(np.ceil(units / pack - ROUNDING) * pack, least), most)
    return np.where(low < least, 0.0, low), np.where(units > 0, high, 0.0)


def sold_before_expiry(of: Window) -> Array:
    """Return the units of an order that are expected to sell before they expire, shape (n,)."""
    return np.asarray(np.maximum(of.old - of.left, 0).mean(axis=1))  # inf: it keeps for ever


def cost_of(outlook: Outlook, of: Window, units: Array) -> Array:
    """Return the expected cost of a window and of the order, shape (n,)."""
    return np.asarray(expected(of, outlook.price, units).total + outlook.fixed * (units > 0))


def with_toll(outlook: Outlook, of: Window, units: Array) -> Array:
    """Return the expected cost of a window, of the order, and its toll, shape (n,)."""
    return np.asarray(cost_of(outlook, of, units) + outlook.toll * units)


def floor(outlook: Outlook, of: Window) -> Array:
    """Return the least cost, with the toll, of any order for this window, shape (n,).

    Cases, least and largest orders and expiry as a rule are left out.
    """
    free = best(of, outlook.price, np.inf, outlook.toll)
    none = np.zeros(len(free))
    return np.minimum(with_toll(outlook, of, free), with_toll(outlook, of, none))
