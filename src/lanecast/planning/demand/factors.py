"""Which inputs drive demand, with what delay, how strongly, and how sure is that?

Demand of a day is taken as ``exp(theta' d)`` times what series, season and weekday make of it. What
they make is learnt by trees on other weeks than those they are used for, and the drivers ``d`` are
taken as deviations from what is usual for series, season and weekday; so errors of the trees do not
reach ``theta`` in first order (double machine learning [1]_). The level of a series is that of the
days around, cleaned of the drivers found so far, in turns.

Standard errors are clustered by week, since all series of a week share its luck. Drivers are told
apart from chance by the false discovery rate [2]_: over the drivers of the day, and over all
signals and delays.

References
----------
.. [1] Chernozhukov et al. (2018). Double/debiased machine learning for treatment and structural
       parameters. *The Econometrics Journal* 21(1).
.. [2] Benjamini & Yekutieli (2001). The control of the false discovery rate in multiple testing
       under dependency. *Annals of Statistics* 29(4).
"""

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import t

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
OWN_D = 3  # days to either side that a level leaves out, so that no day explains itself
LEAST_DAYS = 60


@dataclass(frozen=True)
class Factors:
    """How drivers are looked for.

    Parameters
    ----------
    drivers
        Columns that act on the day itself: prices, promotions, holidays.
    lags_d
        Delays at which other signals may act, in days.
    window_d
        Days to either side that say the level of a series.
    rate
        False discovery rate.
    """

    drivers: tuple[str, ...] = ("log_price", "discount", "display", "campaign", "holiday", "eve")
    lags_d: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7)
    window_d: int = 28
    rate: float = 0.05
    turns: int = 3
    folds: int = 4
    rounds: int = 60
    seed: int = 0
    threads: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.rate < 1 or min(self.turns, self.rounds) < 1 or self.folds < 2:
            raise ValueError(
                f"Expected rate in (0, 1), turns and rounds from 1, folds from 2, got {self}."
            )

    def find(self, rows: pl.DataFrame, signals: tuple[str, ...] = ()) -> pl.DataFrame:
        """Return one row per driver and delay, the surest first.

        Parameters
        ----------
        rows
            Days of sale with ``product_id, facility_id, date, category, demand`` (see ``latent``)
            and a column per driver.
        signals
            Further columns, daily numbers of a place, looked at with delays. One that is positive
            throughout is taken as its log.

        Returns
        -------
        ``driver, lag_d, effect, low, high`` (95 %), ``p``, ``q`` (adjusted), ``found``. ``effect``
        is the power of a logarithmic driver, or the log of the factor per unit of another.

        Raises
        ------
        ValueError
            When a column is missing or there are fewer than 60 days.
        """
        wanted = ["product_id", "facility_id", "date", "category", "demand"]
        if lost := [n for n in (*wanted, *self.drivers, *signals) if n not in rows.columns]:
            raise ValueError(f"rows: no column {', '.join(lost)}; got {', '.join(rows.columns)}.")
        rows = rows.sort("product_id", "facility_id", "date")
        if rows["date"].n_unique() < LEAST_DAYS:
            raise ValueError(
                f"rows: expected {LEAST_DAYS} days at least, got {rows['date'].n_unique()}."
            )
        names, drive = self._columns(rows, signals)
        ready = np.isfinite(drive).all(axis=1)
        rows, drive = rows.filter(pl.Series(ready)), drive[ready]
        at = _Places(rows)
        y = rows["demand"].to_numpy().astype(float)
        apart = self._apart(drive, at)
        theta = np.zeros(len(names))
        usual = y
        for _ in range(self.turns):
            level = at.around(y / np.exp(np.clip(apart @ theta, -3, 3)), self.window_d)
            usual = self._usual(rows, y, level, at, apart @ theta)
            theta, _, _ = _solved(apart, y, usual, at.week)
        return self._told(names, *self._tested(names, apart, y, usual, at))

    def _tested(
        self, names: list[tuple[str, int]], apart: Floats, y: Floats, usual: Floats, at: "_Places"
    ) -> tuple[Floats, Floats, Floats]:
        """Return effect, standard error and p value of each driver.

        Each signal is tested beside the drivers of the day alone, so that few are fitted at once.
        """
        of_day = np.array([name in self.drivers for name, _ in names])
        out = [np.full(len(names), np.nan) for _ in range(3)]
        for signal in dict.fromkeys(name for name, _ in names):
            own = np.array([name == signal for name, _ in names])
            used = np.flatnonzero(of_day | own)
            for whole, part in zip(out, _solved(apart[:, used], y, usual, at.week), strict=True):
                whole[used[own[used]]] = part[own[used]]
        return out[0], out[1], out[2]

    def _columns(
        self, rows: pl.DataFrame, signals: tuple[str, ...]
    ) -> tuple[list[tuple[str, int]], Floats]:
        """Return the names and delays of the drivers, and their values, shape (n, D)."""
        names = [(name, 0) for name in self.drivers if rows[name].n_unique() > 1]
        columns = [rows[name].to_numpy().astype(float) for name, _ in names]
        for name in signals:
            of_place = rows.select("facility_id", "date", name).unique(["facility_id", "date"])
            positive = bool((of_place[name] > 0).all())
            for lag in self.lags_d:
                then = of_place.with_columns(pl.col("date").dt.offset_by(f"{lag}d"))
                at = rows.select("facility_id", "date").join(
                    then, on=["facility_id", "date"], how="left", maintain_order="left"
                )
                value = at[name].to_numpy().astype(float)
                columns.append(np.log(value) if positive else value)
                names.append((name, lag))
        return names, np.column_stack(columns)

    def _apart(self, drive: Floats, at: "_Places") -> Floats:
        """Return drivers as deviations from the days around and from their weekday."""
        out = np.empty_like(drive)
        for j in range(drive.shape[1]):
            value = drive[:, j] - at.around(drive[:, j], self.window_d)
            group = at.place * 7 + at.weekday
            count = np.maximum(np.bincount(group), 1)
            out[:, j] = value - (np.bincount(group, value) / count)[group]
        return out

    def _usual(
        self, rows: pl.DataFrame, y: Floats, level: Floats, at: "_Places", moved: Floats
    ) -> Floats:
        """Return demand as series, season and weekday make it, each week by trees of the others."""
        x = np.column_stack(
            [
                at.weekday,
                rows["date"].dt.ordinal_day().to_numpy(),
                rows["category"].rank("dense").to_numpy(),
                rows["product_id"].rank("dense").to_numpy(),
                at.place,
                np.log(np.maximum(level, 1e-3)),
            ]
        ).astype(float)
        start = np.log(np.maximum(level, 1e-3)) + np.clip(moved, -3, 3)
        fold = np.random.default_rng(self.seed).integers(0, self.folds, at.week.max() + 1)[at.week]
        out = np.empty(len(y))
        for each in range(self.folds):
            learn, use = fold != each, fold == each
            if not use.any():
                continue
            data = lgb.Dataset(x[learn], y[learn], init_score=start[learn])
            trees = lgb.train(self._settings(), data, self.rounds)
            raw = trees.predict(x[use], raw_score=True, num_threads=self.threads)
            out[use] = np.exp(np.asarray(raw) + start[use] - np.clip(moved[use], -3, 3))
        return out

    def _settings(self) -> dict[str, object]:
        return {
            "objective": "poisson",
            "num_leaves": 15,
            "learning_rate": 0.1,
            "min_data_in_leaf": 100,
            "lambda_l2": 10.0,
            "seed": self.seed,
            "num_threads": self.threads,
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
        }

    def _told(
        self, names: list[tuple[str, int]], theta: Floats, spread: Floats, p: Floats
    ) -> pl.DataFrame:
        of_day = np.array([name in self.drivers for name, _ in names])
        q = np.ones(len(p))
        for family in (of_day, ~of_day):
            if family.any():
                q[family] = adjusted(p[family])
        return pl.DataFrame(
            {
                "driver": [name for name, _ in names],
                "lag_d": [lag for _, lag in names],
                "effect": theta,
                "low": theta - 1.96 * spread,
                "high": theta + 1.96 * spread,
                "p": p,
                "q": q,
                "found": q <= self.rate,
            }
        ).sort("p", "driver", "lag_d")


