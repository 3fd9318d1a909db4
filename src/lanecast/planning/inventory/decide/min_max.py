"""Order up to S at a review at which the position is at s or below."""

from dataclasses import dataclass

import numpy as np

from lanecast.optimize.min_max import optimal

from .outlook import Order, Outlook
from .stationary import BELOW, grid, placed


@dataclass(frozen=True)
class MinMax:
    """(s, S): exact on a grid for the law of the drawn days, as if it went on for ever."""

    def order(self, outlook: Outlook) -> Order:
        """Return what to order now."""
        known = grid(outlook)
        low, high = np.full((2, len(known.step)), -1.0)
        if (of := known.worth).any():
            found = optimal(outlook.fixed[of], known.chance[of], known.cost[of], -BELOW)
            low[of], high[of] = found.low * known.step[of], found.high * known.step[of]
        asked = np.where(outlook.position <= low, np.maximum(high - outlook.position, 0), 0.0)
        return placed(outlook, asked, np.maximum(high, 0), np.maximum(low, 0))
