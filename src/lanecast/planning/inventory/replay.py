"""Policies trade side by side on demand that they have not seen; each sees only its own sales."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lanecast.optimize.cover import Price
from lanecast.optimize.stock_flow import Evening, Ledger, run

from .ahead import Ahead
from .decide.budget import Policy
from .decide.classical import Rules, moving_min_max, moving_order_up_to, naive_order_up_to
from .decide.outlook import Outlook
from .models.lifted import Lifted
from .models.recent import Recent, drawn

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
HISTORY = 182  # days that a forecast looks back


@dataclass(frozen=True)
class Shop:
    """A shop of n items: what it knew at the start, its rules, and what will be asked for.

    Parameters
    ----------
    sold, met
        Sales of the T0 days before the start, and whether all demand was met, shape (n, T0).
    demand
        What will be asked for, shape (n, T).
    nights
        Nights that an order of each evening will take beside the first, shape (n, T).
    leads
        What was learnt of them before: draws, shape (n, P).
    lead
        Nights that suppliers state, shape (n,).
    review, phase
        One may order in the evening of day t where (t + phase) % review = 0.
    keeps, pack, price, fixed
        As in ``Outlook``.
    stock, coming
        Units before the first day, (n,), and under way by the morning they come, (n, B).
    """

    sold: Array
    met: npt.NDArray[np.bool_]
    demand: Array
    nights: Whole
    leads: Whole
    lead: Whole
    review: Whole
    phase: Whole
    keeps: Whole
    pack: Array
    price: Price
    fixed: Array
    stock: Array
    coming: Array

    @property
    def ratio(self) -> Array:
        """Return the critical ratio of a review, p / (p + h review), shape (n,)."""
        held = self.price.holding * self.review
        return np.asarray(self.price.short / np.maximum(self.price.short + held, 1e-12))

    @property
    def rules(self) -> Rules:
        """Return how items are bought, as closed forms know it."""
        lead, review, keeps = (days.astype(float) for days in (self.lead, self.review, self.keeps))
        return Rules(lead, review, self.pack, keeps)

    def on(self, day: int) -> Whole:
        """Return the rows that may be ordered in the evening of ``day``."""
        return np.flatnonzero((day + self.phase) % self.review == 0)

    def past(self, now: Evening) -> tuple[Array, npt.NDArray[np.bool_]]:
        """Return all sales known that evening, and whether demand was met, shape (n, days)."""
        return (
            np.concatenate((self.sold, now.sold), axis=1)[:, -HISTORY:],
            np.concatenate((self.met, now.met), axis=1)[:, -HISTORY:],
        )

    def expected(self, now: Evening, horizon: int) -> Array:
        """Return units under way by the morning one expects them, shape (n, H).

        An order is expected after the median lead time; one that is overdue, the next morning.
        """
        n = len(self.stock)
        coming = np.zeros((n, horizon))
        known = now.coming[:, :horizon]
        coming[:, : known.shape[1]] = known
        usual, row = np.median(self.leads, axis=1).astype(np.int64), np.arange(n)
        for evening in np.flatnonzero(now.under_way.any(axis=0)):
            day = np.clip(usual - (now.day - evening), 0, horizon - 1)
            np.add.at(coming, (row, day), now.under_way[:, evening])
        return coming

    def outlook(
        self, now: Evening, of: Whole, demand: Array, seed: int, waits: bool = False
    ) -> Outlook:
        """Return what is known of some rows, with drawn demand, shape (rows, P, H)."""
        rows, draws, horizon = demand.shape
        random = np.random.default_rng(seed)
        width = self.leads.shape[1]
        pick = random.permutation(np.arange(2 * draws) * width // (2 * draws)).reshape(2, draws)
        longest = horizon - self.review[of, None]
        first, after = (np.minimum(self.leads[of][:, each], longest) for each in pick)
        coming = self.expected(now, horizon)[of]
        price = Price(self.price.holding[of], self.price.short[of], self.price.waste[of])
        none = np.zeros(rows)
        return Outlook(
            now.hand[of] - now.waiting[of], coming, demand, first,
            after, self.review[of], self.keeps[of], self.pack[of], none, none + np.inf, price,
            self.fixed[of], none, waits,
        )  # fmt: skip


def trade(
    shop: Shop,
    policy: Policy | None = None,
    forecast: Callable[[Evening, Whole, int], Array] | None = None,
    *,
    rule: str | None = None,
    backorders: bool = False,
    horizon: int | None = None,
    counted_from: int = 0,
) -> Ledger:
    """Return what a policy costs in the shop.

    Parameters
    ----------
    policy, forecast
        What orders, and where its drawn demand comes from: ``forecast(evening, rows, H)`` returns
        draws (rows, P, H). See ``recent`` and ``true``.
    rule
        Instead of both, a closed form: ``naive``, ``moving`` or ``min_max``.
    horizon
        Days that are drawn, H; None: the slowest lead time and five reviews.
    counted_from
        First day whose costs count: until then, what had been ordered before decides.

    Raises
    ------
    ValueError
        When neither a policy with a forecast nor a known rule is given.
    """
    if rule is None and (policy is None or forecast is None):
        raise ValueError("policy, forecast: expected both, or a rule.")
    days = horizon or int(shop.leads.max() + 1 + 5 * shop.review.max())

    def order(now: Evening) -> Array:
        units = np.zeros(len(shop.stock))
        of = shop.on(now.day)
        if not len(of):
            return units
        if rule is not None:
            units[of] = closed(shop, now, rule)[of]
        elif policy is not None and forecast is not None:
            demand = forecast(now, of, days)
            units[of] = policy.order(shop.outlook(now, of, demand, now.day, backorders)).units
        return units

    return run(
        shop.demand, order, shop.nights, shop.price, shop.fixed, stock=shop.stock,
        coming=shop.coming, keeps=shop.keeps, backorders=backorders, counted_from=counted_from,
    )  # fmt: skip


def closed(shop: Shop, now: Evening, rule: str) -> Array:
    """Return what a closed form orders, shape (n,)."""
    sold, _ = shop.past(now)
    if rule == "naive":
        return naive_order_up_to(sold, now.position, shop.rules, shop.ratio)
    if rule == "moving":
        return moving_order_up_to(sold, now.position, shop.rules, shop.ratio)
    if rule == "min_max":
        price = shop.price
        return moving_min_max(
            sold, now.position, shop.rules, price.holding, price.short, shop.fixed
        )
    raise ValueError(f"rule: expected naive, moving or min_max, got {rule!r}.")


def recent(shop: Shop, model: Recent, draws: int = 60) -> Callable[[Evening, Whole, int], Array]:
    """Return the forecast of ``model``, fitted each evening on what this policy has sold."""

    def forecast(now: Evening, of: Whole, horizon: int) -> Array:
        sold, met = shop.past(now)
        fitted = model.fit(sold, met)
        return drawn(fitted.mean(horizon)[of], fitted.spread[of], draws, now.day, fitted.count)

    return forecast


def lifted(
    shop: Shop, model: Lifted, known: Ahead, first: int, group: Whole, draws: int = 60
) -> Callable[[Evening, Whole, int], Array]:
    """Return the forecast of ``model`` on what was known ahead in each evening.

    ``first`` is the number of the first day of trade since 1970-01-01; ``group`` as in ``fit``.
    """

    def forecast(now: Evening, of: Whole, horizon: int) -> Array:
        sold, met = shop.past(now)
        today = first + now.day
        past = known.at(today, today + 1 - sold.shape[1], today + 1)
        fitted = model.fit(sold, met, past, group)
        mean = fitted.mean(known.at(today, today + 1, today + 1 + horizon))
        base = fitted.base
        return drawn(mean[of], base.spread[of], draws, now.day, base.count, drift=fitted.drift)

    return forecast


def true(
    mean: Array, spread: Array, draws: int = 60, active: Array | None = None
) -> Callable[[Evening, Whole, int], Array]:
    """Return draws of the true law: means of the days to trade and beyond, shape (n, T + H).

    Beyond the last day that is known, the last week goes on. ``active`` as in ``recent.drawn``.
    """
    on = np.ones(len(mean)) if active is None else active

    def forecast(now: Evening, of: Whole, horizon: int) -> Array:
        day = now.day + 1 + np.arange(horizon)
        over = np.maximum(day - mean.shape[1] + 1, 0)
        day = day - 7 * -(-over // 7)
        return drawn(mean[of][:, day], spread[of], draws, now.day, active=on[of])

    return forecast
