"""What each position of stock costs, as if the days that are drawn went on for ever."""

from dataclasses import dataclass

import numpy as np

from .outlook import Array, Order, Outlook
from .packs import cost_of, floor, neighbours, sold_before_expiry

GRID = 120  # positions that are tried
BELOW = 20  # of them below zero
RARE = 100  # units short that a fixed cost may be worth; beyond it no order ever pays


@dataclass(frozen=True)
class Grid:
    """Positions y = step (k - BELOW), what a review costs at them, and demand of a review.

    ``step`` has shape (n,), ``cost`` (n, GRID) and ``chance`` (n, K), of demand in steps. Rows that
    never order are not ``worth`` it: nothing is asked for, or an order costs too much.
    """

    step: Array
    cost: Array
    chance: Array
    worth: np.ndarray


def grid(outlook: Outlook) -> Grid:
    """Return what each position costs per review, on drawn demand.

    Holding of the days of the window, and short for what is lost in it: what is owed at its end
    less what was owed when the order came; where demand waits, what is owed on each day. Positions
    below zero, which lost sales never reach, cost short for each unit more.
    """
    n, p, horizon = outlook.demand.shape
    total = np.concatenate((np.zeros((n, p, 1)), np.cumsum(outlook.demand, axis=2)), axis=2)
    first, last = outlook.first, outlook.last()
    asked = total[np.arange(n), :, np.minimum(outlook.review, horizon)]
    before, end = (np.take_along_axis(total, at[:, :, None], axis=2)[:, :, 0] for at in
                   (first, last))  # fmt: skip
    mean = np.maximum(asked.mean(axis=1), 1e-9)
    held = np.maximum(outlook.price.holding * outlook.review, 1e-9)
    lot = np.minimum(np.sqrt(2 * outlook.fixed * mean / held), 60 * mean + 60)
    span = end.max(axis=1) + 1.5 * lot + asked.max(axis=1) + 2
    step = np.maximum(np.ceil(span / (GRID - BELOW - 2)), 1.0)
    y = step[:, None] * np.maximum(np.arange(GRID) - BELOW, 0)
    cost = np.zeros((n, GRID))
    wide = np.arange(int((last - first).max(initial=1)))
    at = np.minimum(first[:, :, None] + 1 + wide, horizon)
    days = wide < (last - first)[:, :, None]
    asked_by = np.take_along_axis(total, at, axis=2)  # from now to each evening of the window
    for k in range(p):
        gone, counts = asked_by[:, k, None, :], days[:, k, None, :]
        left = np.where(counts, np.maximum(y[:, :, None] - gone, 0), 0).sum(axis=2)
        if outlook.waits:
            lost = np.where(counts, np.maximum(gone - y[:, :, None], 0), 0).sum(axis=2)
        else:
            lost = np.maximum(end[:, k, None] - y, 0) - np.maximum(before[:, k, None] - y, 0)
        cost += outlook.price.holding[:, None] * left + outlook.price.short[:, None] * lost
    under = step[:, None] * np.maximum(BELOW - np.arange(GRID), 0)
    cost = cost / p + outlook.price.short[:, None] * under
    units = np.rint(asked / step[:, None]).astype(np.int64)
    width = int(units.max(initial=0)) + 1
    chance = np.stack([np.bincount(row, minlength=width) for row in units]) / p
    rare = outlook.fixed >= RARE * outlook.price.short * step
    return Grid(step, cost, chance, (chance[:, 0] < 1) & ~rare)


def placed(outlook: Outlook, asked: Array, up_to: Array, reorder: Array) -> Order:
    """Return the order of at least ``asked`` units, with its cost until the next review's."""
    last = outlook.last()
    of = outlook.until(last)
    units = neighbours(outlook, np.minimum(asked, sold_before_expiry(of)))[1]
    one = np.ones(len(units), np.int64)
    return Order(units, up_to, reorder, one, last, cost_of(outlook, of, units), floor(outlook, of))
