"""What stock costs, and what may be ordered."""

from dataclasses import dataclass

import numpy as np
import polars as pl


@dataclass(frozen=True)
class Costs:
    """What stock costs.

    Parameters
    ----------
    order
        An order of an item [currency]; a column ``order_cost`` of the items goes before it.
    holding
        Interest, space and decay, as a share of what a unit costs, per year.
    short
        A unit that could not be sold [currency]; None: price less cost of the item.
    waste
        A unit thrown away [currency]; None: its cost.
    """

    order: float = 2.0
    holding: float = 0.25
    short: float | None = None
    waste: float | None = None

    def __post_init__(self) -> None:
        for name in ("order", "holding", "short", "waste"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < np.inf:
                raise ValueError(f"{name}: expected a finite cost of at least 0, got {value}.")


@dataclass(frozen=True)
class Limits:
    """What may be ordered, and what is there.

    Parameters
    ----------
    items
        One row per item: ``unique_id`` (product/place), ``on_hand`` [units], ``lead_d`` (0 is
        valid: the next morning), ``review_d``, ``unit_cost`` and ``price`` [currency]; and, if they
        matter, ``on_order``, ``case_pack``, ``least`` and ``most`` [units per order],
        ``shelf_life_d`` (0 or null: none), ``order_cost``, ``source_id``.
    arriving
        Units under way: ``unique_id``, ``in_d`` (1: tomorrow morning), ``units``. None: all of
        ``on_order`` is taken to come when half of the lead time has gone.
    leads
        Quantiles of hours from order to receipt, columns ``q010`` ... as in ``predictions``, with
        ``unique_id``; items that it does not name take ``lead_d``.
    budget
        What all orders together may cost in purchases [currency].
    """

    items: pl.DataFrame
    arriving: pl.DataFrame | None = None
    leads: pl.DataFrame | None = None
    budget: float = float("inf")

    def __post_init__(self) -> None:
        if not self.budget >= 0:
            raise ValueError(f"budget: expected at least 0, got {self.budget}.")
