"""What a policy costs on demand that it has not seen: day by day in time, all rows at once.

In the morning of a day what was ordered comes in, then what is too old is thrown away, then demand
is served, oldest first; in the evening the policy orders. Costs are in [currency], arrays (n,) or
(n, T).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .cover import Price
from .given import Array, not_negative

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Evening:
    """What is known in the evening of ``day``, when one may order.

    ``hand`` units are in stock and ``waiting`` units of demand are owed, shape (n,). ``coming``
    (n, B) are units that were under way before the first day, by the morning on which they come,
    the next one first; ``under_way`` (n, day) those ordered since and not received, by the evening
    of the order: nobody knows yet when they come. ``sold`` and ``met`` (n, day + 1) are sales so
    far (demand, where it waits), and whether all demand was seen: without stock it was not.
    """

    day: int
    hand: Array
    waiting: Array
    coming: Array
    under_way: Array
    sold: Array
    met: npt.NDArray[np.bool_]

    @property
    def position(self) -> Array:
        """Return stock and what is under way less what is owed, shape (n,)."""
        way = self.coming.sum(axis=1) + self.under_way.sum(axis=1)
        return np.asarray(self.hand + way - self.waiting)


@dataclass(frozen=True)
class Ledger:
    """What happened: units, shape (n, T), and what each row paid for it, shape (n,)."""

    hand: Array
    sold: Array
    lost: Array
    wasted: Array
    ordered: Array
    holding: Array
    short: Array
    waste: Array
    order: Array

    @property
    def total(self) -> Array:
        """Return what each row paid, shape (n,)."""
        return self.holding + self.short + self.waste + self.order


def run(
    demand: npt.ArrayLike,
    policy: Callable[[Evening], Array],
    lead: npt.ArrayLike,
    price: Price,
    fixed: npt.ArrayLike,
    *,
    stock: npt.ArrayLike = 0.0,
    coming: npt.ArrayLike | None = None,
    keeps: npt.ArrayLike = 0,
    backorders: bool = False,
    counted_from: int = 0,
) -> Ledger:
    """Return what ``policy`` costs.

    Parameters
    ----------
    demand
        Units asked for, shape (n, T).
    policy
        Says how many units to order in the evening, shape (n,), >= 0; 0 places no order.
    lead
        Nights until an order of each evening comes, >= 0, shape (n, T); 0 means the next morning.
    price, fixed
        What a unit held overnight, lost (or owed, per day) and thrown away costs; and an order.
    stock
        Units in stock before the first day, shape (n,); fresh.
    coming
        Units under way by the morning on which they come, from the first day on, shape (n, B).
    keeps
        Days on which a piece can be sold, the one on which it comes included, shape (n,); 0: no
        end.
    backorders
        Whether unmet demand waits and costs ``short`` each day, instead of being lost.
    counted_from
        First day whose costs count; the ones before only set the scene.

    Raises
    ------
    ValueError
        When demand or costs are negative or not numbers, or a policy orders such units.
    """
    asked = np.asarray(demand, np.float64)
    not_negative(demand=asked, lead=lead, fixed=fixed, stock=stock, keeps=keeps)
    n, days = asked.shape
    nights = np.broadcast_to(np.asarray(lead, np.int64), (n, days))
    start = np.zeros((n, 1)) if coming is None else np.asarray(coming, np.float64)
    reach = max(int(nights.max(initial=0)) + 2, start.shape[1] + 1)
    under = np.zeros((n, days + reach))
    under[:, : start.shape[1]] = start
    age = np.broadcast_to(np.asarray(keeps, np.int64), (n,))
    shelf = np.zeros((n, max(int(age.max(initial=0)), 1)))  # units by age, those that may spoil
    shelf[:, 0] = stock
    spoils, row = age > 0, np.arange(n)
    owed = np.zeros(n)
    kept = {name: np.zeros((n, days)) for name in ("hand", "sold", "lost", "wasted", "ordered")}
    met = np.ones((n, days), bool)
    for day in range(days):
        if day:
            old = shelf[row, np.maximum(age - 1, 0)]
            kept["wasted"][:, day] = np.where(spoils, old, 0.0)
            shelf[row[spoils], age[spoils] - 1] = 0
            grown = np.roll(shelf, 1, axis=1)  # the oldest place is empty by now
            shelf = np.where(spoils[:, None], grown, shelf)
        shelf[:, 0] += under[:, day]
        want = asked[:, day] + owed
        have = shelf.sum(axis=1)
        sold = np.minimum(want, have)
        shelf = np.maximum(shelf - np.maximum(sold[:, None] - _older(shelf), 0), 0)
        owed = want - sold if backorders else owed
        for name, value in (("hand", have - sold), ("sold", sold), ("lost", want - sold)):
            kept[name][:, day] = value
        met[:, day] = backorders | ((want <= have) & (have > 0))
        comes = np.arange(day) + 1 + nights[:, :day]
        evening = Evening(
            day, have - sold, owed, start[:, day + 1 :],
            np.where(comes > day, kept["ordered"][:, :day], 0.0),
            (asked if backorders else kept["sold"])[:, : day + 1], met[:, : day + 1],
        )  # fmt: skip
        units = np.asarray(policy(evening), np.float64)
        if units.shape != (n,) or not ((units >= 0) & np.isfinite(units)).all():
            raise ValueError(f"policy: expected {n} numbers >= 0 on day {day}, got {units}.")
        kept["ordered"][:, day] = units
        under[row, np.minimum(day + 1 + nights[:, day], days + reach - 1)] += units
    counts = np.arange(days) >= counted_from
    paid = {
        "holding": price.holding * (kept["hand"] * counts).sum(axis=1),
        "short": price.short * (kept["lost"] * counts).sum(axis=1),
        "waste": price.waste * (kept["wasted"] * counts).sum(axis=1),
        "order": np.asarray(fixed) * ((kept["ordered"] > 0) & counts).sum(axis=1),
    }
    return Ledger(**kept, **paid)


def _older(shelf: Array) -> Array:
    """Return how many units are older than those of each age, shape (n, A)."""
    return np.asarray(np.cumsum(shelf[:, ::-1], axis=1)[:, ::-1] - shelf)
