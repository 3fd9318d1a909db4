"""Last year's value without its noise, grown as the last weeks have grown against last year's.

One year of one series is a noisy witness of the next: what the series of its group, and all series,
have in common that year is a better one (see ``shrunk``). No training row is needed, so it answers
as soon as a year and a quarter are known.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lanecast.planning.forecast import LEVEL, Forecast, answered
from lanecast.planning.panel import Floats, Panel

from .history import YEARS
from .movable import moved
from .seasonal import SeasonalNaive, deviation
from .shrunk import shrunk

QUARTER = {"weeks": 13, "months": 3, "quarters": 1}
FLAT = 0.02  # part of its level below which a series is not said to scatter
UNSEEN = 0.3  # part of its level that a series scatters whose second year has not come
GROUP = 20  # series of a group, on the mean
OWN = 4.0  # misses of a series that count as much as those of all


@dataclass(frozen=True)
class LastYear:
    """A year before, shrunk and grown; spread as its misses at earlier origins.

    Parameters
    ----------
    own, whole
        Powers of the growth of a series and of all of them: 1 would be to believe it fully.
    origins
        Earlier origins at which misses are looked at, half a horizon apart.
    """

    own: float = 0.7
    whole: float = 0.3
    origins: int = 6
    movable: bool = True

    def __post_init__(self) -> None:
        if min(self.own, self.whole) < 0 or self.origins < 1:
            raise ValueError(f"Expected own, whole >= 0 and origins >= 1, got {self}.")

    def at(self, of: Panel, origin: int) -> Floats:
        """Return what is expected of the steps from ``origin`` on, (N, H); NaN if not known."""
        y, year, near = of.y[:, :origin], YEARS[of.frequency.name], _quarter(of)
        noise = _noise(y, year)
        common = np.mean([shrunk(y, noise, group) for group in _groups(of)], axis=0)
        now, then = y[:, -near:], common[:, origin - year - near : origin - year]
        both = np.isfinite(now) & np.isfinite(then)
        now, then = (np.where(both, part, 0.0).sum(axis=1) for part in (now, then))
        grown = _ratio(now, then) ** self.own * _ratio(now.sum(), then.sum()) ** self.whole
        steps = np.arange(of.horizon)
        at = origin - year + steps % year
        then = common[:, at]
        if self.movable and of.frequency.name == "weeks":
            then = moved(of, common, origin, at, origin + steps)
        return np.asarray(then * grown[:, None])

    def fit(self, past: Panel) -> "FittedLastYear":
        """Learn nothing: what is common is found where it is asked."""
        return FittedLastYear(self)


@dataclass(frozen=True)
class FittedLastYear:
    """How to grow; see ``LastYear``."""

    how: LastYear

    def predict(self, of: Panel) -> Forecast:
        """Return quantiles; a series without a year before is answered as seasonal naive, said."""
        plain = SeasonalNaive().fit(of).predict(of)
        fallback = plain.fallback
        first = enough(of)
        if of.length < first:
            named = np.where(fallback == "", "no_year_before", fallback)
            return Forecast(plain.quantiles, named)
        point = self.how.at(of, of.length)
        known = np.isfinite(point).any(axis=1)
        recent = np.nan_to_num(_mean(of.y[:, -_quarter(of) :]))
        point = np.where(np.isfinite(point), point, recent[:, None])
        stride = max(of.horizon // 2, 1)
        at = [of.length - of.horizon - stride * back for back in range(self.how.origins)]
        miss = [self._miss(of, o) for o in at if o >= first]
        quantiles = point[:, :, None] + _spread(of, miss)[:, None, :]
        if not (of.y < 0).any():
            quantiles = np.maximum(quantiles, 0.0)
        quantiles[~known] = plain.quantiles[~known]
        return answered(quantiles, np.where(known | (fallback != ""), fallback, "no_year_before"))

    def _miss(self, of: Panel, origin: int) -> Floats:
        """Return what came at an earlier origin, less what would have been said, shape (N, H)."""
        came: Floats = of.y[:, origin : origin + of.horizon]
        return np.asarray(came - self.how.at(of, origin))


def enough(of: Panel) -> int:
    """Return how many periods must be known: a year and a quarter."""
    return YEARS[of.frequency.name] + _quarter(of)


def _quarter(of: Panel) -> int:
    return QUARTER.get(of.frequency.name, 1)


def _groups(of: Panel) -> list[npt.NDArray[np.int64]]:
    """Return the number of the group of each series: all in one, and by the finest attribute."""
    out = [np.zeros(len(of.ids), dtype=np.int64)]
    each = [np.unique(values, return_inverse=True)[1] for values in of.attributes.values()]
    fine = [number for number in each if 2 <= number.max() + 1 <= len(number) / GROUP]
    if fine:
        out.append(max(fine, key=lambda number: int(number.max())))
    return out


def _noise(y: Floats, year: int) -> Floats:
    """Return the root mean square of yearly differences, or a part of the level, shape (N,)."""
    level = np.nan_to_num(_mean(np.abs(y)))
    square = (y[:, year:] - y[:, :-year]) ** 2
    known = np.isfinite(square).sum(axis=1) > 1
    found = np.sqrt(np.where(known, np.nan_to_num(_mean(square)), 0.0))
    noise = np.where(known & (found > FLAT * level), found, UNSEEN * level)
    return np.where(noise > 0, noise, 1.0)


def _spread(of: Panel, misses: list[Floats]) -> Floats:
    """Return how far each level lies from what is expected, shape (N, L).

    Misses of all series, each in its own size, have one law; the size of a series is drawn to that
    of its level. Without misses it is the normal law of seasonal differences.
    """
    from scipy.stats import norm

    if not misses:
        return np.asarray(deviation(of.y, YEARS[of.frequency.name])[:, None] * norm.ppf(LEVEL))
    miss = np.concatenate(misses, axis=1)
    seen = np.isfinite(miss)
    level = np.nan_to_num(_mean(np.abs(of.y)))
    total = np.where(seen, np.abs(miss), 0.0).sum(axis=1)
    usual = total.sum() / max((seen * level[:, None]).sum(), 1e-12)
    size = (total + OWN * usual * level) / (seen.sum(axis=1) + OWN)
    z = (miss / np.maximum(size, 1e-12)[:, None])[seen]
    return np.asarray(size[:, None] * np.quantile(z, LEVEL))


def _mean(y: Floats) -> Floats:
    seen = np.isfinite(y)
    count = seen.sum(axis=1)
    total = np.where(seen, y, 0.0).sum(axis=1)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def _ratio(now: Floats, then: Floats) -> Floats:
    """Return a growth within a half and twice; 1 where it is not known."""
    known = (now > 0) & (then > 0)
    return np.asarray(np.clip(np.where(known, now / np.where(known, then, 1.0), 1.0), 0.5, 2.0))
