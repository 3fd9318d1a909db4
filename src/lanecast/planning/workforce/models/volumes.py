"""How much work will come up: level, weekday and hour of each place and process."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from .days import Days, local_days
from .rows import forecast_rows
from .under_way import REACH, Receipts, UnderWay, under_way

Floats = npt.NDArray[np.float64]
WEEK = 7
ORIGINS = 12  # past weeks that say how far off one is


@dataclass(frozen=True)
class Volumes:
    """Level x weekday x profile of the day.

    The level is a mean of days put right for their weekday, with half the weight every
    ``half_life`` days; weekdays come from the last ``weeks``, shrunk to 1 as if ``prior`` weeks had
    shown none; the profile of the day from the same weeks. Quantiles come from the errors at up to
    twelve past origins, a week ahead. Where orders to suppliers are known, receiving is foreseen
    from those that are under way (see ``under_way``).
    """

    half_life: float = 10.0
    weeks: int = 10
    prior: float = 2.0

    def __post_init__(self) -> None:
        if not self.half_life > 0 or self.weeks < 2 or not self.prior >= 0:
            raise ValueError(
                f"half_life, weeks, prior: expected > 0, >= 2, >= 0; got {self.half_life}, "
                f"{self.weeks}, {self.prior}."
            )

    def fit(self, x: pl.DataFrame, receipts: Receipts | None = None) -> "FittedVolumes":
        """Learn from rows of ``volumes``, and from orders to suppliers where they are known."""
        days = local_days(x)
        total = days.units.sum(axis=2)
        known = total.shape[1]
        plain = {
            until: self.daily(total[:, :until], days.first, min(known - until, REACH))
            for until in range(known - WEEK, max(2 * WEEK, known - ORIGINS * WEEK) - 1, -WEEK)
        }
        ahead, before = under_way(days, plain, receipts)
        said, seen = [np.zeros((len(days.ids), 1, 24))], [np.zeros((len(days.ids), 1, 24))]
        for until, each in plain.items():
            daily = before[until].daily(each[:, :WEEK])
            said.append(daily[:, :, None] * self.profile(days.units[:, :until])[:, None])
            seen.append(days.units[:, until : until + WEEK])
        return FittedVolumes(
            self, days, np.concatenate(said, axis=1), np.concatenate(seen, axis=1), ahead
        )

    def profile(self, units: Floats) -> Floats:
        """Return the part of a day that each hour has, (N, 24)."""
        recent = units[:, -self.weeks * WEEK :].sum(axis=1) + 1e-9
        return np.asarray(recent / recent.sum(axis=1, keepdims=True))

    def daily(self, total: Floats, first: int, horizon: int) -> Floats:
        """Return the days after ``total`` (N, D)."""
        recent = total[:, -self.weeks * WEEK :]
        length = recent.shape[1]
        weekday = (first + total.shape[1] - length + np.arange(length)) % WEEK
        mean = recent.mean(axis=1, keepdims=True) + 1e-9
        factor = np.ones((len(total), WEEK))
        for day in range(WEEK):
            of = weekday == day
            seen = recent[:, of].sum(axis=1) / mean[:, 0]
            factor[:, day] = (seen + self.prior) / (of.sum() + self.prior)
        flat = recent / np.maximum(factor[:, weekday], 1e-3)
        weight = 0.5 ** (np.arange(length)[::-1] / self.half_life)
        level = flat @ weight / weight.sum()
        ahead = (first + total.shape[1] + np.arange(horizon)) % WEEK
        result: Floats = level[:, None] * factor[:, ahead]
        return result


@dataclass(frozen=True)
class FittedVolumes:
    """The model, the days, and what it would have ``said`` and was ``seen`` (N, n, 24) before.

    ``ahead`` is what orders that are under way bring.
    """

    model: Volumes
    days: Days
    said: Floats
    seen: Floats
    ahead: UnderWay

    def predict(self, asof: object, horizon: int) -> pl.DataFrame:
        """Return rows of ``demand_forecasts`` for ``horizon`` days from the last known one on."""
        if horizon < 1:
            raise ValueError(f"horizon: expected a number of days >= 1, got {horizon}.")
        total = self.days.units.sum(axis=2)
        daily = self.ahead.daily(self.model.daily(total, self.days.first, horizon))
        hourly = daily[:, :, None] * self.model.profile(self.days.units)[:, None]
        return forecast_rows(self.days, hourly, self.said, self.seen, asof, "volumes")
