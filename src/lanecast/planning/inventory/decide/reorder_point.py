"""Order multiples of Q at a review at which the position is at r or below."""

from dataclasses import dataclass

import numpy as np

from lanecast.optimize.reorder_point import on_grid

from .outlook import Order, Outlook
from .stationary import BELOW, grid, placed


@dataclass(frozen=True)
class ReorderPoint:
    """(r, Q): the least multiple of Q that lifts the position above r; exact on a grid."""

    def order(self, outlook: Outlook) -> Order:
        """Return what to order now."""
        known = grid(outlook)
        low, lot = np.full(len(known.step), -1.0), np.ones(len(known.step))
        if (of := known.worth).any():
            mean = (known.chance[of] * np.arange(known.chance.shape[1])).sum(axis=1)
            point, quantity, _ = on_grid(known.cost[of], outlook.fixed[of] * mean)
            low[of] = (point - 1 - BELOW) * known.step[of]
            lot[of] = quantity * known.step[of]
        times = np.floor((low - outlook.position) / lot) + 1
        asked = np.where(outlook.position <= low, times * lot, 0.0)
        return placed(outlook, asked, np.maximum(low + lot, 0), np.maximum(low, 0))
