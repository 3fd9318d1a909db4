"""What is known of each item when one may order: stock, what comes, drawn demand, rules, costs."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lanecast.optimize.cover import Price, Window, window

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Outlook:
    """Rows are items, n; P draws; days are counted from the one after the order.

    Parameters
    ----------
    stock
        Units on hand less units owed, in the evening of the order, shape (n,).
    coming
        Units that come in the morning of each day, shape (n, H).
    demand
        Drawn demand of each day, shape (n, P, H).
    first, after
        Day on whose morning an order of now comes, and from the next review on the days that an
        order of then takes likewise, shape (n, P); 0: the next morning.
    review
        Days until one may order again, shape (n,), >= 1.
    keeps
        Days on which a piece can be sold, shape (n,); 0: no end.
    pack, least, most
        Units in a case, the least order and the largest one (inf: none), shape (n,).
    price
        What a unit held, lost or thrown away costs.
    fixed
        What an order costs [currency], shape (n,).
    toll
        What each unit ordered is charged when units are chosen, and not in what a plan costs: the
        shadow price of a budget, shape (n,).
    waits
        Whether unmet demand waits and is paid for each day, instead of being lost.
    """

    stock: Array
    coming: Array
    demand: Array
    first: Whole
    after: Whole
    review: Whole
    keeps: Whole
    pack: Array
    least: Array
    most: Array
    price: Price
    fixed: Array
    toll: Array
    waits: bool = False

    @property
    def position(self) -> Array:
        """Return stock and what is under way, shape (n,)."""
        return np.asarray(self.stock + self.coming.sum(axis=1))

    @property
    def horizon(self) -> int:
        """Return the days for which demand is drawn."""
        return int(self.demand.shape[2])

    def rows(self, of: Whole) -> "Outlook":
        """Return the outlook of some rows."""
        price = Price(self.price.holding[of], self.price.short[of], self.price.waste[of])
        parts = {
            name: getattr(self, name)[of]
            for name in ("stock", "coming", "demand", "first", "after", "review", "keeps", "pack",
                         "least", "most", "fixed", "toll")
        }  # fmt: skip
        return Outlook(price=price, waits=self.waits, **parts)

    def last(self, reviews: int | Whole = 1) -> Whole:
        """Return the day on which the order after ``reviews`` reviews comes, shape (n, P)."""
        nights = np.asarray(reviews * self.review)[:, None]
        return np.maximum(self.first + 1, nights + self.after)

    def until(self, last: Whole) -> Window:
        """Return what an order of now meets, and what is asked for until day ``last``."""
        return window(
            self.stock, self.coming, self.demand, self.first, last, self.keeps, self.waits
        )


@dataclass(frozen=True)
class Order:
    """Units to order, shape (n,); the position to reach, and at or below which one orders.

    ``reorder`` is nan where a policy has no such level. ``reviews`` is how many an order lasts,
    until the days ``last`` (n, P), ``cost`` what is expected per review [currency], with the order
    and without a toll, and ``bound`` the least with the toll that any order could cost, of parts of
    units too.
    """

    units: Array
    up_to: Array
    reorder: Array
    reviews: Whole
    last: Whole
    cost: Array
    bound: Array