class _Places:
    """Where rows stand: their series, place, weekday and week."""

    def __init__(self, rows: pl.DataFrame) -> None:
        series = rows.select(pl.struct("product_id", "facility_id").rank("dense")).to_series()
        number = series.to_numpy()
        begun = np.flatnonzero(np.r_[True, number[1:] != number[:-1]])
        last = np.r_[begun[1:], len(number)]
        self.first, self.end = (np.repeat(each, last - begun) for each in (begun, last))
        day = rows["date"].cast(pl.Int32).to_numpy().astype(np.int64)
        self.week: Ints = (day - day.min()) // 7
        self.weekday: Ints = (day + 3) % 7
        self.place: Ints = rows["facility_id"].rank("dense").to_numpy().astype(np.int64) - 1

    def around(self, value: Floats, window: int) -> Floats:
        """Return the mean over the days around, the own ones left out, shrunk to the series'."""
        total = np.r_[0.0, np.cumsum(value)]
        at = np.arange(len(value))

        def part(low: Ints, high: Ints) -> tuple[Floats, Floats]:
            low, high = (np.clip(each, self.first, self.end) for each in (low, high))
            return total[high] - total[low], (high - low).astype(float)

        before, after = part(at - window, at - OWN_D), part(at + OWN_D + 1, at + window + 1)
        whole = (total[self.end] - total[self.first]) / (self.end - self.first)
        return np.asarray((before[0] + after[0] + 3 * whole) / (before[1] + after[1] + 3))


