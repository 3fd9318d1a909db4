"""Orders and parcels: who buys what from whom, when, and how it shall travel."""

from dataclasses import dataclass

import numpy as np

from .calendar import HOURLY, Calendar
from .clock import BEFORE, DAY, Clock
from .network import LAST_MILE, Network
from .people import Addresses, Buyers, Merchants, Products
from .streams import Bools, Floats, Ints, Streams, pick, starts

PAYMENTS = ("card", "wallet", "invoice", "cash_on_delivery")
CASH = 3
TO_USD = np.array([1.0, 0.92, 18.0])  # units of USD, EUR, MXN per dollar
CURRENCIES = {"US": "USD", "DE": "EUR", "MX": "MXN"}


@dataclass(frozen=True)
class Orders:
    """Orders in order of ``placed`` [s]; parcels and lines are grouped by what they belong to.

    Arrays of parcels: ``order``, ``merchant``, ``address``, ``carrier``, ``express`` (0 or 1),
    ``weight`` [g], ``volume`` [cm3], ``value`` [USD], ``category``, ``pieces``, ``merchants``.
    Lines have ``line_parcel``, ``product``, ``quantity``.
    """

    placed: Ints
    buyer: Ints
    to: Ints
    payment: Ints
    cancelled: Bools
    order: Ints
    merchant: Ints
    address: Ints
    carrier: Ints
    express: Ints
    weight: Floats
    volume: Floats
    value: Floats
    freight: Floats
    category: Ints
    pieces: Ints
    merchants: Ints
    line_parcel: Ints
    product: Ints
    quantity: Ints

    @property
    def parcel_placed(self) -> Ints:
        """Return when each parcel was bought [s]."""
        return self.placed[self.order]


def orders(
    parcels: int, clock: Clock, cal: Calendar, net: Network, sellers: Merchants,
    goods: Products, homes: Addresses, people: Buyers, streams: Streams,
) -> Orders:  # fmt: skip
    """Draw orders until they have that many parcels."""
    rng = streams.fixed("orders")
    split = 1 + pick(rng, np.array([0.92, 0.07, 0.01]), parcels)
    split = split[: int(np.searchsorted(np.cumsum(split), parcels)) + 1]
    split[-1] -= split.sum() - parcels
    many = len(split)
    buyer = pick(rng, rng.lognormal(0, 1.0, len(people.home)), many)
    to = np.where(rng.random(many) < 0.93, people.home[buyer], people.other[buyer])
    region = net.region[net.stations][homes.station[to]]
    placed = _moments(net.country_of[region], net.zone_of[region], clock, cal, rng)
    ranked = np.argsort(placed, kind="stable")
    placed, buyer, to, region = placed[ranked], buyer[ranked], to[ranked], region[ranked]
    payment = pick(rng, np.array([0.55, 0.25, 0.12, 0.08]), many)

    order = np.repeat(np.arange(many), split)
    merchant = _sellers(region[order], net, sellers, rng)
    group = np.lexsort((merchant, order))
    fresh = np.ones(parcels, bool)
    fresh[1:] = (order[group][1:] != order[group][:-1]) | (
        merchant[group][1:] != merchant[group][:-1]
    )
    distinct = np.bincount(order[group][fresh], minlength=many)[order]

    lines = 1 + pick(rng, np.array([0.75, 0.18, 0.07]), parcels)
    owner = np.repeat(np.arange(parcels), lines)
    shelf = rng.integers(0, len(goods.price), len(sellers.region))  # a seller's first product
    width = max(5, len(goods.price) // 20)
    product = (shelf[merchant[owner]] + rng.integers(0, width, len(owner))) % len(goods.price)
    quantity = 1 + (rng.random(len(owner)) < 0.12).astype(np.int64)
    price = goods.price[product] * quantity
    first = starts(lines)
    best = np.lexsort((np.arange(len(owner)), -price, owner))[first]
    weight = np.add.reduceat(goods.weight[product] * quantity, first)
    content = goods.size[product].prod(axis=1) / 1000
    volume = np.add.reduceat(content * quantity, first)
    value = np.add.reduceat(price, first)

    from_region = sellers.region[merchant]
    abroad = net.country_of[from_region] != net.country_of[region[order]]
    express = (rng.random(parcels) < 0.18).astype(np.int64)
    usual = rng.random(parcels) < 0.8
    carrier = np.where(usual, sellers.carrier[merchant], rng.integers(0, LAST_MILE, parcels))
    freight = 3 + weight / 2000 + 6 * express + 9 * abroad
    return Orders(
        placed, buyer, to, payment, rng.random(many) < 0.012,
        order, merchant, to[order], carrier, express,
        weight, volume, value, freight, goods.category[product[best]],
        np.add.reduceat(quantity, first), distinct, owner, product, quantity,
    )  # fmt: skip


def _moments(
    country: Ints, zone: Ints, clock: Clock, cal: Calendar, rng: np.random.Generator
) -> Ints:
    """Draw a civil day and second for each order, and return the instants."""
    day, share = np.zeros(len(country), np.int64), rng.random(len(country))
    for c in range(len(cal.volume)):
        edges = np.cumsum(cal.volume[c, BEFORE : BEFORE + clock.days])
        of = country == c
        day[of] = np.searchsorted(edges, share[of] * edges[-1], side="right")
    day = np.minimum(day, clock.days - 1)
    hour = pick(rng, HOURLY, len(country))
    local = day * DAY + hour * 3600 + rng.integers(0, 3600, len(country))
    return np.minimum(clock.utc(zone, local) % clock.end, clock.end - 600)


def _sellers(region: Ints, net: Network, sellers: Merchants, rng: np.random.Generator) -> Ints:
    """Draw sellers: 35 % of the own region, 55 % of the own country, 10 % from abroad."""
    reach = pick(rng, np.array([0.35, 0.55, 0.10]), len(region))
    share, result = rng.random(len(region)), np.zeros(len(region), np.int64)
    home = net.country_of[sellers.region]
    for r in range(len(net.regions)):
        near = sellers.region == r
        same = (home == net.country_of[r]) & ~near
        for which, among in enumerate((near, same, home != net.country_of[r])):
            edges = np.cumsum(sellers.popularity * (among if among.any() else near))
            of = np.flatnonzero((region == r) & (reach == which))
            found = np.searchsorted(edges, share[of] * edges[-1], side="right")
            result[of] = np.minimum(found, len(edges) - 1)
    return result
