"""Order up to a level at each review: base stock."""

from dataclasses import dataclass

import numpy as np

from lanecast.optimize.cover import for_service

from .outlook import Order, Outlook
from .packs import cost_of, fitted, floor, ideal, neighbours, sold_before_expiry


@dataclass(frozen=True)
class OrderUpTo:
    """Fill up at each review, whatever the order costs, for the days until the next order comes.

    Parameters
    ----------
    service
        The chance that nothing is lost in that time; None: the level of least expected cost.
    """

    service: float | None = None

    def __post_init__(self) -> None:
        if self.service is not None and not 0 < self.service < 1:
            raise ValueError(f"service: expected a chance in (0, 1), got {self.service}.")

    def order(self, outlook: Outlook) -> Order:
        """Return what to order now."""
        last = outlook.last()
        of = outlook.until(last)
        if self.service is None:
            units = fitted(outlook, of, ideal(outlook, of))
        else:
            most = np.minimum(outlook.most, sold_before_expiry(of))
            units = neighbours(outlook, np.minimum(for_service(of, self.service), most))[1]
        level = outlook.position + units
        one = np.ones(len(units), np.int64)
        return Order(
            units, level, level, one, last, cost_of(outlook, of, units), floor(outlook, of)
        )
