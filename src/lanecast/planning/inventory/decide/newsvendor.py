"""One order for a whole season: there is no second chance."""

from dataclasses import dataclass

import numpy as np

from .outlook import Order, Outlook
from .packs import cost_of, fitted, floor, ideal, with_toll


@dataclass(frozen=True)
class Newsvendor:
    """Order once, for all days for which demand is drawn: the quantile of p / (p + cost of over).

    See ``optimize.newsvendor`` for the formula with quantiles; here holding is paid day by day.
    """

    def order(self, outlook: Outlook) -> Order:
        """Return what to order now."""
        last = np.full_like(outlook.first, outlook.horizon)
        of = outlook.until(last)
        units = fitted(outlook, of, ideal(outlook, of))
        none = np.zeros(len(units))
        waits = with_toll(outlook, of, none) <= with_toll(outlook, of, units)
        units = np.where(waits, 0.0, units)
        return Order(
            units,
            outlook.position + units,
            np.full(len(units), np.nan),
            np.ones(len(units), np.int64),
            last,
            cost_of(outlook, of, units),
            floor(outlook, of),
        )
