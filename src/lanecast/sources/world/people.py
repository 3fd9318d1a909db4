"""Merchants, products, addresses and buyers, with the traits that nobody may see."""

from dataclasses import dataclass

import numpy as np

from .network import LAST_MILE, Network
from .streams import Floats, Ints, Streams, pick

CATEGORIES = ("fashion", "electronics", "home", "beauty", "books", "sport", "toys", "grocery")
WEIGHT = np.array([500.0, 900.0, 2500.0, 300.0, 600.0, 1500.0, 800.0, 2000.0])  # median g
PRICE = np.array([35.0, 160.0, 60.0, 25.0, 18.0, 55.0, 30.0, 22.0])  # median, major units
FRAGILE = np.array([0.2, 1.6, 1.8, 1.2, 0.2, 0.5, 0.8, 1.3])  # multiplies damage
KINDS = ("house", "apartment", "business", "pickup_point")
HOUSE, APARTMENT, BUSINESS, POINT = range(4)
AREAS = 4  # postal codes of a station


@dataclass(frozen=True)
class Merchants:
    """Sellers, and their habits.

    ``prep`` is the median preparation [s], ``spread`` its log deviation, ``weekday`` [merchant,
    weekday] a factor on the median. From day ``turn`` on preparation takes ``turned`` times as
    long: few merchants get better or worse. ``handover`` is the civil second of the day at which
    they hand over, ``pattern`` their days of work, ``promise`` the working days they promise.
    """

    region: Ints
    facility: Ints
    own: Ints
    position: Floats
    popularity: Floats
    prep: Floats
    spread: Floats
    weekday: Floats
    turn: Ints
    turned: Floats
    handover: Ints
    pattern: Ints
    promise: Ints
    carrier: Ints


@dataclass(frozen=True)
class Products:
    """Products; ``price`` in major units, ``size`` [mm] longest side first."""

    category: Ints
    weight: Floats
    price: Floats
    size: Floats


@dataclass(frozen=True)
class Addresses:
    """Addresses; the traits multiply hazards and have median 1, ``theft`` is a chance per area.

    ``turn`` in [0, 1] is where the stop usually lies in the courier's round.
    """

    station: Ints
    area: Ints
    position: Floats
    kind: Ints
    faulty: Floats
    absent: Floats
    closed: Floats
    theft: Floats
    turn: Floats


@dataclass(frozen=True)
class Buyers:
    """Buyers; ``abuse`` is the chance to claim a parcel that did arrive."""

    home: Ints
    other: Ints
    abuse: Floats


def merchants(parcels: int, net: Network, streams: Streams) -> Merchants:
    """Draw ``2 parcels^0.5`` sellers (at least one per region); a third use a warehouse."""
    rng = streams.fixed("merchants")
    size = max(len(net.regions), round(2 * parcels**0.5))
    region = np.concatenate(
        [np.arange(len(net.regions)), pick(rng, net.share, size - len(net.regions))]
    )
    fulfilled = rng.random(size) < 0.33
    warehouse = np.array(
        [rng.choice(net.warehouses[net.region[net.warehouses] == r]) for r in region]
    )
    facility = np.where(fulfilled, warehouse, net.hub[region])
    position = net.at[region] + 0.2 * rng.standard_normal((size, 2))
    position[fulfilled] = net.position[facility[fulfilled]]
    prep = np.where(fulfilled, 3.0, rng.lognormal(np.log(9.0), 0.6, size)) * 3600
    return Merchants(
        region, facility, np.where(fulfilled, 0, 1), position,
        rng.lognormal(0, 1.0, size), prep, rng.uniform(0.3, 0.8, size),
        rng.lognormal(0, 0.25, (size, 7)),
        np.where(rng.random(size) < 0.12, rng.integers(20, 400, size), 10_000),
        np.where(rng.random(size) < 0.6, 1.8, 0.6),
        (300 * rng.integers(174, 223, size)).astype(np.int64),
        pick(rng, np.array([0.55, 0.35, 0.1]), size),
        np.where(prep > 12 * 3600, 2, 1).astype(np.int64),
        pick(rng, np.array([0.45, 0.33, 0.22]), size) % LAST_MILE,
    )  # fmt: skip


def products(parcels: int, streams: Streams) -> Products:
    """Draw ``3 parcels^0.55`` products."""
    rng = streams.fixed("products")
    size = max(20, round(3 * parcels**0.55))
    category = rng.integers(0, len(CATEGORIES), size)
    weight = WEIGHT[category] * rng.lognormal(0, 0.6, size)
    price = PRICE[category] * rng.lognormal(0, 0.6, size)
    litres = weight / 1000 / rng.uniform(0.12, 0.5, size)
    shape = np.sort(rng.uniform(0.4, 1.0, (size, 3)), axis=1)[:, ::-1]
    scale = (litres * 1e6 / shape.prod(axis=1)) ** (1 / 3)
    return Products(category, np.round(weight), price, np.round(shape * scale[:, None], 1))


def addresses(parcels: int, net: Network, streams: Streams) -> Addresses:
    """Draw ``3 parcels^0.85`` addresses, each in one of four postal codes of a station."""
    rng = streams.fixed("addresses")
    size = max(50, round(3 * parcels**0.85))
    local = net.region[net.stations]
    weight = net.share[local] / np.bincount(local)[local] * rng.uniform(0.6, 1.4, len(local))
    station = pick(rng, weight, size)
    area = station * AREAS + rng.integers(0, AREAS, size)
    many = len(local) * AREAS
    centre = np.repeat(net.position[net.stations], AREAS, axis=0)
    centre = centre + 0.05 * rng.standard_normal((many, 2))
    quality, theft = rng.lognormal(0, 0.7, many), 0.008 * rng.lognormal(0, 0.9, many)
    mix = rng.dirichlet([5.0, 4.0, 1.5, 0.6], many).cumsum(axis=1)
    kind = np.minimum((rng.random(size)[:, None] > mix[area]).sum(axis=1), 3)
    order = rng.permutation(many) % AREAS  # where in the round an area lies
    return Addresses(
        station, area, centre[area] + 0.015 * rng.standard_normal((size, 2)), kind,
        quality[area] * rng.lognormal(0, 0.8, size), rng.lognormal(0, 0.6, size),
        rng.lognormal(0, 0.7, size), np.minimum(theft[area], 0.2),
        np.clip((order[area] + rng.random(size)) / AREAS, 0, 1),
    )  # fmt: skip


def buyers(homes: int, streams: Streams) -> Buyers:
    """Draw one buyer per address, with a second address; one in a hundred abuses claims."""
    rng = streams.fixed("buyers")
    abuse = np.where(rng.random(homes) < 0.01, rng.beta(2, 18, homes), rng.beta(1, 3000, homes))
    return Buyers(np.arange(homes), rng.integers(0, homes, homes), abuse)
