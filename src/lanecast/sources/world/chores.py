"""Work in the warehouses, hour by hour: what sales, receipts and returns ask for."""

from dataclasses import dataclass

import numpy as np

from lanecast.tables.planning import PROCESSES

from .assortment import Assortment
from .calendar import HOURLY
from .clock import DAY, HOUR
from .events import Array
from .scene import Scene
from .shelves import Shelves
from .streams import Floats, Ints

INBOUND = np.array([0, 0, 0, 0, 0, 0, 2, 4, 5, 5, 4, 3, 2, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0], float)
BACK = np.array([0, 0, 0, 0, 0, 0, 0, 0, 3, 4, 4, 4, 3, 3, 2, 2, 1, 0, 0, 0, 0, 0, 0, 0], float)
RETURNED = 0.06  # of the pieces sold, ten days later
AFTER_DAYS = 10
FLOW = {  # profile of the day, and hours after it
    "receive": (INBOUND, 0), "put_away": (INBOUND, 2), "pick": (HOURLY, 0), "pack": (HOURLY, 1),
    "sort": (HOURLY, 2), "dispatch": (HOURLY, 3), "returns": (BACK, 0),
}  # fmt: skip


@dataclass(frozen=True)
class Chores:
    """Pieces that come up [site, process, UTC hour + 24], and per day at the site.

    ``daily`` [site, process, day]; ``heavy`` [site, day] is the part of the sold pieces that is
    heavy.
    """

    hourly: Ints
    daily: Ints
    heavy: Floats


def chores(shop: Assortment, stock: Shelves, sites: Ints, scene: Scene) -> Chores:
    """Spread each day's pieces over its civil hours; what a clock skips comes an hour later."""
    rng, days, clock = scene.streams.noise("chores"), scene.clock.days, scene.clock
    many = len(sites)

    def per_site(units: Ints, weight: Array) -> Floats:
        cube = units.reshape(len(shop.price), many, days)
        total: Floats = np.einsum("psd,p->sd", cube, weight)
        return total

    everything = np.ones(len(shop.price))
    sold = per_site(stock.sold, everything).astype(np.int64)
    heavy = per_site(stock.sold, shop.heavy * 1.0) / np.maximum(sold, 1)
    came = per_site(stock.received, everything).astype(np.int64)
    back = np.zeros_like(sold)
    back[:, AFTER_DAYS:] = rng.binomial(sold[:, :-AFTER_DAYS], RETURNED)
    of_day = {"receive": came, "put_away": came, "returns": back}
    daily = np.stack([of_day.get(name, sold) for name in PROCESSES], axis=1)

    hourly = np.zeros((many, len(PROCESSES), (days + 3) * 24), np.int64)
    zone = scene.net.zone[sites]
    spread: dict[str, Ints] = {}
    for number, name in enumerate(PROCESSES):
        profile, later = FLOW[name]
        if name in ("pack", "sort", "dispatch"):  # the same pieces as were picked
            pieces = spread["pick"]
        elif name == "put_away":
            pieces = spread["receive"]
        else:
            pieces = rng.multinomial(daily[:, number], profile / profile.sum())
        spread[name] = pieces
        site, day, hour = np.nonzero(pieces)
        at = clock.utc(zone[site], day * DAY + (hour + later) * HOUR) // HOUR + 24
        np.add.at(hourly[:, number], (site, at), pieces[site, day, hour])
    return Chores(hourly, daily, np.where(sold > 0, heavy, 0.3))
