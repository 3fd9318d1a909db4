"""Order what costs least per review until it is used up; order now if waiting costs more."""

from dataclasses import dataclass

import numpy as np

from lanecast.optimize.cover import for_service

from .outlook import Order, Outlook
from .packs import cost_of, fitted, floor, ideal, sold_before_expiry, with_toll

SPANS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)  # reviews that one order may last


@dataclass(frozen=True)
class Rolling:
    """The (s, S) policy for demand that changes: decided anew at each review, on drawn demand.

    For each number of reviews m the best order is found, exactly on the draws, and its cost with
    the fixed cost is divided by m (Silver & Meal 1973, for random demand). The cheapest m counts.
    An order is placed where one more unit would save something before the next order can come, and
    the cost of waiting is above that average: the condition that s meets in the stationary case
    (Zheng & Federgruen 1991). Without a fixed cost this is the base stock that is best for one
    review. Longer spans are tried until one costs more.

    Parameters
    ----------
    service
        The least chance that nothing is lost until the next order comes; None: cost decides alone.
    """

    service: float | None = None

    def __post_init__(self) -> None:
        if self.service is not None and not 0 < self.service < 1:
            raise ValueError(f"service: expected a chance in (0, 1), got {self.service}.")

    def order(self, outlook: Outlook) -> Order:
        """Return what to order now."""
        n = len(outlook.stock)
        none = np.zeros(n)
        reach = int(outlook.horizon - outlook.after.max(initial=0))
        one = outlook.until(outlook.last())
        wait = cost_of(outlook, one, none)
        units, rate, bound = none.copy(), np.full(n, np.inf), wait.copy()
        paid, reviews = wait.copy(), np.ones(n, np.int64)
        todo = np.arange(n)  # rows for which a longer span may still cost less
        for span in SPANS:
            todo = todo[(span == 1) | (span * outlook.review[todo] <= reach)]
            if not len(todo):
                break
            some = outlook.rows(todo)
            of = some.until(some.last(span))
            bound[todo] = np.minimum(bound[todo], floor(some, of) / span)
            asked = ideal(some, of)
            if self.service is not None and span == 1:
                enough = np.minimum(for_service(of, self.service), sold_before_expiry(of))
                asked = np.maximum(asked, np.minimum(enough, some.most))
            whole = fitted(some, of, asked)
            cost = with_toll(some, of, whole) / span
            better = (whole > 0) & (cost < rate[todo])
            on = todo[better]
            units[on], rate[on], reviews[on] = whole[better], cost[better], span
            paid[on] = cost_of(some, of, whole)[better] / span
            # no span is worth trying where one more unit would only lie longer
            todo = todo[(some.fixed > 0) & (asked > 0) & (better | (units[todo] == 0))]
        pays = rate < wait
        if self.service is not None:
            pays = (units > 0) & (pays | (for_service(one, self.service) > 0))
        units, reviews = np.where(pays, units, 0.0), np.where(pays, reviews, 1)
        return Order(
            units,
            outlook.position + units,
            np.full(n, np.nan),
            reviews,
            outlook.last(reviews),
            np.where(pays, paid, wait),
            bound,
        )
