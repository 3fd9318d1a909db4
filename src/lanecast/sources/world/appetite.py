"""What people would buy if everything lay in stock: the true law of demand."""

from dataclasses import dataclass

import numpy as np

from .assortment import AHEAD, Assortment
from .clock import BEFORE
from .people import CATEGORIES
from .scene import Scene
from .signals import LAG, Signals
from .streams import Floats, Ints
from .tags import Tags

CAMPAIGN = 0.6  # power of the company's campaign uplift
VISITS = 0.25  # power of the visits two days before


@dataclass(frozen=True)
class Effects:
    """True effects, by product unless said otherwise; each multiplies the mean.

    ``elasticity`` is the power of price over the price at launch; ``lift`` and ``display`` are
    logs, on days of a promotion; ``eve`` and ``holiday`` [category] are logs for the four days
    before a holiday and for the day; ``storm`` [category] is the log per unit of severity.
    ``week`` [category, site, weekday] and ``year`` [category, day of year] are factors, ``trend``
    [product, site] the log per year, ``shift`` the log of a lasting step from ``shift_day`` on.
    """

    elasticity: Floats
    lift: Floats
    display: Floats
    eve: Floats
    holiday: Floats
    storm: Floats
    week: Floats
    year: Floats
    level: Floats
    trend: Floats
    shift: Floats
    shift_day: Ints
    dispersion: Floats
    active: Floats


@dataclass(frozen=True)
class Appetite:
    """``mean`` and drawn ``units`` of latent demand [product, site, day], and its factors.

    ``factors`` broadcast to that shape and multiply to the mean.
    """

    effects: Effects
    factors: dict[str, Floats]
    mean: Floats
    units: Ints


def effects(shop: Assortment, sites: Ints, scene: Scene) -> Effects:
    """Draw the true effects.

    A product sells ``exp(N(1.4, 1))`` a day in a usual site, a rare one 0.02 to 0.3. Elasticities
    are about -0.8 to -2.6 by category; promotions add 0.05 to 0.4 to the log, display 0.1 to 0.5.
    """
    rng, kinds = scene.streams.fixed("appetite"), len(CATEGORIES)
    many, places = len(shop.price), len(sites)
    of_kind = rng.uniform(-2.4, -1.0, kinds)
    elasticity = np.minimum(of_kind[shop.category] + rng.normal(0, 0.25, many), -0.2)
    weight = scene.net.share[scene.net.region[sites]]
    base = np.where(
        shop.rare,
        np.log(rng.uniform(0.02, 0.3, many)),
        rng.normal(1.4, 1.0, many),
    )
    local = np.log(weight / weight.mean()) + rng.normal(0, 0.3, (many, places))
    week = np.exp(rng.normal(0, 0.18, (kinds, 1, 7)) + rng.normal(0, 0.05, (kinds, places, 7)))
    week[:, :, 5:] *= rng.uniform(0.8, 1.3, (kinds, 1, 1))
    week /= week.mean(axis=2, keepdims=True)
    angle = 2 * np.pi * np.arange(366) / 365.25
    wave = sum(
        rng.uniform(0.05, size, (kinds, 1)) * np.cos(k * angle - rng.uniform(0, 6.3, (kinds, 1)))
        for k, size in ((1, 0.35), (2, 0.12))
    )
    step = rng.random((many, places)) < 0.08
    return Effects(
        elasticity, rng.uniform(0.05, 0.4, many), rng.uniform(0.1, 0.5, many),
        rng.uniform(0.0, 0.5, kinds), rng.uniform(-0.8, -0.1, kinds), rng.uniform(-0.5, 0.2, kinds),
        week, np.exp(wave), base[:, None] + local, rng.normal(0.02, 0.12, (many, places)),
        np.where(step, np.where(rng.random((many, places)) < 0.5, -0.5, 0.4), 0.0),
        np.where(step, rng.integers(20, max(21, scene.clock.days), (many, places)), 100_000),
        rng.lognormal(np.log(8), 0.4, many),
        np.where(shop.rare, rng.uniform(0.3, 0.7, many), 1.0),
    )  # fmt: skip


def appetite(shop: Assortment, tag: Tags, signal: Signals, sites: Ints, scene: Scene) -> Appetite:
    """Return latent demand, to ``AHEAD`` days after the end.

    With chance ``active`` a day has demand from the negative binomial law of mean
    ``mean / active`` and variance ``m + m^2 / dispersion``; else it has none.
    """
    true, clock, net = effects(shop, sites, scene), scene.clock, scene.net
    days = np.arange(clock.days + AHEAD)
    weekday = (days + clock.start.weekday()) % 7
    yearday = (clock.dates(days).dt.ordinal_day() - 1).to_numpy().astype(np.int64)
    land = net.country_of[net.region[sites]]
    kind = shop.category

    grown = np.exp(np.minimum(days - shop.launch[:, None], 90) / 20.0)
    young = np.where(shop.launch[:, None] > 0, 1 - 0.8 / grown, 1.0)
    last = np.clip((shop.end[:, None] - days) / 30.0, 0.25, 1.0)
    alive = (days >= shop.launch[:, None]) & (days <= shop.end[:, None])
    life = np.where(alive, young * last, 0.0)
    slow = true.level[:, :, None] + true.trend[:, :, None] * (days / 365.25)
    level = np.exp(slow + true.shift[:, :, None] * (days >= true.shift_day[:, :, None]))

    first = tag.regular[np.arange(len(kind)), :, np.minimum(shop.launch, len(days) - 1)]
    ratio = np.log(tag.price / first[:, :, None])
    price = np.exp(true.elasticity[:, None, None] * ratio)
    uplift = tag.uplift**CAMPAIGN
    lift = true.lift[:, None, None] * tag.on + true.display[:, None, None] * tag.shown
    promotion = np.exp(lift) * uplift[None]

    holiday = scene.cal.holiday[:, BEFORE : BEFORE + len(days)]
    eve = np.zeros_like(holiday)
    for lead in range(1, 5):
        eve[:, :-lead] |= holiday[:, lead:]
    eve &= ~holiday
    festive = np.exp(
        true.eve[:, None, None] * eve[None] + true.holiday[:, None, None] * holiday[None]
    )
    severity = scene.shock.weather[:, BEFORE : BEFORE + len(days)][net.region[sites]]
    storm = np.exp(true.storm[:, None, None] * severity[None])
    visits = np.exp(VISITS * signal.visits[:, BEFORE - LAG : BEFORE - LAG + len(days)])
    factors = {
        "level": level * life[:, None, :],
        "week": true.week[kind][:, :, weekday],
        "year": true.year[kind][:, None, yearday],
        "price": price[:, land],
        "promotion": promotion[:, land],
        "holiday": festive[kind][:, land],
        "weather": storm[kind],
        "visits": visits[None],
    }
    mean = np.ones(factors["level"].shape)
    for value in factors.values():
        mean *= value
    return Appetite(true, factors, mean, _draw(mean, true, scene))


def _draw(mean: Floats, true: Effects, scene: Scene) -> Ints:
    """Draw the demand of each day."""
    rng = scene.streams.noise("appetite")
    size, active = true.dispersion[:, None, None], true.active[:, None, None]
    rate = mean / active * rng.standard_gamma(np.broadcast_to(size, mean.shape)) / size
    rate *= rng.random(mean.shape) < active
    return rng.poisson(rate).astype(np.int64)
