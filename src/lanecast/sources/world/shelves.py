"""Stock on the shelves: what the company orders, what comes, what is sold, what is wasted."""

from dataclasses import dataclass, field

import numpy as np

from .appetite import Appetite
from .assortment import Assortment
from .scene import Scene
from .streams import Floats, Ints

WINDOW = 28  # days of sales from which the company guesses
SAFETY = 1.6  # standard deviations of them that it keeps
FAILS = 0.01  # chance that an order comes one to three weeks late
ROOM = 64  # days after the end for which receipts are kept in mind


@dataclass(frozen=True)
class Shelves:
    """Stock of each series (product x site, products first) and day of the window.

    ``share`` is the part of the day's demand that had passed when stock ran out. Orders are rows:
    ``order_series``, ``order_units``, day ``ordered``, ``expected`` and ``received``.
    """

    opened: Ints
    received: Ints
    sold: Ints
    wasted: Ints
    on_order: Ints
    share: Floats
    order_series: Ints
    order_units: Ints
    ordered: Ints
    expected: Ints
    arrives: Ints

    @property
    def on_hand(self) -> Ints:
        """Return stock at the end of each day."""
        return self.opened + self.received - self.sold - self.wasted


@dataclass
class _Book:
    """What is known of all series on the way through the days."""

    hand: Ints
    coming: Ints
    inbound: Ints
    moved: Ints
    recent: Ints
    squares: Ints
    series: list[Ints] = field(default_factory=list)
    units: list[Ints] = field(default_factory=list)
    day: list[Ints] = field(default_factory=list)
    due: list[Ints] = field(default_factory=list)
    came: list[Ints] = field(default_factory=list)


def shelves(shop: Assortment, want: Appetite, scene: Scene) -> Shelves:
    """Let the company trade day by day, with the policy that most companies have.

    It orders up to ``mean (lead + review) + 1.6 sd sqrt(lead + review)`` of the sales (not of the
    demand) of the last 28 days, in whole cases, at each review: so it runs out when a promotion
    comes, and more so after it ran out. An order takes a gamma time about the stated one
    (coefficient of variation 0.25); one in a hundred comes one to three weeks late.
    """
    places, days = want.mean.shape[1], scene.clock.days
    many = len(shop.price) * places
    row = np.repeat(np.arange(len(shop.price)), places)
    demand = want.units.reshape(many, -1)
    rng, luck = scene.streams.noise("suppliers"), scene.streams.noise("hour of the last piece")
    guess = want.mean.max(axis=2).ravel() * 0.6
    guess = guess * scene.streams.fixed("first guess").lognormal(0, 0.4, many)
    life, launch, end = shop.life[row], shop.launch[row], shop.end[row]
    lead, review, pack = shop.lead[row], shop.review[row], shop.pack[row]
    first = np.ceil(guess * (lead + review + 7) / pack).astype(np.int64) * pack
    first = np.where(life > 0, np.minimum(first, np.ceil(guess * life / 2).astype(np.int64)), first)

    shape = (many, days)
    kept = {name: np.zeros(shape, np.int64) for name in
            ("opened", "received", "sold", "wasted", "on_order")}  # fmt: skip
    share = np.ones(shape)
    zero = np.zeros(many, np.int64)
    book = _Book(zero.copy(), zero.copy(), np.zeros((many, days + ROOM), np.int64), zero.copy(),
                 zero.copy(), zero.copy())  # fmt: skip
    in_total = np.zeros((many, days + 1), np.int64)  # received until the day before
    for day in range(days):
        book.hand += np.where(launch == day, first, 0)
        alive = (day >= launch) & (day <= end)
        book.hand[day > end] = 0  # sold off elsewhere
        kept["opened"][:, day] = book.hand
        came = np.where(alive, book.inbound[:, day], 0)
        book.coming -= book.inbound[:, day]
        in_total[:, day + 1] = in_total[:, day] + came + np.where(launch == day, first, 0)
        had = book.hand + came
        old = in_total[np.arange(many), np.maximum(day + 1 - life, 0)]
        stale = np.where((life > 0) & alive, np.clip(old - book.moved, 0, had), 0)
        fresh = had - stale
        wanted = demand[:, day]
        sold = np.minimum(wanted, fresh)
        share[:, day] = _passed(wanted, fresh, luck)
        book.hand = fresh - sold
        book.moved += sold + stale
        book.recent += sold
        book.squares += sold * sold
        if day >= WINDOW:
            gone = kept["sold"][:, day - WINDOW]
            book.recent -= gone
            book.squares -= gone * gone
        for name, value in (("received", came), ("sold", sold), ("wasted", stale)):
            kept[name][:, day] = value
        at = alive & ((day + shop.phase[row]) % review == 0) & (day + lead <= end)
        _order(np.flatnonzero(at), day, book, guess, row, shop, rng)
        kept["on_order"][:, day] = book.coming
    return Shelves(
        **kept, share=share, order_series=np.concatenate(book.series),
        order_units=np.concatenate(book.units), ordered=np.concatenate(book.day),
        expected=np.concatenate(book.due), arrives=np.concatenate(book.came),
    )  # fmt: skip


def _order(
    of: Ints, day: int, book: _Book, guess: Floats, row: Ints, shop: Assortment,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Order for the series ``of`` at the end of ``day``."""
    product = row[of]
    seen = np.clip(day + 1 - shop.launch[product], 1, WINDOW)
    mean, square = book.recent[of] / seen, book.squares[of] / seen
    spread = np.sqrt(np.maximum(square - mean**2, mean))
    young = seen < WINDOW // 2
    mean, spread = np.where(young, guess[of], mean), np.where(young, guess[of] ** 0.5, spread)
    cover = shop.lead[product] + shop.review[product]
    target = mean * cover + SAFETY * spread * np.sqrt(cover)
    life = shop.life[product]
    target = np.where(life > 0, np.minimum(target, mean * life + 1), target)
    short = target - book.hand[of] - book.coming[of]
    pack = shop.pack[product]
    units = np.ceil(np.maximum(short, 0) / pack).astype(np.int64) * pack
    stated = shop.lead[product]
    took = np.round(stated * rng.standard_gamma(16.0, len(of)) / 16).astype(np.int64)
    took += np.where(rng.random(len(of)) < FAILS, rng.integers(7, 22, len(of)), 0)
    came = day + np.maximum(took, 1)
    yes = units > 0
    of, units, came = of[yes], units[yes], came[yes]
    inside = came < book.inbound.shape[1]
    book.inbound[of[inside], came[inside]] += units[inside]
    book.coming[of] += units
    book.series.append(of)
    book.units.append(units)
    book.day.append(np.full(len(of), day))
    book.due.append(day + stated[yes])
    book.came.append(came)


def _passed(wanted: Ints, had: Ints, rng: np.random.Generator) -> Floats:
    """Return which part of the day's demand had passed when the last piece went.

    The moments of ``wanted`` buyers are uniform in demand time, so that of the k-th is Beta(k,
    wanted + 1 - k); 1 where stock was left.
    """
    out = (wanted >= had) & (had > 0)
    a = np.where(out, had, 1).astype(float)
    b = np.where(out, wanted + 1 - had, 1).astype(float)
    share = np.where(out, rng.beta(a, b), np.where(had > 0, 1.0, 0.0))
    return np.minimum(share, 1.0)
