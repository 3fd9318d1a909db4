"""One set of boosted trees for all series and all steps: direct, scaled, with quantile heads."""

from dataclasses import dataclass, field

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from lanecast.planning.conformal import placed
from lanecast.planning.forecast import LEVEL, Forecast, answered
from lanecast.planning.panel import Floats, Panel
from lanecast.planning.weighing import Weighing

from .boosting import settings
from .design import Centre, Design, alike
from .examples import Examples, examples
from .seasonal import SeasonalNaive

ROWS = 200_000  # that are predicted together


@dataclass(frozen=True)
class Pooled:
    """Gradient boosted trees, one per quantile head, on rows (series, origin, step).

    Parameters
    ----------
    heads
        Levels that are learnt; others are placed between and beyond them.
    most
        Rows to learn from; origins, and at each some of the steps, are drawn so that they fit.
    back
        Origins that are looked at, in periods before the last; None looks at all.
    centre
        What targets are measured from, see ``Design``: zero, the last value for series that
        wander, or the value a season before, so that a peak that was never learnt comes again.
    """

    heads: tuple[float, ...] = (0.1, 0.5, 0.9)
    rounds: int = 120
    leaves: int = 15
    rate: float = 0.06
    smallest: int = 60
    features: float = 0.3
    rows: float = 0.5
    most: int = 300_000
    back: int | None = None
    centre: Centre = "season"
    weighing: Weighing = field(default_factory=Weighing)
    seed: int = 0
    threads: int = 1

    def __post_init__(self) -> None:
        ordered = all(0 < a < b < 1 for a, b in zip(self.heads, self.heads[1:], strict=False))
        if len(self.heads) < 3 or len(self.heads) % 2 == 0 or not ordered:
            raise ValueError(
                f"heads: expected an odd number, from 3, of increasing levels; got {self.heads}."
            )
        if min(self.rounds, self.leaves - 1, self.most) < 1 or not self.rate > 0:
            raise ValueError(f"Expected rounds, most >= 1, leaves >= 2 and rate > 0, got {self}.")

    def fit(self, past: Panel) -> "FittedPooled":
        """Learn from all origins that the panel knows the outcomes of."""
        drawn = Examples(self.most, self.back, self.weighing, self.seed)
        rows = examples(Design(past, self.centre), drawn)
        if rows is None:
            return FittedPooled(self, (), ())
        names = list(rows.names)
        data = lgb.Dataset(
            rows.x, rows.y, weight=rows.weight, feature_name=names, free_raw_data=False
        )
        heads = tuple(lgb.train(self._settings(level), data, self.rounds) for level in self.heads)
        return FittedPooled(self, heads, rows.names)

    def _settings(self, level: float) -> dict[str, object]:
        return settings(
            self.leaves,
            self.rate,
            self.smallest,
            self.features,
            self.rows,
            self.seed,
            self.threads,
            objective="quantile",
            alpha=level,
        )


@dataclass(frozen=True)
class FittedPooled:
    """The trees of each head, and the names of what they read."""

    how: Pooled
    heads: tuple[lgb.Booster, ...]
    names: tuple[str, ...]

    def predict(self, of: Panel) -> Forecast:
        """Return quantiles of the horizon; without trees, the seasonal naive ones, and said."""
        plain = SeasonalNaive().fit(of).predict(of)
        if not self.heads:
            named = np.where(plain.fallback == "", "seasonal_naive", plain.fallback)
            return Forecast(plain.quantiles, named)
        heads = self.raw(of)
        flat = heads.reshape(-1, len(self.heads))
        quantiles = placed(np.tile(heads_at(self.how.heads), (len(flat), 1)), flat)
        quantiles = quantiles.reshape(*heads.shape[:2], len(LEVEL))
        unknown = plain.fallback != ""
        quantiles[unknown] = plain.quantiles[unknown]
        if not (of.y < 0).any():
            quantiles = np.maximum(quantiles, 0.0)
        return answered(quantiles, plain.fallback)

    def raw(self, of: Panel) -> Floats:
        """Return the heads in units of the series, in order, shape (N, H, K)."""
        design = Design(of, self.how.centre)
        scale, base = design.scale(of.length), design.base(of.length, np.arange(of.horizon) + 1)
        out = np.empty((len(of.ids), of.horizon, len(self.heads)))
        for steps in together(len(of.ids), of.horizon):
            x, names = design.x(of.length, steps)
            alike(self.names, names)
            for k, head in enumerate(self.heads):
                answer = np.asarray(head.predict(x, num_threads=self.how.threads))
                out[:, steps - 1, k] = answer.reshape(len(of.ids), len(steps))
        out = np.sort(out, axis=2) * scale[:, None, None] + base[:, :, None]
        return np.asarray(out)


def heads_at(heads: tuple[float, ...]) -> Floats:
    """Return the positions of all levels among ``heads`` if spreads were normal, shape (L,)."""
    z, at = norm.ppf(LEVEL), norm.ppf(heads)
    middle = len(heads) // 2
    inside = np.interp(z, at, np.arange(len(heads)))
    low, high = (at[middle] - at[0]) / middle, (at[-1] - at[middle]) / (len(heads) - 1 - middle)
    below, above = np.minimum(z - at[0], 0) / low, np.maximum(z - at[-1], 0) / high
    return np.asarray(inside + below + above)


def together(series: int, horizon: int) -> list[npt.NDArray[np.int64]]:
    """Return the steps of a horizon in parts whose rows fit into memory."""
    parts = min(-(-series * horizon // ROWS), horizon)
    return np.array_split(np.arange(1, horizon + 1), max(parts, 1))
