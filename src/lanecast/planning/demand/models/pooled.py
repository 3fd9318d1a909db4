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

from .design import YEARS, Centre, Design, Matrix
from .seasonal import SeasonalNaive

EARLIEST = 8  # periods that must be known before a row is learnt from
WIDEST = 20.0  # a target beyond so many times the level of its series tells nothing more


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
        x, y, weight, names = examples(past, self)
        if not len(y):
            return FittedPooled(self, (), ())
        data = lgb.Dataset(x, y, weight=weight, feature_name=names, free_raw_data=False)
        heads = tuple(lgb.train(self._settings(level), data, self.rounds) for level in self.heads)
        return FittedPooled(self, heads, tuple(names))

    def _settings(self, level: float) -> dict[str, object]:
        return {
            "objective": "quantile",
            "alpha": level,
            "num_leaves": self.leaves,
            "learning_rate": self.rate,
            "min_data_in_leaf": self.smallest,
            "feature_fraction": self.features,
            "bagging_fraction": self.rows,
            "bagging_freq": 1,
            "seed": self.seed,
            "num_threads": self.threads,
            "deterministic": True,
            "force_col_wise": True,
            "max_bin": 127,
            "verbosity": -1,
        }


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
        quantiles = placed(np.tile(usual(self.how.heads), (len(flat), 1)), flat)
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
        for step in range(1, of.horizon + 1):
            x, _ = design.x(of.length, np.array([step]))
            for k, head in enumerate(self.heads):
                out[:, step - 1, k] = head.predict(x, num_threads=self.how.threads)
        out = np.sort(out, axis=2) * scale[:, None, None] + base[:, :, None]
        return np.asarray(out)


def usual(heads: tuple[float, ...]) -> Floats:
    """Return the positions of all levels among ``heads`` if spreads were normal, shape (L,)."""
    z, at = norm.ppf(LEVEL), norm.ppf(heads)
    middle = len(heads) // 2
    inside = np.interp(z, at, np.arange(len(heads)))
    low, high = (at[middle] - at[0]) / middle, (at[-1] - at[middle]) / (len(heads) - 1 - middle)
    below, above = np.minimum(z - at[0], 0) / low, np.maximum(z - at[-1], 0) / high
    return np.asarray(inside + below + above)


def examples(past: Panel, how: Pooled) -> tuple[Matrix, Floats, Floats, list[str]]:
    """Return rows to learn from: features, scaled targets, weights, and the names of the features.

    All steps of an origin share what is of the origin, so a few steps of many origins are drawn.
    """
    design, random = Design(past, how.centre), np.random.default_rng(how.seed)
    origins = _origins(past, how.back)
    if not len(origins):
        return np.empty((0, 0), np.float32), np.empty(0), np.empty(0), []
    n, horizon = len(past.ids), past.horizon
    whole = n * horizon * len(origins)
    each = int(np.clip(round(horizon * how.most / whole), min(4, horizon), horizon))
    fitting = max(1, how.most // (n * each))
    if fitting < len(origins):
        spaced = np.linspace(0, origins[-1] - origins[0], fitting).astype(int)
        origins = np.unique(origins[-1] - spaced)
    series, periods = how.weighing.series(past), how.weighing.periods(past)
    xs, ys, ws = [], [], []
    names: list[str] = []
    for origin in origins:
        possible = np.arange(1, min(horizon, past.length - origin) + 1)
        steps = np.sort(random.permutation(possible)[:each])
        target = past.y[:, origin + steps - 1]
        scale = design.scale(int(origin))
        scaled = (target - design.base(int(origin), steps)) / scale[:, None]
        begun = np.isfinite(past.y[:, :origin]).any(axis=1, keepdims=True)
        weight = (scale * series)[:, None] * periods[origin + steps - 1][None, :]
        kept = np.ravel(np.isfinite(scaled) & begun & (weight > 0))
        x, names = design.x(int(origin), steps)
        xs.append(x[kept])
        ys.append(np.clip(scaled.ravel()[kept], -WIDEST, WIDEST))
        ws.append(weight.ravel()[kept])
    weight = np.concatenate(ws)
    if not weight.size:
        return np.empty((0, 0), np.float32), np.empty(0), np.empty(0), []
    return np.concatenate(xs), np.concatenate(ys), weight / max(weight.mean(), 1e-12), names


def _origins(past: Panel, back: int | None) -> npt.NDArray[np.int64]:
    """Return the origins to learn from, a year of history before each if there is enough."""
    year = YEARS.get(past.frequency.name, 0)
    first = year + 4 if past.length > 1.3 * year + past.horizon else EARLIEST
    first = min(first, past.length - 1)
    if back is not None:
        first = max(first, past.length - back)
    return np.arange(max(first, 1), past.length)
