"""Statistical models of one series at a time, from statsforecast, and the mean of their answers."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.planning.forecast import Forecast, answered
from lanecast.planning.panel import Floats, Panel
from lanecast.tables.parcel import LEVELS

from .scatter import law_of_counts
from .seasonal import SeasonalNaive
from .whole import begin, filled, intermittent

LONGEST_SEASON = 24  # states of an exponential smoothing; longer cycles are taken out first
LEFT_OUT = "not_asked"
NEEDED = 5  # known periods; shorter series get the seasonal naive answer
WIDE = tuple(round(200 * (0.5 - level)) for level in LEVELS if level < 0.5)  # 98, 95, 90 ...


@dataclass(frozen=True)
class Statistical:
    """The mean of some models of each series.

    They are optimised Theta with AutoETS, or with MSTL where cycles are long; for intermittent
    series TSB, ADIDA and Croston, with negative binomial quantiles.

    Parameters
    ----------
    most
        Periods of each series that are looked at, the last ones.
    which
        ``"counts"`` answers only intermittent series, which takes next to no time; ``"cycles"``
        these, and others whose main cycle is known twice; ``"short"`` what is left. A series that
        is not answered is said to be.
    jobs
        Processes.
    """

    most: int = 750
    which: Literal["all", "cycles", "short", "counts"] = "all"
    jobs: int = 1

    def fit(self, past: Panel) -> "FittedStatistical":
        """Learn nothing yet: each series is fitted where it is forecast."""
        return FittedStatistical(self)


@dataclass(frozen=True)
class FittedStatistical:
    """How to fit; see ``Statistical``."""

    how: Statistical

    def predict(self, of: Panel) -> Forecast:
        """Fit each series and return its quantiles; one too short is answered as seasonal naive."""
        plain = SeasonalNaive().fit(of).predict(of)
        quantiles, fallback = plain.quantiles.copy(), plain.fallback.copy()
        y = filled(of.y[:, -self.how.most :])
        known = y.shape[1] - begin(y)
        enough = known >= NEEDED
        fallback[~enough & (fallback == "")] = "seasonal_naive"
        rare, twice = _rare_and_twice(of, known)
        cycles = twice | rare
        asked = {"all": enough, "cycles": cycles, "short": ~cycles, "counts": rare}[self.how.which]
        fallback[~asked & (fallback == "")] = LEFT_OUT
        # a constant goes on, as the baseline says; of its correlations nothing can be computed
        moves = np.fmax.reduce(y, axis=1, initial=-np.inf) > np.fmin.reduce(
            y, axis=1, initial=np.inf
        )
        for which, answer in ((enough & ~rare & moves, _smooth), (rare, _rare)):
            rows = np.flatnonzero(which & asked)
            for long in (False, True):
                part = rows[twice[rows] == long]
                if len(part):
                    seasons = of.frequency.seasons if long else ()
                    seasons = tuple(m for m in seasons if 2 * m + NEEDED <= known[part].min())
                    quantiles[part] = answer(y[part], seasons, of.horizon, self.how.jobs)
        if not (of.y < 0).any():
            quantiles = np.maximum(quantiles, 0.0)
        return answered(quantiles, fallback)


def asks_cycles(of: Panel, most: int = 750) -> npt.NDArray[np.bool_]:
    """Return which series ``"cycles"`` answers, shape (N,); ``"short"`` answers the others."""
    part = of.y[:, -most:]
    rare, twice = _rare_and_twice(of, part.shape[1] - begin(part))
    return np.asarray(rare | twice)


def _rare_and_twice(
    of: Panel, known: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return which series are intermittent, and which know their main cycle twice."""
    season = next(iter(of.frequency.seasons), 1)
    rare = intermittent(of.y, max(4 * season, 28)) & ~(of.y < 0).any(axis=1)
    return (known >= NEEDED) & rare, known >= 2 * season + NEEDED


def _smooth(y: Floats, cycles: tuple[int, ...], horizon: int, jobs: int) -> Floats:
    from statsforecast.models import MSTL, AutoETS, DynamicOptimizedTheta

    main = cycles[0] if cycles else 1
    models: list[Any] = [DynamicOptimizedTheta(season_length=main, alias="theta")]
    if main > LONGEST_SEASON or len(cycles) > 1:
        trend = AutoETS(season_length=1, model="ZZN")
        models.append(MSTL(season_length=list(cycles), trend_forecaster=trend, alias="mstl"))
    else:
        models.append(AutoETS(season_length=main, alias="ets"))
    answer = _asked(y, models, horizon, jobs, list(WIDE))
    each = np.stack([_quantiles(answer, str(m), horizon) for m in models])
    return np.asarray(np.nanmean(each, axis=0))


def _rare(y: Floats, cycles: tuple[int, ...], horizon: int, jobs: int) -> Floats:
    from statsforecast.models import ADIDA, TSB, CrostonOptimized

    models = [TSB(alpha_d=0.1, alpha_p=0.1), ADIDA(), CrostonOptimized()]
    answer = _asked(y, models, horizon, jobs, None)
    mean = np.maximum(answer.select(map(str, models)).to_numpy().mean(axis=1), 1e-6)
    mean = mean.reshape(len(y), horizon)
    return law_of_counts(mean, excess(y))


def excess(y: Floats) -> Floats:
    """Return how much more than Poisson's the past of each series scattered, shape (N,)."""
    level, spread = np.nanmean(y, axis=1), np.nanvar(y, axis=1)
    return np.asarray(np.maximum((spread - level) / np.maximum(level, 1e-9) ** 2, 0.0))


def _asked(
    y: Floats, models: list[Any], horizon: int, jobs: int, levels: list[int] | None
) -> pl.DataFrame:
    from statsforecast import StatsForecast
    from statsforecast.models import Naive

    seen = np.isfinite(y)
    number, column = np.nonzero(seen)
    frame = pl.DataFrame({"unique_id": number, "ds": column, "y": y[seen]})
    pool = StatsForecast(models=models, freq=1, n_jobs=jobs, fallback_model=Naive())
    asked: pl.DataFrame = pool.forecast(df=frame, h=horizon, level=levels)
    return asked.sort("unique_id", "ds")


def _quantiles(answer: pl.DataFrame, name: str, horizon: int) -> Floats:
    low = [f"{name}-lo-{level}" for level in WIDE]
    high = [f"{name}-hi-{level}" for level in reversed(WIDE)]
    return answer.select([*low, name, *high]).to_numpy().reshape(-1, horizon, len(LEVELS))
