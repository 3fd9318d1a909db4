"""Demand as one would expect it who knows its true law, but of the future only what was told."""

from collections.abc import Callable
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.optimize.stock_flow import Evening
from lanecast.planning.inventory.ahead import Ahead
from lanecast.planning.inventory.models.recent import drawn
from lanecast.planning.inventory.shelves import matrix

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
PROMOTION, CAMPAIGN = 1, 3  # columns of ``Ahead.at``
VISITS_LAG = 2  # days
BEFORE = 60  # days from which the last regular price is taken


def told_law(
    latent: pl.DataFrame, laws: pl.DataFrame, names: list[str], told: Ahead, day_0: int,
    days: int, draws: int,
) -> Callable[[Evening, Whole, int], Array]:  # fmt: skip
    """Return draws of the true law without what nobody could know in an evening.

    Promotions that are not told yet are taken out of the mean, with their prices; weather beyond
    today and visits that have not been counted yet are 1; a step of the level that is to come has
    not happened. Level, season and effects are the true ones.
    """

    def part(column: str, first: int) -> Array:
        return matrix(latent, names, column, first, day_0 + days, empty=1.0)

    mean = matrix(latent, names, "mean", day_0, day_0 + days)
    weather, visits = part("weather", day_0), part("visits", day_0)
    promotion, price = part("promotion", day_0 - BEFORE), part("price", day_0 - BEFORE)
    place = np.unique([name.split("/")[1] for name in names], return_inverse=True)[1]
    usual = np.stack([promotion[place == k].min(axis=0) for k in range(place.max() + 1)])[place]
    on = promotion > usual * (1 + 1e-9)
    last = np.maximum.accumulate(np.where(on, 0, np.arange(on.shape[1])), axis=1)
    regular = np.take_along_axis(price, last, axis=1)[:, BEFORE:]
    promotion, price, usual, on = (
        each[:, BEFORE:] for each in (promotion, price, usual, on)
    )  # fmt: skip
    law = pl.DataFrame({"unique_id": names}).join(laws, on="unique_id", maintain_order="left")
    step = law["log_shift"].to_numpy()[:, None]
    known_shift = (pl.col("shift_date") - pl.lit(date(1970, 1, 1))).dt.total_days()
    since = law.select(known_shift.fill_null(10**6)).to_numpy()
    spread, active = 1 / law["dispersion"].to_numpy(), law["active"].to_numpy()

    def forecast(now: Evening, of: Whole, horizon: int) -> Array:
        evening = day_0 + now.day
        at = now.day + 1 + np.arange(horizon)
        at = at - 7 * -(-np.maximum(at - days + 1, 0) // 7)
        day = day_0 + at
        known = told.at(evening, evening + 1, evening + 1 + horizon)
        unseen = on[:, at] & (known[:, :, PROMOTION] == 0)
        plain = np.where(known[:, :, CAMPAIGN] > 0, usual[:, at], 1.0)
        out = np.where(unseen, promotion[:, at] / plain * price[:, at] / regular[:, at], 1.0)
        out = out * np.where(day > evening, weather[:, at], 1.0)
        out = out * np.where(day > evening + VISITS_LAG, visits[:, at], 1.0)
        out = out * np.exp(np.where((since > evening) & (day >= since), step, 0.0))
        return drawn((mean[:, at] / out)[of], spread[of], draws, now.day, active=active[of])

    return forecast
