"""How much one order should bring, on drawn ways of demand: what it costs until the next arrives.

Days are counted from the one after the order, 0, 1, 2 ... An order comes in the morning of day
``first`` and must last until the next one comes, in the morning of day ``last``. What was there
before is used first. Demand that meets no stock is lost; or it waits, and costs each day. Rows are
items, n; draws are P; costs have shape (n,).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .given import Array, not_negative

Whole = npt.NDArray[np.int64]
HALVINGS = 24


@dataclass(frozen=True)
class Window:
    """What is there when an order comes, and what is asked for until the next one.

    ``left`` units are in stock in the morning it comes, before it, shape (n, P). ``asked`` is the
    demand from that morning to the end of each of W days, shape (n, P, W), of which ``days`` (n, P)
    count. ``old`` is what is asked while the order keeps, shape (n, P); inf: it keeps for ever.
    ``waits`` says whether unmet demand waits; then ``left`` may be negative.
    """

    left: Array
    asked: Array
    days: Whole
    old: Array
    waits: bool = False

    @property
    def need(self) -> Array:
        """Return what is asked for in the window, shape (n, P)."""
        return _at(self.asked, self.days - 1)


@dataclass(frozen=True)
class Price:
    """Costs per unit, shape (n,): held overnight, lost (or waiting, a day), thrown away."""

    holding: Array
    short: Array
    waste: Array

    def __post_init__(self) -> None:
        not_negative(holding=self.holding, short=self.short, waste=self.waste)


@dataclass(frozen=True)
class Expected:
    """Mean cost of a window by what causes it, shape (n,), and the chance that nothing is lost."""

    holding: Array
    short: Array
    waste: Array
    kept: Array

    @property
    def total(self) -> Array:
        """Return the sum of the parts, shape (n,)."""
        return self.holding + self.short + self.waste


def window(
    stock: npt.ArrayLike,
    coming: npt.ArrayLike,
    demand: npt.ArrayLike,
    first: npt.ArrayLike,
    last: npt.ArrayLike,
    keeps: npt.ArrayLike = 0,
    waits: bool = False,
) -> Window:
    """Return what an order meets: stock run down to its arrival, sales lost on the way.

    Parameters
    ----------
    stock
        Units on hand after today, shape (n,).
    coming
        Units that come in the morning of each day, shape (n, H).
    demand
        Drawn demand of each day, shape (n, P, H).
    first, last
        Day on whose morning this order comes, and the next one, shape (n, P), first < last <= H.
    keeps
        Days on which a piece can be sold, the one on which it comes included, shape (n,); 0: no
        end. Beyond the days that are drawn, demand is taken to go on at the mean of its draw.
    waits
        Whether unmet demand waits, instead of being lost; then ``stock`` is less what is owed.

    Raises
    ------
    ValueError
        When a window is empty, or demand is not drawn for its last day.
    """
    draws = np.asarray(demand, np.float64)
    n, p, horizon = draws.shape
    start, end = (np.broadcast_to(np.asarray(day, np.int64), (n, p)) for day in (first, last))
    if not ((start >= 0) & (start < end) & (end <= horizon)).all():
        raise ValueError(
            f"first, last: expected 0 <= first < last <= {horizon}, the days that are drawn; got "
            f"first {start.min()} to {start.max()} and last {end.min()} to {end.max()}."
        )
    more = np.asarray(coming, np.float64)
    hand = np.repeat(np.asarray(stock, np.float64)[:, None], p, axis=1)
    for day in range(int(start.max())):
        after = hand + more[:, day, None] - draws[:, :, day]
        hand = np.where(day < start, after if waits else np.maximum(after, 0), hand)
    each = np.arange(horizon)
    inside = (each >= start[:, :, None]) & (each < end[:, :, None])
    beside = np.where(inside, more[:, None, :horizon], 0.0).sum(axis=2)  # comes in the window too
    total = np.concatenate((np.zeros((n, p, 1)), np.cumsum(draws, axis=2)), axis=2)
    before = _at(total, start)
    wide = int((end - start).max())
    at = np.minimum(start[:, :, None] + 1 + np.arange(wide), horizon)
    asked = np.take_along_axis(total, at, axis=2) - before[:, :, None]
    age = np.broadcast_to(np.asarray(keeps, np.int64), (n,))[:, None]
    seen = np.minimum(age, horizon - start)
    old = (_at(total, start + seen) - before) * age / np.maximum(seen, 1)
    return Window(hand + beside, asked, end - start, np.where(age > 0, old, np.inf), waits)


def expected(of: Window, price: Price, units: npt.ArrayLike) -> Expected:
    """Return the mean cost of ordering ``units``, shape (n,): see ``best`` for the formula."""
    have = of.left + np.asarray(units, np.float64)[:, None]
    counted = np.arange(of.asked.shape[2]) < of.days[:, :, None]
    rest = np.where(counted, np.maximum(have[:, :, None] - of.asked, 0), 0.0).sum(axis=2)
    lost = np.maximum(of.need - have, 0)
    short = lost
    if of.waits:
        short = np.where(counted, np.maximum(of.asked - have[:, :, None], 0), 0.0).sum(axis=2)
    return Expected(
        price.holding * rest.mean(axis=1),
        price.short * short.mean(axis=1),
        price.waste * np.maximum(have - of.old, 0).mean(axis=1),
        (lost <= 0).mean(axis=1),
    )


def best(
    of: Window, price: Price, most: npt.ArrayLike = np.inf, toll: npt.ArrayLike = 0.0
) -> Array:
    """Return the units of least expected cost, shape (n,), at least 0 and at most ``most``.

    ``toll`` is what each unit ordered costs beside that, for example a shadow price, shape (n,).

    Notes
    -----
    h sum over its days of (have - asked)+ + p (asked in all - have)+ + w (have - asked while it
    keeps)+ is convex in ``have``, the stock with the order: its slope, h times the expected days
    with stock less p P(lost) plus w P(thrown away), is halved to zero. The newsvendor is the case
    of one day. Where demand waits, p is paid for (asked - have)+ of each day.
    """
    low = np.zeros(len(of.left))
    lacking = np.maximum((of.need - np.minimum(of.left, 0)).max(axis=1), 0)
    high = np.minimum(lacking, np.asarray(most, np.float64))
    extra = np.asarray(toll, np.float64)
    none = _slope(of, price, low) + extra >= 0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        up = _slope(of, price, middle) + extra < 0
        low, high = np.where(up, middle, low), np.where(up, high, middle)
    return np.where(none, 0.0, high)


def for_service(of: Window, share: npt.ArrayLike) -> Array:
    """Return the least units with which nothing is lost with probability ``share``, shape (n,)."""
    level = np.broadcast_to(np.asarray(share, np.float64), (len(of.left),))
    if not ((level > 0) & (level < 1)).all():
        raise ValueError(f"share: expected probabilities in (0, 1), got {level.min()}.")
    lacking = np.sort(of.need - of.left, axis=1)
    rank = np.ceil(level * lacking.shape[1] - 1e-9).astype(np.int64) - 1
    return np.maximum(np.take_along_axis(lacking, rank[:, None], axis=1)[:, 0], 0.0)


def _slope(of: Window, price: Price, units: Array) -> Array:
    have = of.left + units[:, None]
    counted = np.arange(of.asked.shape[2]) < of.days[:, :, None]
    full = of.asked <= have[:, :, None]
    days = (full & counted).sum(axis=2).mean(axis=1)
    lost, thrown = (of.need > have).mean(axis=1), (of.old <= have).mean(axis=1)
    if of.waits:
        lost = (~full & counted).sum(axis=2).mean(axis=1)
    return np.asarray(price.holding * days - price.short * lost + price.waste * thrown)


def _at(values: Array, day: Whole) -> Array:
    return np.take_along_axis(values, day[:, :, None], axis=2)[:, :, 0]
