"""Demand of the next days from sales of the last ones: level, weekday, noise.

The forecast at hand where no other is stored. It answers with drawn ways, whole days hanging
together, so that demand over a lead time can be summed.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betainc

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
WEEK = 7
SPAN_D = 28  # days over which a level may move
OFTEN = 20  # pieces in them, from which on a ratio says something
MEDIAN_OF_SQUARE = 0.455  # of a standard normal number


@dataclass(frozen=True)
class Recent:
    """Hyper-parameters.

    Parameters
    ----------
    half_life_d
        Days after which a sale counts half in the level.
    weeks
        Weeks of common experience with which a series' own weekdays are mixed.
    days
        Days of experience with which a series' own spread is mixed.
    rounds
        How often days on which stock ran out are filled in and the level is learnt again.
    """

    half_life_d: float = 28.0
    weeks: float = 8.0
    days: float = 60.0
    rounds: int = 8

    def __post_init__(self) -> None:
        if not self.half_life_d > 0 or not self.weeks >= 0 or not self.days >= 0:
            raise ValueError(
                "half_life_d, weeks, days: expected above 0, and at least 0, got "
                f"{self.half_life_d}, {self.weeks} and {self.days}."
            )

    def fit(self, sold: Array, met: Mask) -> "FittedRecent":
        """Learn from sales, shape (n, T), the last day last, and whether all demand was ``met``.

        Notes
        -----
        Where it was not, demand is its expected value above the sales, E[D | D > sold], under the
        law with the level and spread so far (expectation maximisation); where nothing was sold
        either, there was no stock, and nothing is known of that day.

        Raises
        ------
        ValueError
            When there is less than a week, or a sale is negative or not a number.
        """
        if sold.ndim != 2 or sold.shape[1] < WEEK or not (sold >= 0).all():
            raise ValueError(
                f"sold: expected sales of at least 0 on {WEEK} days or more, got shape "
                f"{sold.shape} and {sold.min(initial=0)}."
            )
        days = sold.shape[1]
        age = np.arange(days)[::-1]
        weight = 0.5 ** (age / self.half_life_d)
        weekday = (np.arange(days) - days) % WEEK  # 0: the weekday of the next day
        asked, square = sold.astype(np.float64), np.square(sold.astype(np.float64))
        least = np.where(sold > 0, sold + 1, 0)  # with no stock nothing is known
        for _ in range(self.rounds):
            season = self._season(asked, weight, weekday)
            level = (asked * weight).sum(axis=1) / (season[:, weekday] * weight).sum(axis=1)
            mean = np.maximum(level[:, None] * season[:, weekday], 1e-9)
            spread = self._spread(square - 2 * mean * asked + mean**2, mean)
            first, second = _at_least(mean, spread[:, None], least)
            asked = np.where(met, sold, first)
            square = np.where(met, np.square(sold), second)
        count = float(weight.sum() ** 2 / (weight**2).sum())
        plain = asked / np.maximum(season[:, weekday], 1e-3)
        return FittedRecent(level, season, spread, count, self._drift(plain, spread))

    def _drift(self, plain: Array, spread: Array) -> float:
        """Return by which share a level moves until the next month, learnt on past months.

        The mean of ``SPAN_D`` days over the level that was learnt before them, less one, squared,
        is sampling noise of both plus the drift; medians over items and months, so that a few that
        were launched or ended do not decide. 0 where the past is too short.
        """
        found = []
        for cut in range(plain.shape[1] - SPAN_D, 2 * SPAN_D, -SPAN_D):
            weight = 0.5 ** (np.arange(cut)[::-1] / self.half_life_d)
            count = weight.sum() ** 2 / (weight**2).sum()
            level = np.maximum((plain[:, :cut] * weight).sum(axis=1) / weight.sum(), 1e-9)
            ratio = plain[:, cut : cut + SPAN_D].mean(axis=1) / level - 1
            noise = (1 / level + spread) * (1 / SPAN_D + 1 / count)
            often = level * SPAN_D > OFTEN
            found.append((ratio**2 - MEDIAN_OF_SQUARE * noise)[often])
        each = np.concatenate(found) if found else np.zeros(0)
        return float(np.sqrt(max(np.median(each), 0) / MEDIAN_OF_SQUARE)) if each.size else 0.0

    def _spread(self, off: Array, mean: Array) -> Array:
        """Return how much demand varies beyond Poisson, shape (n,), mixed with that of all.

        ``off`` is the squared distance of demand from its mean, or what is expected of it.
        """
        beyond, base = (off - mean).sum(axis=1), (mean**2).sum(axis=1)
        pooled = max(float(beyond.sum() / max(base.sum(), 1e-9)), 0.0)
        prior = self.days * (mean**2).mean(axis=1)
        mixed = (beyond + prior * pooled) / np.maximum(base + prior, 1e-9)
        return np.asarray(np.clip(mixed, 1e-6, 100.0))

    def _season(self, asked: Array, weight: Array, weekday: npt.NDArray[np.int64]) -> Array:
        """Return what each weekday sells of the mean, shape (n, 7), mixed with that of all."""
        one = np.eye(WEEK)[weekday] * weight[:, None]
        own = asked @ one  # (n, 7)
        share = one.sum(axis=0)
        common = own.sum(axis=0) / share
        common = common / max(common.mean(), 1e-9) if common.any() else np.ones(WEEK)
        level = own.sum(axis=1, keepdims=True) / share.sum()
        mixed = (own + self.weeks * common * level) / (share + self.weeks)
        season = mixed / np.maximum(mixed.mean(axis=1, keepdims=True), 1e-9)
        return np.where(level > 0, season, 1.0)


@dataclass(frozen=True)
class FittedRecent:
    """Level [units/day] and spread of each series (n,), weekdays (n, 7), and doubt.

    ``count`` days count in the level, and ``drift`` is the share by which levels move in a month.
    """

    level: Array
    season: Array
    spread: Array
    count: float
    drift: float

    def mean(self, horizon: int) -> Array:
        """Return expected demand of the next days, shape (n, H)."""
        return self.level[:, None] * self.season[:, np.arange(horizon) % WEEK]

    def paths(self, horizon: int, draws: int, seed: int) -> Array:
        """Return drawn demand, shape (n, P, H): negative binomial, its level uncertain too."""
        return drawn(self.mean(horizon), self.spread, draws, seed, self.count, drift=self.drift)


def drawn(
    mean: Array,
    spread: Array,
    draws: int,
    seed: int,
    count: float = np.inf,
    active: Array | float = 1.0,
    drift: Array | float = 0.0,
) -> npt.NDArray[np.float64]:
    """Return draws (n, P, H) of demand with this mean (n, H) and variance m + spread m^2.

    The level of a whole draw varies by a gamma factor, as a mean of ``count`` days would, and by
    the share ``drift`` (one, or one per item) beside that. Where days are ``active`` by a chance
    only, shape (n,), that is the law of an active day, of mean ``mean / active``; the others have
    no demand.
    """
    random = np.random.default_rng(seed)
    n = len(mean)
    on = np.broadcast_to(np.asarray(active, np.float64), (n,))
    m = np.maximum(mean / on[:, None], 1e-9)
    rate = np.repeat(m[:, None, :], draws, axis=1)
    if np.isfinite(count) or np.any(np.asarray(drift) > 0):
        doubt = (1 / np.maximum(m.mean(axis=1), 1e-3) + spread) / count + drift**2
        shape = 1 / np.maximum(doubt, 1e-6)
        rate = (
            rate * (random.standard_gamma(shape[:, None], (n, draws)) / shape[:, None])[..., None]
        )
    size = 1 / np.maximum(spread, 1e-6)
    noise = random.standard_gamma(size[:, None, None], rate.shape) / size[:, None, None]
    units = random.poisson(np.minimum(rate * noise, 1e9)).astype(np.float64)
    if (on < 1).any():
        units *= random.random(units.shape) < on[:, None, None]
    return units


def _at_least(mean: Array, spread: Array, least: Array) -> tuple[Array, Array]:
    """Return E[D | D >= least] and E[D^2 | D >= least] of the negative binomial law.

    With r = 1 / spread and q = m / (r + m), P(D >= k) = I_q(k, r); E[D; D >= k] is m times that of
    k - 1 and r + 1, and E[D (D - 1); D >= k] is m^2 (1 + spread) times that of k - 2 and r + 2.
    """
    size = 1 / spread
    share = mean / (size + mean)

    def reached(less: int) -> Array:
        at = least - less
        return np.where(at > 0, betainc(np.maximum(at, 1), size + less, share), 1.0)

    low = np.maximum(reached(0), 1e-12)
    first = mean * reached(1) / low
    pairs = mean**2 * (1 + spread) * reached(2) / low
    most = least + 4 * (mean + np.sqrt(mean + spread * mean**2)) + 1  # where the law is no guide
    first = np.clip(first, least, most)
    return first, np.maximum(np.minimum(pairs + first, most**2), first**2)
