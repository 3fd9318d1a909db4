"""Prices and promotions of planned products, and when each became known."""

from dataclasses import dataclass

import numpy as np

from .assortment import AHEAD, Assortment
from .clock import BEFORE
from .events import Array
from .scene import Scene
from .streams import Bools, Floats, Ints

SPACING = 21  # days between two promotions of a product at least
NOTICE = 21  # days by which a promotion is known, and 5 where it is decided late


@dataclass(frozen=True)
class Tags:
    """Prices [product, country, day] in cents, from the first day to ``AHEAD`` after the end.

    ``on`` are days of a promotion, ``shown`` of a displayed one, ``told`` [day] is when it became
    known. Promotions are rows of ``product``, ``country``, first and last day (``begin``,
    ``stop``), ``discount``, ``display`` and ``known`` [day]. ``uplift`` [country, day] is the
    campaign of the whole company, 1 without one.
    """

    regular: Ints
    price: Ints
    shown: Bools
    on: Bools
    told: Ints
    product: Ints
    country: Ints
    begin: Ints
    stop: Ints
    discount: Floats
    display: Bools
    known: Ints
    uplift: Floats


def tags(shop: Assortment, scene: Scene) -> Tags:
    """Draw prices and promotions.

    A regular price moves every 120 days on average, by a lognormal step of 0.07. A promotion
    begins every 60 days, three times as often in the week before a holiday or in a campaign, and
    lasts 5 to 14 days at 10 to 40 % off; half of them are displayed too. One in twelve is decided
    5 days ahead, the others 21.
    """
    rng, clock = scene.streams.fixed("price tags"), scene.clock
    many, countries, span = len(shop.price), len(scene.net.countries), clock.days + AHEAD
    shape = (many, countries, span)
    step = np.where(rng.random(shape) < 1 / 120, rng.normal(0.005, 0.07, shape), 0.0)
    path = shop.price[:, None, None] * np.exp(np.cumsum(step, axis=2))
    regular = np.maximum(np.round(100 * path), 1).astype(np.int64)

    uplift = scene.cal.uplift[:, BEFORE : BEFORE + span]
    holiday = scene.cal.holiday[:, BEFORE : BEFORE + span]
    near = np.zeros_like(holiday)
    for lead in range(1, 8):
        near[:, :-lead] |= holiday[:, lead:]
    keen = np.where(near | (uplift > 1), 3.0, 1.0)
    product, country, begin = np.nonzero(rng.random(shape) < keen[None] / 60)
    series = product * countries + country
    fresh = np.ones(len(begin), bool)
    fresh[1:] = (series[1:] != series[:-1]) | (np.diff(begin) >= SPACING)
    product, country, begin = product[fresh], country[fresh], begin[fresh]
    size = len(begin)
    stop = np.minimum(begin + rng.integers(4, 14, size), span - 1)
    discount = np.round(rng.uniform(0.10, 0.40, size), 2)
    display = rng.random(size) < 0.5
    known = begin - np.where(rng.random(size) < 1 / 12, 5, NOTICE)

    def spread(value: Array) -> Floats:
        change = np.zeros((many, countries, span + 1))
        np.add.at(change, (product, country, begin), value)
        np.add.at(change, (product, country, stop + 1), -value)
        summed: Floats = change.cumsum(axis=2)
        return summed[:, :, :-1]

    on = spread(np.ones(size)) > 0.5
    off = np.where(on, spread(discount), 0.0)
    price = np.maximum(np.round(regular * (1 - off)), 1).astype(np.int64)
    told = np.round(spread(known + 1000.0)).astype(np.int64) - 1000
    return Tags(
        regular, price, spread(display * 1.0) > 0.5, on, told,
        product, country, begin, stop, discount, display, known, uplift,
    )  # fmt: skip