def _solved(apart: Floats, y: Floats, usual: Floats, week: Ints) -> tuple[Floats, Floats, Floats]:
    """Return theta, standard errors clustered by week, and p values, from Poisson scores.

    Few weeks and many parameters make such errors too small, so they are widened by the degrees of
    freedom, and the law is Student's.
    """
    d = np.column_stack([np.ones(len(y)), apart])
    theta = np.zeros(d.shape[1])
    for _ in range(25):
        mean = usual * np.exp(np.clip(d @ theta, -4, 4))
        step = np.linalg.solve((d * mean[:, None]).T @ d + _ridge(d), d.T @ (y - mean))
        theta += np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-8:
            break
    mean = usual * np.exp(np.clip(d @ theta, -4, 4))
    inverse = np.linalg.inv((d * mean[:, None]).T @ d + _ridge(d))
    score = d * (y - mean)[:, None]
    count = int(week.max()) + 1
    by_week = np.zeros((count, d.shape[1]))
    np.add.at(by_week, week, score)
    free = max(count - d.shape[1], 1)
    inside = by_week.T @ by_week * count / free
    spread = np.sqrt(np.diag(inverse @ inside @ inverse))[1:]
    p = 2 * t.sf(np.abs(theta[1:]) / np.maximum(spread, 1e-12), free)
    return theta[1:], np.asarray(spread), np.asarray(p)


def _ridge(d: Floats) -> Floats:
    return np.asarray(1e-6 * len(d) * np.eye(d.shape[1]))


def adjusted(p: Floats) -> Floats:
    """Return p values adjusted for the false discovery rate under any dependence, shape (n,)."""
    n = len(p)
    order = np.argsort(p)
    harmonic = (1 / np.arange(1, n + 1)).sum()
    raised = p[order] * n * harmonic / np.arange(1, n + 1)
    down = np.minimum.accumulate(raised[::-1])[::-1]
    out = np.empty(n)
    out[order] = np.minimum(down, 1.0)
    return out
