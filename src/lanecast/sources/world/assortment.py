"""What is planned: the products that are sold from stock, their life and their suppliers."""

from dataclasses import dataclass

import numpy as np

from .clock import FAR
from .people import CATEGORIES, PRICE, WEIGHT, Products
from .streams import Bools, Floats, Ints, Streams

AHEAD = 42  # days by which prices, launches and ends are known, and truth goes on after the end
ENDLESS = FAR  # the last day of a product that stays
HEAVY = 1500.0  # g, from which on a piece slows the hand down
GROCERY = CATEGORIES.index("grocery")


@dataclass(frozen=True)
class Assortment:
    """Products by row: ``price`` and ``cost`` [USD], days of ``launch`` and ``end``.

    ``life`` [d] is the shelf life, 0 without one; ``pack`` pieces are a case. ``lead`` [d] is what
    the ``supplier`` states, ``review`` [d] how often one orders, on days that leave ``phase``.
    """

    category: Ints
    price: Floats
    cost: Floats
    heavy: Bools
    launch: Ints
    end: Ints
    life: Ints
    pack: Ints
    supplier: Ints
    lead: Ints
    review: Ints
    phase: Ints
    rare: Bools


def more(goods: Products, size: int, streams: Streams) -> Products:
    """Return ``goods`` and as many others as are lacking to ``size``."""
    lacking = size - len(goods.price)
    if lacking <= 0:
        return goods
    rng = streams.fixed("more products")
    category = rng.integers(0, len(CATEGORIES), lacking)
    weight = WEIGHT[category]
    weight = np.round(weight * rng.lognormal(0, 0.6, lacking))
    sides = np.sort(rng.uniform(0.4, 1.0, (lacking, 3)), axis=1)[:, ::-1]
    scale = (weight * 3500 / sides.prod(axis=1)) ** (1 / 3)  # 3.5 mm3 per mg: 0.29 kg a litre
    return Products(
        np.concatenate([goods.category, category]),
        np.concatenate([goods.weight, weight]),
        np.concatenate([goods.price, PRICE[category] * rng.lognormal(0, 0.6, lacking)]),
        np.concatenate([goods.size, np.round(sides * scale[:, None], 1)]),
    )


def assortment(goods: Products, size: int, days: int, streams: Streams) -> Assortment:
    """Draw the plan of the first ``size`` products.

    12 % are launched within the window and 8 % end in it; 18 % sell rarely. Groceries have a
    shelf life of 8 to 30 days. A supplier per 15 products, with a stated lead time of 2 to 21
    days; groceries come within 5.
    """
    rng = streams.fixed("assortment")
    category, price = goods.category[:size], goods.price[:size]
    suppliers = max(3, size // 15)
    stated = np.round(np.exp(rng.uniform(np.log(2), np.log(21), suppliers))).astype(np.int64)
    often = np.where(rng.random(suppliers) < 0.4, 1, 7)
    begins = rng.integers(0, 7, suppliers)
    supplier = rng.integers(0, suppliers, size)
    grocery = category == GROCERY
    lead = np.where(grocery, np.minimum(stated[supplier], 5), stated[supplier])
    last = max(days - 30, 31)
    launch = np.where(rng.random(size) < 0.12, rng.integers(30, last, size), 0)
    stays = (rng.random(size) >= 0.08) | (launch > 0)
    end = np.where(stays, ENDLESS, rng.integers(30, last, size))
    rare = (rng.random(size) < 0.18) & ~grocery
    pack = np.array([1, 4, 6, 12, 24])[rng.integers(0, 5, size)]
    return Assortment(
        category, price, price * rng.uniform(0.45, 0.75, size),
        goods.weight[:size] > HEAVY, launch, end,
        np.where(grocery, rng.integers(8, 31, size), 0), np.where(rare, 1, pack),
        supplier, lead, np.where(grocery, 1, often[supplier]), begins[supplier], rare,
    )  # fmt: skip
