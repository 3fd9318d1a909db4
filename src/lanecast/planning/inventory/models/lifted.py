"""Recent demand, lifted by what is known ahead: prices, promotions, holidays.

A pooled Poisson regression learns how much each known column multiplies demand, for all items
together and then for each group of items, held near the common effect.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from .recent import Array, FittedRecent, Mask, Recent, drawn

WINDOW_D = 28  # on each side of a day, of the level that the effects are measured against
FARTHEST = 4.0  # of the log of an effect in all
USUAL = 0.2  # spread of demand beyond Poisson, for weights


@dataclass(frozen=True)
class Lifted:
    """Hyper-parameters.

    Parameters
    ----------
    recent
        How level, weekdays and spread are learnt once the effects are taken out.
    near
        Standard deviation by which a group's effects differ from the common ones.
    rounds
        How often level and effects are learnt in turn.
    doubt
        Share of the drift of levels, as it was in past months, that is believed to go on.
    """

    recent: Recent = field(default_factory=Recent)
    near: float = 0.3
    rounds: int = 3
    doubt: float = 1.0

    def __post_init__(self) -> None:
        if not self.near > 0 or self.rounds < 1:
            raise ValueError(
                f"near, rounds: expected above 0 and at least 1, got {self.near}, {self.rounds}."
            )
        if not 0 <= self.doubt < np.inf:
            raise ValueError(f"doubt: expected a share of at least 0, got {self.doubt}.")

    def fit(self, sold: Array, met: Mask, x: Array, group: npt.NDArray[np.int64]) -> "FittedLifted":
        """Learn from sales (n, T), whether demand was met, and columns ``x`` (n, T, F).

        Parameters
        ----------
        x
            What was known ahead of each day; 0 is a day like any other.
        group
            Number of the group of each item, from 0, shape (n,): one product in several places.

        Notes
        -----
        log E[D_t] = log(level_t) + x_t beta. The level is the mean of the days around, with the
        effects so far taken out. Effects move by one step of Fisher scoring per round, with a
        normal prior: deviation 1 about zero for the common ones, ``near`` about them for groups.
        Days on which stock ran out are left out.
        """
        groups, columns = int(group.max(initial=0)) + 1, x.shape[2]
        common, beta = np.zeros((1, columns)), np.zeros((groups, columns))
        all_one, none = np.zeros_like(group), np.zeros(columns)
        for _ in range(self.rounds):
            base = _around(sold / np.exp(_sum(x, beta[group])), met)
            common = _step(sold, base, met, x, all_one, common, none, 1.0)
            beta = common + (beta - beta.mean(axis=0))
            beta = _step(sold, base, met, x, group, beta, common, self.near)
        lift = np.exp(_sum(x, beta[group]))
        base_fit = self.recent.fit(sold / lift, met)
        return FittedLifted(base_fit, beta[group], self.doubt * base_fit.drift)


@dataclass(frozen=True)
class FittedLifted:
    """Level, weekdays and spread without effects, and the effects of each item, shape (n, F).

    ``drift`` is the share by which levels are expected to move in a month.
    """

    base: FittedRecent
    beta: Array
    drift: float

    def mean(self, x: Array) -> Array:
        """Return expected demand of the next days, known to be ``x`` (n, H, F), shape (n, H)."""
        return np.asarray(self.base.mean(x.shape[1]) * np.exp(_sum(x, self.beta)))

    def paths(self, x: Array, draws: int, seed: int) -> Array:
        """Return drawn demand of the next days, shape (n, P, H)."""
        base = self.base
        return drawn(self.mean(x), base.spread, draws, seed, base.count, drift=self.drift)


def _sum(x: Array, beta: Array) -> Array:
    return np.asarray(np.clip(np.einsum("ntf,nf->nt", x, beta), -FARTHEST, FARTHEST))


def _around(asked: Array, met: Mask) -> Array:
    """Return the mean of the days around each day on which demand was seen, shape (n, T)."""
    total = np.cumsum(np.pad(asked * met, ((0, 0), (1, 0))), axis=1)
    count = np.cumsum(np.pad(met.astype(float), ((0, 0), (1, 0))), axis=1)
    day = np.arange(asked.shape[1])
    low = np.maximum(day - WINDOW_D, 0)
    high = np.minimum(day + WINDOW_D + 1, asked.shape[1])
    days = np.maximum(count[:, high] - count[:, low], 1)
    return np.asarray(np.maximum((total[:, high] - total[:, low]) / days, 1e-3))


def _step(
    sold: Array,
    base: Array,
    met: Mask,
    x: Array,
    group: npt.NDArray[np.int64],
    now: Array,
    prior: Array,
    near: float,
) -> Array:
    """Return effects of groups after a step of Fisher scoring from ``now``, shape (groups, F)."""
    mean = base * np.exp(_sum(x, now[group]))
    weight = met / (1 + USUAL * mean)
    slope = np.einsum("nt,ntf->nf", weight * (sold - mean), x)
    bend = np.einsum("nt,ntf,ntg->nfg", weight * mean, x, x)
    first, second = np.zeros(now.shape), np.zeros((*now.shape, now.shape[1]))
    np.add.at(first, group, slope)
    np.add.at(second, group, bend)
    first = first + (prior - now) / near**2
    second = second + np.eye(now.shape[1]) / near**2
    return np.asarray(now + np.linalg.solve(second, first[:, :, None])[:, :, 0])
