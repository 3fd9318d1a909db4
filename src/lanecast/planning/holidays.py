"""Days that move what people buy, and how far a day is from them."""

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from .panel import Floats

FARTHEST_D = 60


def easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (Meeus, 1991, chapter 8)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    length = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * length) // 451
    month, day = divmod(h + length - 7 * m + 114, 31)
    return date(year, month, day + 1)


def thanksgiving(year: int) -> date:
    """Return the fourth Thursday of November, the eve of Black Friday."""
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 21)


def christmas(year: int) -> date:
    """Return 25 December."""
    return date(year, 12, 25)


FEASTS = {"christmas": christmas, "easter": easter, "thanksgiving": thanksgiving}


def distances(ds: npt.NDArray[np.datetime64]) -> dict[str, Floats]:
    """Return the days since the nearest of each feast, negative before it, at most 60."""
    days = ds.astype("datetime64[D]")
    years = days.astype("datetime64[Y]").astype(int) + 1970
    span = range(int(years.min()) - 1, int(years.max()) + 2)
    out = {}
    for name, feast in FEASTS.items():
        each = np.array([feast(year) for year in span], dtype="datetime64[D]")
        apart = (days[:, None] - each[None, :]).astype(int)
        nearest = apart[np.arange(len(days)), np.abs(apart).argmin(axis=1)]
        out[name] = np.clip(nearest, -FARTHEST_D, FARTHEST_D).astype(float)
    return out
