"""Where others went from here: shares of the lanes, coarse to fine. The baseline to beat."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from lanecast.tables.trajectory import SOMEWHERE_NEW

from .rows import Array, known, next_stops, normalised, numbered
from .spread import Spread, spread

BACK_OFF = ("status", "region", "service", "prev", "goal", "goal_status")
NEEDS = {"prev": "prev", "goal": "goal_facility_id", "goal_status": "goal_facility_id"}


@dataclass(frozen=True)
class Frequency:
    """Shares of those who were here, each level shrunk towards the coarser one before it.

    ``p = (n + worth p_coarser) / (sum n + worth)``, a Dirichlet prior; the coarsest is the lane's
    share of all legs from here. Before anything else is known, going straight back, and a lane that
    another service uses, count as less.

    Parameters
    ----------
    levels
        Who counts as alike, from coarse to fine, see ``snapshot.WHO``; none is the plain share.
    worth
        Legs that the coarser level is worth.
    new
        Legs that going somewhere new is worth.
    back, other_service
        What a leg straight back, and one of another service, is worth against others.
    """

    levels: tuple[str, ...] = BACK_OFF
    worth: float = 3.0
    history: float = 1.0
    new: float = 0.5
    back: float = 0.35
    other_service: float = 0.4

    def __post_init__(self) -> None:
        positive = min(self.worth, self.new, self.back, self.other_service) > 0
        if not positive or set(self.levels) - set(BACK_OFF):
            raise ValueError(
                f"Expected worth, new, back and other_service > 0 and levels of {BACK_OFF}, "
                f"got {self}."
            )

    def fit(self, x: pl.DataFrame, y: pl.DataFrame) -> "FittedFrequency":
        """Take the spread of times about the usual; the shares are in x."""
        rows = known(x, y)
        done = rows.only(~np.isnan(rows.took_h))
        rest = np.log(done.took_h / done.x["usual_h"].to_numpy())
        return FittedFrequency(self, spread(rest, np.ones(len(rest))), rows.seen_h)


@dataclass(frozen=True)
class FittedFrequency:
    """The shares to take, and how times spread about the usual ones."""

    shares: Frequency
    around: Spread
    seen_h: float

    def chance(self, x: pl.DataFrame) -> Array:
        """Return the chance of each candidate, shape (n,); NaN where the plan alone knows it."""
        listed = x["listed"].to_numpy() > 0
        out = np.full(x.height, np.nan)
        out[listed] = shares(x.filter(pl.Series(listed)), self.shares)
        return out

    def log_hours(self, x: pl.DataFrame) -> Array:
        """Return the log of the median time [h] to each candidate, shape (n,)."""
        return np.asarray(np.log(x["usual_h"].to_numpy()))

    def expected_size(self, x: pl.DataFrame) -> Array:
        """Return how far the log of the time may be off, shape (n,): the same for all."""
        return np.ones(x.height)

    def predict(self, x: pl.DataFrame) -> pl.DataFrame:
        """Return rows of ``next_stops``."""
        hours = self.around.hours(self.log_hours(x), self.expected_size(x))
        return next_stops(x, self.chance(x), hours, "frequency", f"{self.seen_h:.0f}", None)


def shares(x: pl.DataFrame, how: Frequency) -> Array:
    """Return the chance of each of the listed candidates, shape (n,)."""
    if x.is_empty():
        return np.zeros(0)
    group = numbered(x)
    new = (x["next_stop"] == SOMEWHERE_NEW).to_numpy()
    weight = x["n"].to_numpy() + 0.3
    if how.levels:
        weight = weight * np.where(x["is_prev"].to_numpy() > 0, how.back, 1.0)
        odd = (x["same_service"].fill_null(1.0).to_numpy() == 0) & ~new
        weight = weight * np.where(odd, how.other_service, 1.0)
    chance = normalised(np.log(np.where(new, how.new, weight)), group)
    for level in how.levels:
        n = x[f"n_{level}"].to_numpy()
        if level in NEEDS:
            n = np.where((x[NEEDS[level]] == "").to_numpy(), 0.0, n)
        total = np.bincount(group, n)[group]
        worth = how.worth + how.history * x["sum_n0"].to_numpy()
        chance = (n + worth * chance) / (total + worth)
    return np.asarray(chance)
