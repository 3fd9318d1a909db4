"""Orders within a budget, by its shadow price."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from .outlook import Array, Order, Outlook

HALVINGS = 18
DEAREST = 2.0**30  # a shadow price at which nobody orders


class Policy(Protocol):
    """What an order policy does."""

    def order(self, outlook: Outlook) -> Order:
        """Return what to order now."""


def within(
    policy: Policy, outlooks: Sequence[Outlook], unit_cost: Sequence[Array], budget: float
) -> tuple[float, list[Order]]:
    """Return the shadow price of the budget, and orders whose purchases keep within it.

    Each unit is charged the price times its cost, on top of what it saves; the price at which the
    orders just fit is found by halving. 0 where they fit anyway.

    Raises
    ------
    ValueError
        When they do not fit at any price, since their size follows from a service that is asked.
    """

    def placed(price: float) -> list[Order]:
        return [
            policy.order(replace(outlook, toll=price * each))
            for outlook, each in zip(outlooks, unit_cost, strict=True)
        ]

    def spent(orders: list[Order]) -> float:
        pairs = zip(orders, unit_cost, strict=True)
        return sum(float(order.units @ each) for order, each in pairs)

    orders = placed(0.0)
    if spent(orders) <= budget:
        return 0.0, orders
    low, high = 0.0, 1.0
    while spent(orders := placed(high)) > budget and high < DEAREST:
        low, high = high, 2 * high
    if (least := spent(orders)) > budget:
        raise ValueError(
            f"budget: expected at least {math.ceil(least):,}, which orders of the service that is "
            f"asked cost, got {budget:,.0f}; or ask for a lower service, or none."
        )
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        tried = placed(middle)
        if spent(tried) > budget:
            low = middle
        else:
            high, orders = middle, tried
    return high, orders
